-- Orders and what hangs on them, behind the second wall: the words are those of access/0009_second_wall.

SELECT access_keep('measures_order', $$
    SELECT fresh.person_id, whose
    FROM fresh, unnest(ARRAY[fresh.unit_id, fresh.deciding_unit_id, fresh.proposed_unit_id, fresh.approved_unit_id]) AS whose $$);
SELECT access_keep('measures_exposure', $$
    SELECT held.person_id, whose FROM fresh JOIN measures_order AS held ON held.id = fresh.order_id,
    unnest(ARRAY[fresh.entered_unit_id, fresh.decided_unit_id]) AS whose $$);
SELECT access_keep('measures_appeal', $$
    SELECT held.person_id, whose FROM fresh JOIN measures_order AS held ON held.id = fresh.order_id,
    unnest(ARRAY[fresh.reviewing_unit_id, fresh.decided_unit_id, fresh.senior_unit_id]) AS whose $$);

SELECT access_wall('measures_order', access_units('unit_id', 'deciding_unit_id'), access_person('person_id'));
SELECT access_wall('measures_exposure', 'EXISTS (SELECT FROM measures_order AS held WHERE held.id = order_id)');
SELECT access_wall('measures_appeal', 'EXISTS (SELECT FROM measures_order AS held WHERE held.id = order_id)');
SELECT access_wall('measures_link', 'EXISTS (SELECT FROM measures_order AS held WHERE held.id = order_id)');
