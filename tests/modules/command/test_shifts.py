from datetime import date, datetime, timedelta
from uuid import uuid4

import pytest
from django.test import Client
from django.urls import reverse

from bihuan.kernel import access, clock, custody
from bihuan.kernel.ledger import history
from bihuan.modules.command import queries, rules
from bihuan.modules.people import actions as people
from bihuan.modules.units import actions as units
from tests.conftest import START
from tests.signing_in import sign_in
from tests.world import World

pytestmark = pytest.mark.django_db
TODAY = START.date()
EIGHT = datetime(2022, 6, 20, 8, 0, tzinfo=clock.CITY)
MIDNIGHT = EIGHT - timedelta(hours=8)


def person(city: World, name: str) -> str:
    made = people.register(
        name=name, id_type="passport", id_number=f"E{name}", at=START, by=city.actor("clerk"), key=uuid4()
    )
    return f"person:{made}"


@pytest.fixture
def moved(city: World) -> World:
    """Three people at the gate: one received by the site, one refused, one on the way since before the shift began."""
    by = {"by": city.actor("gate_officer"), "at": START}
    gate, site = f"unit:{city.unit('gate-rail').id}", f"site:{city.unit('site-yuntai').id}"
    first, second, early = (person(city, name) for name in ("A1", "B2", "C3"))
    custody.take([first, second, early], holder=gate, key=uuid4(), **by)
    custody.dispatch([early], sender=gate, receiver=site, key=uuid4(), by=by["by"], at=EIGHT - timedelta(hours=1))
    sent = custody.dispatch([first, second], sender=gate, receiver=site, key=uuid4(), **by)
    custody.receive(sent, received=[first], refused=[second], key=uuid4(), **by)
    units.plan_shift(
        city.unit("gate-rail").id,
        role="gate_officer",
        user_id=city.user("gate_officer").id,
        starts_at=EIGHT,
        ends_at=EIGHT + timedelta(hours=12),
        at=START,
        by=city.actor("district"),
        key=uuid4(),
    )
    return city


class TestParts:
    def test_make_up_the_whole_day_whoever_is_on_duty(self):
        shifts = [(EIGHT, EIGHT + timedelta(hours=12)), (EIGHT + timedelta(hours=12), EIGHT + timedelta(hours=24))]
        found = rules.parts(shifts, MIDNIGHT, MIDNIGHT + timedelta(days=1))
        assert [f"{begins:%H}-{ends:%H}" for begins, ends in found] == ["00-08", "08-20", "20-00"]
        assert rules.parts([], MIDNIGHT, EIGHT) == [(MIDNIGHT, EIGHT)]


class TestShiftDays:
    def test_count_what_was_sent_in_the_shift_in_which_it_was_sent(self, moved: World):
        [gate, site] = queries.shift_days(access.scope_for(moved.user("district")), "", TODAY)
        night, day, evening = gate.parts
        assert (night.sent.all, night.sent.open, night.names) == (1, 1, ())
        assert (day.sent.all, day.sent.received, day.sent.otherwise, day.sent.open) == (2, 1, 1, 0)
        assert day.names == (moved.user("gate_officer").name,)
        assert evening.sent.all == 0
        assert [part.came.all for part in site.parts] == [3]

    def test_say_when_a_site_holds_somebody_without_an_order(self, moved: World):
        [_gate, site] = queries.shift_days(access.scope_for(moved.user("district")), "", TODAY)
        assert (site.people, site.orders, site.agrees) == (1, 0, False)

    def test_of_another_day_are_empty(self, moved: World):
        days = queries.shift_days(access.scope_for(moved.user("district")), "", date(2022, 6, 19))
        assert {part.sent.all for one in days for part in one.parts} == {0}

    def test_take_the_same_number_of_queries_however_many_units(self, moved: World, django_assert_max_num_queries):
        scope = access.scope_for(moved.user("commander"))
        with django_assert_max_num_queries(7):
            queries.shift_days(scope, "", TODAY)


class TestPages:
    def test_open_the_people_behind_a_number_and_say_who_read(self, client: Client, moved: World):
        sign_in(client, moved.user("district"))
        shown = client.get(reverse("board:shifts")).content.decode()
        gate = moved.unit("gate-rail").id
        rows = reverse("board:passed", args=[gate, "sent", "202206200800", "202206202000"])
        assert f'href="{rows}"' in shown
        assert client.get(rows).content.decode().count("<tr") == 3
        received = client.get(f"{rows}?outcome=received")
        assert received.content.decode().count("<tr") == 2
        assert client.get(f"{rows}?outcome=otherwise").content.decode().count("<tr") == 2
        assert "people.listed" in [fact.kind for fact in history(moved.user("district").subject)]

    def test_are_not_there_for_another_district(self, client: Client, moved: World):
        sign_in(client, moved.user("stranger"))
        rows = reverse("board:passed", args=[moved.unit("gate-rail").id, "sent", "202206200800", "202206202000"])
        assert client.get(rows).status_code == 404
        assert "202206200800" not in client.get(reverse("board:shifts")).content.decode()

    def test_with_hours_that_are_none_are_not_there(self, client: Client, moved: World):
        sign_in(client, moved.user("district"))
        rows = reverse("board:passed", args=[moved.unit("gate-rail").id, "sent", "noon", "night"])
        assert client.get(rows).status_code == 404
