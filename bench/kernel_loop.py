"""What the loop costs as it grows: reconcile new subjects, again without a change, after the clock moved, and drift.

    python -m bench.kernel_loop [--sizes 10000 30000 100000] [--json]

Each subject is an order in its second day: proposed, approved, checked in, a check and a test on record. Everything
runs as the application's role on a database of its own.
"""

import argparse
import json
import time
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from itertools import batched
from typing import TYPE_CHECKING, Any
from uuid import UUID, uuid5

import psycopg

from bench.scratch import scratch_database

if TYPE_CHECKING:
    from bihuan.kernel.ledger import NewFact

SPACE = UUID("2b6a2f38-2b4a-4a4b-9f4f-9b8f0a5f3d11")
UNITS = [uuid5(SPACE, f"unit {number}") for number in range(500)]
RECORDED_AT_ONCE = 20_000


def subject(number: int) -> str:
    return f"order:{uuid5(SPACE, str(number))}"


def facts(number: int, start: datetime) -> "Iterator[NewFact]":
    """The first day and a half of one order."""
    from bihuan.kernel.ledger import NewFact

    end = datetime.combine(start.date() + timedelta(days=8), datetime.min.time(), start.tzinfo).isoformat()
    lives: list[tuple[int, str, dict[str, Any]]] = [
        (0, "order.proposed", {"profile": "covid19-cn", "policy": "ed9", "class_code": "high_area", "kind": "central",
                               "counted_from": start.date().isoformat(), "links": []}),
        (20, "order.approved", {"policy": "ed9", "ends_at": end, "central_ends_at": end}),
        (180, "stay.checked_in", {}),
        (360, "check.recorded", {}),
        (1500, "test.resulted", {"phase": "central", "day": 1, "result": "negative"}),
    ]  # fmt: skip
    name = subject(number)
    for minutes, kind, payload in lives:
        yield NewFact(
            key=uuid5(SPACE, f"{number} {kind}"),
            kind=kind,
            subject=name,
            about=f"person:{name.partition(':')[2]}",
            unit=UNITS[number % len(UNITS)],
            at=start + timedelta(minutes=minutes),
            by="system:bench",
            payload=payload,
        )


def seconds(work: Callable[[], object]) -> float:
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def at_size(owner: psycopg.Connection, before: int, size: int, start: datetime) -> dict[str, float]:
    from django.db import transaction

    from bihuan.kernel import clock
    from bihuan.kernel.ledger import record_many
    from bihuan.kernel.loop import drift, queries, reconcile, work

    now = start + timedelta(hours=30)
    with clock.given(now):
        for numbers in batched(range(before, size), RECORDED_AT_ONCE):
            with transaction.atomic():
                record_many(fact for number in numbers for fact in facts(number, start))
        added = [subject(number) for number in range(before, size)]
        opened = seconds(lambda: reconcile(added, now))
        again = seconds(lambda: reconcile(added, now))
        if reconcile(added, now):
            raise SystemExit("Reconciling twice changed something: these figures are worth nothing.")
        one = seconds(lambda: [reconcile([subject(number)], now) for number in range(before, before + 100)])
    owner.execute("VACUUM (ANALYZE) loop_run, loop_duty, ledger_fact")  # as autovacuum would have by then
    later = now + timedelta(hours=7)
    with clock.given(later):
        taken: list[int] = []
        worked = seconds(lambda: taken.extend(work(later, limit=2000) for _ in range(5)))
        counts = seconds(lambda: queries.counts_by_step(now=later))
        page = seconds(lambda: queries.open_duties(units=UNITS[:20], now=later, limit=50))
        drifted = seconds(lambda: drift(later))
    return {
        "subjects": size,
        "open_subjects_per_second": round(len(added) / opened),
        "open_s": round(opened, 1),
        "again_s": round(again, 1),
        "one_subject_ms": round(one * 10, 2),
        "worker_runs_per_second": round(sum(taken) / worked),  # a small city has fewer than are asked for
        "counts_by_step_ms": round(counts * 1000, 1),
        "duty_page_ms": round(page * 1000, 1),
        "drift_s": round(drifted, 1),
    }


def measured(owner: psycopg.Connection, sizes: list[int]) -> list[dict[str, float]]:
    from bihuan.kernel import clock

    start = datetime(2022, 7, 1, 10, 0, tzinfo=clock.CITY)
    figures = []
    before = 0
    for size in sizes:
        figures.append(at_size(owner, before, size, start))
        before = size
    return figures


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sizes", type=int, nargs="+", default=[10_000, 30_000, 100_000])
    parser.add_argument("--json", action="store_true")
    asked = parser.parse_args()
    with scratch_database("bihuan_bench_loop") as owner:
        figures = measured(owner, sorted(asked.sizes))
    if asked.json:
        print(json.dumps(figures))  # noqa: T201
        return
    for name in figures[0]:
        print(f"{name:26}" + "".join(f"{row[name]:>14,}" for row in figures))  # noqa: T201


if __name__ == "__main__":
    main()
