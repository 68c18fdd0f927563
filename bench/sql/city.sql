-- A city of any size, laid down as data: its units, everybody in them, and the loops that are open for them now.
-- Written by the owner with triggers off: what the pages read, not how it came about. Ids are made from numbers and
-- rise with time as real ones do. Parameters: people, loops (open), facts, sites, now.
CREATE FUNCTION pg_temp.id(noun int, n bigint) RETURNS uuid LANGUAGE sql IMMUTABLE AS
    $$ SELECT (lpad(to_hex(n), 12, '0') || '7' || lpad(to_hex(noun), 3, '0') || '8000000000000000')::uuid $$;
CREATE FUNCTION pg_temp.hash(n bigint) RETURNS int LANGUAGE sql IMMUTABLE AS
    $$ SELECT ((n * 2654435761) %% 1000003 %% 1000)::int $$;
CREATE FUNCTION pg_temp.pick(words text[], n bigint) RETURNS text LANGUAGE sql IMMUTABLE AS
    $$ SELECT words[1 + (n %% cardinality(words))::int] $$;

-- Units: 10 districts, 90 streets, 400 communities, 700 grids; beside them gates, sites, teams, fleets, laboratories.
CREATE TEMP TABLE made (idx int, kind text, code text, above text, team text, name_zh text, name_en text);
INSERT INTO made VALUES (0, 'city', '410800', NULL, NULL, '市指挥部', 'City command');
INSERT INTO made SELECT n, 'team', 'team-' || n, '410800', NULL, '专班' || n, 'Team ' || n FROM generate_series(0, 7) n;
INSERT INTO made SELECT n, 'district', '4108' || lpad((n + 2)::text, 2, '0'), '410800', 'team-0',
    '第' || n || '区', 'District ' || n FROM generate_series(0, 9) n;
INSERT INTO made SELECT n, 'street', district.code || lpad((n / 10 + 1)::text, 3, '0'), district.code, NULL,
    '第' || n || '街道', 'Street ' || n
    FROM generate_series(0, 89) n JOIN made district ON district.kind = 'district' AND district.idx = n %% 10;
INSERT INTO made SELECT n, 'community', street.code || lpad((n / 90 + 1)::text, 3, '0'), street.code, NULL,
    '第' || n || '社区', 'Community ' || n
    FROM generate_series(0, 399) n JOIN made street ON street.kind = 'street' AND street.idx = n %% 90;
INSERT INTO made SELECT n, 'grid', community.code || lpad((n / 400 + 1)::text, 2, '0'), community.code, NULL,
    '第' || n || '网格', 'Grid ' || n
    FROM generate_series(0, 699) n JOIN made community ON community.kind = 'community' AND community.idx = n %% 400;
INSERT INTO made SELECT n, beside.kind, beside.kind || '-' || n, district.code, 'team-' || beside.team, name || n, initcap(beside.kind) || ' ' || n
    FROM (VALUES ('gate', 30, 1, '卡口'), ('site', %(sites)s, 0, '隔离点')) AS beside (kind, number, team, name),
         generate_series(0, number - 1) n JOIN made district ON district.kind = 'district' AND district.idx = n %% 10;
INSERT INTO made SELECT n, kind, kind || '-' || n, '410800', 'team-0', name || n, initcap(kind) || ' ' || n
    FROM (VALUES ('fleet', 10, '车队'), ('laboratory', 4, '实验室')) AS beside (kind, number, name),
         generate_series(0, number - 1) n;
CREATE TEMP TABLE place AS
WITH RECURSIVE tree AS (
    SELECT made.*, '/' || code || '/' AS path, NULL::text AS district FROM made WHERE above IS NULL
    UNION ALL
    SELECT made.*, tree.path || made.code || '/', COALESCE(tree.district, CASE made.kind WHEN 'district' THEN made.code END)
    FROM made JOIN tree ON made.above = tree.code
)
SELECT pg_temp.id(1, row_number() OVER (ORDER BY path)) AS id, tree.* FROM tree;
CREATE INDEX ON place (code);
INSERT INTO access_unit (id, code, kind, name_zh, name_en, path, phone, address, population, parent_id, sector_id)
    SELECT place.id, place.code, place.kind, place.name_zh, place.name_en, place.path, '0391-8000000', '', 0, above.id, team.id
    FROM place LEFT JOIN place above ON above.code = place.above LEFT JOIN place team ON team.code = place.team;
-- where people live: grids and communities
CREATE TEMP TABLE home AS SELECT (row_number() OVER (ORDER BY place.kind, place.idx) - 1)::int AS idx, place.id, place.code,
    district.id AS district, district.code AS district_code
    FROM place JOIN place district ON district.code = place.district WHERE place.kind IN ('grid', 'community');
CREATE TEMP TABLE gate AS SELECT idx, place.id FROM place WHERE kind = 'gate';
CREATE TEMP TABLE site AS SELECT place.idx, place.id, district.id AS district
    FROM place JOIN place district ON district.code = place.district WHERE place.kind = 'site';

