"""Pages of arrivals: who sees them, what they say in both languages, and how many queries a list takes."""

from datetime import timedelta
from decimal import Decimal
from uuid import uuid4

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from bihuan.kernel import access, clock, custody
from bihuan.modules.arrivals import actions, queries
from bihuan.modules.arrivals.models import Arrival, Batch, BatchRow
from bihuan.modules.arrivals.views.batches import take_in_file
from tests.modules.arrivals.test_actions import raise_level, resident_id, row, sheet, take_in, walk_in
from tests.signing_in import sign_in
from tests.world import World, world


@pytest.fixture
def city(db: None) -> World:
    made = world()
    actions.open_gate(
        made.unit("gate-rail").id,
        kind="rail",
        capacity_per_hour=200,
        waiting_capacity=30,
        at=clock.now(),
        by=made.actor("commander"),
        key=uuid4(),
    )
    return made


@pytest.fixture
def officer(client: Client, city: World) -> Client:
    return sign_in(client, city.user("gate_officer"))


class TestGateDay:
    @pytest.mark.parametrize("language", ["zh-hans", "en"])
    def test_shows_who_is_expected_and_who_waits(self, officer: Client, city: World, language: str):
        take_in(city, sheet(row(1)))
        walk_in(city, 2, name="李四")
        officer.cookies["django_language"] = language
        page = officer.get(f"/gates/{city.unit('gate-rail').id}")
        assert page.status_code == 200
        assert "张*" in page.content.decode()
        assert "李*" in page.content.decode()
        assert officer.get("/gates/own").status_code == 302
        assert officer.get("/gates/").status_code == 200

    def test_finds_a_person_by_number_whatever_the_day(self, officer: Client, city: World):
        take_in(city, sheet(row(1, arrives="2022-06-23 10:00")))
        gate = f"/gates/{city.unit('gate-rail').id}"
        assert "张*" not in officer.get(gate).content.decode()
        assert "张*" in officer.get(gate, {"q": resident_id(1)}).content.decode()

    def test_is_not_there_for_a_stranger(self, client: Client, city: World):
        sign_in(client, city.user("stranger"))
        assert client.get(f"/gates/{city.unit('gate-rail').id}").status_code == 404

    def test_checklist_takes_evidence(self, officer: Client, city: World):
        gate = f"/gates/{city.unit('gate-rail').id}"
        officer.post(f"{gate}/check", {"item": "staffing", "evidence": "6个岗位到位", "key": str(uuid4())})
        assert "6个岗位到位" in officer.get(gate).content.decode()

    def test_takes_the_same_number_of_queries_however_many_are_expected(
        self, officer: Client, city: World, django_assert_max_num_queries
    ):
        take_in(city, sheet(*[row(number) for number in range(1, 40)]))
        with django_assert_max_num_queries(30):
            officer.get(f"/gates/{city.unit('gate-rail').id}")


class TestEnteringAGate:
    def test_is_for_gates_in_reach(self, client: Client, city: World):
        gate = {
            "unit": str(city.unit("gate-rail").id),
            "kind": "rail",
            "capacity_per_hour": "300",
            "waiting_capacity": "40",
            "key": str(uuid4()),
        }
        sign_in(client, city.user("stranger"))
        assert client.post("/gates/new", gate).status_code == 422
        client.cookies.clear()
        sign_in(client, city.user("district"))
        assert client.get("/gates/new").status_code == 200
        assert client.post("/gates/new", gate).status_code == 302


