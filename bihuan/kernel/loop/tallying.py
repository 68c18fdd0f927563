"""What boards count: the duties that are open now, in one pass over one index, by step and by who owes them.

What the system does by itself is nobody's duty until the system is overdue with it; then its owner must look.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import reduce
from operator import or_
from pathlib import Path
from uuid import UUID

from django.db import connection
from django.db.models import Q, QuerySet

from bihuan.kernel.db import AnyOf
from bihuan.kernel.loop.models import Duty, DutyState
from bihuan.kernel.loop.profile import current
from bihuan.kernel.text import Text

AGES = (timedelta(hours=4), timedelta(hours=24), timedelta(hours=72))  # bounds of the four age classes
TALLY = (Path(__file__).parent / "sql" / "tally.sql").read_text(encoding="utf-8")

type Units = Collection[UUID] | None


@dataclass(frozen=True, slots=True)
class Sums:
    """Open duties counted together. `warned` and `breached` do not overlap; `ages` are the four classes of AGES. Those
    `ahead` are owed but not due yet: a loop in which nothing is due stands there.
    """

    open: int
    ahead: int
    warned: int
    breached: int
    ages: tuple[int, int, int, int]
    oldest: datetime | None


@dataclass(frozen=True, slots=True)
class Tally:
    """Everything open for some units: altogether (None when nothing is), by (pathway, step), and by owning unit."""

    total: Sums | None
    by_step: dict[tuple[str, str], Sums]
    by_unit: dict[UUID | None, Sums]


def tally(units: Units, now: datetime) -> Tally:
    """Count the duties that are open now, for the units named (None: all)."""
    total: Sums | None = None
    by_step: dict[tuple[str, str], Sums] = {}
    by_unit: dict[UUID | None, Sums] = {}
    by_system = system_steps()
    asked = {
        "now": now,
        "units": None if units is None else list(units),
        "pathways": [pathway for pathway, _step in by_system],
        "steps": [step for _pathway, step in by_system],
        **{f"age_{n}": now - age for n, age in enumerate(AGES)},
    }
    with connection.cursor() as cursor:
        cursor.execute(TALLY, asked)
        for kind, pathway, step, unit, opened, ahead, warned, breached, *ages, oldest in cursor.fetchall():
            sums = Sums(opened, ahead, warned, breached, tuple(ages), oldest)
            if kind == "total":
                total = sums if opened else None
            elif kind == "step":
                by_step[pathway, step] = sums
            elif opened:
                by_unit[unit] = sums
    return Tally(total, by_step, by_unit)


def open_now(units: Units, now: datetime) -> QuerySet[Duty]:
    found = Duty.objects.filter(~left_to_the_system(now), state=DutyState.OPEN, opens_at__lte=now)
    return found if units is None else found.filter(owner_unit=AnyOf(units))


def left_to_the_system(now: datetime) -> Q:
    """What the system does by itself and is not overdue with."""
    by_system = sorted(system_steps())
    pairs = (Q(pathway=pathway, step=step) for pathway, step in by_system)
    named = Q(step__in=[step for _pathway, step in by_system])  # most duties go no further than this one comparison
    return Q(breach_at__gt=now) & named & reduce(or_, pairs, Q(pk__in=[]))


def system_steps() -> frozenset[tuple[str, str]]:
    """(pathway, step) of what the system does by itself, in every profile that has the step."""
    by_system: dict[tuple[str, str], bool] = {}
    for profile in current().values():
        for pathway in profile.pathways:
            for step in pathway.steps:
                key = pathway.code, step.name
                by_system[key] = by_system.get(key, True) and bool(step.does)
    return frozenset(key for key, is_so in by_system.items() if is_so)


def age(number: int, now: datetime) -> Q:
    """Duties in one of the age classes: open for at least the bound before it and less than its own."""
    younger = Q(opens_at__gt=now - AGES[number]) if number < len(AGES) else Q()
    older = Q(opens_at__lte=now - AGES[number - 1]) if number else Q()
    return younger & older


def step_titles() -> dict[tuple[str, str], tuple[Text, Text]]:
    """What pathways and their steps are called: (pathway, step) to (name of the pathway, title of the step).

    Where several profiles have a pathway of one code, the first speaks.
    """
    return {
        (pathway.code, step.name): (Text(*pathway.name), Text(*step.title))
        for profile in reversed(tuple(current().values()))
        for pathway in profile.pathways
        for step in pathway.steps
    }
