"""Workers end at every point of their work at which they can, and the next one goes on: nothing is lost or doubled.

Each kind of work is lived through point by point until no point is left, then at random points. After each kill the
work is begun again as the worker begins it; once it came to its end, its effects are counted.
"""

import csv
import io
import os
import random
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Protocol
from uuid import UUID, uuid4

import pytest
from django.db import close_old_connections
from django.test import Client

from bihuan.kernel import clock, ledger
from bihuan.kernel.ledger import history
from bihuan.kernel.text import Text
from bihuan.kernel.web import exporting, jobs
from bihuan.kernel.web.models import Export, ExportPart, Progress
from bihuan.modules.arrivals import actions as arrivals
from bihuan.modules.arrivals.actions import importing
from bihuan.modules.arrivals.models import Arrival, Batch, BatchRow
from bihuan.modules.arrivals.views.batches import take_in_file
from bihuan.modules.measures.models import Order
from bihuan.modules.people.models import Person
from bihuan.site import signing
from bihuan.site.cli.check import violations
from bihuan.site.worker import turn
from tests.conftest import owner_connection
from tests.faults import dying
from tests.journeys.city import Journey, in_june
from tests.journeys.ordered import ordered
from tests.kernel.web.test_jobs import work
from tests.signing_in import sign_in

PROVE = os.environ.get("BIHUAN_PROVE") == "1"
LONG_ONLY = pytest.mark.skipif(not PROVE, reason="scripts/prove")  # each of its lives waits for the queue
SEED = int(os.environ.get("BIHUAN_SEED", "20220626"))
KILLS = int(os.environ.get("BIHUAN_WORKER_KILLS", "2000")) if PROVE else 8  # of each kind of work
ROWS = 5
PATIENCE_SECONDS = 240
LEASE_OVER = timedelta(minutes=16)
BEATS_MISSED = "UPDATE procrastinate_workers SET last_heartbeat = last_heartbeat - interval '1 hour'"


class Work(Protocol):
    """One kind of work. `prepare` makes something that is to be done, `live` does it in the process that dies, `next`
    is what time does after a kill, `check` counts the effects when it came to its end.
    """

    kills_max: int

    def prepare(self) -> None: ...
    def live(self) -> None: ...
    def next(self) -> None: ...
    def check(self) -> None: ...


@dataclass
class EndOfAnOrder:
    """The loops: what is breached is recorded, and the order ends by itself."""

    city: Journey
    number: int = 0
    order: Order | None = None
    now: datetime = field(default_factory=clock.now)
    kills_max: int = 10_000

    def prepare(self) -> None:
        self.number += 1
        with clock.given(in_june(26, 11)):  # each of them: later other rules are in force
            self.order = ordered(self.city, self.number, f"Traveller {self.number}")
        self.now = self.order.ends_at + timedelta(minutes=1)

    def live(self) -> None:
        with clock.given(self.now):
            while turn(self.now):
                close_old_connections()

    def next(self) -> None:
        self.now += LEASE_OVER

    def check(self) -> None:
        assert self.order
        told = Counter(fact.kind for fact in history(f"order:{self.order.id}"))
        assert told["order.ended"] == 1, told
        freed = [fact.kind for fact in history(f"person:{self.order.person_id}")]
        assert freed.count("custody.released") == 1
        breached = [
            (fact.payload["step"], fact.payload["occurrence"])
            for fact in history(f"order:{self.order.id}")
            if fact.kind == "duty.breached"
        ]
        assert len(breached) == len(set(breached)) > 0