-- Posts: every post that a unit must fill, held by somebody.
CREATE TEMP TABLE post AS
SELECT row_number() OVER (ORDER BY place.path, posts.role) AS n, place.id AS unit, place.code, posts.role
FROM place JOIN (VALUES
    ('city', 'city_command'), ('city', 'order_approver'), ('city', 'appeal_reviewer'), ('city', 'system_admin'),
    ('city', 'auditor'), ('district', 'district_command'), ('district', 'order_clerk'), ('district', 'order_approver'),
    ('street', 'community_worker'), ('community', 'community_worker'), ('grid', 'grid_worker'),
    ('team', 'team_lead'), ('gate', 'gate_officer'), ('site', 'site_head'), ('site', 'site_staff'),
    ('fleet', 'dispatcher'), ('fleet', 'driver'), ('laboratory', 'lab_staff')) AS posts (kind, role) USING (kind);
INSERT INTO access_user (password, id, username, name, phone, is_active, language)
    SELECT '!', pg_temp.id(2, n), role || '@' || code, '员工' || n, '13800000000', true, 'zh-hans' FROM post;
INSERT INTO access_appointment (id, valid, user_id, role_id, unit_id)
    SELECT pg_temp.id(3, n), '[2020-01-01,)', pg_temp.id(2, n), role, unit FROM post;
INSERT INTO units_dailyreturn (id, day, cut_off_at, submitted_at, figures, remark, submitted_by_id, unit_id)
    SELECT pg_temp.id(4, idx * 100 + back), day, day + time '16:00', sent.at, '{}', '', CASE WHEN sent.at IS NOT NULL THEN pg_temp.id(2, 1) END, place.id
    FROM place, generate_series(0, 29) back, LATERAL (SELECT (%(now)s::date - back)::date AS day) on_,
         LATERAL (SELECT CASE WHEN pg_temp.hash(idx * 31 + back) < 950 AND back > 0 THEN day + time '15:30' END AS at) sent
    WHERE kind = 'district';

-- People: households of three in grids and communities.
INSERT INTO people_household (id, address, unit_id)
    SELECT pg_temp.id(5, n), '和平路' || n || '号', home.id
    FROM generate_series(0, %(people)s / 3) n JOIN home ON home.idx = n %% 1100;
INSERT INTO people_person
    (id, name, name_key, sex, birth_on, id_type, id_number, id_disputed, phone, address, household_id, unit_id)
SELECT pg_temp.id(6, n),
    pg_temp.pick(family_zh, pg_temp.hash(n)) || pg_temp.pick(given_zh, pg_temp.hash(n + 7)) || pg_temp.pick(given_zh, pg_temp.hash(n * 3 + 1)),
    pg_temp.pick(family, pg_temp.hash(n)) || ' ' || pg_temp.pick(given, pg_temp.hash(n + 7)) || ' ' || pg_temp.pick(given, pg_temp.hash(n * 3 + 1)),
    CASE n %% 2 WHEN 0 THEN 'male' ELSE 'female' END, date '1930-01-01' + (n %% 30000)::int, 'resident_id',
    home.district_code || to_char(date '1930-01-01' + (n %% 30000)::int, 'YYYYMMDD') || lpad((n / 30000)::text, 3, '0') || n %% 10,
    false, '1' || (3000000000 + n)::text, '', pg_temp.id(5, n / 3), home.id
FROM generate_series(0, %(people)s - 1) n JOIN home ON home.idx = (n / 3) %% 1100,
    (SELECT '{王,李,张,刘,陈,杨,赵,黄,周,吴,徐,孙,胡,朱,高,林,何,郭,马,罗}'::text[] AS family_zh,
            '{wang,li,zhang,liu,chen,yang,zhao,huang,zhou,wu,xu,sun,hu,zhu,gao,lin,he,guo,ma,luo}'::text[] AS family,
            '{伟,芳,娜,敏,静,丽,强,磊,军,洋,勇,艳,杰,娟,涛,明,超,兰,霞,平,刚,英,华,玉,建,红,春,文,志,海}'::text[] AS given_zh,
            '{wei,fang,na,min,jing,li,qiang,lei,jun,yang,yong,yan,jie,juan,tao,ming,chao,lan,xia,ping,gang,ying,hua,yu,jian,hong,chun,wen,zhi,hai}'::text[] AS given) names
ORDER BY n;

-- Orders. Of 76 open ones: 1 proposed, 1 on the way, 33 in rooms, 40 at home, 1 not received at home yet.
-- As many again as there are open loops have ended.
CREATE TEMP TABLE bound AS
SELECT n, n < open.number AS is_open, n %% 76 AS slot, pg_temp.id(7, n) AS id, person.p, pg_temp.id(6, person.p) AS person,
    home.id AS home, home.district, n / 76 * 33 + n %% 76 - 2 AS bed, began.at AS began
