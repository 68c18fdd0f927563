"""Reading facts back, as they stand or as they were known at a past moment."""

import json
from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import connection

from bihuan.kernel.ledger.fact import Fact

COLUMNS = (
    "f.seq, f.key, f.kind, f.subject, f.about, f.unit, f.happened_at, f.recorded_at, f.actor, p.text "
    "FROM ledger_fact f LEFT JOIN ledger_payload p ON p.fact = f.seq"
)


def history(subject: str, as_of: datetime | None = None) -> list[Fact]:
    """The facts of or about `subject` in the order they happened; with `as_of`, those recorded by that moment."""
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT {COLUMNS} WHERE (f.subject = %s OR f.about = %s) "
            "AND f.recorded_at <= coalesce(%s, 'infinity'::timestamptz) ORDER BY f.happened_at, f.seq",
            [subject, subject, as_of],
        )
        return [fact_of(row) for row in cursor.fetchall()]


def histories(subjects: Collection[str]) -> dict[str, list[Fact]]:
    """The facts of each subject (not those merely about it) in the order they happened, in one query."""
    found: dict[str, list[Fact]] = {subject: [] for subject in subjects}
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT {COLUMNS} WHERE f.subject = ANY(%s) ORDER BY f.happened_at, f.seq",
            [list(found)],
        )
        for row in cursor.fetchall():
            fact = fact_of(row)
            found[fact.subject].append(fact)
    return found


def facts(keys: Collection[UUID]) -> dict[UUID, Fact]:
    """The facts with these keys, for whoever must look at a piece of evidence; unknown keys are left out."""
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {COLUMNS} WHERE f.key = ANY(%s)", [list(keys)])
        return {fact.key: fact for fact in map(fact_of, cursor.fetchall())}


def of_kinds(
    kinds: Collection[str],
    *,
    since: datetime,
    until: datetime,
    actors: Collection[str] | None = None,
    offset: int = 0,
    limit: int = 100,
) -> list[Fact]:
    """Facts of these kinds recorded in a stretch of time, newest first: what an auditor looks through."""
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT {COLUMNS} WHERE f.kind = ANY(%s) AND f.recorded_at >= %s AND f.recorded_at < %s "
            "AND (%s::text[] IS NULL OR f.actor = ANY(%s)) ORDER BY f.recorded_at DESC, f.seq DESC OFFSET %s LIMIT %s",
            [
                list(kinds),
                since,
                until,
                None if actors is None else list(actors),
                None if actors is None else list(actors),
                offset,
                limit,
            ],
        )
        return [fact_of(row) for row in cursor.fetchall()]


def count_of_kinds(
    kinds: Collection[str], *, since: datetime, until: datetime, actors: Collection[str] | None = None
) -> int:
    """How many facts `of_kinds` would find in all."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM ledger_fact f WHERE f.kind = ANY(%s) AND f.recorded_at >= %s AND f.recorded_at < %s "
            "AND (%s::text[] IS NULL OR f.actor = ANY(%s))",
            [
                list(kinds),
                since,
                until,
                None if actors is None else list(actors),
                None if actors is None else list(actors),
            ],
        )
        counted: int = cursor.fetchone()[0]
    return counted


def subjects_met(kind: str, *, actor: str, since: datetime, subject: str) -> tuple[int, bool]:
    """How many subjects an actor left a fact of a kind on since a moment, and whether `subject` is one of them.

    Until the transaction ends nobody else is answered the same question about this actor: whoever counts first acts
    first."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [f"{kind} {actor}"])
        cursor.execute(
            "SELECT count(DISTINCT subject), coalesce(bool_or(subject = %s), false) FROM ledger_fact "
            "WHERE kind = %s AND actor = %s AND recorded_at >= %s",
            [subject, kind, actor, since],
        )
        counted, is_met = cursor.fetchone()
    return counted, is_met


def total() -> int:
    """How many facts the ledger holds."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM ledger_fact")
        counted: int = cursor.fetchone()[0]
    return counted


def newest_at() -> datetime | None:
    """When the newest fact was recorded."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT recorded_at FROM ledger_fact ORDER BY seq DESC LIMIT 1")
        found = cursor.fetchone()
    return found[0] if found else None


def fact_of(row: Sequence[Any], *, new: bool = False) -> Fact:
    """A row of COLUMNS as a value."""
    seq, key, kind, subject, about, unit, happened_at, recorded_at, actor, text = row
    return Fact(
        seq=seq,
        key=key,
        kind=kind,
        subject=subject,
        about=about,
        unit=unit,
        happened_at=happened_at,
        recorded_at=recorded_at,
        actor=actor,
        payload=json.loads(text) if text is not None else {},
        new=new,
    )
