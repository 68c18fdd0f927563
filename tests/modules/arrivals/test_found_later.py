"""Whoever is in the city and passed no gate: found by a community, classed as at landing, and counted by route."""

import re
from datetime import date, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.db import connection
from django.test import Client

from bihuan.kernel import access, clock, custody
from bihuan.kernel.ledger import history
from bihuan.kernel.loop import drift
from bihuan.kernel.loop.queries import duties_of
from bihuan.modules.arrivals import actions, queries
from bihuan.modules.arrivals.models import Arrival
from bihuan.modules.arrivals.rules import Trip, found_trip, is_past
from bihuan.modules.measures import queries as orders
from tests.modules.arrivals.test_actions import SHANGHAI, raise_level, resident_id, row, sheet, take_in, walk_in
from tests.modules.arrivals.test_pages import city
from tests.signing_in import sign_in
from tests.world import World

__all__ = ["city"]

COMMUNITY = "410811001001"
LANDINGS = {
    "arrivals_landed": {"landed_at", "found_at", "measure"},
    "arrivals_gate_landed": {"landed_at", "found_at", "gate_id"},
}


def today() -> date:
    return clock.now().astimezone(clock.CITY).date()


def find(city: World, number: int = 1, days_ago: int = 2, key: UUID | None = None, **how: Any) -> UUID:
    given: dict[str, Any] = {
        "name": "张三",
        "id_type": "resident_id",
        "id_number": resident_id(number),
        "phone": f"1380000{number:04d}",
        "origin_code": SHANGHAI,
        "arrived_on": today() - timedelta(days=days_ago),
        "mode": "expressway",
    } | how
    return actions.find_later(
        unit=city.unit(COMMUNITY).id, at=clock.now(), by=city.actor("community_worker"), key=key or uuid4(), **given
    )


def trip(name: str, day: int | None, is_open: bool = True) -> Trip:
    return Trip(name, date(2022, 6, day) if day else None, "G1", is_open, ())


class TestWhichTripIsFound:
    @pytest.mark.parametrize(
        ("announced", "found"),
        [
            ([], None),
            ([trip("near", 19), trip("nearer", 20)], "nearer"),
            ([trip("absent", 20, is_open=False), trip("pending", 20)], "pending"),
            ([trip("three days", 23)], "three days"),
            ([trip("four days", 24)], None),
            ([trip("undated", None)], "undated"),
            ([trip("undated", None), trip("dated", 18)], "dated"),
            ([trip("undated and ended", None, is_open=False)], None),
        ],
    )
    def test_is_the_nearest_within_three_days(self, announced: list[Trip], found: str | None):
        trip = found_trip(date(2022, 6, 20), announced)
        assert (trip and trip.arrival) == found


class TestWhetherItIsPast:
    @pytest.mark.parametrize(
        ("measure", "day", "past"),
        [("tests", 20, False), ("tests", 19, True), ("monitor", 19, True), ("none", 1, False)],
    )
    def test_is_past_after_the_last_day(self, measure: str, day: int, past: bool):
        assert is_past(measure, date(2022, 6, day), date(2022, 6, 20)) is past


class TestFindLater:
    def test_proposes_the_order_for_the_days_left_from_the_day_of_arrival(self, city: World):
        raise_level(city, "high")
        arrival = Arrival.objects.get(id=find(city, days_ago=1))
        order = orders.open_order_of(arrival.person_id)
        assert (arrival.state, arrival.measure, arrival.order_id) == ("landed", "central", order and order.id)
        assert arrival.decision["counted_from"] == (today() - timedelta(days=1)).isoformat()
        assert custody.holder_of(f"person:{arrival.person_id}") == f"unit:{city.unit(COMMUNITY).id}"

    def test_answers_as_a_gate_would_have(self, city: World, at):
        raise_level(city, "high")
        landed = Arrival.objects.get(id=walk_in(city, 1, departed_at=None))
        with at(clock.now() + timedelta(days=2)):
            found = Arrival.objects.get(id=find(city, 2, days_ago=2, name="李四"))
        assert (found.policy, found.rule, found.decision) == (landed.policy, landed.rule, landed.decision)

    def test_lists_only_the_tests_that_are_left(self, city: World):
        raise_level(city, "low")
        arrival = Arrival.objects.get(id=find(city, days_ago=1))
        assert arrival.measure == "tests"
        first = today() - timedelta(days=1)
        named = [duty.occurrence for duty in duties_of(arrival.subject) if duty.step == "test"]
        assert named
        assert all(date.fromisoformat(name.split()[0]) >= today() for name in named)
        numbers = {f"{first + timedelta(days=n)} d{n}" for n in arrival.decision["answer"]["tests"]}
        assert set(named) <= numbers
        assert not {duty.step for duty in duties_of(arrival.subject) if duty.state == "open"} - {"test"}
        assert arrival.accepted_unit_id == city.unit(COMMUNITY).id
        assert drift(clock.now()) == []

    @pytest.mark.parametrize("level", ["high", "low"])
    def test_is_history_when_the_days_are_over(self, city: World, level: str):
        raise_level(city, level, since=today() - timedelta(days=60))
        arrival = Arrival.objects.get(id=find(city, days_ago=40))
        assert (arrival.state, arrival.landed_at, arrival.order_id) == ("history", None, None)
        assert arrival.measure in ("central", "tests")
        assert orders.open_order_of(arrival.person_id) is None
        assert all(duty.state != "open" for duty in duties_of(arrival.subject))
        assert custody.holder_of(f"person:{arrival.person_id}") == "self"

    def test_changes_nothing_the_second_time(self, city: World):
        key = uuid4()
        assert find(city, key=key) == find(city, key=key)
        assert Arrival.objects.count() == 1

    def test_is_refused_for_a_day_to_come(self, city: World):
        with pytest.raises(actions.NotYetArrived):
            find(city, days_ago=-1)

    @pytest.mark.parametrize("how", [walk_in, find])
    def test_names_the_arrival_of_somebody_who_is_here_already(self, city: World, how):
        known = Arrival.objects.get(id=how(city))
        with pytest.raises(actions.AlreadyLanded) as refused:
            find(city)
        assert known.reference in str(refused.value.message)
        assert Arrival.objects.count() == 1


