"""64 clerks give the same few rooms and seats away at once: nothing is given twice, and nobody is shown a deadlock.

By the real actions, and, for the large numbers, by the statements of an action alone in one short transaction each.
What every clerk asked and was told is held against the tables and against time afterwards.
"""

import os
import random
import threading
import time
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import count
from uuid import UUID, uuid4

import psycopg
import pytest
from django.db import connection, connections
from psycopg import errors

from bihuan.kernel import clock
from bihuan.kernel.ledger import derive, history
from bihuan.kernel.refusals import Refused
from bihuan.modules.isolation import actions
from bihuan.modules.isolation.actions.refusals import REFUSALS
from bihuan.modules.isolation.models import Occupancy, Room, Zone
from bihuan.modules.measures.models import Order
from bihuan.modules.transfers import actions as transfers
from bihuan.modules.transfers.models import Request, Vehicle
from bihuan.site.cli.check import violations
from bihuan.site.postgres import APP_ROLE
from tests.faults.histories import Attempt, impossible
from tests.journeys.city import Journey
from tests.journeys.ordered import asked, ordered
from tests.processes import database_url

PROVE = os.environ.get("BIHUAN_PROVE") == "1"
SEED = int(os.environ.get("BIHUAN_SEED", "20220626"))
CLERKS = 64
STAYS, ROOMS = (64, 72) if PROVE else (8, 11)
BY_ACTIONS = int(os.environ.get("BIHUAN_BOOKINGS_BY_ACTIONS", "20000")) if PROVE else 150
BY_STATEMENTS = int(os.environ.get("BIHUAN_BOOKINGS", "970000")) if PROVE else 1000
SEATS_ATTEMPTS = 10_000 if PROVE else 100
TRIES_MAX = 5
TAKEN = ("isolation_room_full", "isolation_one_household_a_room")
BOOK = """
SELECT FROM isolation_stay WHERE id = '{stay}' FOR UPDATE;
SELECT FROM isolation_room WHERE id IN ({left}, {room}) ORDER BY id FOR UPDATE;
UPDATE isolation_occupancy SET during = tstzrange(lower(during), '{at}') WHERE stay_id = '{stay}' AND upper_inf(during)
    AND lower(during) < '{at}' RETURNING room_id;
INSERT INTO isolation_occupancy (id, stay_id, room_id, household, during, reason)
    VALUES ('{id}', '{stay}', {room}, '{household}', tstzrange('{at}', NULL), '')
"""


@dataclass
class House:
    """Guests with a room each, a few rooms more, and what the clerks were told."""

    city: Journey
    orders: list[UUID]
    rooms: dict[UUID, str]
    started: float = field(default_factory=time.monotonic)
    told: list[Attempt] = field(default_factory=list)
    shown: Counter[str] = field(default_factory=Counter)

    def moment(self) -> datetime:
        return clock.now() + timedelta(seconds=1 + time.monotonic() - self.started)


@pytest.fixture
def house(lived_in: Journey) -> House:
    zone = Zone.objects.get()
    numbers = [f"H{number:03d}" for number in range(ROOMS)]
    actions.add_rooms(zone.id, numbers=numbers, floor=4, **lived_in.by("site_head"))
    rooms = dict(Room.objects.filter(number__in=numbers).values_list("id", "number"))
    orders = [ordered(lived_in, number, f"Guest {number}").id for number in range(STAYS)]
    made = House(lived_in, orders, rooms)
    for order, room in zip(orders, rooms, strict=False):
        begun = time.monotonic()
        actions.check_in(order, room_id=room, identity_confirmed=True, **lived_in.by("site_staff"))
        made.told.append(Attempt(str(order), str(room), begun, time.monotonic(), "took"))
    return made


def by_many(work: Callable[[random.Random], None], attempts: int) -> float:
    """Let 64 clerks do it so often in all; how often a second."""
    tickets = count()
    moment = clock.now()

    def clerk(number: int) -> None:
        chance = random.Random(f"{SEED}-{number}")  # noqa: S311 - choices, no secrets
        try:
            with clock.given(moment):
                while next(tickets) < attempts:
                    work(chance)
        finally:
            connections.close_all()

    begun = time.monotonic()
    with ThreadPoolExecutor(CLERKS) as clerks:
        for done in [clerks.submit(clerk, number) for number in range(CLERKS)]:
            done.result()
    return attempts / (time.monotonic() - begun)


