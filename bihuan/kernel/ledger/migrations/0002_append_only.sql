-- What Python cannot promise: facts are only ever added, and everybody who may add can be told apart from who may not.

-- The roles bihuan_app and bihuan_retention are there: bihuan.site.ownership makes them, or an administrator did.

-- The number of the writing transaction tells the sequencer which facts can no longer be joined by an earlier one.
ALTER TABLE ledger_fact ADD COLUMN transaction xid8 NOT NULL DEFAULT pg_current_xact_id();
CREATE INDEX fact_by_transaction ON ledger_fact (transaction, seq);

ALTER TABLE ledger_fact
    ADD CONSTRAINT fact_sealed CHECK (octet_length(commitment) = 32 AND octet_length(leaf_hash) = 32);

CREATE FUNCTION ledger_refuse() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'The ledger is append-only: % on % is refused.', TG_OP, TG_TABLE_NAME
        USING ERRCODE = 'restrict_violation', HINT = 'Record a new fact that corrects the old one.';
END $$;

CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON ledger_fact
    FOR EACH STATEMENT EXECUTE FUNCTION ledger_refuse();
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON ledger_leaf
    FOR EACH STATEMENT EXECUTE FUNCTION ledger_refuse();
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON ledger_checkpoint
    FOR EACH STATEMENT EXECUTE FUNCTION ledger_refuse();
-- Payloads and keys can be shredded one by one by the retention role, but never rewritten.
CREATE TRIGGER append_only BEFORE UPDATE OR TRUNCATE ON ledger_payload
    FOR EACH STATEMENT EXECUTE FUNCTION ledger_refuse();
CREATE TRIGGER append_only BEFORE UPDATE OR TRUNCATE ON ledger_key
    FOR EACH STATEMENT EXECUTE FUNCTION ledger_refuse();

REVOKE ALL ON ledger_fact, ledger_leaf, ledger_checkpoint, ledger_payload, ledger_key, ledger_request
    FROM PUBLIC, bihuan_app;
GRANT SELECT, INSERT ON ledger_fact, ledger_leaf, ledger_checkpoint, ledger_payload, ledger_key, ledger_request
    TO bihuan_app;
GRANT UPDATE (result) ON ledger_request TO bihuan_app;
GRANT SELECT, DELETE ON ledger_payload, ledger_key TO bihuan_retention;
GRANT SELECT ON ledger_fact TO bihuan_retention;

-- The same seals as bihuan/kernel/ledger/sealing.py makes, so that the whole ledger can be checked where it lies.
-- Each is one expression without side effects, which the planner takes into the query that calls it.
CREATE FUNCTION ledger_leaf_hash(fact ledger_fact) RETURNS bytea LANGUAGE sql STABLE PARALLEL SAFE
    RETURN sha256('\x00'::bytea || convert_to(json_build_array(
        fact.key, fact.kind, fact.subject, fact.about, fact.unit,
        (extract(epoch FROM fact.happened_at) * 1000000)::bigint,
        (extract(epoch FROM fact.recorded_at) * 1000000)::bigint,
        fact.actor, encode(fact.commitment, 'hex'))::text, 'UTF8'));

CREATE FUNCTION ledger_commitment(inner_pad bytea, outer_pad bytea, payload text) RETURNS bytea
    LANGUAGE sql STABLE PARALLEL SAFE
    RETURN sha256(outer_pad || sha256(inner_pad || convert_to(payload, 'UTF8')));
