"""Landing, handing over, re-classifying, importing: on a real database, as the application's role."""

from collections import Counter
from collections.abc import Callable
from datetime import date, datetime, timedelta
from decimal import Decimal
from functools import partial
from uuid import UUID, uuid4

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from bihuan.kernel import clock, custody
from bihuan.kernel.ledger import history
from bihuan.kernel.loop import drift, work
from bihuan.kernel.loop.queries import duties_of
from bihuan.modules.arrivals import actions, queries
from bihuan.modules.arrivals.models import Arrival, BatchRow
from bihuan.modules.measures import actions as measures
from bihuan.modules.measures import queries as orders
from bihuan.modules.people.models import Person
from bihuan.modules.people.rules import resident_id_check
from bihuan.modules.places import actions as places
from tests.world import World, world

HEADERS = "姓名,证件号码,联系电话,车次,出发地,出发时间,预计到达时间,目的地,到达卡口"
SHANGHAI = "310000"


def resident_id(number: int, born: str = "19900101") -> str:
    first17 = f"410802{born}{number:03d}"
    return first17 + resident_id_check(first17)


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


def sheet(*rows: str, headers: str = HEADERS, encoding: str = "utf-8-sig") -> bytes:
    return "\r\n".join([headers, *rows]).encode(encoding)


def take_in(city: World, content: bytes, **how):
    return actions.import_arrivals(
        content, "list.csv", at=clock.now(), by=city.actor("gate_officer"), key=uuid4(), **how
    )


def raise_level(city: World, level: str, code: str = SHANGHAI, since: date = date(2022, 6, 18)) -> UUID:
    risk = places.propose_risk(
        code,
        level=level,
        since=since,
        order_text="国务院联防联控机制公布",
        at=clock.now(),
        by=city.actor("team_lead"),
        key=uuid4(),
    )
    return actions.approve_risk(risk, at=clock.now(), by=city.actor("commander"), key=uuid4())


def statements_of(work: Callable[[], object]) -> int:
    with CaptureQueriesContext(connection) as run:
        work()
    return len(run)


def orders_proposed(arrivals: list[UUID]) -> dict[str, int]:
    people = Arrival.objects.filter(id__in=arrivals).values_list("person_id", flat=True)
    return Counter(order.state for person in people if (order := orders.open_order_of(person)))


def walk_in(city: World, number: int = 1, origin: str = SHANGHAI, **how) -> UUID:
    given = {
        "name": "张三",
        "id_type": "resident_id",
        "id_number": resident_id(number),
        "phone": f"1380000{number:04d}",
        "origin_code": origin,
        "departed_at": clock.now() - timedelta(hours=5),
        "unit": city.unit("410811001001").id,
        "temperature": Decimal("36.5"),
    } | how
    return actions.walk_in(
        gate_unit=city.unit("gate-rail").id, at=clock.now(), by=city.actor("gate_officer"), key=uuid4(), **given
    )


def row(number: int, name: str = "张三", arrives: str = "2022-06-20 15:30", phone: str = "") -> str:
    told = [name, resident_id(number), phone or f"1380000{number:04d}", "G1810", "上海市", "2022-06-20 09:00", arrives]
    return ",".join([*told, "太行社区1号楼", "焦作站"])


