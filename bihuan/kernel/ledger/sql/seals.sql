-- The facts under leaves from one number up to another: what each was sealed from, as it lies here now, and its seals.
-- Only rows are asked for, never whether they are whole: that is worked out by whoever asks. The lateral joins keep to the
-- keys of a few thousand rows whatever the size of the tables.
-- Parameters: from, up to.
SELECT leaf.index, leaf.hash, fact.key, fact.kind, fact.subject, fact.leaf_hash, fact.commitment,
       convert_to(json_build_array(
           fact.key, fact.kind, fact.subject, fact.about, fact.unit,
           (extract(epoch FROM fact.happened_at) * 1000000)::bigint,
           (extract(epoch FROM fact.recorded_at) * 1000000)::bigint,
           fact.actor, encode(fact.commitment, 'hex'))::text, 'UTF8'),
       convert_to(payload.text, 'UTF8'), secret.inner_pad, secret.outer_pad
FROM ledger_leaf leaf
LEFT JOIN LATERAL (SELECT * FROM ledger_fact WHERE seq = leaf.fact OFFSET 0) fact ON true
LEFT JOIN LATERAL (SELECT * FROM ledger_payload WHERE fact = fact.seq OFFSET 0) payload ON true
LEFT JOIN LATERAL (SELECT * FROM ledger_key WHERE id = fact.secret OFFSET 0) secret ON true
WHERE leaf.index >= %s AND leaf.index < %s
ORDER BY leaf.index