class TestLanding:
    def test_receives_and_explains_the_class(self, officer: Client, city: World):
        raise_level(city, "high")
        take_in(city, sheet(row(1)))
        arrival = Arrival.objects.get()
        assert officer.get(f"/arrivals/{arrival.id}/landing").status_code == 200
        found = {
            "identity_confirmed": "on",
            "temperature": "36.5",
            "symptoms": "",
            "sample_taken": "on",
            "sample_code": "",
            "key": str(uuid4()),
        }
        assert officer.post(f"/arrivals/{arrival.id}/landing", found).status_code == 302
        assert Arrival.objects.get().measure == "central"
        page = officer.get(f"/arrivals/{arrival.id}").content.decode()
        assert "第八版" in page

    def test_twice_sent_is_once_done(self, officer: Client, city: World):
        take_in(city, sheet(row(1)))
        arrival = Arrival.objects.get()
        found = {"identity_confirmed": "on", "temperature": "36.5", "key": str(uuid4())}
        officer.post(f"/arrivals/{arrival.id}/landing", found)
        assert officer.post(f"/arrivals/{arrival.id}/landing", found).status_code == 302

    def test_registers_a_walk_in_in_one_page(self, officer: Client, city: World):
        assert officer.get("/arrivals/walk-in").status_code == 200
        found = {
            "name": "张三",
            "id_type": "resident_id",
            "id_number": resident_id(7),
            "sex": "unknown",
            "origin_code": "上海市",
            "mode": "rail",
            "identity_confirmed": "on",
            "temperature": "37.8",
            "symptoms": "发热",
            "key": str(uuid4()),
        }
        assert officer.post("/arrivals/walk-in", found).status_code == 302
        assert Arrival.objects.get().temperature == Decimal("37.8")

    def test_registers_the_second_holder_of_a_number_as_disputed_once_told(self, officer: Client, city: World):
        walk_in(city, 7, name="李四")
        found = {
            "name": "张三",
            "id_type": "resident_id",
            "id_number": resident_id(7),
            "sex": "unknown",
            "origin_code": "上海市",
            "mode": "rail",
            "identity_confirmed": "on",
            "temperature": "36.5",
            "key": str(uuid4()),
        }
        box = 'type="checkbox" name="id_disputed"'
        assert box not in officer.get("/arrivals/walk-in").content.decode()
        refused = officer.post("/arrivals/walk-in", found)
        assert refused.status_code == 422
        assert box in refused.content.decode()
        assert officer.post("/arrivals/walk-in", {**found, "id_disputed": "on"}).status_code == 302
        assert Arrival.objects.filter(person__name="张三", person__id_disputed=True).exists()

    def test_offers_communities_with_their_district_and_street(self, officer: Client, city: World):
        assert "山阳区 · 太行街道 · 太行社区" in officer.get("/arrivals/walk-in").content.decode()

    @pytest.mark.parametrize("how", ["absence", "cancellation"])
    def test_ends_an_expectation_with_a_reason(self, officer: Client, city: World, how: str):
        take_in(city, sheet(row(1)))
        address = f"/arrivals/{Arrival.objects.get().id}/{how}"
        assert officer.get(address).status_code == 200
        assert officer.post(address, {"reason": "", "key": str(uuid4())}).status_code == 422
        assert officer.post(address, {"reason": "未乘车", "key": str(uuid4())}).status_code == 302

    def test_sends_on_somebody_whose_destination_was_not_known(self, officer: Client, city: World):
        raise_level(city, "low")
        arrival = walk_in(city, 3, unit=None)
        page = f"/arrivals/{arrival}"
        assert f"{page}/destination" in officer.get(page).content.decode()
        assert officer.get(f"{page}/destination").status_code == 200
        community = city.unit("410811001001").id
        answer = officer.post(f"{page}/destination", {"unit": str(community), "key": str(uuid4())})
        assert answer.status_code == 302
        assert custody.on_the_way([f"person:{Arrival.objects.get(id=arrival).person_id}"])
        assert f"{page}/destination" not in officer.get(page).content.decode()

    def test_the_community_takes_over(self, client: Client, city: World):
        arrival = walk_in(city, origin="410100")
        sign_in(client, city.user("community_worker"))
        assert client.get(f"/arrivals/{arrival}").status_code == 200
        answer = client.post(
            f"/arrivals/{arrival}/acceptance", {"unit": str(city.unit("410811001001").id), "key": str(uuid4())}
        )
        assert answer.status_code == 302
        assert Arrival.objects.get().accepted_at


class TestArrivalsList:
    @pytest.mark.parametrize(
        "query",
        [
            "",
            "?state=landed",
            "?q=张",
            "?undated=1",
            "?on=2022-06-20",
            "?outcome=pending&sort=-name",
            "?measure=central",
            "?class=high_area&origin=310000",
            "?sort=landed_at",
            "?export=csv",
        ],
    )
    def test_filters_and_sorts(self, client: Client, city: World, query: str):
        take_in(city, sheet(row(1)))
        walk_in(city, 2)
        sign_in(client, city.user("commander"))
        assert client.get(f"/arrivals/{query}").status_code == 200

    def test_counts_nobody_twice_who_is_in_reach_by_gate_and_by_community(self, city: World):
        take_in(city, sheet(row(1)))
        walk_in(city, 2)
        walk_in(city, 3, unit=None)
        trips = queries.Trips(access.scope_for(city.user("district")))
        assert trips.count({}) == len(trips.rows({}, "", 0, 50)) == 3

    def test_shows_the_latest_landing_first_and_who_has_not_landed_last(self, city: World):
        take_in(city, sheet(row(1)))
        first, second = walk_in(city, 2), walk_in(city, 3)
        Arrival.objects.filter(id=second).update(landed_at=clock.now() + timedelta(hours=1))
        trips = queries.Trips(access.scope_for(city.user("commander")))
        found = [card.id for card in trips.rows({}, "-landed_at", 0, 50)]
        assert found[:2] == [second, first]
        assert list(reversed(found)) == [card.id for card in trips.rows({}, "landed_at", 0, 50)]

    def test_is_cut_to_an_area_with_all_that_lies_in_it(self, city: World):
        raise_level(city, "high")
        inside, _outside = walk_in(city, 2, origin="310115"), walk_in(city, 3, origin="410100")
        trips = queries.Trips(access.scope_for(city.user("commander")))
        assert [card.id for card in trips.rows({"origin": "310000"}, "", 0, 50)] == [inside]

    def test_takes_a_fixed_number_of_queries(self, client: Client, city: World, django_assert_max_num_queries):
        take_in(city, sheet(*[row(number) for number in range(1, 60)]))
        sign_in(client, city.user("commander"))
        with django_assert_max_num_queries(25):
            client.get("/arrivals/")