def move_by_action(house: House, chance: random.Random) -> None:
    order, room = chance.choice(house.orders), chance.choice(list(house.rooms))
    key = uuid4()
    begun = time.monotonic()
    at = house.moment()
    outcome, left = "took", None
    try:
        actions.move_room(order, room_id=room, reason="noise", at=at, by=house.city.world.actor("site_staff"), key=key)
    except Refused as refused:
        is_taken = str(refused.message) in {str(REFUSALS[name].message) for name in TAKEN}
        outcome = "taken" if is_taken else "other"
    ended = time.monotonic()
    if outcome == "took":
        fact = next(one for one in history(f"order:{order}") if one.key == derive(key, "fact"))
        left = next(str(id_) for id_, number in house.rooms.items() if number == fact.payload["left"])
        tidy(UUID(left), house)
    house.told.append(Attempt(str(order), str(room), begun, ended, outcome, left, at.timestamp()))


def tidy(room: UUID, house: House) -> None:
    """The room that was left is ready again, unless somebody came meanwhile."""
    try:
        actions.set_room(room, state="ready", by=house.city.world.actor("site_staff"), at=house.moment(), key=uuid4())
    except Refused:
        house.shown["not tidied"] += 1


@dataclass
class Hands:
    """A connection of each clerk, as the application's role."""

    own: threading.local = field(default_factory=threading.local)
    all: list[psycopg.Connection] = field(default_factory=list)

    def connection(self) -> psycopg.Connection:
        if not hasattr(self.own, "held"):
            self.own.held = psycopg.connect(database_url(), autocommit=True, options=f"-c role={APP_ROLE}")
            self.all.append(self.own.held)
        return self.own.held


def move_by_statements(house: House, hands: Hands, stays: dict[UUID, tuple[UUID, UUID]], chance: random.Random) -> None:
    order, room = chance.choice(house.orders), chance.choice(list(house.rooms))
    stay, household = stays[order]
    begun = time.monotonic()
    outcome, left = "other", None
    here = hands.connection()
    for attempt in range(1, TRIES_MAX + 1):
        at = house.moment()
        words = BOOK.format(
            left=f"(SELECT room_id FROM isolation_occupancy WHERE stay_id = '{stay}' AND upper_inf(during))",
            room=f"'{room}'",
            stay=stay,
            household=household,
            id=uuid4(),
            at=at,
        )
        try:
            found = here.execute(words)
            found.nextset()
            found.nextset()
            left = str(found.fetchall()[0][0])
            outcome = "took"
        except (errors.CheckViolation, errors.ExclusionViolation) as refused:
            outcome = "taken" if refused.diag.constraint_name in TAKEN else "other"
        except errors.DeadlockDetected:
            house.shown["deadlock met"] += 1
            if attempt == TRIES_MAX:
                raise
            continue
        break
    house.told.append(Attempt(str(order), str(room), begun, time.monotonic(), outcome, left, at.timestamp()))


def overlaps() -> int:
    """How often a room of one bed was given to somebody while another still had it, by the tables."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM (SELECT lower(during) AS begun, max(coalesce(upper(during), 'infinity')) OVER "
            "(PARTITION BY room_id ORDER BY lower(during) ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS before "
            "FROM isolation_occupancy WHERE NOT isempty(during)) one WHERE before > begun"
        )
        return int(cursor.fetchone()[0])


def deadlocks() -> int:
    """How many the server has met in this database; it tells a little later."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_stat_clear_snapshot(), deadlocks FROM pg_stat_database WHERE datname = current_database()"
        )
        return int(cursor.fetchone()[1])


