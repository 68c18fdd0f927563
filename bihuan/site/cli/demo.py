import json
import os
import re
import time
from datetime import datetime, timedelta
from typing import Any

import click

from bihuan.kernel.refusals import Refused
from bihuan.site import city

PEOPLE = 50_000
PER_DAY = 60
SPAN = re.compile(r"(\d+)([dh])")


HALF_BUILT = "a demo city that is not built to its end"


class NotADemo(Refused):
    """The database holds a real city, which the demo must never touch, or none that could live on."""


class Moment(click.ParamType[datetime]):
    name = "date"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> datetime:
        from bihuan.kernel.clock import CITY

        try:
            found = datetime.fromisoformat(str(value))
        except ValueError:
            self.fail("give a date or a moment, as in 2021-05-15 or 2021-05-15T08:00", param, ctx)
        return found if found.tzinfo else found.replace(tzinfo=CITY)


class Span(click.ParamType[timedelta]):
    name = "span"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> timedelta:
        found = SPAN.fullmatch(str(value))
        if not found:
            self.fail("give days or hours, as in 14d or 6h", param, ctx)
        return timedelta(**{{"d": "days", "h": "hours"}[found[2]]: int(found[1])})


@click.command()
@click.option("--once", is_flag=True, help="Build anew, live the days, check every law, print one JSON line.")
@click.option("--empty", is_flag=True, help="Build the city anew without arrivals, at the moment --at, and stop.")
@click.option("--at", type=Moment(), help="The city's time with --empty: a date, or a moment.")
@click.option("--advance", type=Span(), help="Let the demo city live on for so long, as 14d or 6h, and stop.")
@click.option("--people", default=PEOPLE, show_default=True, type=click.IntRange(200), help="Size of the city.")
@click.option("--seed", default=1, show_default=True, help="The same seed gives the same city.")
@click.option("--port", default=8000, show_default=True, type=click.IntRange(1, 65535), help="Port to serve on.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object with --empty and --advance.")
def command(
    once: bool,
    empty: bool,
    at: datetime | None,
    advance: timedelta | None,
    people: int,
    seed: int,
    port: int,
    as_json: bool,
) -> None:
    """A whole demo city in late June 2022, to click through.

    Builds an invented city on an empty database, lives a week of arrivals across the day the ninth edition came into
    force, and serves it with its own clock. A city that is there already is served as it stands.

    \b
    bihuan demo
    bihuan demo --once
    bihuan demo --empty --at 2021-05-15
    bihuan demo --advance 14d
    """
    if at and not empty:
        raise click.UsageError("--at goes with --empty.")
    if sum((once, empty, advance is not None)) > 1:
        raise click.UsageError("--once, --empty and --advance exclude each other.")
    os.environ["BIHUAN_DEMO"] = "1"
    begun = time.monotonic()
    with city.database():
        stands = _stands()
        if advance and not stands:
            raise NotADemo(
                "There is no demo city that could live on.",
                "Build one first, with `bihuan demo --once` or `bihuan demo --empty`.",
            )
        if once or empty or not stands:
            _anew()
            city.make_ready()
            _build(people, seed, at if empty else None, with_days=not empty)
        else:
            city.make_ready()
        if advance:
            _advance(advance)
        if once or empty or advance:
            report = _report(time.monotonic() - begun)
            click.echo(json.dumps(report, ensure_ascii=False) if once or as_json else _in_words(report))
            raise SystemExit(1 if any(report["violations"].values()) else 0)
        _greet(port)
        from bihuan.site.cli.up import serve

        raise SystemExit(serve("127.0.0.1", port))


def _stands() -> bool:
    """Whether a demo city stands whole in the database. A real city there stops everything."""
    import psycopg

    from bihuan.site.settings import DATABASE_URL

    with psycopg.connect(DATABASE_URL) as held:
        tables = held.execute("SELECT to_regclass('clock_cityclock'), to_regclass('access_unit')").fetchone()
        if tables is None or tables[0] is None:
            return False
        is_demo = held.execute("SELECT EXISTS (SELECT 1 FROM clock_cityclock)").fetchone()
        is_real = held.execute("SELECT EXISTS (SELECT 1 FROM access_unit)").fetchone()
        if is_demo and is_demo[0]:
            said = held.execute("SELECT obj_description('public'::regnamespace)").fetchone()
            return said != (HALF_BUILT,)
        if is_real and is_real[0]:
            raise NotADemo(
                "The database holds a real city.",
                "Give the demo a database of its own: set BIHUAN_HOME to another folder.",
            )
    return False


