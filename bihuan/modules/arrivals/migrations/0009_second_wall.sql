-- Arrivals and the files they were announced in, behind the second wall: the words are those of access/0009_second_wall.

SELECT access_keep('arrivals_arrival', $$
    SELECT fresh.person_id, whose FROM fresh
    LEFT JOIN arrivals_gate AS gate ON gate.id = fresh.gate_id
    LEFT JOIN arrivals_batch AS batch ON batch.id = fresh.batch_id,
    unnest(ARRAY[fresh.unit_id, fresh.accepted_unit_id, fresh.found_unit_id, gate.unit_id, batch.unit_id]) AS whose $$);

-- The gate as well, so that a gate's own need no look at the table of reaches. All three columns stand in the indexes that boards and
-- lists count by.
SELECT access_wall('arrivals_arrival', access_units('unit_id'),
    format('gate_id IN (SELECT gate.id FROM arrivals_gate AS gate WHERE %s)', access_units('unit_id')), access_person('person_id'));
SELECT access_wall('arrivals_batch', access_units('unit_id'));
SELECT access_wall('arrivals_batchrow', 'EXISTS (SELECT FROM arrivals_batch AS file WHERE file.id = batch_id)');
