-- Items with a live bond that nobody else answers for, items whose count of live bonds is wrong, and items on a
-- pending line that its sender does not hold. Parameters: none.
SELECT count(*) FROM (
    SELECT bond.item
    FROM custody_bond bond LEFT JOIN custody_holding holding USING (item)
    WHERE bond.released_at IS NULL AND (holding.item IS NULL OR holding.holder = 'self')
    UNION
    SELECT item
    FROM custody_holding holding
    LEFT JOIN (SELECT item, count(*) FROM custody_bond WHERE released_at IS NULL GROUP BY item) live USING (item)
    WHERE holding.bonds <> coalesce(live.count, 0)
    UNION
    SELECT line.item
    FROM custody_line line
    JOIN custody_handover handover ON handover.id = line.handover
    LEFT JOIN custody_holding holding ON holding.item = line.item
    WHERE line.outcome = 'pending' AND holding.holder IS DISTINCT FROM handover.sender
) item
