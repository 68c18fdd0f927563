"""Writers who record facts through the actions that pages call, each in a process of its own, and keep a journal of
what they asked and what they were told. The server may die under them at any moment.

    python -m tests.faults.crew furnish                     the city they work in
    python -m tests.faults.crew write FOLDER WRITERS SEED   until SIGTERM; a journal each in FOLDER
    python -m tests.faults.crew judge FOLDER                what the journals say beside what the database holds

A writer whose connection is lost does not know whether it was heard. Half of the time it asks again with the same key,
as a page does; else it leaves the matter open, and then all of it or none of it may be there.
"""

import json
import os
import random
import signal
import sys
import time
from collections.abc import Callable
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field
from datetime import timedelta
from decimal import Decimal
from importlib import import_module
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4, uuid5

from bihuan.site import city

ROOMS = 2000
SPACE = UUID("0f8b8a53-5c32-4bd6-b2f3-5a1f1a4a9d10")
SECONDS_BETWEEN_TRIES = 0.02

# What must be there together, as pairs of questions with the same answer: a row is its fact, and the other way round.
WHOLE = {
    "an arrival that landed": (
        "SELECT id::text FROM arrivals_arrival WHERE landed_at IS NOT NULL",
        "SELECT split_part(subject, ':', 2) FROM ledger_fact WHERE kind = 'arrival.landed'",
    ),
    "an order": (
        "SELECT id::text FROM measures_order",
        "SELECT split_part(subject, ':', 2) FROM ledger_fact WHERE kind = 'order.proposed'",
    ),
    "an order in force": (
        "SELECT id::text FROM measures_order WHERE state = 'live'",
        "SELECT split_part(subject, ':', 2) FROM ledger_fact WHERE kind = 'order.approved'",
    ),
    "a bound person": (
        "SELECT o.person_id::text FROM measures_order o WHERE state = 'live'",
        "SELECT split_part(subject, ':', 2) FROM ledger_fact WHERE kind = 'custody.bound'",
    ),
    "a stay": (
        "SELECT order_id::text FROM isolation_stay",
        "SELECT split_part(subject, ':', 2) FROM ledger_fact WHERE kind = 'stay.checked_in'",
    ),
    "a room taken": (
        "SELECT id::text FROM isolation_stay",
        "SELECT stay_id::text FROM isolation_occupancy",
    ),
    "health checks": (
        "SELECT subject || count(*) FROM isolation_check GROUP BY subject",
        "SELECT subject || count(*) FROM ledger_fact WHERE kind = 'check.recorded' GROUP BY subject",
    ),
    "samples": (
        "SELECT subject || count(*) FROM testing_sample GROUP BY subject",
        "SELECT subject || count(*) FROM ledger_fact WHERE kind = 'sample.taken' GROUP BY subject",
    ),
    "payloads": (
        "SELECT seq::text FROM ledger_fact",
        "SELECT fact::text FROM ledger_payload",
    ),
}


def started_at() -> Any:
    from tests.journeys.city import in_june

    return in_june(26)


def furnish() -> None:
    """The city of the journeys, with a site that never runs out of rooms."""
    from bihuan.kernel import clock
    from bihuan.modules.isolation import actions as isolation
    from bihuan.modules.isolation.models import Zone
    from tests.journeys.city import Journey
    from tests.journeys.city import furnish as furnish_city
    from tests.world import world

    with ExitStack() as stack:
        stack.enter_context(clock.given(started_at()))
        made = Journey(world(), lambda *_args, **_options: None, stack)  # type: ignore[arg-type]
        made.at(started_at())
        furnish_city(made)
        numbers = [f"R{number:04d}" for number in range(ROOMS)]
        isolation.add_rooms(Zone.objects.get().id, numbers=numbers, floor=9, **made.by("site_head"))


@dataclass
class Life:
    """One traveller of this writer: how far they have come."""

    number: int
    arrival: UUID | None = None
    person: UUID | None = None
    order: UUID | None = None
    is_live: bool = False
    room: UUID | None = None
    is_staying: bool = False