class TestImportArrivals:
    @pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "utf-16"])
    def test_reads_what_people_really_send(self, city: World, encoding: str):
        result = take_in(city, sheet(row(1), row(2, "李四"), encoding=encoding))
        assert (result.created, result.problems) == (2, ())
        assert Arrival.objects.filter(gate__isnull=False, origin__code=SHANGHAI, origin_kind="domestic").count() == 2

    def test_reads_english_headers_and_semicolons(self, city: World):
        result = take_in(city, b"Full name;Passport;Origin;Expected arrival\nJohn Smith;X1234567;Germany;2022-06-21\n")
        assert (result.created, Arrival.objects.get().origin_kind) == (1, "overseas")

    def test_reads_a_workbook_under_a_title_row(self, city: World, tmp_path):
        import xlsxwriter

        path = tmp_path / "list.xlsx"
        with xlsxwriter.Workbook(path) as book:
            page = book.add_worksheet()
            page.write_row(0, 0, ["来返人员名单"])
            page.write_row(1, 0, ["姓名", "身份证号", "手机号", "到达日期"])
            page.write_row(2, 0, ["张三", resident_id(1), 13800000001])
            page.write_datetime(
                2,
                3,
                datetime(2022, 6, 20, 15, 30, tzinfo=clock.CITY).replace(tzinfo=None),
                book.add_format({"num_format": "yyyy-mm-dd hh:mm"}),
            )
            page.write_row(3, 0, ["李四", 410802199001010000, 13800000002, "2022-06-20"])
        result = take_in(city, path.read_bytes())
        assert (result.created, result.rejected) == (1, 1)
        assert [(problem.row, problem.code) for problem in result.problems] == [(4, "id_precision")]
        assert Person.objects.get().phone == "13800000001"

    def test_again_changes_nothing_and_says_so(self, city: World):
        content = sheet(row(1), row(2, "李四"))
        take_in(city, content)
        again = take_in(city, content)
        assert (again.created, again.duplicate, Arrival.objects.count(), Person.objects.count()) == (0, 2, 2, 2)

    def test_updates_a_trip_of_which_the_file_says_more(self, city: World):
        take_in(city, sheet(row(1)))
        later = take_in(city, sheet(row(1, arrives="2022-06-20 18:00")))
        assert (later.updated, Arrival.objects.get().expected_at) == (1, datetime(2022, 6, 20, 18, tzinfo=clock.CITY))

    def test_takes_a_later_row_of_the_same_file_for_the_same_trip(self, city: World):
        result = take_in(city, sheet(row(1), row(1), row(1, arrives="2022-06-20 18:00")))
        assert (result.created, result.duplicate, result.updated) == (1, 1, 1)
        assert Arrival.objects.get().expected_at == datetime(2022, 6, 20, 18, tzinfo=clock.CITY)

    def test_two_people_on_one_number_are_doubtful_and_an_officer_decides(self, city: World):
        result = take_in(city, sheet(row(1), row(1, "李四")))
        assert (result.created, result.doubtful, result.problems[0].code) == (1, 1, "id_of_another")
        doubtful = BatchRow.objects.get(outcome="doubtful")
        actions.take_in_row(
            doubtful.id, reason="两人证件均已核验", at=clock.now(), by=city.actor("gate_officer"), key=uuid4()
        )
        assert Person.objects.filter(id_number=resident_id(1)).count() == 2
        assert Person.objects.get(id_disputed=True).name == "李四"
        card = queries.batch(result.batch)
        assert (card.created, card.doubtful, card.flow.pushed, card.flow.balanced) == (2, 0, 2, True)

    def test_rows_implausibly_far_ahead_are_doubtful(self, city: World):
        result = take_in(city, sheet(row(1, arrives="2022-07-20 10:00"), row(2, "李四", arrives="2022-07-21 10:00")))
        assert (result.created, result.doubtful, result.problems[0].code) == (1, 1, "too_far_ahead")

    def test_rows_of_long_ago_are_history_and_open_nothing(self, city: World):
        result = take_in(
            city, sheet(row(1, arrives="2022-03-01 10:00").replace("2022-06-20 09:00", "2022-03-01 06:00"))
        )
        arrival = Arrival.objects.get()
        assert (result.created, arrival.state) == (1, "history")
        assert "arrival.expected" not in {fact.kind for fact in history(arrival.subject)}
        assert all(duty.state != "open" for duty in duties_of(arrival.subject))

    def test_names_each_bad_cell_in_both_languages_and_keeps_the_good_rows(self, city: World):
        result = take_in(city, sheet(row(1), "王五,410802199001010011,12,G1,火星,5/6/2022,2022-06-20,,焦作站"))
        assert (result.created, result.rejected) == (1, 1)
        assert {(p.column, p.code) for p in result.problems} == {
            ("证件号码", "id_checksum"),
            ("联系电话", "phone_length"),
            ("出发地", "area_unknown"),
            ("出发时间", "date_order"),
        }
        told = result.as_json()["problems"][0]
        assert told["reason"]["zh"]
        assert told["remedy"]["en"]

    def test_preview_writes_nothing(self, city: World):
        result = take_in(city, sheet(row(1), row(1, "李四")), preview=True)
        assert (result.created, result.doubtful, Arrival.objects.count(), Person.objects.count()) == (1, 1, 0, 0)

    @pytest.mark.parametrize(
        ("content", "code"),
        [
            (b"", "file_empty"),
            (b"\x00\x01\x02", "header_unknown"),
            (b"a,b\n1,2\n", "header_unknown"),
            (sheet(), "no_rows"),
            ("姓名,出发地\n张三,上海市\n".encode(), "columns_missing"),
            (b"PK\x03\x04broken", "file_truncated"),
        ],
    )
    def test_refuses_a_file_that_is_none(self, city: World, content: bytes, code: str):
        with pytest.raises(queries.FileRefused) as refused:
            take_in(city, content)
        assert refused.value.problem.code == code

    def test_is_a_matter_of_sets_not_of_rows(self, city: World, django_assert_max_num_queries):
        content = sheet(*[row(number) for number in range(1, 301)])
        with django_assert_max_num_queries(100):
            assert take_in(city, content).created == 300