@dataclass
class TakingIn:
    """A file of travellers, set by set, as the job of the queue or by the command line."""

    city: Journey
    queued: bool
    number: int = 0
    batch: UUID | None = None

    @property
    def kills_max(self) -> int:
        return jobs.ATTEMPTS_MAX - 1 if self.queued else 10_000

    def prepare(self) -> None:
        self.number += 1
        out = io.StringIO()
        writer = csv.writer(out)
        writer.writerow(["Name", "ID number", "ID type", "Mode", "Carrier", "Origin"])
        for row in range(ROWS):
            writer.writerow(
                [
                    f"Traveller {row}",
                    f"{'Q' if self.queued else 'C'}{self.number:05d}{row:03d}",
                    "passport",
                    "rail",
                    "G1",
                    "上海市",
                ]
            )
        by = self.city.world.actor("gate_officer")
        self.batch = arrivals.receive_batch(
            out.getvalue().encode(), "train.csv", kind="manifest", unit=by.unit, at=clock.now(), by=by, key=uuid4()
        )
        if self.queued:
            jobs.start(
                take_in_file,
                title=Text(zh="导入", en="Import"),
                by=by.id,
                language="en",
                batch_id=str(self.batch),
                key=str(uuid4()),
                unit=str(by.unit),
                name=by.name,
                actor=by.id,
            )

    def live(self) -> None:
        if self.queued:
            work()
            return
        assert self.batch
        by = self.city.world.actor("gate_officer")
        arrivals.take_in_received(self.batch, at=clock.now(), by=by, key=UUID(int=self.number))

    def next(self) -> None:
        if self.queued:
            rescued()

    def check(self) -> None:
        batch = Batch.objects.get(pk=self.batch)
        assert (batch.state, batch.rows, batch.created) == (Batch.State.TAKEN_IN, ROWS, ROWS)
        assert BatchRow.objects.filter(batch=batch).count() == Arrival.objects.filter(batch=batch).count() == ROWS
        people = set(Arrival.objects.filter(batch=batch).values_list("person_id", flat=True))
        assert len(people) == ROWS
        numbers = Person.objects.filter(id__in=people).values_list("id_number", flat=True)
        assert Person.objects.filter(id_number__in=list(numbers)).count() == ROWS
        told = Counter(fact.kind for fact in history(batch.subject))
        assert told["batch.taken_in"] == 1
        for arrival in Arrival.objects.filter(batch=batch):
            assert [fact.kind for fact in history(arrival.subject)].count("arrival.expected") == 1


@dataclass
class TakingAway:
    """A list as a file, written by the job of the queue."""

    city: Journey
    client: Client
    export: UUID | None = None
    kills_max: int = jobs.ATTEMPTS_MAX - 1  # after that the job is given up, as one that takes every worker with it

    def prepare(self) -> None:
        sign_in(self.client, self.city.user("commander"))
        sent = {"form": "csv", "purpose": "report", "remark": "", "key": str(uuid4())}
        answer = self.client.post("/exports", sent, query_params={"list": "/people/"})
        assert answer.status_code == 302, answer.content.decode()
        self.export = Export.objects.order_by("-number").values_list("pk", flat=True)[0]

    def live(self) -> None:
        work()

    def next(self) -> None:
        rescued()

    def check(self) -> None:
        export = Export.objects.get(pk=self.export)
        assert export.state == Export.State.READY
        assert Progress.objects.get(pk=export.progress).state == Progress.State.DONE
        positions = list(ExportPart.objects.filter(export=export).values_list("position", flat=True))
        assert sorted(positions) == list(range(len(positions)))
        told = [fact for fact in history(self.city.user("commander").subject) if fact.kind == "list.exported"]
        assert [fact.payload["number"] for fact in told].count(export.number) == 1


@dataclass
class Signing:
    """A checkpoint, and the file of its witness."""

    city: Journey
    home: Path
    number: int = 0
    kills_max: int = 10_000

    def prepare(self) -> None:
        self.number += 1
        arrivals.receive_batch(
            b"",
            f"{self.number}.csv",
            kind="manifest",
            at=clock.now(),
            by=self.city.world.actor("gate_officer"),
            key=uuid4(),
        )

    def live(self) -> None:
        deadline = time.monotonic() + PATIENCE_SECONDS
        while signing.sign_now(self.home) == 0 and not is_signed():  # another database of the server may hold it up
            assert time.monotonic() < deadline, "waited in vain"
            close_old_connections()
            time.sleep(0.2)

    def next(self) -> None:
        pass

    def check(self) -> None:
        assert is_signed()
        seen = [ledger.Witness.seen(self.home / signing.WITNESS)]
        with ledger.snapshot():
            verdict = ledger.verify(seen)
        assert verdict.broken is None, verdict


