-- Whether a payload is the one that the fact under a key was committed to; true where the key was shredded.
-- Parameters: canonical payload, key of the fact.
SELECT secret.id IS NULL OR fact.commitment = ledger_commitment(secret.inner_pad, secret.outer_pad, %s)
FROM ledger_fact fact LEFT JOIN ledger_key secret ON secret.id = fact.secret
WHERE fact.key = %s
