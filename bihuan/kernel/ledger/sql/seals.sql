-- The facts under leaves from one number up to another: what each was sealed from, as it lies here now, and its seals.
-- Everything but the rows themselves is worked out by whoever asks: a database that was altered is not asked whether it was.
-- Parameters: from, up to.
SELECT leaf.index, leaf.hash, fact.key, fact.kind, fact.subject, fact.leaf_hash, fact.commitment,
       convert_to(json_build_array(
           fact.key, fact.kind, fact.subject, fact.about, fact.unit,
           (extract(epoch FROM fact.happened_at) * 1000000)::bigint,
           (extract(epoch FROM fact.recorded_at) * 1000000)::bigint,
           fact.actor, encode(fact.commitment, 'hex'))::text, 'UTF8'),
       convert_to(payload.text, 'UTF8'), secret.inner_pad, secret.outer_pad
FROM ledger_leaf leaf
LEFT JOIN ledger_fact fact ON fact.seq = leaf.fact
LEFT JOIN ledger_payload payload ON payload.fact = fact.seq
LEFT JOIN ledger_key secret ON secret.id = fact.secret
WHERE leaf.index >= %s AND leaf.index < %s
ORDER BY leaf.index
