-- A person is never taken out of the register, with one exception: whoever a file of rows entered by mistake within the
-- last day, if nothing stands on them but a suspicion that they are somebody else. The facts about them stay.
CREATE FUNCTION people_take_out(newcomers uuid[], moment timestamptz) RETURNS SETOF uuid LANGUAGE plpgsql
    SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    ref record;
    leaving uuid[];
BEGIN
    SELECT array_agg(newcomer.id) INTO leaving
    FROM unnest(newcomers) AS newcomer (id)
    JOIN ledger_fact fact ON fact.subject = 'person:' || newcomer.id AND fact.kind = 'person.registered'
    WHERE fact.happened_at >= moment - interval '24 hours';
    FOR ref IN
        SELECT con.conrelid::regclass AS standing, att.attname AS field
        FROM pg_constraint con JOIN pg_attribute att ON att.attrelid = con.conrelid AND att.attnum = con.conkey[1]
        WHERE con.contype = 'f' AND con.confrelid = 'people_person'::regclass
          AND con.conrelid <> 'people_pair'::regclass
    LOOP
        EXECUTE format(
            'SELECT array_agg(one.id) FROM unnest($1) AS one (id) '
            'WHERE NOT EXISTS (SELECT FROM %s AS other WHERE other.%I = one.id)', ref.standing, ref.field
        ) INTO leaving USING leaving;
    END LOOP;
    SELECT array_agg(one.id) INTO leaving
    FROM unnest(leaving) AS one (id)
    WHERE NOT EXISTS (SELECT FROM people_pair WHERE state <> 'open' AND (first_id = one.id OR second_id = one.id));
    DELETE FROM people_pair WHERE state = 'open' AND (first_id = ANY (leaving) OR second_id = ANY (leaving));
    RETURN QUERY DELETE FROM people_person WHERE id = ANY (leaving) RETURNING id;
END $$;
REVOKE ALL ON FUNCTION people_take_out(uuid[], timestamptz) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION people_take_out(uuid[], timestamptz) TO bihuan_app;