class TestLand:
    def test_a_class_follows_by_rule_and_an_order_is_proposed(self, city: World):
        raise_level(city, "high")
        arrival = Arrival.objects.get(id=walk_in(city))
        assert (arrival.measure, arrival.class_code, arrival.state) == ("central", "high_area", "landed")
        order = orders.open_order_of(arrival.person_id)
        assert order is not None
        assert (order.state, order.id) == ("proposed", arrival.order_id)
        kinds = [fact.kind for fact in history(arrival.subject)]
        assert kinds == ["arrival.landed", "order.linked"]

    def test_an_expected_person_lands_once(self, city: World):
        batch = take_in(city, sheet(row(1))).batch
        arrival = Arrival.objects.get()
        land = {"gate_unit": city.unit("gate-rail").id, "temperature": Decimal("36.4"), "sample_taken": True}
        actions.land(arrival.id, at=clock.now(), by=city.actor("gate_officer"), key=uuid4(), **land)
        assert custody.reconciliation(f"batch:{batch}").outcomes == {"landed": 1, "pending": 0}
        assert custody.holder_of(f"person:{arrival.person_id}") == f"unit:{city.unit('gate-rail').id}"
        with pytest.raises(actions.NotExpected):
            actions.land(arrival.id, at=clock.now(), by=city.actor("gate_officer"), key=uuid4(), **land)

    def test_a_walk_in_who_was_announced_uses_that_trip(self, city: World):
        take_in(city, sheet(row(1)))
        walk_in(city)
        assert Arrival.objects.get().state == "landed"

    def test_the_same_walk_in_is_not_received_twice_a_day(self, city: World):
        walk_in(city)
        with pytest.raises(actions.AlreadyLanded):
            walk_in(city)
        assert Arrival.objects.count() == 1

    def test_no_identity_no_landing(self, city: World):
        take_in(city, sheet(row(1)))
        with pytest.raises(actions.IdentityNotConfirmed):
            actions.land(
                Arrival.objects.get().id,
                gate_unit=city.unit("gate-rail").id,
                identity_confirmed=False,
                at=clock.now(),
                by=city.actor("gate_officer"),
                key=uuid4(),
            )

    def test_a_nameless_row_needs_the_name_from_the_document(self, city: World):
        raise_level(city, "high")
        arrival = Arrival.objects.get(id=walk_in(city, 5))
        Person.objects.filter(id=arrival.person_id).update(name="")
        Arrival.objects.filter(id=arrival.id).update(state="expected", landed_at=None)
        with pytest.raises(actions.NameNeeded):
            actions.land(
                arrival.id,
                gate_unit=city.unit("gate-rail").id,
                at=clock.now(),
                by=city.actor("gate_officer"),
                key=uuid4(),
            )

    def test_not_on_board_is_reckoned(self, city: World):
        batch = take_in(city, sheet(row(1), row(2, "李四"))).batch
        first, second = Arrival.objects.order_by("id")
        actions.not_on_board(first.id, reason="未乘车", at=clock.now(), by=city.actor("gate_officer"), key=uuid4())
        actions.cancel(second.id, reason="取消行程", at=clock.now(), by=city.actor("gate_officer"), key=uuid4())
        assert custody.reconciliation(f"batch:{batch}").outcomes == {"not_on_board": 1, "cancelled": 1, "pending": 0}


