-- Samples behind the second wall: the words are those of access/0009_second_wall. A result names a tube and nobody.

SELECT access_keep('testing_sample', 'SELECT fresh.person_id, fresh.unit_id FROM fresh');
SELECT access_keep('testing_result', $$
    SELECT tube.person_id, fresh.laboratory_id FROM fresh JOIN testing_sample AS tube ON tube.id = fresh.sample_id $$);

SELECT access_wall('testing_sample', access_units('unit_id'), access_person('person_id'));
SELECT access_wall('testing_report', access_units('laboratory_id'));
SELECT access_wall('testing_reportrow', 'EXISTS (SELECT FROM testing_report AS file WHERE file.id = report_id)');
