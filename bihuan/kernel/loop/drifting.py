"""Drift: rebuild every run and duty from the ledger and say where the tables differ. Reads only.

Each run is worked out anew for the moment for which it was last planned, so that a worker that is behind is no drift.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from itertools import batched

from django.db import connection, transaction

from bihuan.kernel.loop import profile
from bihuan.kernel.loop.planning import plans
from bihuan.kernel.loop.reconciling import CHUNK, DutyRow, RunRow, duty_rows, reconcile, rows_of, run_row


@dataclass(frozen=True, slots=True)
class Difference:
    """A row that is not what the ledger says: `what` is missing, extra, or the columns that differ."""

    subject: str
    pathway: str
    step: str
    occurrence: str
    what: str


def drift(now: datetime) -> list[Difference]:
    """Every difference between the tables and what follows from the ledger."""
    found: list[Difference] = []
    for chunk in batched(all_subjects(), CHUNK):
        found += drift_of(chunk, now)
    return found


def rebuild(now: datetime) -> int:
    """Reconcile every subject there is: after a profile has been corrected, or tables were dropped."""
    return sum(reconcile(chunk, now) for chunk in batched(all_subjects(), CHUNK))


def all_subjects() -> list[str]:
    """Every subject that has, or by its facts could have, a run."""
    nouns = sorted(profile.current().by_subject)
    opens = {wanted.kind for items in profile.current().by_subject.values() for item in items for wanted in item.opens}
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT subject FROM ledger_fact WHERE kind = ANY(%s) AND split_part(subject, ':', 1) = ANY(%s) "
            "UNION SELECT subject FROM loop_run ORDER BY 1",
            [sorted(opens), nouns],
        )
        return [subject for (subject,) in cursor.fetchall()]


def drift_of(subjects: tuple[str, ...], now: datetime) -> Iterator[Difference]:
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT subject, planned_at FROM loop_run WHERE subject = ANY(%s)", [list(subjects)])
        moments = dict.fromkeys(subjects, now) | dict(cursor.fetchall())
        held_runs, held_duties = rows_of(cursor, subjects)
        planned = plans(subjects, moments)
    runs = {row.id: row for row in map(run_row, planned)}
    duties = {row.id: row for item in planned for row in duty_rows(item)}
    for run_id in sorted(runs.keys() | held_runs.keys(), key=str):
        wanted, held = runs.get(run_id), held_runs.get(run_id)
        if wanted != held:
            row = wanted or held
            assert row is not None
            yield Difference(row.subject, row.pathway, "", "", difference(wanted, held))
    for duty_id in sorted(duties.keys() | held_duties.keys(), key=str):
        due, stands = duties.get(duty_id), held_duties.get(duty_id)
        if due != stands:
            duty = due or stands
            assert duty is not None
            yield Difference(duty.subject, duty.pathway, duty.step, duty.occurrence, difference(due, stands))


def difference(wanted: RunRow | DutyRow | None, held: RunRow | DutyRow | None) -> str:
    if held is None:
        return "missing"
    if wanted is None:
        return "extra"
    return ", ".join(name for name, one, other in zip(wanted._fields, wanted, held, strict=True) if one != other)
