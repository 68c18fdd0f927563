-- Facts that have no leaf, with their seals. The first column says whether the sequencer has passed their transaction: it
-- gives them none any more, while the others wait for it (see `sequence`).
WITH last AS MATERIALIZED (
    SELECT fact.transaction
    FROM ledger_leaf leaf JOIN ledger_fact fact ON fact.seq = leaf.fact
    ORDER BY leaf.index DESC LIMIT 1
), mark AS MATERIALIZED (
    SELECT coalesce((SELECT transaction FROM last WHERE transaction < pg_snapshot_xmax(pg_current_snapshot())), '0'::xid8)
           AS transaction
)
SELECT fact.transaction < (SELECT transaction FROM mark), NULL::bigint, fact.leaf_hash, fact.key, fact.kind,
       fact.subject, fact.leaf_hash, fact.commitment,
       convert_to(json_build_array(
           fact.key, fact.kind, fact.subject, fact.about, fact.unit,
           (extract(epoch FROM fact.happened_at) * 1000000)::bigint,
           (extract(epoch FROM fact.recorded_at) * 1000000)::bigint,
           fact.actor, encode(fact.commitment, 'hex'))::text, 'UTF8'),
       convert_to(payload.text, 'UTF8'), secret.inner_pad, secret.outer_pad
FROM ledger_fact fact
LEFT JOIN ledger_payload payload ON payload.fact = fact.seq
LEFT JOIN ledger_key secret ON secret.id = fact.secret
WHERE NOT EXISTS (SELECT FROM ledger_leaf leaf WHERE leaf.fact = fact.seq)
