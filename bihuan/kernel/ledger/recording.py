"""Writing facts: one at a time inside an action, or a hundred thousand in a handful of statements."""

from collections.abc import Collection, Iterable, Mapping
from datetime import datetime
from uuid import UUID

from django.db import connection
from django.db.backends.utils import CursorWrapper

from bihuan.kernel import clock
from bihuan.kernel.ledger.actor import Actor, actor_id
from bihuan.kernel.ledger.fact import Fact, KeyReused, NewFact
from bihuan.kernel.ledger.gathering import gather
from bihuan.kernel.ledger.histories import COLUMNS, fact_of
from bihuan.kernel.ledger.sealing import Json, Secret, canonical, leaf_hash, new_pads
from bihuan.kernel.ledger.sql import statement
from bihuan.kernel.postgres import copy_rows

type Column = str | int | bytes | datetime | UUID | None

SINGLY_MAX = 20  # up to here single statements are cheaper than a staging table
STAGED = (
    "key",
    "kind",
    "subject",
    "about",
    "unit",
    "happened_at",
    "recorded_at",
    "actor",
    "secret",
    "commitment",
    "leaf_hash",
    "payload",
)


def record(
    *,
    key: UUID,
    kind: str,
    subject: str,
    at: datetime,
    by: Actor | str,
    unit: UUID | None = None,
    about: str | None = None,
    payload: Mapping[str, Json] | None = None,
) -> Fact:
    """Append one fact. The same key with the same content changes nothing; with another content it is KeyReused."""
    return _record_one(
        NewFact(key=key, kind=kind, subject=subject, at=at, by=by, unit=unit, about=about, payload=payload or {})
    )


def record_many(facts: Iterable[NewFact]) -> int:
    """Append many facts under the rules of `record()` and say how many were new."""
    return len(record_new(facts))


def record_new(facts: Iterable[NewFact]) -> set[UUID]:
    """As `record_many`, but hands back the keys of the facts that this call wrote."""
    distinct = _distinct(facts)
    if len(distinct) <= SINGLY_MAX:
        return {fact.key for fact in map(_record_one, distinct) if fact.new}
    return _record_staged(distinct)


def _record_one(fact: NewFact) -> Fact:
    assert connection.in_atomic_block, "a fact is recorded in the transaction of what it tells of"
    recorded_at = clock.now()
    text = canonical(fact.payload)
    with connection.cursor() as cursor:
        secret = _secrets(cursor, {fact.owner})[fact.owner]
        cursor.execute(statement("record_one"), _sealed(fact, text, secret, recorded_at))
        written = cursor.fetchone()
        if written is None:
            return _met(cursor, fact, text)
    gather({fact.subject})
    return fact_of((*_plain_columns(written[0], fact, recorded_at), text), new=True)


def _record_staged(facts: Collection[NewFact]) -> set[UUID]:
    assert connection.in_atomic_block, "facts are recorded in the transaction of what they tell of"
    recorded_at = clock.now()
    with connection.cursor() as cursor:
        keys = _secrets(cursor, {fact.owner for fact in facts})
        cursor.execute(statement("staging"))
        copy_rows(
            "ledger_staging",
            STAGED,
            (_sealed(fact, canonical(fact.payload), keys[fact.owner], recorded_at) for fact in facts),
        )
        cursor.execute(statement("record_staged"))
        written = {key for (key,) in cursor.fetchall()}
        if len(written) < len(facts):
            _refuse_other_content(cursor)
    gather({fact.subject for fact in facts if fact.key in written})
    return written


def _distinct(facts: Iterable[NewFact]) -> list[NewFact]:
    """A batch may name a fact twice, but not two facts by one key."""
    by_key: dict[UUID, NewFact] = {}
    for fact in facts:
        first = by_key.setdefault(fact.key, fact)
        if first is not fact and _content(first) != _content(fact):
            raise KeyReused(fact.key)
    return list(by_key.values())


def _content(fact: NewFact) -> tuple[object, ...]:
    return (
        fact.kind,
        fact.subject,
        fact.about,
        fact.unit,
        fact.at,
        actor_id(fact.by),
        canonical(fact.payload),
    )


def _secrets(cursor: CursorWrapper, owners: set[str]) -> dict[str, Secret]:
    """The commitment key of every owner, made on first use. Sorted, so that two writers never wait in a circle."""
    found = _known_secrets(cursor, owners)
    missing = sorted(owners - found.keys())
    if missing:
        pads = [new_pads() for _ in missing]
        cursor.execute(
            "INSERT INTO ledger_key (owner, inner_pad, outer_pad) SELECT * FROM unnest(%s::text[], %s::bytea[], "
            "%s::bytea[]) ON CONFLICT (owner) DO NOTHING",
            [missing, [inner for inner, _ in pads], [outer for _, outer in pads]],
        )
        found |= _known_secrets(cursor, set(missing))
    return found


def _known_secrets(cursor: CursorWrapper, owners: set[str]) -> dict[str, Secret]:
    cursor.execute("SELECT owner, id, inner_pad, outer_pad FROM ledger_key WHERE owner = ANY(%s)", [list(owners)])
    return {owner: Secret(id_, bytes(inner), bytes(outer)) for owner, id_, inner, outer in cursor.fetchall()}


def _sealed(fact: NewFact, text: str, secret: Secret, recorded_at: datetime) -> tuple[Column, ...]:
    """The columns of STAGED."""
    actor = actor_id(fact.by)
    commitment = secret.commit(text)
    leaf = leaf_hash(
        key=fact.key,
        kind=fact.kind,
        subject=fact.subject,
        about=fact.about,
        unit=fact.unit,
        happened_at=fact.at,
        recorded_at=recorded_at,
        actor=actor,
        commitment=commitment,
    )
    return (
        fact.key,
        fact.kind,
        fact.subject,
        fact.about,
        fact.unit,
        fact.at,
        recorded_at,
        actor,
        secret.id,
        commitment,
        leaf,
        text,
    )


def _plain_columns(seq: int, fact: NewFact, recorded_at: datetime) -> tuple[object, ...]:
    return (
        seq,
        fact.key,
        fact.kind,
        fact.subject,
        fact.about,
        fact.unit,
        fact.at,
        recorded_at,
        actor_id(fact.by),
    )


def _met(cursor: CursorWrapper, fact: NewFact, text: str) -> Fact:
    """What already stands under this key, if it says the same."""
    cursor.execute(f"SELECT {COLUMNS} WHERE f.key = %s", [fact.key])
    standing = fact_of(cursor.fetchone())
    cursor.execute(statement("same_payload"), [text, fact.key])
    same_payload = cursor.fetchone()[0]
    same = (standing.kind, standing.subject, standing.about, standing.unit, standing.happened_at, standing.actor) == (
        fact.kind,
        fact.subject,
        fact.about,
        fact.unit,
        fact.at,
        actor_id(fact.by),
    )
    if not (same and same_payload):
        raise KeyReused(fact.key)
    return standing


def _refuse_other_content(cursor: CursorWrapper) -> None:
    cursor.execute(statement("staged_otherwise"))
    other = cursor.fetchone()
    if other is not None:
        raise KeyReused(other[0])
