"""What re-classifying an area costs: people re-evaluated a second, beside bare inserts, and how both grow.

    python -m bench.reclassify [--sizes 1000 5000 20000] [--json]

A size is how many people landed from one area in the last days. "Raise" puts the area at high risk: everybody gets a
new class, an order proposed on it and its duty, all in one transaction; "lower" takes the ground away again, and every
proposal is withdrawn. "Bare" inserts as many rows of an order's width into a table without index or trigger, through
the same connection. Every size has a database of its own.
"""

import argparse
import json
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import date, datetime, timedelta
from itertools import pairwise
from math import log
from uuid import UUID, uuid4

import psycopg

from bench.scratch import scratch_database

AREA = "310000"


@dataclass(frozen=True, slots=True)
class Figures:
    people: int
    raise_seconds: float
    raised_a_second: int
    lower_seconds: float
    lowered_a_second: int
    bare_seconds: float
    ratio: float


def seconds(work: Callable[[], object]) -> float:
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def furnish(owner: psycopg.Connection, people: int, now: datetime) -> None:
    """A gate, and `people` who came through it from the area while nothing was known of it."""
    from bihuan.kernel import clock
    from bihuan.kernel.loop import profile
    from bihuan.kernel.text import Text
    from bihuan.modules.arrivals.models import Arrival, Gate, State
    from bihuan.modules.arrivals.queries.classes import Origin, answer
    from bihuan.modules.people.models import Person
    from bihuan.modules.places.models import Area
    from tests.world import world

    city = world()
    gate = Gate.objects.create(unit=city.unit("gate-rail"), kind="rail", capacity_per_hour=1000, waiting_capacity=1000)
    area = Area.objects.get(code=AREA)
    community = city.unit("410811001001")
    held = Person.objects.bulk_create(
        [Person(name=f"P{number}", name_key=f"p{number}", unit=community) for number in range(people)], batch_size=5000
    )
    landed_at, arrivals = now - timedelta(hours=20), []
    today = now.astimezone(clock.CITY).date()
    for number, person in enumerate(held):
        arrival = Arrival(
            reference=f"R{number:08d}", person=person, mode="rail", gate=gate, unit=community, origin=area,
            origin_kind="domestic", state=State.LANDED, expected_at=landed_at, landed_at=landed_at,
            registered_at=landed_at, last_exposure_on=today - timedelta(days=1),
        )  # fmt: skip
        arrivals.append(arrival)
    found = answer(
        arrivals[0],
        Origin(AREA, Text(zh=area.name_zh, en=area.name_en)),
        None,
        today,
        has_symptoms=False,
        rules=profile.active(),
    )
    for arrival in arrivals:
        arrival.profile, arrival.policy, arrival.rule = "covid19-cn", found.decision.policy.code, found.decision.rule
        arrival.class_code = found.decision.answer["class_code"]
        arrival.measure = found.decision.answer["measure"]
        arrival.decision = found.decision.as_json()
    Arrival.objects.bulk_create(arrivals, batch_size=5000)
    owner.execute("ANALYZE")


def put(level: str, since: date, now: datetime) -> float:
    """Two people of two units give the area a level; the seconds of the second one's act."""
    from bihuan.kernel.access import scope_for
    from bihuan.kernel.access.models import User
    from bihuan.modules.arrivals import actions as arrivals
    from bihuan.modules.places import actions as places

    first, second = (scope_for(User.objects.get(username=name)).actor for name in ("team_lead", "commander"))
    risk: UUID = places.propose_risk(AREA, level=level, since=since, order_text="-", at=now, by=first, key=uuid4())
    return seconds(lambda: arrivals.approve_risk(risk, at=now, by=second, key=uuid4()))


def bare(people: int) -> float:
    from django.db import connection

    text = "x" * 500
    with connection.cursor() as cursor:
        cursor.execute("CREATE TEMP TABLE bare (id uuid, person uuid, reason text, at timestamptz)")
        rows = [(uuid4(), uuid4(), text, datetime(2022, 7, 5)) for _ in range(people)]  # noqa: DTZ001
        return seconds(lambda: cursor.executemany("INSERT INTO bare VALUES (%s, %s, %s, %s)", rows))


def measured(people: int) -> Figures:
    from bihuan.kernel import clock

    now = datetime(2022, 7, 5, 10, tzinfo=clock.CITY)
    with scratch_database("bihuan_bench_reclassify") as owner, clock.given(now):
        furnish(owner, people, now)
        from bihuan.modules.measures.models import Order

        raising = put("high", now.date() - timedelta(days=3), now)
        if Order.objects.filter(state="proposed").count() != people:
            raise SystemExit("Not everybody has an order proposed.")
        lowering = put("low", now.date() - timedelta(days=2), now)
        if Order.objects.filter(state="proposed").exists():
            raise SystemExit("A proposal outlived its ground.")
        inserting = bare(people)
    return Figures(
        people=people,
        raise_seconds=round(raising, 2),
        raised_a_second=round(people / raising),
        lower_seconds=round(lowering, 2),
        lowered_a_second=round(people / lowering),
        bare_seconds=round(inserting, 3),
        ratio=round(raising / inserting, 1),
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sizes", nargs="+", type=int, default=[1000, 5000, 20_000])
    parser.add_argument("--json", action="store_true", help="one object a size")
    asked = parser.parse_args()
    figures = []
    for people in asked.sizes:
        figures.append(measured(people))
        one = figures[-1]
        print(  # noqa: T201
            json.dumps(asdict(one))
            if asked.json
            else f"{one.people:>8,} people: raised in {one.raise_seconds} s ({one.raised_a_second:,}/s, {one.ratio} × "
            f"bare inserts), lowered in {one.lower_seconds} s ({one.lowered_a_second:,}/s)"
        )
    for less, more in pairwise(figures):
        power = log(more.raise_seconds / less.raise_seconds) / log(more.people / less.people)
        print(f"{less.people:,} → {more.people:,}: cost grows as people^{power:.2f}")  # noqa: T201


if __name__ == "__main__":
    main()