FROM (SELECT %(loops)s * 76 / 100 AS number) open, generate_series(0, open.number + %(loops)s - 1) n,
    LATERAL (SELECT CASE WHEN n < open.number THEN n * 1009 %% %(people)s ELSE (n * 7919::bigint + 13) %% %(people)s END AS p) person
    JOIN home ON home.idx = (person.p / 3) %% 1100,
    LATERAL (SELECT CASE
        WHEN n >= open.number THEN %(now)s - interval '30 days' - n %% 200 * interval '1 day'
        WHEN n %% 76 < 2 THEN %(now)s - pg_temp.hash(n) * interval '15 seconds'
            - CASE WHEN pg_temp.hash(n) < 50 THEN interval '1 day' ELSE interval '0' END
        ELSE %(now)s - interval '12 hours' - pg_temp.hash(n) * interval '9 minutes' END AS at) began;
ALTER TABLE bound ADD PRIMARY KEY (n);
-- one bed of every bed number: room and site
CREATE TEMP TABLE bed AS
SELECT bound.n, bound.bed, site.id AS unit, pg_temp.id(8, site.idx) AS site, site.idx AS site_idx, site.district,
    bound.bed / %(sites)s AS k, bound.bed / %(sites)s - CASE WHEN bound.bed / %(sites)s %% 4 = 3 THEN 1 ELSE 0 END AS room
FROM bound JOIN site ON site.idx = bound.bed %% %(sites)s WHERE is_open AND slot BETWEEN 2 AND 34;
CREATE INDEX ON bed (n);
ANALYZE bound; ANALYZE bed;
INSERT INTO measures_order
    (id, number, profile, policy, rule, class_code, kind, reason, legal_basis, conditions, proposed_by, proposed_name,
     proposed_at, approved_by, approved_name, approved_at, state, counted_from, starts_at, ends_at, central_ends_at,
     closed_at, closing, approved_unit_id, bond_id, deciding_unit_id, evidence_id, person_id, proposed_unit_id, unit_id)
SELECT bound.id, 'G' || bound.n, 'covid19-cn', 'ed9', 'high_area', 'high_area', how.kind,
    '{"zh": "来自高风险区", "en": "From a high-risk area", "follows": {"zh": "集中隔离", "en": "Central isolation"}, "facts": {}, "policy": "ed9"}',
    '{"zh": "传染病防治法", "en": "Law on Infectious Diseases"}', '{"zh": "期满", "en": "At the end"}',
    'user:' || pg_temp.id(2, 1), '钱经办', began, CASE WHEN how.is_approved THEN 'user:' || pg_temp.id(2, 2) ELSE '' END,
    CASE WHEN how.is_approved THEN '孙签批' ELSE '' END, CASE WHEN how.is_approved THEN began + interval '20 minutes' END,
    CASE WHEN NOT bound.is_open THEN 'ended' WHEN how.is_approved THEN 'live' ELSE 'proposed' END,
    began::date, began, began + interval '10 days', CASE how.kind WHEN 'central' THEN began + interval '7 days' END,
    CASE WHEN NOT bound.is_open THEN began + interval '10 days' END, '{}', CASE WHEN how.is_approved THEN bound.district END,
    CASE WHEN how.is_approved THEN bound.id END, bound.district, pg_temp.id(9, bound.n), bound.person, gate.id,
    COALESCE(bed.unit, bound.home)
FROM bound LEFT JOIN bed USING (n) JOIN gate ON gate.idx = bound.n %% 30,
    LATERAL (SELECT CASE WHEN slot < 35 THEN 'central' ELSE 'home' END AS kind, NOT bound.is_open OR slot > 0 AS is_approved) how;
INSERT INTO measures_phase (id, seq, kind, starts_at, ends_at, order_id)
    SELECT pg_temp.id(10, n), 1, CASE WHEN slot < 35 THEN 'central' ELSE 'home' END, began, began + interval '7 days', id FROM bound;
INSERT INTO measures_appeal (id, number, words, phone, filed_at, answer_by_at, lapses_at, state, decided_by, decided_name,
    grounds, senior_name, reviewing_unit_id, order_id)
    SELECT pg_temp.id(11, n), 'S' || n, '申诉', '', %(now)s - n %% 30 * interval '1 hour', %(now)s - (n %% 30 - 24) * interval '1 hour',
        %(now)s - (n %% 30 - 48) * interval '1 hour', CASE WHEN n %% 1000 = 0 THEN 'filed' ELSE 'lapsed' END, '', '', '', '', district, id
    FROM bound WHERE is_open AND slot > 1 AND n %% 200 = 0;
INSERT INTO measures_exposure (id, exposed_on, class_code, state, entered_by, entered_name, entered_at, decided_by,
    entered_unit_id, evidence_id, order_id)
    SELECT pg_temp.id(12, n), %(now)s::date - 1, 'high_area', 'proposed', 'user:1', '钱经办', %(now)s - interval '1 hour', '',
        home, pg_temp.id(9, n), id FROM bound WHERE is_open AND slot > 1 AND n %% 2000 = 3;

-- Sites, rooms, stays; homes with their teams of five.
INSERT INTO isolation_site (id, address, phone, state, planned_rooms, certificate_until, inspected_on, unit_id)
    SELECT pg_temp.id(8, idx), '迎宾路', '0391-1', 'open', 400, %(now)s::date + 100, %(now)s::date - 100, id FROM site;