@dataclass
class Writer:
    """One process that acts, one thing after another."""

    number: int
    chance: random.Random
    journal: Any
    rooms: list[UUID]
    units: dict[str, UUID]
    actors: dict[str, Any]
    lives: list[Life] = field(default_factory=list)
    is_told_to_stop: bool = False

    def stop(self, *_signal: Any) -> None:
        self.is_told_to_stop = True

    def work(self) -> None:
        from bihuan.kernel import clock

        begun = time.monotonic()
        while not self.is_told_to_stop:
            with clock.given(started_at() + timedelta(seconds=time.monotonic() - begun + self.number / 100)):
                self.step()

    def step(self) -> None:
        open_lives = [life for life in self.lives[-30:] if life.order]
        if len(self.lives) < 3 or not open_lives or self.chance.random() < 0.25:
            self.walk_in()
            return
        life = self.chance.choice(open_lives)
        if not life.is_live:
            self.approve(life)
        elif not life.is_staying:
            self.check_in(life)
        else:
            self.chance.choice([self.check, self.sample])(life)

    def walk_in(self) -> None:
        from bihuan.modules.arrivals import actions as arrivals
        from bihuan.modules.arrivals.models import Arrival
        from bihuan.modules.measures.models import Order
        from tests.journeys.city import LANZHOU

        life = Life(number=self.number * 100_000 + len(self.lives))
        self.lives.append(life)
        life.arrival = self.asks(
            "walk_in",
            arrivals.walk_in,
            by="gate_officer",
            name=f"Traveller {life.number}",
            id_type="passport",
            id_number=f"E{life.number:08d}",
            phone=f"139{life.number:08d}",
            origin_code=LANZHOU,
            unit=self.units["410811001001"],
            gate_unit=self.units["gate-rail"],
            temperature=Decimal("36.5"),
        )
        if life.arrival:
            life.person = self.reads(lambda: Arrival.objects.get(pk=life.arrival).person_id)
            life.order = self.reads(lambda: Order.objects.get(person_id=life.person).id)

    def approve(self, life: Life) -> None:
        from bihuan.modules.measures import actions as measures

        self.asks("approve", measures.approve, life.order, by="approver")
        life.is_live = self.is_there("SELECT 1 FROM measures_order WHERE id = %s AND state = 'live'", life.order)

    def check_in(self, life: Life) -> None:
        from bihuan.modules.isolation import actions as isolation

        if life.room is None:
            life.room = self.rooms.pop()
        self.asks(
            "check_in",
            isolation.check_in,
            life.order,
            room_id=life.room,
            identity_confirmed=True,
            by="site_staff",
        )
        life.is_staying = self.is_there("SELECT 1 FROM isolation_stay WHERE order_id = %s", life.order)

    def check(self, life: Life) -> None:
        from bihuan.modules.isolation import actions as isolation

        self.asks(
            "record_check",
            isolation.record_check,
            f"order:{life.order}",
            person_id=life.person,
            place="site",
            contact="visit",
            temperature=Decimal("36.6"),
            symptoms=(),
            by="site_staff",
        )

    def sample(self, life: Life) -> None:
        from bihuan.modules.testing import actions as testing

        self.asks(
            "take_sample",
            testing.take_sample,
            f"order:{life.order}",
            person_id=life.person,
            unit_id=self.units["site-yuntai"],
            purpose="central",
            by="site_staff",
        )

    def asks(self, asked: str, verb: Callable[..., UUID | None], *args: Any, by: str, **kwargs: Any) -> UUID | None:
        """Do it as a page would, and write down what was answered; None where nobody answered."""
        from django.db import Error, connection

        from bihuan.kernel import clock

        key = uuid4()
        self.notes(asked, key, "asked")
        for attempt in (1, 2):
            try:
                result = verb(*args, at=clock.now(), by=self.actors[by], key=key, **kwargs)
            except Error as error:
                if not is_lost(error):
                    self.notes(asked, key, "failed", repr(error))
                    raise
                connection.close()
                self.waits_for_the_server()
                if attempt == 1 and self.chance.random() < 0.5:
                    self.notes(asked, key, "asks again")
                    continue
                self.notes(asked, key, "unheard")
                return None
            self.notes(asked, key, "told", result and str(result))
            return result
        return None

    def waits_for_the_server(self) -> None:
        from django.db import Error, connection

        while True:
            try:
                connection.ensure_connection()
                return
            except Error:
                connection.close()
                time.sleep(SECONDS_BETWEEN_TRIES)

    def reads[T](self, question: Callable[[], T]) -> T:
        from django.db import Error, connection

        while True:
            try:
                return question()
            except Error as error:
                if not is_lost(error):
                    raise
                connection.close()
                self.waits_for_the_server()

    def is_there(self, question: str, *values: Any) -> bool:
        from django.db import connection

        def asked() -> bool:
            with connection.cursor() as cursor:
                cursor.execute(question, values)
                return cursor.fetchone() is not None

        return self.reads(asked)

    def notes(self, name: str, key: UUID, said: str, more: str | None = None) -> None:
        self.journal.write(json.dumps([name, str(key), said, more]) + "\n")
        self.journal.flush()


