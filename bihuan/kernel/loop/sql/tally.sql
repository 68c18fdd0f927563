-- Open duties, and those still to come, counted three ways in one pass: altogether, by step, and by owning unit. Reads the index loop_duty_open alone,
-- in its order: first by unit and step, then those few counts together.
-- Parameters: now; units (array of owning units, NULL for all); age_0, age_1, age_2 (the moments that bound the age classes);
-- pathways and steps (what the system does by itself: nobody's duty before it is overdue).
WITH counted AS (
    SELECT
        owner_unit,
        pathway,
        step,
        count(*) FILTER (WHERE opens_at <= %(now)s) AS open,
        count(*) FILTER (WHERE opens_at > %(now)s) AS ahead,
        count(*) FILTER (WHERE opens_at <= %(now)s AND warn_at <= %(now)s AND breach_at > %(now)s) AS warned,
        count(*) FILTER (WHERE opens_at <= %(now)s AND breach_at <= %(now)s) AS breached,
        count(*) FILTER (WHERE opens_at <= %(now)s AND opens_at > %(age_0)s) AS age_0,
        count(*) FILTER (WHERE opens_at <= %(age_0)s AND opens_at > %(age_1)s) AS age_1,
        count(*) FILTER (WHERE opens_at <= %(age_1)s AND opens_at > %(age_2)s) AS age_2,
        count(*) FILTER (WHERE opens_at <= %(age_2)s) AS age_3,
        min(opens_at) FILTER (WHERE opens_at <= %(now)s) AS oldest
    FROM loop_duty
    WHERE state = 'open'
        AND (%(units)s::uuid[] IS NULL OR owner_unit = ANY (%(units)s::uuid[]))
        AND (opens_at > %(now)s OR breach_at <= %(now)s
            OR (pathway, step) NOT IN (SELECT * FROM unnest(%(pathways)s::text[], %(steps)s::text[])))
    GROUP BY owner_unit, pathway, step
)
SELECT
    CASE WHEN grouping(pathway) = 0 THEN 'step' WHEN grouping(owner_unit) = 0 THEN 'unit' ELSE 'total' END AS kind,
    pathway,
    step,
    owner_unit,
    sum(open)::bigint,
    sum(ahead)::bigint,
    sum(warned)::bigint,
    sum(breached)::bigint,
    sum(age_0)::bigint,
    sum(age_1)::bigint,
    sum(age_2)::bigint,
    sum(age_3)::bigint,
    min(oldest)
FROM counted
GROUP BY GROUPING SETS ((), (pathway, step), (owner_unit))
