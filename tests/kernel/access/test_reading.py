"""Who reads about people leaves a trace that the people themselves can be shown."""

import re
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

import bihuan
from bihuan.kernel import access, clock
from bihuan.kernel.access import events
from bihuan.kernel.access.actions import RaiseRefused
from bihuan.kernel.access.models import Role
from bihuan.kernel.access.reading import ReadingSpent
from bihuan.kernel.access.vocabulary import openings, purposes
from bihuan.kernel.ledger import history
from tests.conftest import START
from tests.signing_in import sign_in
from tests.world import World

pytestmark = pytest.mark.django_db


class TestReading:
    def test_a_person_leaves_a_fact_on_the_person(self, city: World) -> None:
        scope = access.scope_for(city.user("gate_officer")).for_power("people.open")
        person = uuid4()
        access.opened(scope, person, "landing")
        (fact,) = history(f"person:{person}")
        assert (fact.kind, fact.payload, fact.unit) == (
            events.PERSON_OPENED,
            {"purpose": "landing", "role": "gate_officer"},
            city.unit("gate-rail").id,
        )

    def test_a_list_leaves_one_fact_naming_everybody_on_it(self, city: World) -> None:
        scope = access.scope_for(city.user("gate_officer"))
        people = [uuid4(), uuid4()]
        access.listed(scope, "arrivals.list", people)
        access.listed(scope, "arrivals.list", [])
        (fact,) = history(scope.user.subject)
        assert fact.payload == {"what": "arrivals.list", "count": 2, "people": [str(one) for one in people]}


def reads(scope: access.Scope, how_many: int) -> int:
    """A script opens one person after the other; how many it got."""
    got = 0
    for _ in range(how_many):
        try:
            access.opened(scope, uuid4(), "care")
            got += 1
        except ReadingSpent:
            pass
    return got


def told(city: World, who: str, kind: str) -> list[dict[str, Any]]:
    return [dict(fact.payload) for fact in history(city.user(who).subject) if fact.kind == kind]


def raise_for(city: World, who: str, extra: int, by: str = "security_admin") -> None:
    access.actions.raise_openings(
        city.user(who).id, extra=extra, reason="-", at=clock.now(), by=city.actor(by), key=uuid4()
    )


class TestLimitOfADay:
    def test_stops_a_script_that_reads_five_thousand_and_tells_the_auditor(self, client: Client, city: World) -> None:
        limit, _warn = openings(["grid_worker"], START.date())
        assert reads(access.scope_for(city.user("grid_worker")), 5_000) == limit
        assert told(city, "grid_worker", events.READING_NEARED) == [{"opened": limit * 80 // 100, "limit": limit}]
        assert told(city, "grid_worker", events.READING_SPENT) == [{"opened": limit, "limit": limit}]
        for language, words in (("zh-hans", "不再允许"), ("en", "was refused more")):
            client.cookies["django_language"] = language
            shown = sign_in(client, city.user("auditor")).get("/audit/").content.decode()
            assert words in shown
            assert city.user("grid_worker").name in shown

    def test_counts_everybody_once_and_lets_whoever_is_open_stay_open(self, city: World) -> None:
        scope, known = access.scope_for(city.user("auditor")), uuid4()
        for _ in range(150):
            access.opened(scope, known, "care")
        assert reads(scope, 150) == 99
        access.opened(scope, known, "care")

    def test_begins_anew_every_day(self, city: World, at: Callable[..., Any]) -> None:
        scope = access.scope_for(city.user("grid_worker"))
        assert reads(scope, 250) == 200
        with at(START + timedelta(days=1)):
            assert reads(scope, 1) == 1

    def test_is_raised_by_another_person_for_that_day_only(self, city: World, at: Callable[..., Any]) -> None:
        scope = access.scope_for(city.user("grid_worker"))
        assert reads(scope, 201) == 200
        raise_for(city, "grid_worker", 30)
        assert reads(scope, 50) == 30
        assert [one["limit"] for one in told(city, "grid_worker", events.READING_SPENT)] == [200, 230]
        with at(START + timedelta(days=1)):
            assert reads(scope, 300) == 200

    def test_is_not_raised_by_oneself_nor_beyond_measure(self, city: World) -> None:
        with pytest.raises(RaiseRefused):
            raise_for(city, "security_admin", 5)
        with pytest.raises(RaiseRefused):
            raise_for(city, "grid_worker", 201)

    def test_is_told_on_the_page_before_it_comes(self, client: Client, city: World) -> None:
        from bihuan.modules.people import actions as people

        worker = city.user("grid_worker")
        person = people.register(
            name="张三丰",
            id_type="passport",
            id_number="P1",
            unit=city.unit("41081100100101").id,
            at=clock.now(),
            by=city.actor("gate_officer"),
            key=uuid4(),
        )
        scope = access.scope_for(worker)
        access.opened(scope, person, "care")
        client.cookies["django_language"] = "en"
        assert "is your limit" not in sign_in(client, worker).get(f"/people/{person}").content.decode()
        reads(scope, 160)
        assert "is your limit" in client.get(f"/people/{person}").content.decode()
        assert "is your limit" not in client.get("/people/").content.decode()

    def test_costs_the_same_statements_however_many_were_opened(self, city: World) -> None:
        scope, costs = access.scope_for(city.user("gate_officer")), []
        reads(scope, 3)
        for _ in range(2):
            with CaptureQueriesContext(connection) as run:
                access.opened(scope, uuid4(), "care")
            costs.append(len(run))
            reads(scope, 300)
        assert costs[0] == costs[1] <= 15


class TestPurposes:
    def test_are_a_closed_list(self, city: World) -> None:
        with pytest.raises(AssertionError):
            access.opened(access.scope_for(city.user("gate_officer")), uuid4(), "curiosity")

    def test_that_pages_give_stand_in_the_profile_and_all_are_given(self) -> None:
        source = Path(bihuan.__file__).parent
        given = {
            purpose
            for file in source.rglob("views/*.py")
            for purpose in re.findall(r"access\.opened\([^)]*\"([a-z_.]+)\"", file.read_text(encoding="utf-8"))
        }
        assert given <= set(purposes())
        assert {code for code, one in purposes().items() if not one.is_asked} <= given

    def test_limits_name_roles_that_there_are(self, city: World) -> None:
        from bihuan.kernel.access.vocabulary import _access

        named = {role for block in _access()["budget"] for role in block["roles"]}
        assert named <= set(Role.objects.values_list("code", flat=True))

    def test_follow_from_what_was_opened_before_on_that_day(self, city: World, at: Callable[..., Any]) -> None:
        scope, person = access.scope_for(city.user("gate_officer")), uuid4()
        assert access.purpose_today(scope, person) == ""
        access.opened(scope, person, "order")
        assert access.purpose_today(scope, person) == "order"
        assert access.purpose_today(access.scope_for(city.user("colleague")), person) == ""
        with at(START + timedelta(days=1)):
            assert access.purpose_today(scope, person) == ""