def is_lost(error: BaseException) -> bool:
    """Whether nobody can know what became of it: the connection ended, the server is not there or has no room."""
    from django.db import InterfaceError

    state = getattr(error.__cause__, "sqlstate", None) or ""
    return isinstance(error, InterfaceError) or state == "" or state.startswith(("08", "53", "57P", "58"))


def write(folder: Path, writers: int, seed: int) -> None:
    from bihuan.kernel.access.models import Unit
    from bihuan.kernel.ledger import Actor
    from bihuan.modules.isolation.models import Room
    from tests.world import SPACE as WORLD
    from tests.world import STAFF

    for name in ("arrivals.actions", "measures.actions", "isolation.actions", "testing.actions"):
        import_module(f"bihuan.modules.{name}")  # here and not in each of the crew
    started_at()
    rooms = list(Room.objects.filter(number__startswith="R", occupancies=None).values_list("id", flat=True))
    units = dict(Unit.objects.values_list("code", "id"))
    actors = {
        name: Actor(id=f"user:{uuid5(WORLD, name)}", unit=units[unit], name=said) for name, _, unit, said in STAFF
    }
    round_ = len(list(folder.glob("*.journal")))
    close_connections()
    crew = []
    for number in range(writers):
        if pid := os.fork():
            crew.append(pid)
            continue
        chance = random.Random(f"{seed}-{number}")  # noqa: S311 - choices of a test
        with (folder / f"{round_ + number}.journal").open("w") as journal:
            writer = Writer(round_ + number, chance, journal, rooms[number::writers], units, actors)
            signal.signal(signal.SIGTERM, writer.stop)
            writer.work()
        os._exit(0)
    signal.signal(signal.SIGTERM, lambda *_: [os.kill(pid, signal.SIGTERM) for pid in crew])
    print("at work", flush=True)  # noqa: T201
    sys.exit(max(os.waitstatus_to_exitcode(wait_for(pid)) for pid in crew))


def wait_for(pid: int) -> int:
    while True:
        with suppress(InterruptedError):
            return os.waitpid(pid, 0)[1]


def close_connections() -> None:
    from django.db import connections

    connections.close_all()


def judge(folder: Path) -> dict[str, Any]:
    """Everything that is not as it must be, by name; and how much there was to be right."""
    from django.db import connection

    from bihuan.kernel import clock
    from bihuan.site.cli.check import violations

    told: dict[str, str | None] = {}
    unheard, failed = set(), []
    for journal in folder.glob("*.journal"):
        for line in journal.read_text().splitlines():
            name, key, said, more = json.loads(line)
            if said == "told":
                told[key] = more
            elif said == "unheard":
                unheard.add(key)
            elif said == "failed":
                failed.append([name, more])
    with connection.cursor() as cursor:
        cursor.execute("SELECT key::text, result::text FROM ledger_request")
        held = dict(cursor.fetchall())
        lost = [key for key, result in told.items() if key not in held or held[key] != result]
        half = []
        for what, (rows, facts) in WHOLE.items():
            sides = []
            for question in (rows, facts):
                cursor.execute(question)
                sides.append(sorted(value for (value,) in cursor.fetchall()))
            if sides[0] != sides[1]:
                half.append(what)
    with clock.given(started_at() + timedelta(hours=1)):
        broken = {law: count for law, count in violations().items() if count}
    return {
        "acknowledged": len(told),
        "unheard": len(unheard),
        "unheard but done": len(unheard & held.keys()),
        "lost": lost,
        "half": half,
        "failed": failed,
        "broken": broken,
    }


def main() -> None:
    verb, *words = sys.argv[1:]
    city.make_ready()
    if verb == "furnish":
        furnish()
    elif verb == "write":
        write(Path(words[0]), int(words[1]), int(words[2]))
    else:
        print(json.dumps(judge(Path(words[0]))))  # noqa: T201


if __name__ == "__main__":
    main()