class TestFindingSomebodyAnnounced:
    def test_finds_the_pending_trip_itself(self, city: World):
        batch = take_in(city, sheet(row(1))).batch
        arrival = Arrival.objects.get()
        assert find(city, days_ago=0) == arrival.id
        self.agrees(batch, found=1, pending=0)
        assert all(duty.state == "done" for duty in duties_of(arrival.subject) if duty.step == "land")

    def test_opens_a_new_loop_for_a_trip_that_was_ended(self, city: World):
        batch = take_in(city, sheet(row(1), row(2, "李四"))).batch
        ended = Arrival.objects.get(person__id_number=resident_id(1))
        actions.not_on_board(ended.id, at=clock.now(), by=city.actor("gate_officer"), key=uuid4())
        found = find(city, days_ago=0)
        ended.refresh_from_db()
        assert (ended.state, ended.found_as_id) == ("not_on_board", found)
        [fact] = [fact for fact in history(f"arrival:{found}") if fact.kind == "arrival.found"]
        assert fact.payload["announced"] == str(ended.id)
        self.agrees(batch, found=1, pending=1)

    @staticmethod
    def agrees(batch: UUID, **figures: int) -> None:
        flow = queries.batch(batch).flow
        assert flow.balanced
        assert {name: count for name, count in flow.outcomes.items() if count} == {
            name: count for name, count in figures.items() if count
        }


class TestFoundLaterPages:
    @pytest.mark.parametrize("language", ["zh-hans", "en"])
    def test_registers_and_counts(self, city: World, client: Client, language: str):
        worker = sign_in(client, city.user("community_worker"))
        worker.cookies["django_language"] = language
        assert worker.get("/arrivals/found/new").status_code == 200
        given = {
            "name": "张三",
            "id_type": "resident_id",
            "id_number": resident_id(1),
            "sex": "unknown",
            "origin_code": SHANGHAI,
            "arrived_on": (today() - timedelta(days=2)).isoformat(),
            "mode": "coach",
            "unit": str(city.unit(COMMUNITY).id),
            "temperature": "36.5",
            "key": str(uuid4()),
        }
        answer = worker.post("/arrivals/found/new", given)
        assert answer.status_code == 302
        assert worker.get(answer.headers["Location"]).status_code == 200
        find(city, 2, days_ago=0, name="李四")
        page = worker.get("/arrivals/found")
        cells = [cell for line in page.context["leaks"] for cell in line.cells if cell[1]]
        assert len(cells) == 2
        for _label, count, url in cells:
            assert len(worker.get(f"/arrivals/found{url}").context["table"].found) == count
        assert len(worker.get("/arrivals/found", {"origin": SHANGHAI}).context["table"].found) == 2
        assert len(worker.get("/arrivals/found", {"origin": "110000"}).context["table"].found) == 0

    def test_refuses_a_day_to_come_in_words(self, city: World, client: Client):
        worker = sign_in(client, city.user("community_worker"))
        given = {"arrived_on": (today() + timedelta(days=1)).isoformat(), "key": str(uuid4())}
        assert worker.post("/arrivals/found/new", given).status_code == 422

    def test_is_not_for_others(self, city: World, client: Client):
        find(city)
        assert sign_in(client, city.user("gate_officer")).get("/arrivals/found/new").status_code in (403, 404)
        client.cookies.clear()
        page = sign_in(client, city.user("stranger")).get("/arrivals/found")
        assert page.status_code in (403, 404) or not page.context["table"].found

    def test_leaves_the_figures_of_the_gates_alone(self, city: World):
        take_in(city, sheet(row(1)))
        find(city, days_ago=0)
        [gate] = queries.gates(access.scope_for(city.user("commander")))
        assert (gate.landed_today, gate.expected_today) == (0, 0)

    def test_leaves_the_board_to_its_indexes(self, city: World):
        """What tells them apart stands in the indexes by which a day's landings are counted: no row is read for it."""
        with connection.cursor() as cursor:
            for index, columns in LANDINGS.items():
                cursor.execute("SELECT pg_get_indexdef(%s::regclass)", [index])
                assert columns <= set(re.findall(r"\w+", cursor.fetchone()[0]))
