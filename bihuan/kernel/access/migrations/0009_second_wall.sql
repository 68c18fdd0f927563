-- The second wall (decision 27): rows that name a person are shown to the application's role only in the reach it has said for this
-- transaction (bihuan.kernel.reach). The role bihuan_whole, which actions, the worker and commands take for a transaction, stands before
-- no wall. The application's own role may read and never write: who changes such a row is an action.

-- Who may see a person is one table: the units that have had to do with them. It is kept by triggers, in the transaction that writes the
-- order, the request or the fact which makes it so, and it is the only answer the policies ask.
CREATE TABLE access_reach (
    unit uuid NOT NULL,
    person uuid NOT NULL,
    is_shared boolean NOT NULL DEFAULT false, -- by a record that was joined to theirs, for as long as it is
    PRIMARY KEY (unit, person, is_shared)
);
CREATE INDEX access_reach_of_person ON access_reach (person) INCLUDE (unit);
REVOKE UPDATE ON access_reach FROM bihuan_app;

-- The person whom a subject names; NULL for every other subject.
CREATE FUNCTION access_person_of(subject text) RETURNS uuid LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN CASE WHEN subject LIKE 'person:________-____-____-____-____________' THEN substr(subject, 8)::uuid END;

-- The unit whom a holder names.
CREATE FUNCTION access_unit_of(holder text) RETURNS uuid LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN CASE WHEN holder LIKE 'unit:________-____-____-____-____________' THEN substr(holder, 6)::uuid
                WHEN holder LIKE 'site:________-____-____-____-____________' THEN substr(holder, 6)::uuid END;

-- The words of a policy: one of these columns is a unit in reach. The units are hashed once a statement, not sought row by row.
CREATE FUNCTION access_units(VARIADIC columns text[]) RETURNS text LANGUAGE sql IMMUTABLE
    RETURN (SELECT string_agg(
        format('%I IN (SELECT unnest(nullif(current_setting(''bihuan.units'', true), '''')::uuid[]))', name), ' OR ')
        FROM unnest(columns) AS name);

-- The words of a policy: this person is in reach. OFFSET 0: one look at an index for a row, and never the whole reach of a district
-- read into memory first; IS TRUE: the units are hashed once a statement, not joined once a row.
CREATE FUNCTION access_person(expression text) RETURNS text LANGUAGE sql IMMUTABLE
    RETURN format('%1$s = (SELECT nullif(current_setting(''bihuan.person'', true), '''')::uuid)'
        ' OR EXISTS (SELECT FROM access_reach AS known WHERE known.person = %1$s AND (%2$s) IS TRUE OFFSET 0)',
        expression, access_units('unit'));

-- The words of a policy: what this text names is nobody, or somebody in reach.
CREATE FUNCTION access_subject(expression text) RETURNS text LANGUAGE sql IMMUTABLE
    RETURN format('CASE WHEN %1$s LIKE ''person:%%'' THEN %2$s ELSE true END', expression,
        access_person(format('access_person_of(%s)', expression)));

CREATE FUNCTION access_wall(guarded regclass, VARIADIC words text[]) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    EXECUTE format('ALTER TABLE %s ENABLE ROW LEVEL SECURITY', guarded);
    EXECUTE format('ALTER TABLE %s FORCE ROW LEVEL SECURITY', guarded);
    EXECUTE format('CREATE POLICY whole ON %s TO bihuan_whole, bihuan_retention USING (true) WITH CHECK (true)', guarded);
    EXECUTE format('CREATE POLICY reach ON %s FOR SELECT TO bihuan_app USING (%s)', guarded, array_to_string(words, ' OR '));
END $$;

-- Keeps the reach: `pairs` reads (person, unit) from `fresh`, the rows that a statement wrote. What stands already is taken in at once.
CREATE FUNCTION access_keep(kept regclass, pairs text) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    adding text := format(
        'INSERT INTO access_reach (person, unit) SELECT DISTINCT person, unit FROM (%s) AS pair (person, unit)'
        ' WHERE person IS NOT NULL AND unit IS NOT NULL ORDER BY 1, 2 ON CONFLICT DO NOTHING', pairs);
BEGIN
    EXECUTE format('CREATE FUNCTION %I() RETURNS trigger LANGUAGE plpgsql AS %L', kept || '_reach',
        format('BEGIN %s; RETURN NULL; END', adding));
    EXECUTE format('CREATE TRIGGER reach_of_new AFTER INSERT ON %s REFERENCING NEW TABLE AS fresh'
        ' FOR EACH STATEMENT EXECUTE FUNCTION %I()', kept, kept || '_reach');
    EXECUTE format('CREATE TRIGGER reach_of_changed AFTER UPDATE ON %s REFERENCING NEW TABLE AS fresh'
        ' FOR EACH STATEMENT EXECUTE FUNCTION %I()', kept, kept || '_reach');
    EXECUTE format('CREATE FUNCTION %I() RETURNS void LANGUAGE sql AS %L', kept || '_reach_again',
        format('WITH fresh AS (SELECT * FROM %s) %s', kept, adding));
    EXECUTE format('SELECT %I()', kept || '_reach_again');
END $$;

-- Everything that is kept, from the rows as they stand: for whoever filled tables past their triggers.
CREATE FUNCTION access_reach_again() RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    again text;
BEGIN
    FOR again IN SELECT proname FROM pg_proc WHERE proname LIKE '%\_reach\_again' AND proname <> 'access_reach_again' ORDER BY 1 LOOP
        EXECUTE format('SELECT %I()', again);
    END LOOP;
END $$;

-- Facts: who recorded something about somebody has had to do with them; who merely opened or listed them has not.
SELECT access_keep('ledger_fact', $$
    SELECT access_person_of(named), fresh.unit FROM fresh, unnest(ARRAY[fresh.subject, fresh.about]) AS named
    WHERE fresh.kind NOT IN ('person.opened', 'people.listed') $$);
SELECT access_wall('ledger_fact', access_units('unit'), format('(%s) AND (%s)', access_subject('about'),
    format('about IS NOT NULL OR (%s)', access_subject('subject'))));
SELECT access_wall('ledger_payload', 'EXISTS (SELECT FROM ledger_fact AS told WHERE told.seq = fact)');
SELECT access_wall('ledger_key', 'false');

-- Custody: who holds somebody, and who is to receive them.
SELECT access_keep('custody_holding', 'SELECT access_person_of(item), access_unit_of(holder) FROM fresh');
SELECT access_keep('custody_line', $$
    SELECT access_person_of(fresh.item), access_unit_of(side) FROM fresh JOIN custody_handover AS way ON way.id = fresh.handover,
    unnest(ARRAY[way.sender, way.receiver]) AS side $$);
SELECT access_wall('custody_holding', access_subject('item'));
SELECT access_wall('custody_bond', access_subject('item'));
SELECT access_wall('custody_line', access_subject('item'));
SELECT access_wall('custody_flow_item', access_subject('item'));

-- Loops: whoever owes something about somebody. Duties themselves name a run and nobody.
SELECT access_keep('loop_duty', $$
    SELECT access_person_of(run.about), fresh.owner_unit FROM fresh JOIN loop_run AS run ON run.id = fresh.run_id $$);
SELECT access_wall('loop_run', access_subject('about'));
