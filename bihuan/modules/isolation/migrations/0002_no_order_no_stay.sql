-- No order, no stay. A person is taken in only under an order of their own that is live and has a central phase, at a site that is
-- open and certified. The order's row is locked, so that it cannot end while somebody is being checked in.
CREATE FUNCTION isolation_stay_needs_order() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    held record;
    place record;
BEGIN
    SELECT state, person_id INTO held FROM measures_order WHERE id = NEW.order_id FOR SHARE;
    IF NOT FOUND OR held.state <> 'live' OR held.person_id <> NEW.person_id THEN
        RAISE EXCEPTION 'no order, no stay: order % is not a live order on person %', NEW.order_id, NEW.person_id
            USING ERRCODE = 'check_violation', CONSTRAINT = 'isolation_no_order_no_stay';
    END IF;
    IF NOT EXISTS (
        SELECT FROM measures_phase
        WHERE order_id = NEW.order_id AND kind = 'central' AND ends_at > lower(NEW.during)
    ) THEN
        RAISE EXCEPTION 'order % has no central phase left at %', NEW.order_id, lower(NEW.during)
            USING ERRCODE = 'check_violation', CONSTRAINT = 'isolation_stay_phase';
    END IF;
    SELECT state, certificate_until, inspected_on INTO place FROM isolation_site WHERE id = NEW.site_id FOR SHARE;
    IF place.state <> 'open' OR place.inspected_on IS NULL OR place.certificate_until IS NULL
        OR place.certificate_until < (lower(NEW.during) AT TIME ZONE 'Asia/Shanghai')::date THEN
        RAISE EXCEPTION 'site % is not open with a valid certificate and inspection', NEW.site_id
            USING ERRCODE = 'check_violation', CONSTRAINT = 'isolation_stay_site_usable';
    END IF;
    RETURN NEW;
END $$;

CREATE TRIGGER isolation_stay_needs_order BEFORE INSERT OR UPDATE OF order_id, person_id, site_id ON isolation_stay
    FOR EACH ROW EXECUTE FUNCTION isolation_stay_needs_order();

-- Isolation at home needs the same: a live order on this person with a phase at home.
CREATE FUNCTION isolation_home_needs_order() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM FROM measures_order WHERE id = NEW.order_id AND state = 'live' AND person_id = NEW.person_id FOR SHARE;
    IF NOT FOUND OR NOT EXISTS (
        SELECT FROM measures_phase WHERE order_id = NEW.order_id AND kind IN ('home', 'monitor')
    ) THEN
        RAISE EXCEPTION 'no order, no isolation at home: order % is not a live order with a phase at home on person %',
            NEW.order_id, NEW.person_id
            USING ERRCODE = 'check_violation', CONSTRAINT = 'isolation_no_order_no_home';
    END IF;
    RETURN NEW;
END $$;

CREATE TRIGGER isolation_home_needs_order BEFORE INSERT OR UPDATE OF order_id, person_id ON isolation_home
    FOR EACH ROW EXECUTE FUNCTION isolation_home_needs_order();

-- A room belongs to the stay's site, is ready for use, and never holds more people than it has beds. The room's row is locked,
-- so that two clerks who give the last bed away at the same moment are put in order.
CREATE FUNCTION isolation_room_has_a_bed() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    room record;
    stay record;
    taken integer;
BEGIN
    SELECT site_id, state, capacity INTO room FROM isolation_room WHERE id = NEW.room_id FOR UPDATE;
    SELECT site_id, during INTO stay FROM isolation_stay WHERE id = NEW.stay_id;
    IF room.site_id <> stay.site_id THEN
        RAISE EXCEPTION 'room % is not at the site of stay %', NEW.room_id, NEW.stay_id
            USING ERRCODE = 'check_violation', CONSTRAINT = 'isolation_room_of_site';
    END IF;
    IF TG_OP = 'INSERT' AND room.state <> 'ready' THEN
        RAISE EXCEPTION 'room % is not ready', NEW.room_id
            USING ERRCODE = 'check_violation', CONSTRAINT = 'isolation_room_ready';
    END IF;
    SELECT count(*) INTO taken FROM isolation_occupancy
        WHERE room_id = NEW.room_id AND id <> NEW.id AND during && NEW.during;
    IF taken >= room.capacity THEN
        RAISE EXCEPTION 'room % is full', NEW.room_id
            USING ERRCODE = 'check_violation', CONSTRAINT = 'isolation_room_full';
    END IF;
    RETURN NEW;
END $$;

CREATE TRIGGER isolation_room_has_a_bed BEFORE INSERT OR UPDATE OF room_id, stay_id, during ON isolation_occupancy
    FOR EACH ROW EXECUTE FUNCTION isolation_room_has_a_bed();

-- When a transaction ends, an open stay has exactly one open room and a closed stay has none.
CREATE FUNCTION isolation_stay_has_a_room() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    which uuid;
    open_stays integer;
    open_rooms integer;
BEGIN
    which := CASE TG_TABLE_NAME WHEN 'isolation_stay' THEN (to_jsonb(NEW) ->> 'id')::uuid ELSE (to_jsonb(NEW) ->> 'stay_id')::uuid END;
    SELECT count(*) INTO open_stays FROM isolation_stay WHERE id = which AND upper_inf(during);
    SELECT count(*) INTO open_rooms FROM isolation_occupancy WHERE stay_id = which AND upper_inf(during);
    IF open_stays <> open_rooms THEN
        RAISE EXCEPTION 'stay % is % but has % rooms', which, CASE open_stays WHEN 1 THEN 'open' ELSE 'over' END, open_rooms
            USING ERRCODE = 'check_violation', CONSTRAINT = 'isolation_stay_has_a_room';
    END IF;
    RETURN NULL;
END $$;

CREATE CONSTRAINT TRIGGER isolation_stay_has_a_room AFTER INSERT OR UPDATE ON isolation_stay
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION isolation_stay_has_a_room();
CREATE CONSTRAINT TRIGGER isolation_occupancy_of_stay AFTER INSERT OR UPDATE ON isolation_occupancy
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION isolation_stay_has_a_room();

-- What happened is not deleted, and neither a health check nor a day's log is rewritten.
REVOKE DELETE, TRUNCATE ON isolation_stay, isolation_occupancy, isolation_home, isolation_check, isolation_ticket,
    isolation_service, isolation_day FROM bihuan_app;
REVOKE UPDATE ON isolation_check, isolation_day FROM bihuan_app;