INSERT INTO isolation_zone (id, kind, name, site_id)
    SELECT pg_temp.id(13, idx), 'observation', 'A', pg_temp.id(8, idx) FROM site;
INSERT INTO isolation_room (id, number, floor, capacity, barrier_free, state, reason, site_id, zone_id)
    SELECT pg_temp.id(14, idx * 10000 + r), (r / 30 + 2)::text || lpad((r %% 30)::text, 2, '0'), r / 30 + 2, 2, r %% 30 = 0,
        CASE WHEN r > most.beds AND r %% 10 = 0 THEN 'cleaning' ELSE 'ready' END, '', pg_temp.id(8, idx), pg_temp.id(13, idx)
    FROM site, (SELECT max(k)::int AS beds FROM bed) most, LATERAL generate_series(0, most.beds * 5 / 4 + 5) r;
INSERT INTO isolation_stay (id, during, identity_confirmed, needs, cause, order_id, person_id, site_id)
    SELECT pg_temp.id(15, bed.n), tstzrange(began + interval '3 hours', NULL), true, '', '', bound.id, person, site
    FROM bed JOIN bound USING (n) ORDER BY bed.n;
INSERT INTO isolation_occupancy (id, household, during, reason, room_id, stay_id)
    SELECT pg_temp.id(16, bed.n), pg_temp.id(17, site_idx * 10000 + room), tstzrange(began + interval '3 hours', NULL), '',
        pg_temp.id(14, site_idx * 10000 + room), pg_temp.id(15, bed.n)
    FROM bed JOIN bound USING (n) ORDER BY bed.n;
INSERT INTO isolation_home (id, address, begun_at, order_id, person_id, unit_id)
    SELECT pg_temp.id(18, n), '和平路', began + interval '2 hours', id, person, home FROM bound WHERE is_open AND slot BETWEEN 35 AND 74;
INSERT INTO isolation_homemember (id, role, name, phone, home_id)
    SELECT pg_temp.id(19, n * 5 + r), pg_temp.pick('{cadre,grid_worker,medic,police,volunteer}', r), '组员', '138', pg_temp.id(18, n)
    FROM bound, generate_series(0, 4) r WHERE is_open AND slot BETWEEN 35 AND 74;
INSERT INTO isolation_check (id, subject, place, contact, checked_at, temperature, symptoms, is_normal, remark, person_id)
    SELECT pg_temp.id(20, n * 4 + r), 'order:' || id, CASE WHEN slot < 35 THEN 'site' ELSE 'home' END, 'visit',
        %(now)s - interval '2 hours' - r * interval '12 hours' - pg_temp.hash(n) * interval '10 seconds', 36.5, '[]',
        pg_temp.hash(n * 5 + r) > 1, '', person
    FROM bound, generate_series(0, 3) r WHERE is_open AND slot BETWEEN 2 AND 74 AND pg_temp.hash(n + r) > 20;
INSERT INTO isolation_ticket (id, number, kind, text, state, opened_at, answer, answered_at, closed_at, order_id, person_id, unit_id)
    SELECT pg_temp.id(21, n), 'T' || n, 'supply', '需要日用品', CASE WHEN is_waiting THEN 'open' ELSE 'done' END,
        %(now)s - pg_temp.hash(n) * interval '10 minutes', CASE WHEN is_waiting THEN '' ELSE '已送达' END,
        CASE WHEN NOT is_waiting THEN %(now)s END, CASE WHEN NOT is_waiting THEN %(now)s END, bound.id, person, COALESCE(bed.unit, home)
    FROM bound LEFT JOIN bed USING (n), LATERAL (SELECT n %% 150 = 6 AS is_waiting) how
    WHERE is_open AND slot BETWEEN 2 AND 74 AND n %% 15 = 6;
INSERT INTO isolation_service (id, opened_at, closed_at, site_id)
    SELECT pg_temp.id(41, idx), %(now)s - interval '60 days', NULL, pg_temp.id(8, idx) FROM site;
INSERT INTO isolation_day (id, "on", meals, waste, disinfected, staff_well, remark, logged_at, service_id)
    SELECT pg_temp.id(42, idx * 100 + d), %(now)s::date - d, true, true, true, d %% 9 > 0, CASE d %% 9 WHEN 0 THEN '一人发热，已调岗' ELSE '' END,
        %(now)s - d * interval '1 day', pg_temp.id(41, idx)
    FROM site, generate_series(1, 60) d;

-- Samples, with results for all but the newest.
INSERT INTO testing_sample (id, code, subject, purpose, phase, day, taken_at, person_id, unit_id)
    SELECT pg_temp.id(22, bound.n * 3 + r), 'Y' || bound.n * 3 + r, 'order:' || bound.id, 'plan', CASE WHEN slot < 35 THEN 'central' ELSE 'home' END,
        r + 1, %(now)s - (2 - r) * interval '1 day' - pg_temp.hash(bound.n) * interval '20 seconds', person, COALESCE(bed.unit, home)
    FROM bound LEFT JOIN bed USING (n), generate_series(0, 2) r WHERE is_open AND slot BETWEEN 2 AND 74;
