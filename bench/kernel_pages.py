"""What pages cost in a big city: p50 and p95 of each list and board, its queries, and how both grow with the city.

    python -m bench.kernel_pages [--sizes 10000:2000 100000:20000 1000000:200000] [--requests 20] [--json FILE]

A size is people and open loops. The city is laid down as data (bench/sql/city.sql), then every page is opened by
somebody who works with it: signed in, with everything a request does, after one that is not counted. "×" is p50
against reading fifty people by primary key through Django in the same run. `--explain PAGE` prints instead what
PostgreSQL does for each statement of the pages whose name contains PAGE, the slow ones first.
"""

import argparse
import gc
import json
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import date, datetime
from pathlib import Path
from statistics import median, quantiles
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import psycopg

from bench.scratch import scratch_database

if TYPE_CHECKING:
    from django.test import Client

CITY = (Path(__file__).parent / "sql" / "city.sql").read_text(encoding="utf-8")
LOOPS_A_SITE = 1_000
SITES_MIN = 10
GOALS = {"list": 150, "board": 500}
SLOW_STATEMENT = 5.0  # milliseconds; what is quicker is not explained


@dataclass(frozen=True, slots=True)
class Page:
    """A page, who opens it ("role@unit code"), and which of the two goals it has to meet."""

    name: str
    who: str
    path: str
    kind: str = "list"


@dataclass(frozen=True, slots=True)
class Figures:
    page: str
    goal_ms: int
    p50_ms: float
    p95_ms: float
    ratio: float
    queries: int
    rows: int
    kilobytes: int


