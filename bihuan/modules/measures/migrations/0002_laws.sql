-- What no code path may do to an order, whoever writes: bind without approval, prolong without a new exposure, rewrite its grounds.

CREATE SEQUENCE measures_order_number;
CREATE SEQUENCE measures_appeal_number;

CREATE FUNCTION measures_is_about(fact uuid, person uuid) RETURNS boolean LANGUAGE sql STABLE AS $$
    SELECT EXISTS (SELECT 1 FROM ledger_fact f WHERE f.key = fact AND 'person:' || person IN (f.about, f.subject))
$$;

CREATE FUNCTION measures_order_is_lawful() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'DELETE' THEN
        RAISE EXCEPTION 'an order is never deleted' USING ERRCODE = 'restrict_violation', CONSTRAINT = 'order_is_kept';
    END IF;
    IF TG_OP = 'INSERT' THEN
        IF NEW.state <> 'proposed' THEN
            RAISE EXCEPTION 'an order begins as a proposal' USING ERRCODE = 'check_violation', CONSTRAINT = 'order_begins_as_proposal';
        END IF;
        IF NOT measures_is_about(NEW.evidence_id, NEW.person_id) THEN
            RAISE EXCEPTION 'the evidence of an order is about its person' USING ERRCODE = 'check_violation', CONSTRAINT = 'order_evidence_about_person';
        END IF;
        RETURN NEW;
    END IF;
    IF (NEW.id, NEW.number, NEW.person_id, NEW.profile, NEW.rule, NEW.class_code, NEW.reason, NEW.legal_basis, NEW.conditions,
        NEW.deciding_unit_id, NEW.evidence_id, NEW.proposed_by, NEW.proposed_unit_id, NEW.proposed_at)
       IS DISTINCT FROM
       (OLD.id, OLD.number, OLD.person_id, OLD.profile, OLD.rule, OLD.class_code, OLD.reason, OLD.legal_basis, OLD.conditions,
        OLD.deciding_unit_id, OLD.evidence_id, OLD.proposed_by, OLD.proposed_unit_id, OLD.proposed_at) THEN
        RAISE EXCEPTION 'the grounds of an order are never rewritten' USING ERRCODE = 'check_violation', CONSTRAINT = 'order_grounds_stand';
    END IF;
    IF OLD.state <> NEW.state AND (OLD.state, NEW.state) NOT IN
       (('proposed', 'live'), ('proposed', 'rejected'), ('live', 'ended'), ('live', 'lifted'), ('live', 'lapsed')) THEN
        RAISE EXCEPTION 'an order that was % cannot become %', OLD.state, NEW.state USING ERRCODE = 'check_violation', CONSTRAINT = 'order_course';
    END IF;
    IF OLD.state <> 'proposed' AND
       (NEW.approved_by, NEW.approved_unit_id, NEW.approved_at, NEW.starts_at, NEW.bond_id)
       IS DISTINCT FROM (OLD.approved_by, OLD.approved_unit_id, OLD.approved_at, OLD.starts_at, OLD.bond_id) THEN
        RAISE EXCEPTION 'an approval is never rewritten' USING ERRCODE = 'check_violation', CONSTRAINT = 'order_approval_stands';
    END IF;
    IF OLD.state NOT IN ('proposed', 'live') AND
       (NEW.ends_at, NEW.central_ends_at, NEW.counted_from) IS DISTINCT FROM (OLD.ends_at, OLD.central_ends_at, OLD.counted_from) THEN
        RAISE EXCEPTION 'a closed order is not re-timed' USING ERRCODE = 'check_violation', CONSTRAINT = 'order_closed_stands';
    END IF;
    IF (NEW.ends_at > OLD.ends_at
        OR NEW.central_ends_at > OLD.central_ends_at
        OR (OLD.central_ends_at IS NULL AND NEW.central_ends_at IS NOT NULL)
        OR NEW.counted_from <> OLD.counted_from)
       AND NOT (NEW.counted_from > OLD.counted_from AND EXISTS (
            SELECT 1 FROM measures_exposure e
            WHERE e.order_id = NEW.id AND e.state = 'approved' AND e.exposed_on = NEW.counted_from)) THEN
        RAISE EXCEPTION 'an order is prolonged only by a new, approved exposure' USING ERRCODE = 'check_violation', CONSTRAINT = 'order_prolonged_by_exposure';
    END IF;
    RETURN NEW;
