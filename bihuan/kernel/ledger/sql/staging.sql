-- The table into which many facts are copied before they are appended; it ends with the transaction.
CREATE TEMP TABLE IF NOT EXISTS ledger_staging (
    key uuid, kind text, subject text, about text, unit uuid, happened_at timestamptz, recorded_at timestamptz,
    actor text, secret bigint, commitment bytea, leaf_hash bytea, payload text
) ON COMMIT DROP;
TRUNCATE ledger_staging
