-- Appends the staged facts with their payloads; gives the keys of those that were not there before.
WITH fact AS (
    INSERT INTO ledger_fact
        (key, kind, subject, about, unit, happened_at, recorded_at, actor, secret, commitment, leaf_hash)
    SELECT key, kind, subject, about, unit, happened_at, recorded_at, actor, secret, commitment, leaf_hash
    FROM ledger_staging
    ORDER BY happened_at, key
    ON CONFLICT (key) DO NOTHING
    RETURNING seq, key
), payload AS (
    INSERT INTO ledger_payload (fact, text)
    SELECT fact.seq, staged.payload FROM fact JOIN ledger_staging staged USING (key)
)
SELECT key FROM fact
