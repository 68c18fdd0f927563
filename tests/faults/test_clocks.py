"""Clocks that are wrong: the server's jumps by an hour and back between two facts, what phones enter comes days later.

Nothing that was possible is refused, nobody's facts change their order, and what was entered long after says so.
"""

import os
import random
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from itertools import pairwise
from typing import Any
from uuid import UUID

import pytest

from bihuan.kernel import clock
from bihuan.kernel.clock.models import CityClock
from bihuan.kernel.ledger import history
from bihuan.kernel.web.happened import HappenedForm
from bihuan.kernel.web.parts import Entry
from bihuan.modules.isolation import actions as isolation
from bihuan.modules.isolation.models import Room, Zone
from bihuan.modules.measures import actions as measures
from bihuan.modules.measures.models import Order
from bihuan.modules.testing import actions as testing
from bihuan.site import edge
from tests.journeys.city import Journey, in_june, walks_in
from tests.journeys.ordered import ordered

PROVE = os.environ.get("BIHUAN_PROVE") == "1"
SEED = int(os.environ.get("BIHUAN_SEED", "20220626"))
LIVES = 200 if PROVE else 5
HOUR = timedelta(hours=1)


class WrongClock(datetime):
    """The computer's clock: it goes on by a minute each time it is set, and is off by `shift`."""

    right = in_june(26).astimezone(UTC)
    shift = timedelta()

    @classmethod
    def now(cls, tz: Any = None) -> datetime:
        return cls.right + cls.shift


@pytest.fixture
def wrong(lived_in: Journey, monkeypatch: pytest.MonkeyPatch) -> Journey:
    """The city on the computer's own clock."""
    CityClock.objects.all().delete()
    monkeypatch.setattr(edge, "_offset", None)
    monkeypatch.setattr(edge, "_floor", None)
    monkeypatch.setattr(edge, "datetime", WrongClock)
    monkeypatch.setattr(WrongClock, "right", in_june(26, 11).astimezone(UTC))
    return lived_in


def jumps(chance: random.Random) -> None:
    """A minute later somebody sets the clock, and every process looks at it anew; some begin only now."""
    WrongClock.right += timedelta(minutes=1)
    WrongClock.shift = chance.choice([-HOUR, timedelta(), HOUR])
    edge._offset = None
    if chance.random() < 0.5:
        edge._floor = None


class TestServersClock:
    def test_may_jump_by_an_hour_between_any_two_facts(self, wrong: Journey) -> None:
        chance = random.Random(SEED)  # noqa: S311 - choices, no secrets
        zone = Zone.objects.get()
        with clock.given(edge.city_now()):
            numbers = [f"C{number:03d}" for number in range(LIVES)]
            isolation.add_rooms(zone.id, numbers=numbers, floor=7, **wrong.by("site_head"))
        rooms = list(Room.objects.filter(number__in=numbers).values_list("id", flat=True))
        for number, room in enumerate(rooms):
            self.lives(wrong, number, room, chance)

    def lives(self, city: Journey, number: int, room: UUID, chance: random.Random) -> None:
        def now() -> Any:
            jumps(chance)
            return clock.given(edge.city_now())

        with now():
            arrival = walks_in(city, number, f"Traveller {number}")
        order = Order.objects.get(evidence__subject=f"arrival:{arrival}")
        with now():
            measures.approve(order.id, **city.by("approver"))
        with now():
            isolation.check_in(order.id, room_id=room, identity_confirmed=True, **city.by("site_staff"))
        for _round in range(3):
            with now():
                self.check(city, order)
            with now():
                testing.take_sample(
                    f"order:{order.id}",
                    person_id=order.person_id,
                    unit_id=city.unit("site-yuntai"),
                    purpose="central",
                    **city.by("site_staff"),
                )
        facts = sorted(history(f"order:{order.id}"), key=lambda fact: fact.seq)
        assert len(facts) >= 9
        for before, after in pairwise(facts):
            assert before.happened_at <= after.happened_at, f"seed {SEED}: {before.kind}, then {after.kind}"
            assert before.recorded_at <= after.recorded_at

    def check(self, city: Journey, order: Order, **given: Any) -> None:
        isolation.record_check(
            f"order:{order.id}",
            person_id=order.person_id,
            place="site",
            contact="visit",
            temperature=Decimal("36.6"),
            symptoms=(),
            **{**city.by("site_staff"), **given},
        )

    def test_that_was_set_back_is_caught_up_and_said_in_the_log(
        self, wrong: Journey, caplog: pytest.LogCaptureFixture
    ) -> None:
        WrongClock.shift = HOUR
        edge._offset = None
        ahead = edge.city_now()
        with clock.given(ahead):
            walks_in(wrong, 1, "Zhang San")
        WrongClock.shift = timedelta()
        edge._offset = edge._floor = None
        assert ahead <= edge.city_now() < ahead + timedelta(minutes=1)
        assert "behind what is recorded" in caplog.text
        WrongClock.right += 2 * HOUR
        assert edge.city_now() == WrongClock.now()


class TestPhones:
    def test_bring_days_later_what_is_counted_when_it_happened_and_says_so(self, lived_in: Journey) -> None:
        order = ordered(lived_in, 1, "Zhang San")
        isolation.check_in(
            order.id, room_id=lived_in.rooms["201"], identity_confirmed=True, **lived_in.by("site_staff")
        )
        chance = random.Random(SEED)  # noqa: S311 - choices, no secrets
        moments = [clock.now() + timedelta(minutes=chance.randrange(1, 3 * 24 * 60)) for _ in range(20)]
        with clock.given(clock.now() + timedelta(days=3, minutes=1)) as now:
            for moment in moments:
                TestServersClock().check(lived_in, order, at=moment)
        facts = [fact for fact in history(f"order:{order.id}") if fact.kind == "check.recorded"]
        assert [fact.happened_at for fact in facts] == sorted(moments)
        for fact in facts:
            entry = Entry(fact.happened_at, "", recorded_at=fact.recorded_at)
            assert (entry.entered_late_at is not None) == (now - fact.happened_at > timedelta(minutes=5))

    @pytest.mark.parametrize(("minutes", "is_told"), [(0, False), (5, False), (6, True), (3 * 24 * 60, True)])
    def test_are_told_of_when_more_than_five_minutes_late(self, minutes: int, is_told: bool) -> None:
        now = clock.now()
        entry = Entry(now - timedelta(minutes=minutes), "", recorded_at=now)
        assert (entry.entered_late_at is not None) == is_told

    def test_do_not_say_what_time_it_is(self) -> None:
        """However wrong a phone's clock: what is done now is done when the server says."""
        form = HappenedForm({})
        assert form.is_valid()
        assert form.moment == clock.now()
