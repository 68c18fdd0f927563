-- Live orders without a live bond on their person, without evidence that may bind, or past their end; and people bound by no live order.
-- kinds: text[] of evidence kinds; late: timestamptz, an order must have ended since.
SELECT
    (SELECT count(*) FROM measures_order o
     LEFT JOIN custody_bond b ON b.bond = o.bond_id AND b.item = 'person:' || o.person_id AND b.released_at IS NULL
     LEFT JOIN ledger_fact f ON f.key = o.evidence_id AND f.kind = ANY(%(kinds)s)
     WHERE o.state = 'live' AND (b.bond IS NULL OR f.key IS NULL OR o.ends_at < %(late)s)),
    (SELECT count(*) FROM custody_bond b
     LEFT JOIN measures_order o ON o.id = b.bond AND o.state = 'live'
     WHERE b.released_at IS NULL AND b.item LIKE 'person:%%' AND o.id IS NULL)
