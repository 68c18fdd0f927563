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

-- A line that two units put in force stands: only its last day may come sooner. One that was turned down stays turned down.
CREATE FUNCTION places_line_stands() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'DELETE' THEN
        RAISE EXCEPTION 'a line of the watch list is never deleted' USING ERRCODE = 'restrict_violation', CONSTRAINT = 'places_line_is_kept';
    END IF;
    IF (to_jsonb(NEW) - ARRAY['state', 'approved_by', 'approved_unit_id', 'approved_at', 'during'])
       <> (to_jsonb(OLD) - ARRAY['state', 'approved_by', 'approved_unit_id', 'approved_at', 'during']) THEN
        RAISE EXCEPTION 'what was entered is never rewritten' USING ERRCODE = 'check_violation', CONSTRAINT = 'places_entry_stands';
    END IF;
    IF OLD.state <> 'proposed' AND (
        (NEW.state, NEW.approved_by, NEW.approved_unit_id, NEW.approved_at)
            IS DISTINCT FROM (OLD.state, OLD.approved_by, OLD.approved_unit_id, OLD.approved_at)
        OR lower(NEW.during) <> lower(OLD.during) OR NOT OLD.during @> NEW.during) THEN
        RAISE EXCEPTION 'a decided line stands' USING ERRCODE = 'check_violation', CONSTRAINT = 'places_line_stands';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER places_line_stands BEFORE UPDATE OR DELETE ON places_arearisk
    FOR EACH ROW EXECUTE FUNCTION places_line_stands();