class TestTheLoop:
    """What the pathway makes of the facts recorded here."""

    def test_a_person_expected_is_a_duty_of_the_gate_until_met(self, city: World):
        take_in(city, sheet(row(1)))
        arrival = Arrival.objects.get()
        (duty,) = duties_of(arrival.subject)
        assert (duty.step, duty.owner_unit, duty.state) == ("land", city.unit("gate-rail").id, "open")
        before = duty.target_at
        take_in(city, sheet(row(1, arrives="2022-06-20 18:00")))
        (later,) = duties_of(arrival.subject)
        assert later.target_at - before == timedelta(hours=2, minutes=30)

    def test_a_person_cleared_is_closed_and_free(self, city: World):
        arrival = Arrival.objects.get(id=walk_in(city, origin="410100"))
        assert arrival.measure == "none"
        work(clock.now())
        arrival.refresh_from_db()
        assert (arrival.state, custody.holder_of(f"person:{arrival.person_id}")) == ("closed", "self")
        assert drift(clock.now()) == []

    def test_a_person_under_an_order_stays_with_the_gate_until_fetched(self, city: World):
        raise_level(city, "high")
        arrival = Arrival.objects.get(id=walk_in(city, sample_taken=True))
        gate = city.unit("gate-rail").id
        work(clock.now())
        assert custody.holder_of(f"person:{arrival.person_id}") == f"unit:{gate}"
        assert [one.arrival.id for one in queries.waiting_people(gate)] == [arrival.id]

    def test_a_rejected_order_leaves_nobody_held_without_a_way_out(self, city: World):
        raise_level(city, "high")
        arrival = Arrival.objects.get(id=walk_in(city, sample_taken=True))
        work(clock.now())
        reject = {"words": "依据不足", "at": clock.now(), "by": city.actor("city_approver"), "key": uuid4()}
        measures.reject(arrival.order_id, **reject)
        actions.leave(arrival.id, reason="无管控依据", at=clock.now(), by=city.actor("gate_officer"), key=uuid4())
        assert custody.holder_of(f"person:{arrival.person_id}") == "self"


class TestAccept:
    def test_the_destination_takes_over_from_the_gate(self, city: World):
        arrival = walk_in(city, origin="410100")
        person = Arrival.objects.get(id=arrival).person_id
        community = city.unit("410811001001").id
        assert [one.arrival.id for one in queries.waiting_people(city.unit("gate-rail").id)] == [arrival]
        actions.accept(arrival, unit=community, at=clock.now(), by=city.actor("community_worker"), key=uuid4())
        assert queries.waiting_people(city.unit("gate-rail").id) == []
        assert custody.holder_of(f"person:{person}") in ("self", f"unit:{community}")

    def test_nobody_under_an_order_goes_this_way(self, city: World):
        raise_level(city, "high")
        with pytest.raises(actions.NotHandedOver):
            actions.accept(
                walk_in(city),
                unit=city.unit("410811001001").id,
                at=clock.now(),
                by=city.actor("community_worker"),
                key=uuid4(),
            )