INSERT INTO testing_result (id, result, found_at, reason, laboratory_id, sample_id)
    SELECT pg_temp.id(23, n * 3 + r), CASE WHEN pg_temp.hash(n * 3 + r) < 3 THEN 'positive' ELSE 'negative' END,
        %(now)s - (2 - r) * interval '1 day' + interval '5 hours' - r * interval '5 hours', '', laboratory.id, pg_temp.id(22, n * 3 + r)
    FROM bound JOIN place laboratory ON laboratory.kind = 'laboratory' AND laboratory.idx = bound.n %% 4, generate_series(0, 2) r
    WHERE is_open AND slot BETWEEN 2 AND 74 AND (r < 2 OR n %% 10 > 0);

-- Transfers: whoever is in a room came on a trip; whoever is on the way waits or has a seat.
INSERT INTO transfers_vehicle (id, plate, kind, model, seats, state, unit_id)
    SELECT pg_temp.id(24, n), '豫H' || lpad(n::text, 5, '0'), 'coach', '', 30, 'ready', place.id
    FROM generate_series(0, 199) n JOIN place ON place.kind = 'fleet' AND place.idx = n %% 10;
INSERT INTO transfers_driver (id, name, phone, is_active, unit_id, user_id)
    SELECT pg_temp.id(25, n), '司机' || n, '138', true, place.id, CASE WHEN n < 10 THEN access_user.id ELSE pg_temp.id(26, n) END
    FROM generate_series(0, 199) n JOIN place ON place.kind = 'fleet' AND place.idx = n %% 10
    LEFT JOIN access_user ON username = 'driver@' || place.code;
CREATE TEMP TABLE ride AS
SELECT bound.n, bound.id, person, slot, began, gate.id AS gate, COALESCE(bed.unit, site.id) AS site,
    CASE WHEN slot = 1 THEN 1000000 + bound.n / 76 / 30 ELSE bound.bed / 30 END AS trip, slot = 1 AND pg_temp.hash(bound.n) < 600 AS is_waiting
FROM bound LEFT JOIN bed USING (n) JOIN gate ON gate.idx = bound.n %% 30 JOIN site ON site.idx = bound.n %% %(sites)s
WHERE is_open AND slot BETWEEN 1 AND 34;
INSERT INTO transfers_trip (id, number, during, state, arrived_at, departed_at, driver_id, from_unit_id, to_unit_id, vehicle_id)
    SELECT pg_temp.id(27, trip), 'C' || trip,
        CASE WHEN trip >= 1000000 THEN tstzrange(%(now)s + (trip - 1000000) / 200 * interval '3 hours', %(now)s + ((trip - 1000000) / 200 + 1) * interval '3 hours')
        ELSE tstzrange(%(now)s - (trip / 200 + 2) * interval '3 hours', %(now)s - (trip / 200 + 1) * interval '3 hours') END,
        CASE WHEN trip >= 1000000 THEN 'planned' ELSE 'arrived' END,
        CASE WHEN trip < 1000000 THEN %(now)s - interval '3 hours' END, CASE WHEN trip < 1000000 THEN %(now)s - interval '5 hours' END,
        pg_temp.id(25, trip %% 200), (array_agg(gate))[1], (array_agg(site))[1], pg_temp.id(24, trip %% 200)
    FROM ride GROUP BY trip;
INSERT INTO transfers_request (id, needs, requested_at, state, closed_at, fleet_id, from_unit_id, order_id, person_id, to_unit_id, trip_id)
    SELECT pg_temp.id(28, n), '', began + interval '30 minutes', CASE WHEN slot > 1 THEN 'arrived' WHEN is_waiting THEN 'waiting' ELSE 'assigned' END,
        CASE WHEN slot > 1 THEN began + interval '3 hours' END, fleet.id, gate, ride.id, person, site, CASE WHEN NOT is_waiting THEN pg_temp.id(27, trip) END
    FROM ride JOIN place fleet ON fleet.kind = 'fleet' AND fleet.idx = ride.trip %% 10 WHERE n %% 1900 <> 1;

-- Arrivals: expected (15 in 100 open loops), waiting at gates (1), watched or tested at their destination (8); then
-- everybody under an order came once, and twice as many as there are open loops came long ago.
INSERT INTO arrivals_gate (id, kind, capacity_per_hour, waiting_capacity, unit_id)
    SELECT pg_temp.id(29, idx), pg_temp.pick('{rail,coach,expressway,air}', idx), 400, 200, id FROM gate;
CREATE TEMP TABLE trip AS
SELECT number.n, pg_temp.id(30, number.n) AS id, person.p, pg_temp.id(6, person.p) AS person, home.id AS home, number.n %% 30 AS gate_idx, state.state, bound.id AS bound,
    CASE state.state WHEN 'expected' THEN %(now)s + (pg_temp.hash(number.n) - 200) * interval '5 minutes'
        WHEN 'landed' THEN %(now)s - pg_temp.hash(number.n) * interval '20 seconds'
        ELSE %(now)s - interval '4 hours' - CASE WHEN bound.n IS NULL AND number.n > %(loops)s * 24 / 100
            THEN 20 + number.n %% 300 ELSE number.n %% 9 END * interval '1 day' END AS at
