-- A staged fact whose key stands in the ledger with another content, if there is one.
-- A standing payload whose key was shredded cannot be compared any more: then the open columns decide.
SELECT staged.key
FROM ledger_staging staged
JOIN ledger_fact fact USING (key)
LEFT JOIN ledger_key secret ON secret.id = fact.secret
WHERE (fact.kind, fact.subject, fact.about, fact.unit, fact.happened_at, fact.actor)
      IS DISTINCT FROM
      (staged.kind, staged.subject, staged.about, staged.unit, staged.happened_at, staged.actor)
   OR (secret.id IS NOT NULL
       AND fact.commitment <> ledger_commitment(secret.inner_pad, secret.outer_pad, staged.payload))
LIMIT 1
