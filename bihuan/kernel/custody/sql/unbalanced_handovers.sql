-- Hand-overs whose lines do not add up to what was listed and what is pending, open ones with nothing pending, and
-- postings that do not sum to zero. Parameters: none.
SELECT (
    SELECT count(*)
    FROM custody_handover handover
    LEFT JOIN (
        SELECT handover, count(*) FILTER (WHERE outcome <> 'extra') AS listed,
               count(*) FILTER (WHERE outcome = 'pending') AS pending
        FROM custody_line GROUP BY handover
    ) line ON line.handover = handover.id
    WHERE handover.listed <> coalesce(line.listed, 0)
       OR handover.pending <> coalesce(line.pending, 0)
       OR (handover.closed_at IS NULL) <> (coalesce(line.pending, 0) > 0)
) + (
    SELECT count(*)
    FROM (SELECT FROM custody_entry GROUP BY posting, commodity HAVING sum(quantity) <> 0) posting
)
