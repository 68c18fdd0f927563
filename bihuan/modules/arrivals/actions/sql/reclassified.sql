-- New classes of many arrivals, and the orders they are under.
-- Parameters: ids, profiles, policies, rules, class codes, measures, decisions (JSON), orders; one of each an arrival.
UPDATE arrivals_arrival arrival
SET profile = new.profile, policy = new.policy, rule = new.rule, class_code = new.class_code, measure = new.measure,
    decision = new.decision::jsonb, order_id = new.order_id
FROM unnest(%s::uuid[], %s::text[], %s::text[], %s::text[], %s::text[], %s::text[], %s::text[], %s::uuid[])
    AS new (id, profile, policy, rule, class_code, measure, decision, order_id)
WHERE arrival.id = new.id
