-- Gives leaves to the facts of all transactions that have ended. A fact belongs to the transaction that wrote it, and
-- transactions below the snapshot's xmin have all ended, so after this no fact can appear before the last leaf:
-- the next call looks only from the last leaf's transaction on. Numbers at or above xmax come from another cluster
-- (a dump restored here): such facts are settled too, and while the last leaf is one of them all facts are looked at.
WITH snapshot AS MATERIALIZED (
    SELECT pg_snapshot_xmin(pg_current_snapshot()) AS oldest_running, pg_snapshot_xmax(pg_current_snapshot()) AS first_unused
), last AS MATERIALIZED (
    SELECT leaf.index, fact.transaction
    FROM ledger_leaf leaf JOIN ledger_fact fact ON fact.seq = leaf.fact
    ORDER BY leaf.index DESC LIMIT 1
), mark AS MATERIALIZED (
    SELECT coalesce((SELECT transaction FROM last WHERE transaction < first_unused), '0'::xid8) AS transaction FROM snapshot
)
INSERT INTO ledger_leaf (index, fact, hash)
SELECT coalesce((SELECT index FROM last), -1)
       + row_number() OVER (ORDER BY fact.transaction < first_unused, fact.transaction, fact.seq),
       fact.seq,
       fact.leaf_hash
FROM ledger_fact fact, snapshot
WHERE fact.transaction >= (SELECT transaction FROM mark)
  AND (fact.transaction < oldest_running OR fact.transaction >= first_unused)
  AND NOT EXISTS (SELECT FROM ledger_leaf leaf WHERE leaf.fact = fact.seq)
