-- The first law, held where nobody can go round it: what is bound is held by somebody, the sender answers until the
-- receiver has, and quantities are only moved.

ALTER TABLE custody_holding ADD CONSTRAINT holding_item_holder UNIQUE (item, holder);
ALTER TABLE custody_handover ADD CONSTRAINT handover_id_sender UNIQUE (id, sender);

ALTER TABLE custody_bond ADD CONSTRAINT bond_item_is_held FOREIGN KEY (item) REFERENCES custody_holding (item);
-- A pending line pledges its sender's holding: the holder cannot change while the line is pending.
ALTER TABLE custody_line ADD CONSTRAINT line_pledges_holding
    FOREIGN KEY (item, pledged) REFERENCES custody_holding (item, holder);
ALTER TABLE custody_line ADD CONSTRAINT line_pledges_sender
    FOREIGN KEY (handover, pledged) REFERENCES custody_handover (id, sender);
ALTER TABLE custody_balance ADD CONSTRAINT balance_floor_of_account
    FOREIGN KEY (account, may_be_negative) REFERENCES custody_account (account, may_be_negative);

-- The counts below are kept by triggers with their owner's rights, for the application may not write them. They are
-- additions to a locked row, so they agree at every isolation level.

CREATE FUNCTION custody_count_bonds() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
    SET search_path = public, pg_temp AS $$
BEGIN
    IF TG_OP = 'INSERT' THEN
        UPDATE custody_holding holding SET bonds = holding.bonds + live.count
        FROM (SELECT item, count(*) FROM added WHERE released_at IS NULL GROUP BY item) live
        WHERE holding.item = live.item;
    ELSE
        UPDATE custody_holding holding SET bonds = holding.bonds - ended.count
        FROM (SELECT removed.item, count(*)
              FROM removed JOIN added USING (bond)
              WHERE removed.released_at IS NULL AND added.released_at IS NOT NULL
              GROUP BY removed.item) ended
        WHERE holding.item = ended.item;
    END IF;
    RETURN NULL;
END $$;

CREATE TRIGGER count_bonds_made AFTER INSERT ON custody_bond
    REFERENCING NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION custody_count_bonds();
CREATE TRIGGER count_bonds_ended AFTER UPDATE ON custody_bond
    REFERENCING OLD TABLE AS removed NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION custody_count_bonds();

-- Hands change only by a hand-over: what is bound goes to the holder that has just received it.
CREATE FUNCTION custody_accepted() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NOT EXISTS (
        SELECT FROM custody_line line JOIN custody_handover handover ON handover.id = line.handover
        WHERE line.item = NEW.item AND line.answered_at = NEW.since AND handover.receiver = NEW.holder
          AND (line.outcome = 'extra' OR (line.outcome = 'received' AND handover.sender = OLD.holder))
    ) THEN
        RAISE EXCEPTION '% has not received %, who still answers is %.', NEW.holder, NEW.item, OLD.holder
            USING ERRCODE = 'check_violation', CONSTRAINT = 'holding_accepted',
                  HINT = 'Dispatch it and let the receiver answer.';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER accepted BEFORE UPDATE OF holder ON custody_holding FOR EACH ROW
    WHEN (NEW.bonds > 0 AND OLD.holder <> NEW.holder AND NEW.holder <> 'self') EXECUTE FUNCTION custody_accepted();

CREATE FUNCTION custody_keep_bond() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'A bond is made once and released once: %.', OLD.bond USING ERRCODE = 'restrict_violation';
END $$;
CREATE TRIGGER keep_bond BEFORE UPDATE ON custody_bond FOR EACH ROW
    WHEN (OLD.released_at IS NOT NULL OR OLD.bond <> NEW.bond OR OLD.item <> NEW.item)
    EXECUTE FUNCTION custody_keep_bond();

CREATE FUNCTION custody_count_lines() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
    SET search_path = public, pg_temp AS $$
BEGIN
    IF TG_OP = 'INSERT' THEN
        UPDATE custody_handover handover
        SET listed = handover.listed + lines.listed, pending = handover.pending + lines.pending
        FROM (SELECT handover, count(*) FILTER (WHERE outcome <> 'extra') AS listed,
                     count(*) FILTER (WHERE outcome = 'pending') AS pending
              FROM added GROUP BY handover) lines
        WHERE handover.id = lines.handover;
    ELSE
        UPDATE custody_handover handover SET pending = handover.pending - answered.count
        FROM (SELECT removed.handover, count(*)
              FROM removed JOIN added USING (handover, item)
              WHERE removed.outcome = 'pending' AND added.outcome <> 'pending'
              GROUP BY removed.handover) answered
        WHERE handover.id = answered.handover;
    END IF;
    RETURN NULL;
END $$;

CREATE TRIGGER count_lines_listed AFTER INSERT ON custody_line
    REFERENCING NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION custody_count_lines();