def judged(house: House, what: str, rate: float) -> None:
    house.shown["met by the server and tried again"] = deadlocks()
    told = Counter(one.outcome for one in house.told)
    print(  # noqa: T201 - the figure of docs/trust.md
        f"seed {SEED}: {what}: {len(house.told)} attempts, {rate:.0f} a second, {dict(told)}, {dict(house.shown)}"
    )
    assert told["took"] > STAYS
    assert told["taken"] > 0
    assert not list(impossible(house.told, {}))[:5], f"seed {SEED}"
    assert overlaps() == 0
    assert Occupancy.objects.count() == told["took"]
    assert Occupancy.objects.filter(during__upper_inf=True).count() == STAYS


@pytest.mark.slow
class TestRoomsGivenAwayAtOnce:
    def test_by_the_action_are_given_once_and_no_deadlock_is_shown(self, house: House) -> None:
        judged(house, "rooms by the action", by_many(lambda chance: move_by_action(house, chance), BY_ACTIONS))
        assert not any(violations().values()), violations()

    def test_by_the_statements_alone_are_given_once(self, house: House) -> None:
        open_stays = Occupancy.objects.filter(during__upper_inf=True).select_related("stay")
        stays = {one.stay.order_id: (one.stay_id, one.household) for one in open_stays}
        hands = Hands()
        try:
            rate = by_many(lambda chance: move_by_statements(house, hands, stays, chance), BY_STATEMENTS)
        finally:
            for held in hands.all:
                held.close()
        judged(house, "rooms by statements", rate)


@pytest.mark.slow
class TestSeatsGivenAwayAtOnce:
    def test_never_exceed_the_vehicle(self, lived_in: Journey) -> None:
        vehicle, driver = Vehicle.objects.get(), transfers_driver()
        seats = 3
        small = transfers.register_vehicle(
            plate="豫H·D2023", unit_id=lived_in.unit("fleet"), kind="car", seats=seats, **lived_in.by("dispatcher")
        )
        given = {"from_unit_id": lived_in.unit("gate-rail"), "to_unit_id": lived_in.unit("site-yuntai")}
        leaves = clock.now() + timedelta(hours=1)
        trips = [
            transfers.plan_trip(
                vehicle_id=small,
                driver_id=driver,
                departs_at=leaves + timedelta(hours=2 * number),
                eta_at=leaves + timedelta(hours=2 * number + 1),
                **given,
                **lived_in.by("dispatcher"),
            )
            for number in range(2)
        ]
        assert vehicle.id != small
        orders = [ordered(lived_in, number, f"Rider {number}") for number in range(10)]
        for order in orders:
            asked(lived_in, order)
        outcomes: Counter[str] = Counter()

        def give(chance: random.Random) -> None:
            waiting = list(Request.objects.filter(state__in=("waiting", "assigned")).values_list("id", "state"))
            request, state = chance.choice(waiting)
            given = {"by": lived_in.world.actor("dispatcher"), "at": clock.now(), "key": uuid4()}
            try:
                if state == "assigned" and chance.random() < 0.3:
                    order = Request.objects.get(pk=request).order_id
                    transfers.cancel_request(request, words="not needed", **given)
                    transfers.request(
                        order,
                        to_unit_id=lived_in.unit("site-yuntai"),
                        by=lived_in.world.actor("gate_officer"),
                        at=clock.now(),
                        key=uuid4(),
                    )
                    outcomes["given back"] += 1
                else:
                    transfers.assign([request], trip_id=chance.choice(trips), **given)
                    outcomes["given"] += 1
            except Refused as refused:
                outcomes[type(refused).__name__] += 1
            with connection.cursor() as cursor:
                cursor.execute(
                    "SELECT max(taken) FROM (SELECT count(*) AS taken FROM transfers_request "
                    "WHERE state = 'assigned' GROUP BY trip_id) trip"
                )
                assert (cursor.fetchone()[0] or 0) <= seats

        rate = by_many(give, SEATS_ATTEMPTS)
        print(f"seed {SEED}: seats: {SEATS_ATTEMPTS} attempts, {rate:.0f} a second, {dict(outcomes)}")  # noqa: T201
        assert outcomes["given"] >= 2 * seats
        assert Order.objects.filter(state="live").count() == len(orders)
        assert not any(violations().values()), violations()


def transfers_driver() -> UUID:
    from bihuan.modules.transfers.models import Driver

    return Driver.objects.get().id
