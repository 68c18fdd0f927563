-- How many facts and leaves no longer agree: a changed column, a payload other than the one committed to, a payload
-- without its key or a key without its payload, a leaf without its fact, a fact that the sequencer passed over,
-- and a gap in the numbering of the leaves.
SELECT
    (SELECT count(*)
     FROM ledger_fact stated
     LEFT JOIN ledger_payload payload ON payload.fact = stated.seq
     LEFT JOIN ledger_key secret ON secret.id = stated.secret
     LEFT JOIN ledger_leaf leaf ON leaf.fact = stated.seq
     WHERE stated.leaf_hash <> ledger_leaf_hash(stated)
        OR leaf.hash <> stated.leaf_hash
        OR (payload.fact IS NULL) <> (secret.id IS NULL)
        OR stated.commitment <> ledger_commitment(secret.inner_pad, secret.outer_pad, payload.text))
  + (SELECT count(*) FROM ledger_leaf leaf LEFT JOIN ledger_fact fact ON fact.seq = leaf.fact WHERE fact.seq IS NULL)
  + (SELECT coalesce(max(index) + 1, 0) - count(*) FROM ledger_leaf)
  + (SELECT count(*)
     FROM ledger_fact fact
     WHERE fact.transaction < (SELECT last.transaction
                               FROM ledger_leaf leaf JOIN ledger_fact last ON last.seq = leaf.fact
                               ORDER BY leaf.index DESC LIMIT 1)
       AND NOT EXISTS (SELECT FROM ledger_leaf leaf WHERE leaf.fact = fact.seq))