FROM generate_series(0, %(loops)s * 3 - 1) AS number (n)
    LEFT JOIN bound ON bound.n = number.n - %(loops)s * 24 / 100 AND bound.is_open,
    LATERAL (SELECT CASE WHEN number.n < %(loops)s * 15 / 100 THEN 'expected' WHEN number.n < %(loops)s * 16 / 100 THEN 'landed'
        WHEN number.n %% 50 = 7 THEN 'not_on_board' ELSE 'closed' END AS state) state,
    LATERAL (SELECT COALESCE(bound.p, (number.n * 7919::bigint + 5) %% %(people)s) AS p) person
    JOIN home ON home.idx = (person.p / 3) %% 1100;
INSERT INTO arrivals_batch (id, kind, state, file_name, sha256, form, headers, plan, told, issuer, legal_basis, imported_by, imported_at,
    rows, created, updated, duplicate, doubtful, rejected, unit_id)
    SELECT pg_temp.id(31, n / 150), 'manifest', 'taken_in', 'G' || n / 150 || '.csv', '', 'rail', '[]', '{}', '[]', '铁路', '', 'user:1', max(at),
        count(*), count(*), 0, 0, 0, 0, office.id
    FROM trip JOIN place office ON office.kind = 'district' AND office.idx = n / 150 %% 10 GROUP BY n / 150, office.id;
INSERT INTO arrivals_arrival
    (id, reference, mode, carrier, seat, origin_kind, origin_text, contact_kind, departed_at, expected_at, destination, state,
     landed_at, symptoms, profile, policy, rule, class_code, measure, decision, accepted_at, registered_at, accepted_unit_id,
     order_id, origin_id, person_id, unit_id, batch_id, gate_id)
SELECT trip.id, 'R' || lpad(n::text, 9, '0'), 'rail', 'G' || n / 150 %% 900, n %% 150 || 'A', 'domestic', '', 'none', at - interval '5 hours', at,
    '和平路', state, CASE WHEN state IN ('landed', 'closed') THEN at END, '', 'covid19-cn', 'ed9',
    CASE WHEN state IN ('landed', 'closed') THEN 'high_area' ELSE '' END, CASE WHEN state IN ('landed', 'closed') THEN 'high_area' ELSE '' END,
    CASE WHEN state IN ('landed', 'closed') THEN pg_temp.pick('{central,home,tests,none}', n) ELSE '' END,
    CASE WHEN state IN ('landed', 'closed') THEN '{"reason": {"zh": "来自高风险区", "en": "From a high-risk area"}, "follows": {"zh": "集中隔离", "en": "Central isolation"},
        "legal_basis": {"zh": "传染病防治法", "en": "Law on Infectious Diseases"}, "rule": "high_area", "used": {}, "counted_from": "2022-07-01"}'::jsonb END,
    CASE WHEN state = 'closed' AND bound IS NULL THEN at + interval '2 hours' END, at - interval '1 day',
    CASE WHEN state = 'closed' AND bound IS NULL THEN home END, bound, area.id, person, home, pg_temp.id(31, n / 150), pg_temp.id(29, gate_idx)
FROM trip LEFT JOIN (SELECT id, row_number() OVER (ORDER BY code) AS idx FROM places_area WHERE code LIKE '____00') area ON area.idx = 1 + n %% 300
ORDER BY n;
INSERT INTO arrivals_batchrow (id, number, raw, outcome, problems, kept, arrival_id, batch_id)
    SELECT pg_temp.id(32, n), n %% 150 + 1, '["王伟", "410802199001010011", "13800000000", "G1", "2022-07-05"]', 'created', '[]', '', id, pg_temp.id(31, n / 150) FROM trip;
INSERT INTO custody_flow (flow, declared, opened_at) SELECT 'batch:' || id, rows, imported_at FROM arrivals_batch;
INSERT INTO custody_flow_item (item, outcome, settled_at, flow)
    SELECT 'arrival:' || id, CASE state WHEN 'expected' THEN 'pending' WHEN 'not_on_board' THEN 'not_on_board' ELSE 'landed' END,
        CASE WHEN state <> 'expected' THEN at END, 'batch:' || pg_temp.id(31, n / 150) FROM trip;
INSERT INTO places_arearisk (id, level, during, order_text, state, entered_by, entered_at, approved_by, approved_at, approved_unit_id, area_id, entered_unit_id)
    SELECT pg_temp.id(33, row_number() OVER ()), 'high', daterange(%(now)s::date - 10, NULL), '防指公告', 'in_force', 'user:1', %(now)s - interval '10 days', 'user:2',
        %(now)s - interval '10 days', pg_temp.id(1, 1), id, pg_temp.id(1, 2) FROM (SELECT id FROM places_area WHERE code LIKE '____00' ORDER BY code LIMIT 100) area;