class TestReclassify:
    def test_raising_an_area_binds_people_already_here(self, city: World):
        arrival = walk_in(city)
        assert Arrival.objects.get(id=arrival).measure not in ("central", "home")
        raise_level(city, "high")
        found = Arrival.objects.get(id=arrival)
        assert found.measure == "central"
        order = orders.open_order_of(found.person_id)
        assert order is not None
        assert order.counted_from == date(2022, 6, 20)

    def test_lowering_an_area_releases_them_at_once(self, city: World):
        raise_level(city, "high")
        arrival = Arrival.objects.get(id=walk_in(city))
        measures.approve(arrival.order_id, at=clock.now(), by=city.actor("city_approver"), key=uuid4())
        with clock.given(clock.now() + timedelta(days=1)):
            raise_level(city, "low", since=date(2022, 6, 21))
        assert orders.open_order_of(arrival.person_id) is None
        assert Arrival.objects.get(id=arrival.id).measure == "tests"

    def test_costs_the_same_statements_however_many_people_it_concerns(
        self, city: World, monkeypatch: pytest.MonkeyPatch
    ):
        for few in ("ledger.recording", "loop.reconciling"):
            monkeypatch.setattr(f"bihuan.kernel.{few}.SINGLY_MAX", 0)
        here: list[UUID] = []
        costs = []
        for people, day in ((4, 10), (16, 12)):
            here += [walk_in(city, number) for number in range(len(here), people)]
            bound = statements_of(partial(raise_level, city, "high", since=date(2022, 6, day)))
            assert orders_proposed(here) == {"proposed": people}
            freed = statements_of(partial(raise_level, city, "low", since=date(2022, 6, day + 1)))
            assert orders_proposed(here) == {}
            costs.append((bound, freed))
        assert costs[0] == costs[1]

    def test_gives_everybody_their_own_fact_order_and_duty(self, city: World):
        here = [walk_in(city, number) for number in range(1, 6)]
        raise_level(city, "high")
        found = list(Arrival.objects.filter(id__in=here))
        held = {arrival.id: orders.open_order_of(arrival.person_id) for arrival in found}
        assert len({order.number for order in held.values()}) == 5
        for arrival in found:
            order = held[arrival.id]
            assert order.is_proposed
            assert arrival.order_id == order.id
            facts = {fact.key: fact.kind for fact in history(arrival.subject)}
            assert facts[order.evidence] == "arrival.reclassified"
            assert "order.linked" in facts.values()
            assert [duty.step for duty in duties_of(order.subject) if duty.state == "open"] == ["approve"]

    def test_people_from_elsewhere_are_left_alone(self, city: World):
        arrival = walk_in(city, origin="440100")
        before = Arrival.objects.get(id=arrival).rule
        raise_level(city, "high")
        assert Arrival.objects.get(id=arrival).rule == before
        assert [fact.kind for fact in history(f"arrival:{arrival}")].count("arrival.reclassified") == 0

    def test_the_second_person_is_of_another_unit(self, city: World):
        risk = places.propose_risk(
            SHANGHAI,
            level="high",
            since=date(2022, 6, 18),
            order_text="公告",
            at=clock.now(),
            by=city.actor("district"),
            key=uuid4(),
        )
        with pytest.raises(places.SecondPersonNeeded):
            actions.approve_risk(risk, at=clock.now(), by=city.actor("clerk"), key=uuid4())


class TestDeclare:
    def test_tells_which_rules_apply(self, city: World):
        raise_level(city, "high")
        declared = {
            "name": "张三",
            "id_type": "resident_id",
            "id_number": resident_id(9),
            "phone": "13800000009",
            "mode": "rail",
            "origin_code": SHANGHAI,
            "expected_at": datetime(2022, 6, 21, 15, tzinfo=clock.CITY),
            "destination": "太行社区",
        }
        arrival = actions.declare(**declared, at=clock.now(), by=city.actor("gate_officer"), key=uuid4())
        told = queries.rules_for(arrival)
        assert (told.measure, told.is_preliminary) == ("central", True)
        assert queries.by_reference(told.reference).id == arrival
        again = actions.declare(**declared | {"seat": "3A"}, at=clock.now(), by=city.actor("gate_officer"), key=uuid4())
        assert again == arrival