class TestBatches:
    def test_are_previewed_taken_in_and_reckoned(self, client: Client, city: World):
        sign_in(client, city.user("commander"))
        assert client.get("/batches/new").status_code == 200
        file = SimpleUploadedFile("list.csv", sheet(row(1), row(1, "李四"), "王五,410802199001010011,,,,,,,"))
        sent = client.post("/batches/new", {"file": file, "kind": "manifest", "key": str(uuid4())})
        batch = Batch.objects.get()
        assert sent["Location"] == f"/batches/{batch.id}/preview"
        assert client.get(sent["Location"]).status_code == 200
        assert Arrival.objects.count() == 0
        assert client.post(sent["Location"], {"key": str(uuid4())}).status_code == 302
        by = city.actor("commander")
        sent = {"batch_id": str(batch.id), "actor": by.id, "unit": str(by.unit), "name": by.name, "key": str(uuid4())}
        told: list[tuple[int, int]] = []
        assert take_in_file(lambda *counts: told.append(counts), **sent) == f"/batches/{batch.id}"
        assert told == [(3, 3)]
        assert take_in_file(lambda *counts: told.append(counts), **sent) == f"/batches/{batch.id}"
        assert client.get(f"/batches/{batch.id}").status_code == 200
        assert client.get("/batches/").status_code == 200
        outcome = b"".join(client.get(f"/batches/{batch.id}/outcome.csv").streaming_content).decode("utf-8-sig")
        assert outcome.count("\r\n") == 4
        annotated = b"".join(client.get(f"/batches/{batch.id}/annotated.xlsx").streaming_content)
        assert annotated.startswith(b"PK")
        doubtful = BatchRow.objects.get(outcome="doubtful")
        assert client.get(f"/batches/rows/{doubtful.id}/decision").status_code == 200
        client.post(f"/batches/rows/{doubtful.id}/decision", {"reason": "录入错误", "drop": "1", "key": str(uuid4())})
        assert Batch.objects.get().rejected == 2

    def test_that_are_no_files_say_why(self, client: Client, city: World):
        sign_in(client, city.user("commander"))
        sent = client.post(
            "/batches/new",
            {"file": SimpleUploadedFile("x.csv", b"a,b\n1,2\n"), "kind": "manifest", "key": str(uuid4())},
        )
        shown = client.get(sent["Location"], follow=True)
        assert "姓名" in shown.content.decode()

    def test_template_can_be_filled_in_and_handed_in(self, client: Client, city: World):
        sign_in(client, city.user("commander"))
        headers = client.get("/batches/template.csv").content.decode("utf-8-sig").strip()
        said = {"姓名": "张三", "证件类型": "身份证", "证件号码": resident_id(3), "预计到达时间": "2022-06-21"}
        line = ",".join(said.get(header, "") for header in headers.split(","))
        assert take_in(city, f"{headers}\n{line}\n".encode()).created == 1


class TestRiskApproval:
    def test_is_signed_by_a_second_person(self, client: Client, city: World):
        from bihuan.modules.places import actions as places

        arrival = walk_in(city)
        risk = places.propose_risk(
            "310000",
            level="high",
            since=clock.now().date(),
            order_text="公告",
            at=clock.now(),
            by=city.actor("team_lead"),
            key=uuid4(),
        )
        sign_in(client, city.user("city_approver"))
        assert client.get(f"/areas/{risk}").status_code == 200
        assert client.post(
            f"/arrivals/risks/{risk}/approval", {"signature": "wrong", "key": str(uuid4())}
        ).status_code in (409, 422)
        user = city.user("city_approver")
        user.set_password("a long password 1")
        user.save()
        sign_in(client, user)
        assert (
            client.post(
                f"/arrivals/risks/{risk}/approval", {"signature": "a long password 1", "key": str(uuid4())}
            ).status_code
            == 302
        )
        assert Arrival.objects.get(id=arrival).measure == "central"
