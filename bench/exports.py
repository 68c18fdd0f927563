"""What taking a list away costs as it grows: the register of people through its own page, as a file, with every reading
recorded, against a bare COPY TO of the same rows in the same run; and how much memory it takes.

    python -m bench.exports [--sizes 10000 100000 1000000] [--forms csv gb18030 xlsx] [--json]

Each file is made in a process of its own, so that its peak is its own; "grown" is how far the peak rose above what the
process held before it began. "handed out" is reading the finished file back as the download does.
"""

import argparse
import json
import multiprocessing
import os
import resource
import time
from datetime import datetime
from typing import Any
from uuid import uuid4

import psycopg

from bench.scratch import as_owner, scratch_database
from bihuan.kernel import clock

NAME = "bihuan_bench_exports"
NOW = datetime(2022, 7, 5, 10, 0, tzinfo=clock.CITY)
PEOPLE = """
INSERT INTO people_person (id, name, name_key, sex, birth_on, id_type, id_number, id_disputed, phone, address, unit_id)
SELECT (lpad(to_hex(n), 12, '0') || '7000800000000000' || lpad(to_hex(n %% 4096), 4, '0'))::uuid,
    family || n %% 9973, pinyin || n %% 9973, CASE n %% 2 WHEN 0 THEN 'male' ELSE 'female' END,
    date '1940-01-01' + (n %% 25000)::int, 'passport', 'P' || n, false, '139' || lpad(n::text, 8, '0'), '', %(unit)s
FROM generate_series(%(first)s::bigint, %(last)s::bigint) AS n,
    LATERAL (SELECT (ARRAY['王', '李', '张', '刘', '陈', '欧阳'])[1 + n %% 6] AS family,
        (ARRAY['wang', 'li', 'zhang', 'liu', 'chen', 'ouyang'])[1 + n %% 6] AS pinyin) AS names
"""
SAME_ROWS = """
COPY (SELECT name, sex, birth_on, id_number, name_zh FROM people_person JOIN access_unit ON access_unit.id = unit_id
ORDER BY name_key, people_person.id) TO STDOUT (FORMAT csv)
"""


def lay_down(owner: psycopg.Connection) -> str:
    """A city of one unit with a commander, and nobody in it yet."""
    from django.db.backends.postgresql.psycopg_any import DateRange

    from bihuan.kernel.access import actions
    from bihuan.kernel.access.models import Appointment, Unit, User
    from bihuan.kernel.ledger import Actor

    with clock.given(NOW):
        actions.adopt_roles(at=NOW, by=Actor.system("bench"), key=uuid4())
    unit = Unit.objects.create(
        code="410800", kind="city", name_zh="市指挥部", name_en="City command", path="/410800/", phone="", address=""
    )
    user = User.objects.create(username="commander", name="杨指挥")
    Appointment.objects.create(
        user=user, role_id="city_command", unit=unit, valid=DateRange(datetime(2020, 1, 1, tzinfo=clock.CITY).date())
    )
    return str(unit.id)


def megabytes() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def measured(form: str, results: "multiprocessing.Queue[dict[str, Any]]") -> None:
    os.environ.setdefault("BIHUAN_SECRET_KEY", "measurements-only")
    from bihuan.site import city

    with city.database():
        city.make_ready()
        from django.db import connection

        connection.settings_dict["NAME"] = NAME
        from bihuan.kernel.access import scope_for
        from bihuan.kernel.access.models import User
        from bihuan.kernel.web import exporting

        exporting.AT_ONCE_ROWS_MAX = 1 << 62
        with clock.given(NOW):
            scope = scope_for(User.objects.get(username="commander"))
            exporting.list_at("/people/", scope)
            before = megabytes()
            start, cpu = time.perf_counter(), time.process_time()
            export = exporting.begin(scope, "/people/", form, "report", "", uuid4())
            seconds, cpu = time.perf_counter() - start, time.process_time() - cpu
            export.refresh_from_db()
            start = time.perf_counter()
            size = sum(len(piece) for piece in exporting.pieces(export))
            handed_out = time.perf_counter() - start
        if size != export.size:
            raise SystemExit(f"{size} bytes were handed out of {export.size}")
        results.put(
            {
                "form": form,
                "rows": export.rows,
                "seconds": round(seconds, 2),
                "rows_per_second": round(export.rows / seconds),
                "cpu_seconds": round(cpu, 2),
                "file_mb": round(size / 1e6, 1),
                "handed_out_seconds": round(handed_out, 2),
                "peak_mb": round(megabytes()),
                "grown_mb": round(megabytes() - before),
            }
        )


def bare() -> float:
    """Seconds in which the database hands out the same rows and nothing is done with them."""
    start = time.perf_counter()
    with as_owner(NAME) as owner, owner.cursor() as cursor, cursor.copy(SAME_ROWS) as copy:
        for _piece in copy:
            pass
    return time.perf_counter() - start


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sizes", type=int, nargs="+", default=[10_000, 100_000, 1_000_000])
    parser.add_argument("--forms", nargs="+", default=["csv", "gb18030", "xlsx"])
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    context = multiprocessing.get_context("spawn")
    found: list[dict[str, Any]] = []
    with scratch_database(NAME) as owner:
        unit, people = lay_down(owner), 0
        for size in sorted(options.sizes):
            owner.execute(PEOPLE, {"unit": unit, "first": people + 1, "last": size})
            owner.execute("VACUUM ANALYZE")
            people = size
            seconds_bare = bare()
            for form in options.forms:
                results: multiprocessing.Queue[dict[str, Any]] = context.Queue()
                process = context.Process(target=measured, args=(form, results))
                process.start()
                line = results.get()
                process.join()
                found.append(line | {"bare_copy_seconds": round(seconds_bare, 2)})
                found[-1]["times_bare_copy"] = round(line["seconds"] / seconds_bare, 1)
                if not options.json:
                    print(found[-1], flush=True)  # noqa: T201
    if options.json:
        print(json.dumps(found, ensure_ascii=False))  # noqa: T201


if __name__ == "__main__":
    main()