-- Custody: everybody under a live order is held under its bond, whoever waits at a gate by the gate.
INSERT INTO custody_bond (bond, bound_at, released_at, item)
    SELECT id, began, CASE WHEN NOT is_open THEN began + interval '10 days' END, 'person:' || person FROM bound WHERE NOT is_open OR slot > 0;
INSERT INTO custody_holding (item, holder, since, bonds)
    SELECT 'person:' || bound.person, COALESCE('site:' || bed.unit, CASE WHEN slot < 2 THEN 'unit:' || gate.id ELSE 'unit:' || home END), began,
        CASE WHEN slot > 0 THEN 1 ELSE 0 END
    FROM bound LEFT JOIN bed USING (n) JOIN gate ON gate.idx = bound.n %% 30 WHERE is_open;
INSERT INTO custody_holding (item, holder, since, bonds)
    SELECT 'person:' || person, CASE state WHEN 'landed' THEN 'unit:' || gate.id ELSE 'self' END, at, 0
    FROM trip JOIN gate ON gate.idx = gate_idx WHERE state IN ('landed', 'closed') AND bound IS NULL ORDER BY state = 'closed'
    ON CONFLICT (item) DO NOTHING;
INSERT INTO custody_handover (id, sender, receiver, via, dispatched_at, dispatched_by, listed, pending, closed_at, closed_by)
    SELECT pg_temp.id(34, trip), 'unit:' || (array_agg(gate))[1], 'site:' || (array_agg(site))[1], 'vehicle:' || pg_temp.id(24, trip %% 200),
        max(began), 'user:1', count(*), CASE WHEN trip >= 1000000 THEN count(*) ELSE 0 END, CASE WHEN trip < 1000000 THEN max(began) + interval '1 hour' END,
        CASE WHEN trip < 1000000 THEN 'user:2' END
    FROM ride WHERE slot > 1 OR NOT is_waiting GROUP BY trip;
INSERT INTO custody_line (item, outcome, pledged, answered_at, handover)
    SELECT 'person:' || person, CASE WHEN slot > 1 THEN 'received' ELSE 'pending' END, CASE WHEN slot = 1 THEN 'unit:' || gate END,
        CASE WHEN slot > 1 THEN began END, pg_temp.id(34, trip) FROM ride WHERE slot > 1 OR NOT is_waiting;

-- Loops: a run for each order and arrival, two open duties each or nearly, several done, some not needed.
INSERT INTO loop_run (id, subject, about, profile, pathway, version, policy, opened_by, opened_at, closed_at, next_at, planned_at, watches)
    SELECT pg_temp.id(35, n), 'order:' || id, 'person:' || person, 'covid19-cn', 'order', 1, 'ed9', 1, began,
        CASE WHEN NOT is_open THEN began + interval '10 days' END, CASE WHEN is_open THEN %(now)s + pg_temp.hash(n) * interval '1 minute' END, %(now)s, '{}'::text[]
    FROM bound
    UNION ALL
    SELECT pg_temp.id(36, n), 'arrival:' || id, 'person:' || person, 'covid19-cn', 'arrival', 1, 'ed9', 1, at,
        CASE WHEN n >= %(loops)s * 24 / 100 THEN at + interval '1 day' END, CASE WHEN n < %(loops)s * 24 / 100 THEN %(now)s + pg_temp.hash(n) * interval '1 minute' END, %(now)s, '{}'
    FROM trip WHERE n < %(loops)s
    UNION ALL
    SELECT pg_temp.id(43, idx), 'service:' || pg_temp.id(41, idx), NULL, 'city', 'service', 1, 'city', 1, %(now)s - interval '60 days', NULL,
        %(now)s + interval '10 hours', %(now)s, '{}'
    FROM site;
CREATE TEMP TABLE owed AS
SELECT pg_temp.id(35, bound.n) AS run, 'order:' || bound.id AS subject, 'order' AS pathway, step, role, bound.n * 11 + steps.k AS n, opens,
    CASE owner WHEN 'site' THEN COALESCE(bed.unit, site.id) WHEN 'home' THEN home WHEN 'gate' THEN gate.id WHEN 'fleet' THEN fleet.id ELSE bound.district END AS unit
FROM bound LEFT JOIN bed USING (n) JOIN site ON site.idx = bound.n %% %(sites)s JOIN gate ON gate.idx = bound.n %% 30
    JOIN place fleet ON fleet.kind = 'fleet' AND fleet.idx = bound.n %% 10
    JOIN (VALUES (0, 0, 0, 'approve', 'order_approver', 'district', interval '-2 hours'), (0, 0, 1, 'contact', 'community_worker', 'home', '-2 hours'),
        (1, 1, 2, 'assign', 'dispatcher', 'fleet', '-2 hours'), (1, 1, 3, 'board', 'driver', 'fleet', '-1 hour'),
        (2, 34, 4, 'check', 'site_staff', 'site', '-3 hours'), (2, 34, 5, 'central_test', 'site_staff', 'site', '-4 hours'),
        (35, 74, 6, 'home_check', 'grid_worker', 'home', '-3 hours'), (35, 74, 7, 'home_test', 'community_worker', 'home', '-4 hours'),
        (75, 75, 8, 'home', 'community_worker', 'home', '-4 hours'), (75, 75, 9, 'contact', 'community_worker', 'home', '-4 hours')
    ) AS steps (first, last, k, step, role, owner, opens) ON slot BETWEEN first AND last
