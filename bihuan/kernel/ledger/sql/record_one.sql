-- Appends one fact and its payload; gives its number, or no row where the key is already there.
-- Parameters: the columns below in their order, then the payload.
WITH fact AS (
    INSERT INTO ledger_fact
        (key, kind, subject, about, unit, happened_at, recorded_at, actor, secret, commitment, leaf_hash)
    VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)
    ON CONFLICT (key) DO NOTHING
    RETURNING seq
), payload AS (
    INSERT INTO ledger_payload (fact, text) SELECT seq, %s FROM fact
)
SELECT seq FROM fact
