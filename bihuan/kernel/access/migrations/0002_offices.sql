-- An appointment carries the office of its role, so that the database itself keeps the three apart, whoever writes.
CREATE FUNCTION access_office_of_role() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    NEW.office := (SELECT office FROM access_role WHERE code = NEW.role_id);
    RETURN NEW;
END $$;
CREATE TRIGGER access_office_of_role BEFORE INSERT OR UPDATE ON access_appointment
    FOR EACH ROW EXECUTE FUNCTION access_office_of_role();

CREATE FUNCTION access_office_moves() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE access_appointment SET office = NEW.office WHERE role_id = NEW.code AND office <> NEW.office;
    RETURN NULL;
END $$;
CREATE TRIGGER access_office_moves AFTER UPDATE OF office ON access_role
    FOR EACH ROW EXECUTE FUNCTION access_office_moves();

-- Who was named and who decided stays.
REVOKE DELETE, TRUNCATE ON access_nomination FROM bihuan_app;
