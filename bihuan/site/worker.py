"""The worker: keeps the loops going and runs the background jobs, on the city's time. `bihuan up` keeps one; more may
run beside it.

Loops: take what is due, then sleep until the earliest moment at which anything can change, or until a commit elsewhere
says that it moved. Nothing depends on being woken: a lost notification costs at most WAIT_SECONDS_MAX.
Beside them a thread signs what was committed (`signing`).
"""

import asyncio
import logging
import signal
import threading
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, datetime

import psycopg

from bihuan.site import city, postgres

BATCH = 500
WAIT_SECONDS_MAX = 30.0
LISTEN_SECONDS = 1.0  # how long a request to stop may go unheard
RECOVERY_SECONDS = 5.0
DAILY = uuid.UUID("6f1d2f53-6a0b-4f0c-9a8e-2f1d7d9b1a60")  # the daily work's keys derive from this and the day

logger = logging.getLogger(__name__)


def main() -> None:
    city.make_ready()
    asyncio.run(_work_until_told())


async def _work_until_told() -> None:
    from procrastinate.contrib.django import app
    from procrastinate.contrib.django.django_connector import DjangoConnector

    from bihuan.site import signing

    stopping = threading.Event()
    loops = asyncio.create_task(asyncio.to_thread(keep_loops_going, stopping))
    signatures = asyncio.create_task(asyncio.to_thread(signing.keep_signing, postgres.default_home(), stopping))
    connector = app.connector
    assert isinstance(connector, DjangoConnector), "the Django app of procrastinate speaks through Django's settings"
    worker_app = app.with_connector(connector.get_worker_connector())
    async with worker_app.open_async():
        jobs = asyncio.create_task(
            worker_app.run_worker_async(install_signal_handlers=False, shutdown_graceful_timeout=10)
        )
        told = asyncio.Event()
        for number in (signal.SIGINT, signal.SIGTERM):
            asyncio.get_running_loop().add_signal_handler(number, told.set)
        waiting = asyncio.create_task(told.wait())
        await asyncio.wait({loops, jobs, waiting}, return_when=asyncio.FIRST_COMPLETED)
        stopping.set()
        jobs.cancel()
        waiting.cancel()
        await asyncio.gather(jobs, waiting, return_exceptions=True)
    await signatures
    await loops  # a fault ends the process loudly; the supervisor starts it again


def keep_loops_going(stopping: threading.Event) -> None:
    """Do what is due until told to stop. A lost database connection is waited out, any other fault ends the worker."""
    from django.db import OperationalError, connections

    while not stopping.is_set():
        try:
            _turns(stopping)
        except (OperationalError, psycopg.OperationalError):
            logger.exception("The database does not answer; trying again in %s seconds.", RECOVERY_SECONDS)
            connections.close_all()
            stopping.wait(RECOVERY_SECONDS)
    connections.close_all()


def _turns(stopping: threading.Event) -> None:
    from bihuan.kernel import clock, loop
    from bihuan.site.edge import city_now

    seen_day: date | None = None
    with _listening() as woken:
        while not stopping.is_set():
            with clock.given(city_now()) as now:
                if now.astimezone(clock.CITY).date() != seen_day:
                    seen_day = now.astimezone(clock.CITY).date()
                    begin_day(seen_day, now)
                if turn(now):
                    continue
                _wait(woken, stopping, loop.next_due(), now)


@contextmanager
def _listening() -> Iterator[psycopg.Connection]:
    """A connection of its own that hears when the earliest moment moves."""
    from django.db import connections

    from bihuan.kernel.loop import CHANNEL

    aside = connections.create_connection("default")
    try:
        aside.ensure_connection()
        aside.connection.execute(f"LISTEN {CHANNEL}")
        yield aside.connection
    finally:
        aside.close()


def _wait(woken: psycopg.Connection, stopping: threading.Event, until: datetime | None, now: datetime) -> None:
    wait = WAIT_SECONDS_MAX if until is None else min(WAIT_SECONDS_MAX, max(0.0, (until - now).total_seconds()))
    end = time.monotonic() + wait
    while not stopping.is_set() and (left := end - time.monotonic()) > 0:
        if any(True for _ in woken.notifies(timeout=min(left, LISTEN_SECONDS), stop_after=1)):
            return


def turn(now: datetime) -> int:
    """Do everything due at this moment and seal the facts committed so far. Returns how many runs were worked on."""
    from bihuan.kernel import ledger, loop

    done = loop.work(now, BATCH)
    ledger.sequence()
    return done


def begin_day(day: date, now: datetime) -> None:
    """What every new day begins with. Its keys derive from the day, so a second worker changes nothing."""
    from bihuan.kernel.ledger import Actor, derive
    from bihuan.modules.units import actions as units

    units.open_returns(day, at=now, by=Actor.system("worker"), key=derive(DAILY, "returns", day.isoformat()))
