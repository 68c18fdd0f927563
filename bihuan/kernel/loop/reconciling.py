"""Reconcile: make the rows of runs and duties agree with the ledger. Doing it twice changes nothing the second time."""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence, Set
from datetime import datetime
from itertools import batched
from typing import Any, NamedTuple
from uuid import UUID, uuid5

from django.db import connection, transaction
from django.db.backends.utils import CursorWrapper

from bihuan.kernel.loop import planner
from bihuan.kernel.loop.planning import Planned, concerned, lock, plans
from bihuan.kernel.postgres import copy_rows

CHUNK = 4000
SINGLY_MAX = 200
CHANNEL = "bihuan_loop"


class RunRow(NamedTuple):
    """The columns of a run that follow from the ledger."""

    id: UUID
    subject: str
    about: str | None
    profile: str
    pathway: str
    version: int
    policy: str
    opened_by: int
    opened_at: datetime
    closed_at: datetime | None
    next_at: datetime | None
    watches: list[str]


class DutyRow(NamedTuple):
    """The columns of a duty."""

    id: UUID
    run_id: UUID
    subject: str
    pathway: str
    version: int
    step: str
    occurrence: str
    owner_role: str
    owner_unit: UUID | None
    opens_at: datetime
    target_at: datetime
    warn_at: datetime
    breach_at: datetime
    ends_at: datetime | None
    state: str
    done_at: datetime | None
    evidence: int | None
    escalated_at: datetime | None
    reason: str


SELECT_RUNS = f"SELECT {', '.join(RunRow._fields)} FROM loop_run WHERE subject = ANY(%s)"  # noqa: S608 - our own names
SELECT_DUTIES = f"SELECT {', '.join(DutyRow._fields)} FROM loop_duty WHERE run_id = ANY(%s)"  # noqa: S608 - our own names


def reconcile(subjects: Collection[str], now: datetime) -> int:
    """Bring the runs of these subjects, and of those that wait for them, up to date; how many rows that changed.

    Set-based: a handful of statements for each few thousand subjects. Runs in the caller's transaction if there is one.
    """
    if not subjects:
        return 0
    with transaction.atomic():
        relevant = concerned(subjects)
        for chunk in batched(sorted(relevant), CHUNK):
            lock(chunk)
        waiting = sorted({*relevant, *watchers(subjects)})
        return sum(_reconcile(chunk, now) for chunk in batched(waiting, CHUNK))


def _reconcile(subjects: Sequence[str], now: datetime) -> int:
    changed = 0
    while subjects:
        locked = lock(subjects)
        planned = plans(subjects, dict.fromkeys(subjects, now), is_writing=True)
        written, subjects = write(subjects, planned, now, locked)
        changed += written
    return changed