def lay_down(owner: psycopg.Connection, people: int, loops: int, now: datetime) -> None:
    """Make the city. Its indexes are built once it stands: that is many times quicker than row by row."""
    from bihuan.kernel.access import actions
    from bihuan.kernel.ledger import Actor

    actions.adopt_roles(at=now, by=Actor.system("bench"), key=uuid4())
    sites = max(SITES_MIN, loops // LOOPS_A_SITE)
    with owner.transaction(), indexes_later(owner):
        for setting in ("session_replication_role = replica", "work_mem = '128MB'", "maintenance_work_mem = '256MB'"):
            owner.execute(f"SET LOCAL {setting}")
        with psycopg.ClientCursor(owner) as cursor:
            cursor.execute(CITY, {"people": people, "loops": loops, "facts": people, "sites": sites, "now": now})
    owner.execute("VACUUM ANALYZE")


@contextmanager
def indexes_later(owner: psycopg.Connection) -> Iterator[None]:
    """Drop every index of the city's tables that upholds no constraint, and build them again afterwards."""
    found = owner.execute(
        "SELECT indexrelid::regclass::text, pg_get_indexdef(indexrelid) FROM pg_index "
        "JOIN pg_class ON pg_class.oid = indrelid WHERE relnamespace = 'public'::regnamespace AND NOT indisunique "
        "AND NOT EXISTS (SELECT FROM pg_constraint WHERE conindid = indexrelid) "
        "AND relname ~ '^(arrivals|custody|isolation|ledger|loop|measures|people|testing)_'"
    ).fetchall()
    for name, _definition in found:
        owner.execute(f"DROP INDEX {name}")
    yield
    for _name, definition in found:
        owner.execute(definition)


def pages(owner: psycopg.Connection, today: date) -> list[Page]:
    def first(query: str) -> str:
        row = owner.execute(query).fetchone()  # type: ignore[call-overload]
        if row is None:
            raise SystemExit(f"The city has none of these: {query}")
        return str(row[0])

    gate = first("SELECT id FROM access_unit WHERE code = 'gate-0'")
    site = first("SELECT s.id FROM isolation_site s JOIN access_unit u ON u.id = unit_id WHERE code = 'site-0'")
    batch = first("SELECT id FROM arrivals_batch ORDER BY id LIMIT 1")
    unit = first("SELECT id FROM access_unit WHERE code = '410802001001'")
    arrival = first("SELECT id FROM arrivals_arrival WHERE state = 'landed' ORDER BY id LIMIT 1")
    order = first("SELECT order_id FROM isolation_stay ORDER BY order_id LIMIT 1")
    number = first("SELECT id_number FROM people_person ORDER BY id OFFSET 500 LIMIT 1")
    city, district = "city_command@410800", "district_command@410802"
    community, grid = "community_worker@410802001001", "grid_worker@41080200100101"
    gate_officer, head, dispatcher = "gate_officer@gate-0", "site_head@site-0", "dispatcher@fleet-0"
    return [
        Page("board, city", city, "/board/", "board"),
        Page("board, district", district, "/board/", "board"),
        Page("board, site", head, "/board/", "board"),
        Page("board, city, of a district", city, "/board/?place=410803", "board"),
        Page("wall, city", city, "/board/wall", "board"),
        Page("home, city", city, "/"),
        Page("home, gate", gate_officer, "/"),
        Page("home, site", head, "/"),
        Page("home, community", community, "/"),
        Page("home, grid", grid, "/"),
        Page("home, dispatcher", dispatcher, "/"),
        Page("duties, city", city, "/duties/"),
        Page("duties, city, overdue", city, "/duties/?standing=breached"),
        Page("duties, city, a step", city, "/duties/?pathway=order&step=check"),
        Page("duties, city, below a district", city, "/duties/?below=410803&age=0"),
        Page("duties, city, in charge", city, "/duties/?sector=team-0"),
        Page("duties, district", district, "/duties/"),
        Page("arrivals, city", city, "/arrivals/"),
        Page("arrivals, city, expected", city, f"/arrivals/?state=expected&on={today}"),
        Page("arrivals, city, by landing", city, "/arrivals/?sort=-landed_at"),
        Page("arrivals, city, by name", city, "/arrivals/?sort=name"),
        Page("arrivals, city, page 500", city, "/arrivals/?page=500"),
        Page("arrivals, city, search", city, "/arrivals/?q=%E7%8E%8B%E4%BC%9F"),
        Page("arrivals, district", district, "/arrivals/"),
        Page("arrivals, community", community, "/arrivals/"),
        Page("arrivals, grid", grid, "/arrivals/"),
        Page("arrival", gate_officer, f"/arrivals/{arrival}"),
        Page("gates, city", city, "/gates/"),
        Page("gate day", gate_officer, f"/gates/{gate}"),
        Page("gate day, search", gate_officer, f"/gates/{gate}?q={number}"),
        Page("batches, city", city, "/batches/"),
        Page("batch", city, f"/batches/{batch}"),
        Page("people, city", city, "/people/"),
        Page("people, city, search name", city, "/people/?q=%E7%8E%8B%E4%BC%9F"),
        Page("people, city, search number", city, f"/people/?q={number}"),
        Page("people, city, page 2000", city, "/people/?page=2000"),
        Page("people, city, by community", city, "/people/?sort=unit"),
        Page("people, district", district, "/people/"),
        Page("people, district, search", district, "/people/?q=wang%20wei"),
        Page("people, grid", grid, "/people/"),
        Page("orders, city", city, "/orders/"),
        Page("orders, city, in force", city, "/orders/?state=live&kind=central&sort=ends_at"),
        Page("orders, district", district, "/orders/?state=live"),
        Page("order", head, f"/orders/{order}"),
        Page("approvals", "order_approver@410802", "/orders/approvals"),
        Page("appeals", "appeal_reviewer@410800", "/appeals/"),
        Page("transfer desk, city", city, "/transfers/"),
        Page("transfer desk, dispatcher", dispatcher, "/transfers/"),
        Page("stranded, city", city, "/transfers/stranded"),
        Page("stranded, gate", gate_officer, "/transfers/stranded"),
        Page("trips", dispatcher, "/trips/"),
        Page("vehicles", dispatcher, "/vehicles/"),
        Page("plans", dispatcher, "/plans/"),
        Page("sites, city", city, "/sites/"),
        Page("site", head, f"/sites/{site}"),
        Page("site's day", head, f"/sites/{site}/day"),
        Page("room grid", head, f"/sites/{site}/rooms"),
        Page("round", head, f"/sites/{site}/round"),
        Page("stay", head, f"/stays/{order}"),
        Page("homes, community", community, "/homes/"),
        Page("homes, grid", grid, "/homes/"),
        Page("tickets, community", community, "/tickets/"),
        Page("tickets, site", head, "/tickets/"),
        Page("samples, city", city, "/samples/"),
        Page("samples, site", head, "/samples/"),
        Page("tests due, community", community, "/samples/due"),
        Page("tests due, site", head, "/samples/due"),
        Page("laboratory", "lab_staff@laboratory-0", "/laboratory/"),
        Page("areas", city, "/areas/"),
        Page("units, city", city, "/units/"),
        Page("units, city, vacant", city, "/units/?vacant=1"),
        Page("unit", city, f"/units/{unit}"),
        Page("accounts", "system_admin@410800", "/accounts/"),
        Page("returns, city", city, "/returns/"),
        Page("audit", "auditor@410800", "/audit/"),
    ]  # fmt: skip


def milliseconds(work: Callable[[], object], times: int) -> list[float]:
    work()
    spent = []
    for _ in range(times):
        start = time.perf_counter()
        work()
        spent.append((time.perf_counter() - start) * 1000)
    return spent


def fifty_people() -> float:
    """The least a list of fifty rows can cost: fetched by primary key, through Django."""
    from bihuan.modules.people.models import Person

    ids = list(Person.objects.order_by("id").values_list("id", flat=True)[1000:1050])
    return median(milliseconds(lambda: list(Person.objects.filter(id__in=ids)), 50))


def measure(page: Page, client: "Client", requests: int, base: float) -> Figures:
    def opened() -> bytes:
        response = client.get(page.path)
        if response.status_code != 200:
            raise SystemExit(f"{page.name}: {page.path} answered {response.status_code} to {page.who}.")
        return response.content

    with statements() as run:
        body = opened()
    spent = milliseconds(opened, requests)
    middle = median(spent)
    return Figures(
        page=page.name,
        goal_ms=GOALS[page.kind],
        p50_ms=round(middle, 1),
        p95_ms=round(quantiles(spent, n=20, method="inclusive")[-1], 1),  # of these requests: never above the slowest
        ratio=round(middle / base, 1),
        queries=len(run),
        rows=max(body.count(b"<tr") - body.count(b"<thead"), 0),
        kilobytes=len(body) // 1024,
    )


def client_of(username: str, signed_in: dict[str, "Client"]) -> "Client":
    from django.test import Client

    from bihuan.kernel.access.models import User
    from tests.signing_in import sign_in

    if username not in signed_in:
        signed_in[username] = sign_in(Client(), User.objects.get(username=username))
    return signed_in[username]


@contextmanager
def statements() -> Iterator[list[tuple[float, str, Any]]]:
    """What runs on the database inside the block: milliseconds, statement, parameters."""
    from django.db import connection

    run: list[tuple[float, str, Any]] = []

    def noted(execute: Callable[..., Any], sql: str, params: Any, many: bool, context: Any) -> Any:
        start = time.perf_counter()
        try:
            return execute(sql, params, many, context)
        finally:
            run.append(((time.perf_counter() - start) * 1000, sql, params))

    with connection.execute_wrapper(noted):
        yield run


def explain(page: Page, client: "Client") -> None:
    """Print the page's statements with their plans, the slow ones first."""
    from django.db import connection

    client.get(page.path)
    with statements() as run:
        client.get(page.path)
    print(f"\n=== {page.name}: {page.path}: {len(run)} queries, {sum(one[0] for one in run):.0f} ms")  # noqa: T201
    for spent, sql, params in sorted(run, key=lambda one: -one[0]):
        if spent < SLOW_STATEMENT or not sql.lstrip().startswith(("SELECT", "WITH")):
            continue
        print(f"\n{spent:.0f} ms: {sql}\n{params}"[:3000])  # noqa: T201
        with connection.cursor() as cursor:
            cursor.execute(f"EXPLAIN (ANALYZE, BUFFERS) {sql}", params)
            print("\n".join(line for (line,) in cursor.fetchall()))  # noqa: T201


def at_size(owner: psycopg.Connection, people: int, loops: int, asked: argparse.Namespace) -> list[Figures]:
    """Every page of a city of one size."""
    from bihuan.kernel import clock

    now = datetime(2022, 7, 5, 10, 0, tzinfo=clock.CITY)
    signed_in: dict[str, Client] = {}
    with clock.given(now):
        start = time.perf_counter()
        lay_down(owner, people, loops, now)
        print(f"{people:,} people, {loops:,} open loops, laid down in {time.perf_counter() - start:.0f} s")  # noqa: T201
        chosen = [page for page in pages(owner, now.date()) if asked.only in page.name]
        if asked.explain:
            for page in (page for page in chosen if asked.explain in page.name):
                explain(page, client_of(page.who, signed_in))
            return []
        base = fifty_people()
        print(f"fifty people by primary key: {base:.2f} ms")  # noqa: T201
        gc.collect()
        gc.freeze()  # as bihuan.site.wsgi does
        return [measure(page, client_of(page.who, signed_in), asked.requests, base) for page in chosen]


def table(figures: list[Figures]) -> None:
    print(f"{'page':32}{'p50 ms':>9}{'p95 ms':>9}{'×':>7}{'queries':>9}{'rows':>7}{'KB':>6}")  # noqa: T201
    for one in figures:
        table_row(one)


def table_row(one: Figures) -> None:
    over = "  over the goal" if one.p95_ms > one.goal_ms else ""
    print(  # noqa: T201
        f"{one.page:32}{one.p50_ms:9.1f}{one.p95_ms:9.1f}{one.ratio:7.1f}"
        f"{one.queries:9}{one.rows:7}{one.kilobytes:6}{over}"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sizes", nargs="+", default=["10000:2000", "100000:20000", "1000000:200000"])
    parser.add_argument("--requests", type=int, default=20)
    parser.add_argument("--only", default="", help="only pages whose name contains this")
    parser.add_argument("--explain", default="", help="print plans instead of figures")
    parser.add_argument("--json", type=Path)
    asked = parser.parse_args()
    measured = {}
    for size in asked.sizes:
        people, loops = (int(number) for number in size.split(":"))
        with scratch_database("bihuan_bench_pages") as owner:
            measured[size] = at_size(owner, people, loops, asked)
        table(measured[size])
    if asked.json:
        asked.json.write_text(json.dumps({size: [asdict(one) for one in found] for size, found in measured.items()}))


if __name__ == "__main__":
    main()