WHERE is_open
UNION ALL
SELECT pg_temp.id(36, trip.n), 'arrival:' || trip.id, 'arrival', step, role, trip.n * 11 + 5, opens, CASE owner WHEN 'gate' THEN gate.id ELSE home END
FROM trip JOIN gate ON gate.idx = gate_idx
    JOIN (VALUES ('expected', 'land', 'gate_officer', 'gate', interval '-2 hours'), ('landed', 'handover', 'gate_officer', 'gate', '-2 hours'),
        ('landed', 'sample', 'gate_officer', 'gate', '-1 hour'), ('closed', 'test', 'community_worker', 'home', '-2 hours'),
        ('closed', 'check', 'grid_worker', 'home', '-2 hours')) AS steps (state, step, role, owner, opens) USING (state)
WHERE trip.n < %(loops)s * 24 / 100
UNION ALL
SELECT pg_temp.id(43, idx), 'service:' || pg_temp.id(41, idx), 'service', 'day', 'site_head', idx, interval '-2 hours', id FROM site;
INSERT INTO loop_duty (id, subject, pathway, version, step, occurrence, owner_role, owner_unit, opens_at, target_at, warn_at, breach_at,
    state, escalated_at, reason, run_id)
SELECT pg_temp.id(37, row_number() OVER (ORDER BY n)), subject, pathway, 1, step, '2022-07-05', role, unit,
    %(now)s + opens + pg_temp.hash(n) * interval '6 seconds' + CASE WHEN pg_temp.hash(n) > 800 THEN interval '8 hours' ELSE interval '0' END,
    %(now)s + late + pg_temp.hash(n) * interval '20 seconds', %(now)s + late + interval '1 hour' + pg_temp.hash(n) * interval '20 seconds',
    %(now)s + late + interval '2 hours' + pg_temp.hash(n) * interval '20 seconds', 'open',
    CASE WHEN pg_temp.hash(n) < 10 THEN %(now)s - interval '1 hour' END, '', run
FROM owed, LATERAL (SELECT CASE WHEN pg_temp.hash(n) < 10 THEN interval '-8 hours' WHEN pg_temp.hash(n) < 25 THEN '-90 minutes'
    WHEN pg_temp.hash(n) < 60 THEN '-30 minutes' WHEN pg_temp.hash(n) > 800 THEN '16 hours' ELSE '2 hours' END AS late) how;
INSERT INTO loop_duty (id, subject, pathway, version, step, occurrence, owner_role, owner_unit, opens_at, target_at, warn_at, breach_at,
    state, done_at, evidence, reason, run_id)
SELECT pg_temp.id(38, n * 4 + k), 'order:' || id, 'order', 1, pg_temp.pick('{approve,contact,check,leave}', k), '', 'site_staff', home, began, began + interval '4 hours',
    began + interval '5 hours', began + interval '6 hours', CASE k WHEN 3 THEN 'cancelled' ELSE 'done' END,
    CASE WHEN k < 3 THEN began + interval '2 hours' END, CASE WHEN k < 3 THEN 1 END, '', pg_temp.id(35, n)
FROM bound, generate_series(0, 3) k;

-- Facts, three and more for each order, with the payloads beside them.
INSERT INTO ledger_key (owner, inner_pad, outer_pad) VALUES ('order:bench', '\x00', '\x00') ON CONFLICT DO NOTHING;
CREATE TEMP TABLE fact AS
SELECT 1000 + number.n AS seq, pg_temp.id(9, number.n) AS key, bound.id AS subject, bound.person, home, began + k.k * interval '3 hours' AS at, k.k
FROM generate_series(0, %(facts)s - 1) AS number (n), LATERAL (SELECT number.n / (%(loops)s * 176 / 100) AS k, number.n %% (%(loops)s * 176 / 100) AS b) k JOIN bound ON bound.n = k.b;
INSERT INTO ledger_fact (seq, key, kind, subject, about, unit, happened_at, recorded_at, actor, secret, commitment, leaf_hash)
    SELECT seq, key, pg_temp.pick('{order.proposed,order.approved,check.recorded}', k), 'order:' || subject, 'person:' || person, home, at, at,
        'user:' || pg_temp.id(2, 1 + seq %% 1000), 1, decode(repeat('00', 32), 'hex'), decode(repeat('00', 32), 'hex') FROM fact ORDER BY seq;
INSERT INTO ledger_payload (fact, text) SELECT seq, '{"temperature":"36.5","symptoms":[],"policy":"ed9"}' FROM fact;
SELECT setval(pg_get_serial_sequence('ledger_fact', 'seq'), 1000 + %(facts)s);
DROP TABLE made, place, home, gate, site, post, bound, bed, ride, trip, owed, fact;
