"""What taking in a file of travellers costs, beside a bare COPY of the same file, and how both grow with its rows.

    python -m bench.arrivals_import [--sizes 1000 10000 100000] [--json] [--profile FILE]

The file is made here: our own template in Chinese, a railway's day, everybody with a resident ID; of 100 rows two hold
a wrong check character, one says again what an earlier row said, one has no number and is known by birth date and
phone. "Whole" is `import_arrivals` with every check, fact, flow and duty; "cpu" is what Python itself used of it;
"bare" is COPY of the same bytes into one table of text columns. Every size has a database of its own. Peak memory is
this process's highest so far.
"""

import argparse
import cProfile
import csv
import io
import json
import resource
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import date, datetime, timedelta
from itertools import pairwise
from math import log
from pathlib import Path
from uuid import uuid4

import psycopg

from bench.scratch import scratch_database

NOW = (2022, 7, 5, 10)
WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
CHECK_SIGNS = "10X98765432"
AREAS = ("310115", "320106", "440305", "110108", "420106", "510104", "610113", "330106")
FAMILIES = tuple("\u738b\u674e\u5f20\u5218\u9648\u6768\u8d75\u9ec4\u5468\u5434\u5f90\u5b59\u80e1\u6731\u9ad8\u6797")
GIVEN = tuple("\u4f1f\u82b3\u5a1c\u654f\u9759\u4e3d\u5f3a\u78ca\u519b\u6d0b\u52c7\u8273\u6770\u5a1f\u6d9b\u660e\u8d85")
PLACES = 997  # travellers in one file of those who sit in one seat: a prime, so that no two columns repeat together


@dataclass(frozen=True, slots=True)
class Figures:
    rows: int
    created: int
    rejected: int
    megabytes: float
    seconds: float
    cpu_seconds: float
    rows_a_second: int
    bare_seconds: float
    ratio: float
    peak_megabytes: int


def resident_id(number: int, *, is_wrong: bool) -> str:
    born = date(1950, 1, 1) + timedelta(days=number % 20_000)
    body = f"{AREAS[number % len(AREAS)]}{born:%Y%m%d}{number // 20_000 % 1000:03d}"
    place = sum(int(sign) * weight for sign, weight in zip(body, WEIGHTS, strict=True)) % 11
    return body + CHECK_SIGNS[(place + is_wrong) % 11]


def traveller(number: int, today: date) -> list[str]:
    """One row of our template, in the order of its columns."""
    kind = number % 100
    name = FAMILIES[number % 16] + GIVEN[number // 16 % 17] + GIVEN[number // 272 % 17]
    is_numbered = kind != 3
    born = date(1950, 1, 1) + timedelta(days=number % 20_000)
    arrives = datetime.combine(today + timedelta(days=1), datetime.min.time()) + timedelta(minutes=number % 1080 + 300)
    return [
        name,
        "",
        "" if is_numbered else born.isoformat(),
        "resident id" if is_numbered else "",
        resident_id(number, is_wrong=kind in (1, 2)) if is_numbered else "",
        f"13{number % 1_000_000_000:09d}",
        "rail",
        f"G{1000 + number % 400}",
        f"{1 + number % 16}-{1 + number % PLACES % 20}{'ABCDF'[number % 5]}",
        AREAS[number % len(AREAS)],
        f"{arrives - timedelta(hours=5):%Y-%m-%d %H:%M}",
        f"{arrives:%Y-%m-%d %H:%M}",
        "gate-rail",
        f"Taihang Road {number % PLACES}",
        "",
        "",
        "",
    ]


def manifest(size: int, headers: list[str], today: date) -> bytes:
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(headers)
    for number in range(size):
        writer.writerow(traveller(number - 50 if number % 100 == 60 else number, today))
    return out.getvalue().encode("utf-8")


def bare_copy(owner: psycopg.Connection, content: bytes, columns: int) -> float:
    names = ", ".join(f"c{number} text" for number in range(columns))
    owner.execute(f"CREATE TABLE bare ({names})")
    start = time.perf_counter()
    with owner.cursor().copy("COPY bare FROM STDIN (FORMAT csv, HEADER)") as copy:
        copy.write(content)
    return time.perf_counter() - start


def measured(size: int, owner: psycopg.Connection, profiler: cProfile.Profile | None) -> Figures:
    from django.db import transaction

    from bihuan.kernel import clock
    from bihuan.modules.arrivals import actions, queries
    from tests.world import world

    now = datetime(*NOW, tzinfo=clock.CITY)
    with clock.given(now):
        with transaction.atomic():
            city = world()
            actions.open_gate(
                city.unit("gate-rail").id, kind="rail", capacity_per_hour=400, waiting_capacity=200, at=now,
                by=city.actor("gate_officer"), key=uuid4(),
            )  # fmt: skip
        headers = queries.template_headers("zh")
        content = manifest(size, headers, now.date())
        if profiler:
            profiler.enable()
        start, worked = time.perf_counter(), time.process_time()
        result = actions.import_arrivals(content, "day.csv", at=now, by=city.actor("gate_officer"), key=uuid4())
        spent, worked = time.perf_counter() - start, time.process_time() - worked
        if profiler:
            profiler.disable()
    if result.rows != size:
        raise SystemExit(f"The file was not taken in whole: {result}")
    bare = bare_copy(owner, content, len(headers))
    return Figures(
        rows=size,
        created=result.created,
        rejected=result.rejected,
        megabytes=round(len(content) / 1e6, 1),
        seconds=round(spent, 2),
        cpu_seconds=round(worked, 2),
        rows_a_second=round(size / spent),
        bare_seconds=round(bare, 3),
        ratio=round(spent / bare, 1),
        peak_megabytes=resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024,
    )


def growth(found: list[Figures]) -> Iterator[str]:
    """By which power of the rows the time grows from one size to the next: 1 is in proportion."""
    for less, more in pairwise(found):
        power = log(more.seconds / less.seconds) / log(more.rows / less.rows)
        yield f"{less.rows:,} to {more.rows:,} rows: time grows with the power {power:.2f} of the rows"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sizes", nargs="+", type=int, default=[1_000, 10_000, 100_000])
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--profile", type=Path, help="write a profile of all sizes there")
    asked = parser.parse_args()
    profiler = cProfile.Profile() if asked.profile else None
    found = []
    for size in asked.sizes:
        with scratch_database("bihuan_bench_import") as owner:
            found.append(measured(size, owner, profiler))
        if not asked.json:
            print(found[-1])  # noqa: T201
    if asked.json:
        print(json.dumps([asdict(one) for one in found]))  # noqa: T201
    else:
        print("\n".join(growth(found)))  # noqa: T201
    if profiler:
        profiler.dump_stats(asked.profile)


if __name__ == "__main__":
    main()
