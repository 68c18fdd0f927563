-- A level is decided by a unit whose territory contains the area, or by the whole city: a village binds no city.
CREATE FUNCTION places_decided_from_above() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.state = 'in_force' AND NOT EXISTS (
        SELECT FROM access_unit u, places_area a
        WHERE u.id = NEW.approved_unit_id AND a.id = NEW.area_id
          AND (u.parent_id IS NULL
               OR u.code IN (a.code, left(a.code, 6), left(a.code, 4) || '00', left(a.code, 2) || '0000'))
    ) THEN
        RAISE EXCEPTION 'a level is decided by a unit that contains the area, or by the city'
            USING ERRCODE = 'check_violation', CONSTRAINT = 'places_decided_from_above';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER places_decided_from_above BEFORE INSERT OR UPDATE OF state, approved_unit_id, area_id ON places_arearisk
    FOR EACH ROW EXECUTE FUNCTION places_decided_from_above();
