-- A trip never has more people than its vehicle has seats; a vehicle starts a trip only after it was disinfected.

CREATE SEQUENCE transfers_trip_number;

CREATE FUNCTION transfers_seats_suffice() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    seats integer;
    taken integer;
BEGIN
    IF NEW.trip_id IS NULL OR NEW.state NOT IN ('assigned', 'aboard', 'underway', 'arrived') THEN
        RETURN NEW;
    END IF;
    IF TG_OP = 'UPDATE' AND OLD.trip_id = NEW.trip_id AND OLD.state IN ('assigned', 'aboard', 'underway') THEN
        RETURN NEW;
    END IF;
    SELECT v.seats INTO seats FROM transfers_trip t JOIN transfers_vehicle v ON v.id = t.vehicle_id
    WHERE t.id = NEW.trip_id FOR UPDATE OF t;
    SELECT count(*) INTO taken FROM transfers_request r
    WHERE r.trip_id = NEW.trip_id AND r.id <> NEW.id AND r.state IN ('assigned', 'aboard', 'underway', 'arrived');
    IF taken >= seats THEN
        RAISE EXCEPTION 'the vehicle has no seat left' USING ERRCODE = 'check_violation', CONSTRAINT = 'trip_seats_suffice';
    END IF;
    RETURN NEW;
END $$;

CREATE TRIGGER transfers_seats_suffice BEFORE INSERT OR UPDATE OF trip_id, state ON transfers_request
    FOR EACH ROW EXECUTE FUNCTION transfers_seats_suffice();

CREATE FUNCTION transfers_trip_is_lawful() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    clean boolean;
    seats integer;
    taken integer;
BEGIN
    IF NEW.state = 'boarding' AND OLD.state = 'planned' THEN
        SELECT v.state = 'in_use' INTO clean FROM transfers_vehicle v WHERE v.id = NEW.vehicle_id;
        IF NOT clean THEN
            RAISE EXCEPTION 'the vehicle was not disinfected since its last trip' USING ERRCODE = 'check_violation', CONSTRAINT = 'vehicle_disinfected';
        END IF;
    END IF;
    IF NEW.vehicle_id <> OLD.vehicle_id THEN
        SELECT v.seats INTO seats FROM transfers_vehicle v WHERE v.id = NEW.vehicle_id;
        SELECT count(*) INTO taken FROM transfers_request r
        WHERE r.trip_id = NEW.id AND r.state IN ('assigned', 'aboard', 'underway', 'arrived');
        IF taken > seats THEN
            RAISE EXCEPTION 'the vehicle has too few seats' USING ERRCODE = 'check_violation', CONSTRAINT = 'trip_seats_suffice';
        END IF;
    END IF;
    RETURN NEW;
END $$;

CREATE TRIGGER transfers_trip_is_lawful BEFORE UPDATE ON transfers_trip
    FOR EACH ROW EXECUTE FUNCTION transfers_trip_is_lawful();

-- A vehicle that carried people cannot be in use again before it was disinfected.
CREATE FUNCTION transfers_vehicle_is_clean() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF OLD.state = 'to_disinfect' AND NEW.state = 'in_use' THEN
        RAISE EXCEPTION 'the vehicle was not disinfected since its last trip' USING ERRCODE = 'check_violation', CONSTRAINT = 'vehicle_disinfected';
    END IF;
    IF OLD.state = 'to_disinfect' AND NEW.state = 'ready' AND NEW.disinfected_at IS NOT DISTINCT FROM OLD.disinfected_at THEN
        RAISE EXCEPTION 'a vehicle is ready again once it was disinfected' USING ERRCODE = 'check_violation', CONSTRAINT = 'vehicle_disinfected';
    END IF;
    IF NEW.seats < OLD.seats AND EXISTS (
        SELECT 1 FROM transfers_trip t WHERE t.vehicle_id = NEW.id AND t.state IN ('planned', 'boarding', 'underway')) THEN
        RAISE EXCEPTION 'a vehicle with trips ahead keeps its seats' USING ERRCODE = 'check_violation', CONSTRAINT = 'trip_seats_suffice';
    END IF;
    RETURN NEW;
END $$;

CREATE TRIGGER transfers_vehicle_is_clean BEFORE UPDATE ON transfers_vehicle
    FOR EACH ROW EXECUTE FUNCTION transfers_vehicle_is_clean();