END $$;

-- What an order is called is what its phases are: a central one has a central phase, and only by an exposure gets it back.
ALTER TABLE measures_order ADD CONSTRAINT order_kind_as_phases CHECK ((kind = 'central') = (central_ends_at IS NOT NULL));

CREATE TRIGGER measures_order_is_lawful BEFORE INSERT OR UPDATE OR DELETE ON measures_order
    FOR EACH ROW EXECUTE FUNCTION measures_order_is_lawful();

CREATE FUNCTION measures_exposure_is_lawful() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    held measures_order%ROWTYPE;
BEGIN
    IF TG_OP = 'DELETE' THEN
        RAISE EXCEPTION 'an exposure is never deleted' USING ERRCODE = 'restrict_violation', CONSTRAINT = 'exposure_is_kept';
    END IF;
    SELECT * INTO held FROM measures_order o WHERE o.id = NEW.order_id;
    IF TG_OP = 'INSERT' THEN
        IF NEW.state <> 'proposed' THEN
            RAISE EXCEPTION 'an exposure begins as an entry' USING ERRCODE = 'check_violation', CONSTRAINT = 'exposure_begins_as_entry';
        END IF;
        IF NEW.evidence_id = held.evidence_id OR NOT measures_is_about(NEW.evidence_id, held.person_id) THEN
            RAISE EXCEPTION 'a new exposure needs new evidence about the same person' USING ERRCODE = 'check_violation', CONSTRAINT = 'exposure_has_new_evidence';
        END IF;
    ELSIF OLD.state <> 'proposed' OR (NEW.order_id, NEW.exposed_on, NEW.evidence_id, NEW.entered_by, NEW.entered_unit_id)
          IS DISTINCT FROM (OLD.order_id, OLD.exposed_on, OLD.evidence_id, OLD.entered_by, OLD.entered_unit_id) THEN
        RAISE EXCEPTION 'an exposure is decided once and never rewritten' USING ERRCODE = 'check_violation', CONSTRAINT = 'exposure_stands';
    END IF;
    RETURN NEW;
END $$;

CREATE TRIGGER measures_exposure_is_lawful BEFORE INSERT OR UPDATE OR DELETE ON measures_exposure
    FOR EACH ROW EXECUTE FUNCTION measures_exposure_is_lawful();

CREATE FUNCTION measures_appeal_is_lawful() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    held measures_order%ROWTYPE;
BEGIN
    IF TG_OP = 'DELETE' THEN
        RAISE EXCEPTION 'an appeal is never deleted' USING ERRCODE = 'restrict_violation', CONSTRAINT = 'appeal_is_kept';
    END IF;
    SELECT * INTO held FROM measures_order o WHERE o.id = NEW.order_id;
    IF TG_OP = 'INSERT' AND NEW.state <> 'filed' THEN
        RAISE EXCEPTION 'an appeal begins when it is filed' USING ERRCODE = 'check_violation', CONSTRAINT = 'appeal_begins_when_filed';
    END IF;
    IF TG_OP = 'UPDATE' AND (OLD.state <> 'filed' OR (NEW.order_id, NEW.words, NEW.filed_at, NEW.lapses_at)
       IS DISTINCT FROM (OLD.order_id, OLD.words, OLD.filed_at, OLD.lapses_at)) THEN
        RAISE EXCEPTION 'an appeal is answered once and its words are never rewritten' USING ERRCODE = 'check_violation', CONSTRAINT = 'appeal_stands';
    END IF;
    IF NEW.state IN ('upheld', 'dismissed') AND (
        NEW.decided_by IN (held.proposed_by, held.approved_by)
        OR NEW.decided_unit_id IN (held.proposed_unit_id, held.approved_unit_id)) THEN
        RAISE EXCEPTION 'an appeal is answered by somebody who did not make the order' USING ERRCODE = 'check_violation', CONSTRAINT = 'appeal_answered_by_another';
    END IF;
    RETURN NEW;
