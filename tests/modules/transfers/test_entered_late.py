"""A trip driven where the telephone had no network is entered afterwards, tap by tap, each with its own time."""

from collections.abc import Callable
from datetime import datetime, timedelta
from uuid import UUID

import pytest
from django.test import Client
from django.urls import reverse

from bihuan.kernel import clock, custody
from bihuan.kernel.db import uuid7
from bihuan.kernel.ledger import history
from bihuan.kernel.loop import drift, work
from bihuan.kernel.loop import queries as loop
from bihuan.kernel.loop.happening import NotYetPossible, StillToCome, TooLongAgo
from bihuan.modules.measures import queries as measures
from bihuan.modules.transfers import actions
from bihuan.modules.transfers.models import Request, Trip
from tests.modules.transfers.driving import by, trip, waiting
from tests.signing_in import sign_in
from tests.world import World, world

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("english")]
HOUR = timedelta(hours=1)


@pytest.fixture
def city() -> World:
    return world()


def as_of(city: World, moment: datetime) -> dict[str, object]:
    return {**by(city, "driver"), "at": moment}


def step(order: UUID, name: str) -> loop.DutyRow:
    [found] = [duty for duty in loop.duties_of(f"order:{order}") if duty.step == name]
    return found


class TestATripEnteredAfterwards:
    """Planned at 10, begun at 11, aboard at 11.10, left at 11.20, there at 12; entered at 16."""

    @pytest.fixture
    def planned(self, city: World) -> tuple[UUID, list[UUID]]:
        requests = waiting(city, "Zhang San", "Li Si")
        return trip(city, requests), requests

    def test_is_what_it_would_have_been_in_time(self, city: World, planned, at) -> None:
        going, (came, lost) = planned
        start, order = clock.now(), Request.objects.get(pk=came).order_id
        person = measures.order(order).person_id
        times = [start + timedelta(minutes=minutes) for minutes in (60, 70, 80, 120)]
        with at(start + 6 * HOUR):
            while work(clock.now()):
                pass
            assert step(order, "board").escalated_at is not None
            actions.open_boarding(going, **as_of(city, times[0]))
            actions.board(came, **as_of(city, times[1]))
            actions.depart(going, **as_of(city, times[2]))
            actions.arrive(going, **as_of(city, times[3]))
            held = Trip.objects.get(pk=going)
            assert (held.departed_at, held.arrived_at) == (times[2], times[3])
            assert (step(order, "board").state, step(order, "board").done_at) == ("done", times[1])
            assert step(order, "board").escalated_at is None
            assert custody.holder_of(f"person:{person}") == f"vehicle:{held.vehicle_id}"
            assert Request.objects.get(pk=lost).missing_since == times[2]
            moved = [fact.happened_at for fact in history(f"person:{person}") if fact.kind == "custody.moved"]
            assert moved == sorted(moved)
            assert set(custody.violations().values()) == {0}
            assert [one for one in drift(clock.now()) if one.subject in (f"order:{order}", f"trip:{going}")] == []

    def test_is_bounded_at_every_step(self, city: World, planned, at) -> None:
        going, (came, _lost) = planned
        start = clock.now()
        steps: list[tuple[Callable[..., object], UUID, timedelta]] = [
            (actions.open_boarding, going, timedelta()),  # since it was planned
            (actions.board, came, HOUR),  # since boarding began
            (actions.depart, going, HOUR + timedelta(minutes=10)),  # since the last came aboard
            (actions.arrive, going, HOUR + timedelta(minutes=20)),  # since it left
        ]
        with at(start + 6 * HOUR):
            for act, one, since in steps:
                for moment, refusal in (
                    (clock.now() + timedelta(minutes=1), StillToCome),
                    (start + since - timedelta(minutes=1), NotYetPossible),
                ):
                    with pytest.raises(refusal):
                        act(one, **as_of(city, moment))
                done = since + (HOUR if act is actions.open_boarding else timedelta(minutes=10))
                act(one, **as_of(city, start + done))

    def test_is_not_entered_weeks_afterwards(self, city: World, planned, at) -> None:
        going, _riders = planned
        start = clock.now()
        with at(start + timedelta(days=8)), pytest.raises(TooLongAgo):
            actions.open_boarding(going, **as_of(city, start + HOUR))

    def test_does_not_begin_before_the_seat_was_given(self, city: World, at) -> None:
        going, requests = trip(city, []), waiting(city, "Zhang San")
        start = clock.now()
        with at(start + HOUR):
            actions.assign(requests, trip_id=going, **by(city, "dispatcher"))
        with at(start + 2 * HOUR), pytest.raises(NotYetPossible):
            actions.open_boarding(going, **as_of(city, start + timedelta(minutes=30)))


class TestOnTheTelephone:
    def sent(self, driver: Client, name: str, *args: object, moment: datetime):
        named = moment.astimezone(clock.CITY).strftime("%Y-%m-%dT%H:%M")
        return driver.post(reverse(f"trips:{name}", args=args), {"key": str(uuid7()), "happened_at": named})

    @pytest.mark.parametrize("language", ["zh-hans", "en"])
    def test_stays_at_the_hour_that_was_named_from_tap_to_tap(self, city: World, at, language: str) -> None:
        [came] = waiting(city, "Zhang San")
        going, start = trip(city, [came]), clock.now()
        with at(start + 6 * HOUR):
            driver = sign_in(Client(), city.user("driver"))
            driver.cookies["django_language"] = language
            first = start + HOUR
            for name, args in (("boarding", (going,)), ("rider", (going, came)), ("departure", (going,))):
                answer = self.sent(driver, name, *args, moment=first)
                assert answer.status_code == 302
                shown = driver.get(answer.url)
                assert shown.context["earlier"] == first
                assert 'name="happened_at" value="2022-06-20T11:00"' in shown.content.decode()
            assert self.sent(driver, "arrival", going, moment=start + 2 * HOUR).status_code == 302
            assert Trip.objects.get().arrived_at == start + 2 * HOUR
            assert Request.objects.get().boarded_at == first

    def test_says_what_cannot_have_been(self, city: World, at) -> None:
        going = trip(city, waiting(city, "Zhang San"))
        start = clock.now()
        with at(start + 6 * HOUR):
            driver = sign_in(Client(), city.user("driver"))
            driver.cookies["django_language"] = "en"
            ahead = self.sent(driver, "boarding", going, moment=clock.now() + HOUR)
            assert (ahead.status_code, "still to come" in ahead.content.decode()) == (422, True)
            before = self.sent(driver, "boarding", going, moment=start - HOUR)
            assert (before.status_code, "2022-06-20 10:00" in before.content.decode()) == (409, True)
            assert Trip.objects.get().state == "planned"