def _anew() -> None:
    """An empty database with every table in it. Only a demo's is ever emptied."""
    import psycopg

    from bihuan.site import signing
    from bihuan.site.cli.up import migrate
    from bihuan.site.settings import DATABASE_URL, HOME

    _stands()
    with psycopg.connect(DATABASE_URL, autocommit=True) as held:
        held.execute("DROP SCHEMA IF EXISTS public CASCADE")
        held.execute("CREATE SCHEMA public")
        _say_of_schema(held, HALF_BUILT)
    (HOME / signing.WITNESS).unlink(missing_ok=True)  # it knew another city
    migrate()


def _say_of_schema(held: Any, words: str) -> None:
    held.execute(f"COMMENT ON SCHEMA public IS '{words}'")


def _hurry() -> None:
    """Let this connection's commits wait for no disk: a demo that is cut off is simply built again."""
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("SET synchronous_commit = off")


def _build(people: int, seed: int, at: datetime | None, *, with_days: bool) -> None:
    import psycopg

    from bihuan.kernel import clock
    from bihuan.site.demo.build import build
    from bihuan.site.demo.run import BEGINS, ENDS, live_demo_days
    from bihuan.site.edge import set_city_time
    from bihuan.site.settings import DATABASE_URL

    _hurry()
    moment = at or BEGINS
    set_city_time(moment)  # from here on the database is known as a demo's
    click.echo(f"Building a city of {people:,} people ...", err=True)
    with clock.given(moment):
        residents = build(people, seed)
    if with_days:
        _told_of(live_demo_days(residents, seed, max(1, PER_DAY * people // PEOPLE), _tell).refused)
        moment = ENDS
    set_city_time(moment)
    with psycopg.connect(DATABASE_URL, autocommit=True) as held:
        _say_of_schema(held, "a demo city")


def _advance(span: timedelta) -> None:
    from bihuan.site.demo.run import live_on
    from bihuan.site.edge import city_now, set_city_time

    _hurry()
    since = city_now()

    def lived(moment: datetime) -> None:
        set_city_time(moment)  # broken off, it goes on from here
        _tell(moment)

    _told_of(live_on(since, since + span, lived).refused)


def _tell(moment: datetime) -> None:
    if moment.hour == 0:
        click.echo(f"  {moment:%Y-%m-%d}", err=True)


def _told_of(refused: list[str]) -> None:
    if os.environ.get("BIHUAN_DEMO_VERBOSE"):
        for line in refused:
            click.echo(line, err=True)


def _report(seconds: float) -> dict[str, Any]:
    from bihuan.kernel import clock, ledger
    from bihuan.kernel.loop import queries as loop
    from bihuan.modules.arrivals import queries as arrivals
    from bihuan.modules.people import queries as people
    from bihuan.site.cli.check import violations
    from bihuan.site.edge import city_now

    now = city_now()
    with clock.given(now):
        opened, closed = loop.totals()
        return {
            "people": people.total(),
            "arrivals": arrivals.total(),
            "loops_opened": opened,
            "loops_closed": closed,
            "facts": ledger.total(),
            "violations": violations(),
            "seconds": round(seconds, 1),
            "now": now.astimezone(clock.CITY).isoformat(timespec="seconds"),
        }


def _in_words(report: dict[str, Any]) -> str:
    return "\n".join(f"{name:>14}  {value}" for name, value in report.items())


def _greet(port: int) -> None:
    from bihuan.kernel import clock
    from bihuan.kernel.access import queries as access
    from bihuan.site.demo.build import PASSWORD
    from bihuan.site.edge import city_now

    with clock.given(city_now()):
        here = clock.now().astimezone(clock.CITY)
        click.echo(f"The city lives at {here:%Y-%m-%d %H:%M}. Accounts, one for each role:\n")
        for role in access.accounts_by_role(each=1):
            for _, username, _, unit in role.accounts:
                click.echo(f"  {role.name.en:<28} {username:<34} {unit.en}")
    click.echo(f"\nPassword of all: {PASSWORD} (the demo's sign-in page also lets you in with one click)")
    click.echo(
        f"Begin at http://localhost:{port}/ as City command, with the board; then as Gate officer, at the gate.\n"
    )
