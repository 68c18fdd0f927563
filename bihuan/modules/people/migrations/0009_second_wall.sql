-- People behind the second wall: the words are those of access/0009_second_wall.

SELECT access_keep('people_person', 'SELECT fresh.id, fresh.unit_id FROM fresh');

-- Records that are joined speak of one person: a unit that may see one of them sees all, until they are taken apart again.
CREATE FUNCTION people_reach_is_shared() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NOT EXISTS (SELECT FROM fresh JOIN people_person AS one ON one.merged_into_id = fresh.person) AND
       NOT EXISTS (SELECT FROM fresh JOIN people_person AS one ON one.id = fresh.person AND one.merged_into_id IS NOT NULL) THEN
        RETURN NULL;
    END IF;
    INSERT INTO access_reach (person, unit, is_shared)
    SELECT DISTINCT other.id, fresh.unit, true FROM fresh
    JOIN people_person AS one ON one.id = fresh.person
    JOIN people_person AS other ON coalesce(one.merged_into_id, one.id) IN (other.id, other.merged_into_id) AND other.id <> one.id
    WHERE NOT fresh.is_shared ORDER BY 1, 2 ON CONFLICT DO NOTHING;
    RETURN NULL;
END $$;
CREATE TRIGGER reach_is_shared AFTER INSERT ON access_reach REFERENCING NEW TABLE AS fresh
    FOR EACH STATEMENT EXECUTE FUNCTION people_reach_is_shared();

CREATE FUNCTION people_reach_of_joined() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    family uuid[] := ARRAY(
        SELECT one.id FROM people_person AS one
        WHERE one.id IN (NEW.id, NEW.merged_into_id, OLD.merged_into_id)
           OR one.merged_into_id IN (NEW.id, NEW.merged_into_id, OLD.merged_into_id));
BEGIN
    DELETE FROM access_reach WHERE person = ANY (family) AND is_shared;
    INSERT INTO access_reach (person, unit, is_shared)
    SELECT DISTINCT other.id, known.unit, true FROM access_reach AS known
    JOIN people_person AS one ON one.id = known.person
    JOIN people_person AS other ON coalesce(one.merged_into_id, one.id) IN (other.id, other.merged_into_id) AND other.id <> one.id
    WHERE known.person = ANY (family) AND NOT known.is_shared ORDER BY 1, 2 ON CONFLICT DO NOTHING;
    RETURN NULL;
END $$;
CREATE TRIGGER reach_of_joined AFTER UPDATE OF merged_into_id ON people_person FOR EACH ROW
    WHEN (OLD.merged_into_id IS DISTINCT FROM NEW.merged_into_id) EXECUTE FUNCTION people_reach_of_joined();
-- Those that were joined before there was a wall.
INSERT INTO access_reach (person, unit, is_shared)
SELECT DISTINCT other.id, known.unit, true FROM people_person AS one
JOIN access_reach AS known ON known.person = one.id AND NOT known.is_shared
JOIN people_person AS other ON coalesce(one.merged_into_id, one.id) IN (other.id, other.merged_into_id) AND other.id <> one.id
WHERE EXISTS (SELECT FROM people_person AS joined WHERE joined.merged_into_id = coalesce(one.merged_into_id, one.id))
ON CONFLICT DO NOTHING;

SELECT access_wall('people_person', access_units('unit_id'), access_person('id'));
SELECT access_wall('people_household', access_units('unit_id'),
    'EXISTS (SELECT FROM people_person AS member WHERE member.household_id = people_household.id)');
SELECT access_wall('people_pair', format('(%s) AND (%s)', access_person('first_id'), access_person('second_id')));
