-- What was handed over by and to holders, each within a span of its own: one row for each span, side and answer.
-- Parameters: holders, starts, ends: as many of each, a span of one holder in the same place.
WITH span AS (
    SELECT * FROM unnest(%(holders)s::text[], %(starts)s::timestamptz[], %(ends)s::timestamptz[])
    WITH ORDINALITY AS span (holder, starts_at, ends_at, number)
)
SELECT (span.number - 1)::int, handover.sender = span.holder, line.outcome, count(*)
FROM custody_handover handover
JOIN span ON span.holder IN (handover.sender, handover.receiver)
    AND handover.dispatched_at >= span.starts_at AND handover.dispatched_at < span.ends_at
JOIN custody_line line ON line.handover = handover.id
WHERE handover.dispatched_at >= (SELECT min(starts_at) FROM span)
  AND handover.dispatched_at < (SELECT max(ends_at) FROM span)
GROUP BY 1, 2, 3
