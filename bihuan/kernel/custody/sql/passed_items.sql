-- Who was handed over by or to a holder within a span, in the order of dispatch.
-- Parameters: holder, starts_at, ends_at; is_sent, for the side; outcome, empty for all.
SELECT line.item, handover.sender, handover.receiver, handover.dispatched_at, line.outcome
FROM custody_handover handover
JOIN custody_line line ON line.handover = handover.id
WHERE CASE WHEN %(is_sent)s THEN handover.sender ELSE handover.receiver END = %(holder)s
  AND handover.dispatched_at >= %(starts_at)s AND handover.dispatched_at < %(ends_at)s
  AND (%(outcome)s = '' OR line.outcome = %(outcome)s)
ORDER BY handover.dispatched_at, line.item