CREATE TRIGGER count_lines_answered AFTER UPDATE ON custody_line
    REFERENCING OLD TABLE AS removed NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION custody_count_lines();

CREATE FUNCTION custody_keep_line() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'A line of a hand-over is answered once: % of %.', OLD.item, OLD.handover
        USING ERRCODE = 'restrict_violation';
END $$;
CREATE TRIGGER keep_line BEFORE UPDATE ON custody_line FOR EACH ROW
    WHEN (OLD.outcome <> 'pending' OR NEW.outcome = 'extra' OR OLD.handover <> NEW.handover OR OLD.item <> NEW.item)
    EXECUTE FUNCTION custody_keep_line();

CREATE FUNCTION custody_keep_handover() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'A hand-over is closed once: %.', OLD.id USING ERRCODE = 'restrict_violation';
END $$;
CREATE TRIGGER keep_handover BEFORE UPDATE ON custody_handover FOR EACH ROW
    WHEN (OLD.closed_at IS NOT NULL AND (OLD.closed_at, OLD.closed_by) IS DISTINCT FROM (NEW.closed_at, NEW.closed_by))
    EXECUTE FUNCTION custody_keep_handover();

-- An open hand-over waits for something. Its lines come after it, so this is looked at when the transaction ends.
CREATE FUNCTION custody_open_is_pending() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (SELECT FROM custody_handover WHERE id = NEW.id AND closed_at IS NULL AND pending = 0) THEN
        RAISE EXCEPTION 'The hand-over % is open and has nothing pending.', NEW.id USING ERRCODE = 'check_violation';
    END IF;
    RETURN NULL;
END $$;
CREATE CONSTRAINT TRIGGER open_is_pending AFTER INSERT OR UPDATE ON custody_handover
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION custody_open_is_pending();

CREATE FUNCTION custody_balance_entries() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
    SET search_path = public, pg_temp AS $$
DECLARE
    unequal record;
BEGIN
    SELECT posting, commodity, sum(quantity) AS rest INTO unequal
    FROM added GROUP BY posting, commodity HAVING sum(quantity) <> 0 LIMIT 1;
    IF FOUND THEN
        RAISE EXCEPTION 'Posting % leaves % of % over: entries must sum to zero.',
            unequal.posting, unequal.rest, unequal.commodity USING ERRCODE = 'check_violation';
    END IF;
    INSERT INTO custody_balance AS balance (account, commodity, quantity, may_be_negative)
    SELECT account, commodity, 0, may_be_negative
    FROM added JOIN custody_account USING (account)
    GROUP BY account, commodity, may_be_negative
    ORDER BY account, commodity
    ON CONFLICT (account, commodity) DO NOTHING;
    PERFORM FROM custody_balance WHERE (account, commodity) IN (SELECT account, commodity FROM added)
    ORDER BY account, commodity FOR UPDATE;
    UPDATE custody_balance balance SET quantity = balance.quantity + moved.sum
    FROM (SELECT account, commodity, sum(quantity) FROM added GROUP BY account, commodity) moved
    WHERE (balance.account, balance.commodity) = (moved.account, moved.commodity);
    RETURN NULL;
END $$;
CREATE TRIGGER balance_entries AFTER INSERT ON custody_entry
    REFERENCING NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION custody_balance_entries();

CREATE FUNCTION custody_refuse() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'Entries are only added: % is refused.', TG_OP
        USING ERRCODE = 'restrict_violation', HINT = 'Post the opposite entries.';
END $$;
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON custody_entry
    FOR EACH STATEMENT EXECUTE FUNCTION custody_refuse();

REVOKE ALL ON custody_holding, custody_bond, custody_handover, custody_line, custody_flow, custody_flow_item,
    custody_account, custody_entry, custody_balance FROM PUBLIC, bihuan_app;
GRANT SELECT ON custody_holding, custody_bond, custody_handover, custody_line, custody_flow, custody_flow_item,
    custody_account, custody_entry, custody_balance TO bihuan_app;
GRANT INSERT (item, holder, since), UPDATE (holder, since) ON custody_holding TO bihuan_app;
GRANT INSERT (bond, item, bound_at), UPDATE (released_at) ON custody_bond TO bihuan_app;
GRANT INSERT (id, sender, receiver, via, dispatched_at, dispatched_by), UPDATE (closed_at, closed_by)
    ON custody_handover TO bihuan_app;
GRANT INSERT, UPDATE (outcome, pledged, answered_at) ON custody_line TO bihuan_app;
GRANT INSERT, UPDATE (declared) ON custody_flow TO bihuan_app;
GRANT INSERT, UPDATE (outcome, settled_at) ON custody_flow_item TO bihuan_app;
GRANT INSERT ON custody_account, custody_entry TO bihuan_app;
