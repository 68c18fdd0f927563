"""What boards count: the duties that are open now, in one pass over one index, by step and by who owes them."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

from django.db import connection
from django.db.models import Q, QuerySet

from bihuan.kernel.loop.models import Duty, DutyState
from bihuan.kernel.loop.profile import current
from bihuan.kernel.text import Text

AGES = (timedelta(hours=4), timedelta(hours=24), timedelta(hours=72))  # bounds of the four age classes
TALLY = (Path(__file__).parent / "sql" / "tally.sql").read_text(encoding="utf-8")

type Units = Iterable[UUID] | QuerySet[Any, Any] | None


@dataclass(frozen=True, slots=True)
class Sums:
    """Open duties counted together. `warned` and `breached` do not overlap; `ages` are the four classes of AGES."""

    open: int
    warned: int
    breached: int
    ages: tuple[int, int, int, int]
    oldest: datetime


@dataclass(frozen=True, slots=True)
class Tally:
    """Everything open for some units: altogether (None when nothing is), by (pathway, step), and by owning unit."""

    total: Sums | None
    by_step: dict[tuple[str, str], Sums]
    by_unit: dict[UUID | None, Sums]


def tally(units: Units, now: datetime) -> Tally:
    """Count the duties that are open now, for the units named (None: all)."""
    named = None if units is None else list(units)
    total: Sums | None = None
    by_step: dict[tuple[str, str], Sums] = {}
    by_unit: dict[UUID | None, Sums] = {}
    with connection.cursor() as cursor:
        cursor.execute(TALLY, {"now": now, "units": named, **{f"age_{n}": now - age for n, age in enumerate(AGES)}})
        for kind, pathway, step, unit, opened, warned, breached, *ages, oldest in cursor.fetchall():
            sums = Sums(opened, warned, breached, tuple(ages), oldest)
            if kind == "total":
                total = sums if opened else None
            elif kind == "step":
                by_step[pathway, step] = sums
            else:
                by_unit[unit] = sums
    return Tally(total, by_step, by_unit)


def open_now(units: Units, now: datetime) -> QuerySet[Duty]:
    found = Duty.objects.filter(state=DutyState.OPEN, opens_at__lte=now)
    return found if units is None else found.filter(owner_unit__in=units)


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
