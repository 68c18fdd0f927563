-- An arrival is never taken out, with one exception: what a file announced by mistake, within a day of its being taken
-- in, as long as nobody has come. Whatever refers to it refuses it; its facts and the rows of its file stay.
CREATE FUNCTION arrivals_take_out(of_batch uuid, announced uuid[], moment timestamptz) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    IF NOT EXISTS (
        SELECT FROM arrivals_batch
        WHERE id = of_batch AND state = 'taken_in' AND taken_in_at >= moment - interval '24 hours'
    ) OR EXISTS (
        SELECT FROM arrivals_arrival
        WHERE id = ANY (announced) AND (batch_id IS DISTINCT FROM of_batch OR state NOT IN ('expected', 'history'))
    ) THEN
        RAISE EXCEPTION 'a file is taken back within 24 hours, and only those of its arrivals that nobody has met'
            USING ERRCODE = 'check_violation', CONSTRAINT = 'arrivals_taken_back_within_a_day';
    END IF;
    UPDATE arrivals_batchrow SET arrival_id = NULL WHERE arrival_id = ANY (announced);
    DELETE FROM arrivals_arrival WHERE id = ANY (announced);
END $$;
REVOKE ALL ON FUNCTION arrivals_take_out(uuid, uuid[], timestamptz) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION arrivals_take_out(uuid, uuid[], timestamptz) TO bihuan_app;