def is_signed() -> bool:
    signed = ledger.latest()
    return signed is not None and signed.size == ledger.total()


def rescued() -> None:
    """Half a minute without a sign of life, and the minute's rescue comes."""
    with owner_connection() as owner:
        owner.execute(BEATS_MISSED)
        waiting = owner.execute("SELECT 1 FROM procrastinate_jobs WHERE task_name = 'web.rescue' AND status = 'todo'")
        if waiting.fetchone() is None:
            owner.execute("DELETE FROM procrastinate_jobs WHERE task_name = 'web.rescue'")
    jobs.rescue.configure(queueing_lock=str(uuid4())).defer(timestamp=0)


@dataclass
class Toll:
    """What was done to one kind of work."""

    kills: int = 0
    done: int = 0
    points: int = 0
    hit: Counter[str] = field(default_factory=Counter)


def lived_through(kind: Work, kills: int, chance: random.Random) -> Toll:
    """Kill it `kills` times. In the long form first once at each of its points, and the next comes to the end; then,
    and in the short form only, at random points again and again until it comes to its end by itself.
    """
    toll = Toll()
    kind.prepare()
    _, toll.points = dying.live(kind.live, None)
    kind.check()
    for point in range(1, toll.points + 1) if PROVE else ():
        life(kind, iter([point]), toll)
    while toll.kills < kills:
        most = min(kind.kills_max, kills - toll.kills)
        life(kind, iter([chance.randrange(1, toll.points + 1) for _ in range(most)]), toll)
    assert not any(violations().values()), violations()
    return toll


def life(kind: Work, points: Iterator[int], toll: Toll) -> None:
    """One piece of work from its beginning to its end, killed at these points as far as it reaches them."""
    kind.prepare()
    while (where := dying.live(kind.live, next(points, None))[0]) is not None:
        toll.kills += 1
        toll.hit[where] += 1
        if toll.kills % 100 == 0:
            told(f"{type(kind).__name__} so far", toll)
        kind.next()
    try:
        kind.check()
    except Exception as error:
        raise AssertionError(f"seed {SEED}, after {toll.kills} kills, last {where}: {error!r}") from error
    toll.done += 1


def told(name: str, toll: Toll) -> None:
    print(  # noqa: T201 - the figure of docs/trust.md
        f"seed {SEED}: {name}: {toll.kills} kills at {len(toll.hit)} places ({toll.points} points a run), "
        f"{toll.done} pieces of work done once",
        flush=True,
    )


@pytest.mark.slow
class TestWorkersKilledAtAnyPoint:
    @pytest.fixture
    def chance(self) -> random.Random:
        return random.Random(SEED)  # noqa: S311 - points, no secrets

    def test_end_an_order_once(self, lived_in: Journey, chance: random.Random) -> None:
        told("the end of an order", lived_through(EndOfAnOrder(lived_in), KILLS, chance))

    @pytest.mark.parametrize("queued", [False, pytest.param(True, marks=LONG_ONLY)], ids=["by command", "by the queue"])
    def test_take_every_row_in_once(
        self, lived_in: Journey, chance: random.Random, queued: bool, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(importing, "CHUNK_ROWS", 2)
        told("taking in", lived_through(TakingIn(lived_in, queued), KILLS, chance))

    @LONG_ONLY
    def test_write_a_list_once(
        self, lived_in: Journey, chance: random.Random, client: Client, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(exporting, "AT_ONCE_ROWS_MAX", 1)
        monkeypatch.setattr(exporting, "PART_BYTES", 64)
        ordered(lived_in, 1, "Zhang San"), ordered(lived_in, 2, "Li Si")
        told("taking away", lived_through(TakingAway(lived_in, client), KILLS, chance))

    def test_sign_without_a_gap(self, lived_in: Journey, chance: random.Random, tmp_path: Path) -> None:
        signing.make_key(tmp_path)
        told("signing", lived_through(Signing(lived_in, tmp_path), KILLS, chance))
