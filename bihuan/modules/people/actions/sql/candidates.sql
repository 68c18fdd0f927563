-- Who else in the register could be one of these people, by four keys, an index each. A key that more than twenty share is
-- no ground for a suspicion. Two people who each have a number of the same kind are candidates only where a telephone or the
-- name with a birth date brings them together.
-- Parameter: ids of people.
WITH asked AS (SELECT * FROM people_person WHERE id = ANY(%s) AND merged_into_id IS NULL)
SELECT DISTINCT least(asked.id, other.id), greatest(asked.id, other.id)
FROM asked CROSS JOIN LATERAL (
    SELECT id FROM (
        SELECT id, count(*) OVER () AS share FROM (
            SELECT id FROM people_person WHERE id_number = asked.id_number AND id_number <> '' LIMIT 21
        ) AS block
    ) AS counted WHERE share <= 20
    UNION ALL
    SELECT id FROM (
        SELECT id, count(*) OVER () AS share FROM (
            SELECT id FROM people_person WHERE phone = asked.phone AND phone <> '' LIMIT 21
        ) AS block
    ) AS counted WHERE share <= 20
    UNION ALL
    SELECT id FROM (
        SELECT id, id_type, id_number, count(*) OVER () AS share FROM (
            SELECT id, id_type, id_number FROM people_person
            WHERE birth_on = asked.birth_on AND left(name_key, 1) = left(asked.name_key, 1) AND name_key <> '' LIMIT 21
        ) AS block
    ) AS counted
    WHERE share <= 20
        AND (id_number = '' OR asked.id_number = '' OR id_type <> asked.id_type)
    UNION ALL
    SELECT id FROM (
        SELECT id, id_type, id_number, birth_on, count(*) OVER () AS share FROM (
            SELECT id, id_type, id_number, birth_on FROM people_person
            WHERE name_key = asked.name_key AND name_key <> '' LIMIT 21
        ) AS block
    ) AS counted
    WHERE share <= 20
        AND (id_number = '' OR asked.id_number = '' OR id_type <> asked.id_type OR birth_on = asked.birth_on)
) AS other
JOIN people_person AS found ON found.id = other.id AND found.merged_into_id IS NULL
WHERE other.id <> asked.id
