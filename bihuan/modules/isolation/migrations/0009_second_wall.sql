-- Stays, homes, checks and tickets behind the second wall: the words are those of access/0009_second_wall. Who has a bed is the stay's
-- to say; the bed's own row is counted by boards.

SELECT access_keep('isolation_stay', $$
    SELECT fresh.person_id, site.unit_id FROM fresh JOIN isolation_site AS site ON site.id = fresh.site_id $$);
SELECT access_keep('isolation_home', 'SELECT fresh.person_id, fresh.unit_id FROM fresh');
SELECT access_keep('isolation_ticket', 'SELECT fresh.person_id, fresh.unit_id FROM fresh');

SELECT access_wall('isolation_stay',
    format('site_id IN (SELECT site.id FROM isolation_site AS site WHERE %s)', access_units('unit_id')), access_person('person_id'));
SELECT access_wall('isolation_home', access_units('unit_id'), access_person('person_id'));
SELECT access_wall('isolation_homemember', 'EXISTS (SELECT FROM isolation_home AS held WHERE held.id = home_id)');
SELECT access_wall('isolation_check', access_person('person_id'));
SELECT access_wall('isolation_ticket', access_units('unit_id'), access_person('person_id'));