END $$;

CREATE TRIGGER measures_appeal_is_lawful BEFORE INSERT OR UPDATE OR DELETE ON measures_appeal
    FOR EACH ROW EXECUTE FUNCTION measures_appeal_is_lawful();

-- At commit: phases end when the order says, and a live order has a bond that still holds its person.
CREATE FUNCTION measures_order_is_whole() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    held measures_order%ROWTYPE;
    latest timestamptz;
    central timestamptz;
BEGIN
    IF TG_TABLE_NAME = 'measures_phase' THEN
        IF TG_OP = 'DELETE' THEN
            SELECT * INTO held FROM measures_order o WHERE o.id = OLD.order_id;
        ELSE
            SELECT * INTO held FROM measures_order o WHERE o.id = NEW.order_id;
        END IF;
    ELSE
        SELECT * INTO held FROM measures_order o WHERE o.id = NEW.id;
    END IF;
    IF held.state NOT IN ('proposed', 'live') THEN
        RETURN NULL;
    END IF;
    SELECT max(p.ends_at), max(p.ends_at) FILTER (WHERE p.kind = 'central') INTO latest, central
    FROM measures_phase p WHERE p.order_id = held.id;
    IF latest IS DISTINCT FROM held.ends_at OR central IS DISTINCT FROM held.central_ends_at THEN
        RAISE EXCEPTION 'the phases of an order end when the order ends' USING ERRCODE = 'check_violation', CONSTRAINT = 'order_phases_agree';
    END IF;
    RETURN NULL;
END $$;

CREATE CONSTRAINT TRIGGER measures_order_is_whole AFTER INSERT OR UPDATE ON measures_order
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION measures_order_is_whole();
CREATE CONSTRAINT TRIGGER measures_phase_is_whole AFTER INSERT OR UPDATE OR DELETE ON measures_phase
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION measures_order_is_whole();

-- A live order holds its person by a live bond, and nobody is bound but by a live order, from whichever side somebody tries.
CREATE FUNCTION measures_order_is_bound() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    which uuid := CASE TG_TABLE_NAME WHEN 'measures_order' THEN (to_jsonb(NEW) ->> 'id')::uuid ELSE (to_jsonb(NEW) ->> 'bond')::uuid END;
BEGIN
    IF EXISTS (SELECT 1 FROM measures_order o WHERE o.id = which AND o.state = 'live' AND NOT EXISTS (
        SELECT 1 FROM custody_bond b WHERE b.bond = o.bond_id AND b.item = 'person:' || o.person_id AND b.released_at IS NULL)) THEN
        RAISE EXCEPTION 'a live order has a live bond on its person' USING ERRCODE = 'check_violation', CONSTRAINT = 'order_is_bound';
    END IF;
    IF EXISTS (SELECT 1 FROM custody_bond b WHERE b.bond = which AND b.item LIKE 'person:%' AND b.released_at IS NULL AND NOT EXISTS (
        SELECT 1 FROM measures_order o WHERE o.bond_id = b.bond AND o.state = 'live')) THEN
        RAISE EXCEPTION 'nobody is bound but by a live order' USING ERRCODE = 'check_violation', CONSTRAINT = 'bond_has_order';
    END IF;
    RETURN NULL;
END $$;

CREATE CONSTRAINT TRIGGER measures_order_is_bound AFTER INSERT OR UPDATE ON measures_order
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION measures_order_is_bound();
CREATE CONSTRAINT TRIGGER measures_bond_is_kept AFTER INSERT OR UPDATE ON custody_bond
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION measures_order_is_bound();