def watchers(subjects: Collection[str]) -> list[str]:
    """The open subjects that wait for facts of these."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT subject FROM loop_run WHERE closed_at IS NULL AND watches <> '{}' AND watches && %s::text[]",
            [list(subjects)],
        )
        return [subject for (subject,) in cursor.fetchall()]


def write(
    subjects: Sequence[str], planned: Sequence[Planned], now: datetime, locked: Set[UUID]
) -> tuple[int, list[str]]:
    """Make the rows of these subjects what the plans say: how many changed, and which subjects to do once more.

    Another transaction may have opened a run meanwhile, and committed before or after the rows are read here. The
    plans do not know its facts: what was not `locked` before planning is left as it is and its subject planned anew.
    """
    runs = {row.id: row for row in map(run_row, planned)}
    duties = {row.id: row for item in planned for row in duty_rows(item)}
    with connection.cursor() as cursor:
        all_runs, all_duties = rows_of(cursor, subjects)
        held_runs = {id_: row for id_, row in all_runs.items() if id_ in locked}
        held_duties = {id_: row for id_, row in all_duties.items() if row.run_id in locked}
        unseen = {row.subject for id_, row in all_runs.items() if id_ not in locked}
        opened = {id_: row for id_, row in runs.items() if id_ not in held_runs}
        lost = opened.keys() - open_runs(cursor, list(opened.values()), now)
        moved = [row for id_, row in runs.items() if id_ in held_runs and held_runs[id_] != row]
        put(cursor, "loop_run", RunRow._fields, moved, {"planned_at": now, "retry_at": None})
        owed = [row for row in duties.values() if held_duties.get(row.id) != row and row.run_id not in lost]
        put(cursor, "loop_duty", DutyRow._fields, owed, {})
        gone = [id_ for id_ in held_duties if id_ not in duties]
        ended = [id_ for id_ in held_runs if id_ not in runs]
        cursor.execute("DELETE FROM loop_duty WHERE id = ANY(%s)", [gone])
        cursor.execute("DELETE FROM loop_run WHERE id = ANY(%s)", [ended])
        cursor.execute(
            "UPDATE loop_run SET planned_at = %s WHERE id = ANY(%s) AND planned_at <> %s", [now, list(held_runs), now]
        )
        tell(cursor, [row.next_at for row in (*moved, *opened.values()) if row.next_at is not None])
    changed = len(opened) - len(lost) + len(moved) + len(owed) + len(gone) + len(ended)
    return changed, sorted(unseen.union(opened[id_].subject for id_ in lost))


def open_runs(cursor: CursorWrapper, rows: Sequence[RunRow], now: datetime) -> set[UUID]:
    """Insert runs; the ids of those that were not there. Waits for a transaction that is just opening the same one."""
    return put(cursor, "loop_run", RunRow._fields, rows, {"planned_at": now}, is_new=True)


def run_row(item: Planned) -> RunRow:
    return RunRow(
        id=item.id,
        subject=item.subject,
        about=item.about,
        profile=item.pathway.profile,
        pathway=item.pathway.code,
        version=item.pathway.version,
        policy=item.plan.policy,
        opened_by=item.plan.opened_by,
        opened_at=item.plan.opened_at,
        closed_at=item.plan.closed_at,
        next_at=item.plan.next_at,
        watches=list(item.plan.watches),
    )


def duty_rows(item: Planned) -> Iterator[DutyRow]:
    for duty in item.plan.duties:
        yield duty_row(item, duty)


def duty_row(item: Planned, duty: planner.Duty) -> DutyRow:
    return DutyRow(
        id=duty_id(item.id, duty.step, duty.occurrence),
        run_id=item.id,
        subject=item.subject,
        pathway=item.pathway.code,
        version=item.pathway.version,
        step=duty.step,
        occurrence=duty.occurrence,
        owner_role=duty.owner_role,
        owner_unit=duty.owner_unit,
        opens_at=duty.opens_at,
        target_at=duty.target_at,
        warn_at=duty.warn_at,
        breach_at=duty.breach_at,
        ends_at=duty.ends_at,
        state=duty.state,
        done_at=duty.done_at,
        evidence=duty.evidence,
        escalated_at=duty.escalated_at,
        reason=duty.reason,
    )


def duty_id(run: UUID, step: str, occurrence: str) -> UUID:
    """The same duty has the same id however often it is rebuilt."""
    return uuid5(run, f"{step}|{occurrence}")


def rows_of(cursor: CursorWrapper, subjects: Sequence[str]) -> tuple[dict[UUID, RunRow], dict[UUID, DutyRow]]:
    """The rows as they stand."""
    cursor.execute(SELECT_RUNS, [list(subjects)])
    runs = {row[0]: RunRow(*row) for row in cursor.fetchall()}
    if not runs:
        return {}, {}
    cursor.execute(SELECT_DUTIES, [list(runs)])
    return runs, {row[0]: DutyRow(*row) for row in cursor.fetchall()}


def put(
    cursor: CursorWrapper,
    table: str,
    columns: Sequence[str],
    rows: Sequence[tuple[Any, ...]],
    extra: Mapping[str, object],
    *,
    is_new: bool = False,
) -> set[UUID]:
    """Insert rows, or replace those with the same id (unless they are to be new); the ids of those written.

    One statement for a few rows, COPY into a staging table for many.
    """
    if not rows:
        return set()
    names = (*columns, *extra)
    values = [(*row, *extra.values()) for row in rows]
    update = ", ".join(f"{name} = excluded.{name}" for name in names if name != "id")
    head = f"INSERT INTO {table} ({', '.join(names)})"
    # No target for what is new: with one, a row just being inserted elsewhere can still trip another unique index.
    conflict = "ON CONFLICT DO NOTHING" if is_new else f"ON CONFLICT (id) DO UPDATE SET {update}"
    tail = f"{conflict} RETURNING id"
    if len(rows) <= SINGLY_MAX:
        places = ", ".join(f"({', '.join(['%s'] * len(names))})" for _ in rows)
        cursor.execute(f"{head} VALUES {places} {tail}", [item for row in values for item in row])
    else:
        staging = f"{table}_staging"
        cursor.execute(f"CREATE TEMP TABLE IF NOT EXISTS {staging} (LIKE {table}) ON COMMIT DROP")
        cursor.execute(f"TRUNCATE {staging}")
        copy_rows(staging, names, values)
        order = "run_id, id" if "run_id" in names else "id"  # a run's duties lie side by side, and are read together
        cursor.execute(f"{head} SELECT {', '.join(names)} FROM {staging} ORDER BY {order} {tail}")  # noqa: S608
    return {id_ for (id_,) in cursor.fetchall()}


def tell(cursor: CursorWrapper, moments: Iterable[datetime]) -> None:
    """Wake the worker if the earliest moment of all is now one of these."""
    earliest = min(moments, default=None)
    if earliest is not None:
        cursor.execute("SELECT min(next_at) FROM loop_run WHERE next_at IS NOT NULL")
        if cursor.fetchone()[0] == earliest:
            cursor.execute("SELECT pg_notify(%s, %s)", [CHANNEL, earliest.isoformat()])
