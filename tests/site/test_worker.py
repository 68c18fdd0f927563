"""Workers as processes, killed in the middle of a step: it is done once by whoever comes after, and nothing is lost.

The step is held up by a lock that the test holds on the row it needs, so that the kill falls inside it for certain.
"""

import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from datetime import timedelta
from uuid import UUID

import psycopg
import pytest

from bihuan.kernel import clock
from bihuan.kernel.ledger import history
from bihuan.kernel.loop import CHANNEL, drift
from bihuan.kernel.loop.models import Duty, Run
from bihuan.modules.measures.models import Order
from bihuan.site.cli.check import violations
from bihuan.site.edge import OFFSET_KEPT_SECONDS, set_city_time
from tests.conftest import owner_connection
from tests.journeys.city import Journey
from tests.journeys.ordered import ordered
from tests.processes import worker

PATIENCE_SECONDS = 240
BLOCKED = "SELECT application_name FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND application_name = ANY(%s)"


@pytest.fixture
def orders(lived_in: Journey) -> list[UUID]:
    """Two people whose orders end at the moment at which the city now lives."""
    made = [ordered(lived_in, number, name) for number, name in enumerate(("Zhang San", "Li Si"), start=1)]
    set_city_time(max(order.ends_at for order in made) + timedelta(minutes=1))
    return [order.id for order in made]


@contextmanager
def holding(orders: list[UUID]) -> Iterator[None]:
    """Nobody else gets at the rows of these orders."""
    with owner_connection() as held, held.transaction():
        held.execute("SELECT 1 FROM measures_order WHERE id = ANY(%s) FOR UPDATE", [orders])
        yield


def until[T](found: Callable[[], T]) -> T:
    """Look again and again until there is something to see."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not (seen := found()):
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.1)
    return seen


def stuck(owner: psycopg.Connection, *names: str) -> list[str]:
    """Which of these workers wait for a lock."""
    return sorted({name for (name,) in owner.execute(BLOCKED, [list(names)])})


def lease_over(owner: psycopg.Connection) -> None:
    """Time passes, and the workers that sleep hear of it. A worker beside the killed one may have left no lease."""
    for latest in Run.objects.exclude(retry_at=None).order_by("-retry_at").values_list("retry_at", flat=True)[:1]:
        set_city_time(latest + timedelta(minutes=1))
    time.sleep(OFFSET_KEPT_SECONDS + 0.5)
    owner.execute("SELECT pg_notify(%s, '')", [CHANNEL])


def ended(order: UUID) -> list[str]:
    return [fact.kind for fact in history(f"order:{order}") if fact.kind in ("order.ended", "custody.released")]


def assert_done_once(orders: list[UUID]) -> None:
    subjects = [f"order:{order}" for order in orders]
    until(lambda: all(Order.objects.get(pk=order).state == "ended" for order in orders))
    until(lambda: not Duty.objects.filter(subject__in=subjects, state="open").exists())
    for order in orders:
        assert ended(order).count("order.ended") == 1
        person = f"person:{Order.objects.get(pk=order).person_id}"
        assert [fact.kind for fact in history(person)].count("custody.released") == 1
        breached = [
            (fact.payload["step"], fact.payload["occurrence"])
            for fact in history(f"order:{order}")
            if fact.kind == "duty.breached"
        ]
        assert len(breached) == len(set(breached)) > 0
    now = max(run.planned_at for run in Run.objects.all())
    with clock.given(now):
        assert drift(now) == []
        assert not any(violations().values())


class TestKilledInTheMiddleOfAStep:
    def test_leaves_the_step_to_the_next_worker(self, orders: list[UUID], owner: psycopg.Connection) -> None:
        with holding(orders), worker("first") as first:
            until(lambda: stuck(owner, "first"))
            first.kill()
            first.wait()
            assert not any(ended(order) for order in orders)
        lease_over(owner)
        with worker("second"):
            assert_done_once(orders)

    def test_leaves_it_to_the_one_that_works_beside_it(self, orders: list[UUID], owner: psycopg.Connection) -> None:
        with ExitStack() as lock:
            lock.enter_context(holding(orders))
            with worker("left") as left, worker("right") as right:
                [name, *_] = until(lambda: stuck(owner, "left", "right"))
                killed = left if name == "left" else right
                killed.kill()
                killed.wait()
                lock.close()
                lease_over(owner)
                assert_done_once(orders)
