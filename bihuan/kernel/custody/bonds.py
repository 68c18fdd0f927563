"""Bonds: what puts an item under control, and what ends it. Also custody without a bond, for tubes and loads."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db import connection
from django.db.backends.utils import CursorWrapper

from bihuan.kernel.custody.events import CUSTODY_BOUND, CUSTODY_LET_GO, CUSTODY_RELEASED, CUSTODY_TAKEN
from bihuan.kernel.custody.holdings import SELF, lock, move, unit_of, withdraw
from bihuan.kernel.custody.refusals import AlreadyHeld, BondNotLive, BondReused, NotHeld, OnTheWay, StillBound
from bihuan.kernel.ledger import Actor, NewFact, derive, record_new
from bihuan.kernel.ledger.actor import actor_id


@dataclass(frozen=True, slots=True)
class NewBond:
    bond: UUID
    item: str
    holder: str


def bind(item: str, *, bond: UUID, holder: str, key: UUID, at: datetime, by: Actor | str) -> str:
    """Put `item` under control because of `bond`, in the hands of `holder`, and say who answers for it from now on.

    That is `holder` unless somebody holds the item already: hands change only by a hand-over.
    """
    return _bind({key: NewBond(bond, item, holder)}, key=key, at=at, by=by)[item]


def bind_many(bonds: Sequence[NewBond], *, key: UUID, at: datetime, by: Actor | str) -> None:
    """As `bind()`, for many items in a handful of statements."""
    _bind({derive(key, str(new.bond)): new for new in bonds}, key=key, at=at, by=by)


def _bind(bonds: Mapping[UUID, NewBond], *, key: UUID, at: datetime, by: Actor | str) -> dict[str, str]:
    written = record_new(
        NewFact(
            key=fact_key,
            kind=CUSTODY_BOUND,
            subject=new.item,
            at=at,
            by=by,
            payload={"bond": new.bond, "holder": new.holder},
        )
        for fact_key, new in bonds.items()
    )
    fresh = [new for fact_key, new in bonds.items() if fact_key in written]
    with connection.cursor() as cursor:
        before = _ensured(cursor, {new.item: new.holder for new in bonds.values()}, at)
        free = {new.item: new.holder for new in fresh if before[new.item] == SELF}
        move(cursor, before, free, cause=CUSTODY_BOUND, key=key, at=at, by=by)
        cursor.execute(
            "INSERT INTO custody_bond (bond, item, bound_at) SELECT bond, item, %s "
            "FROM unnest(%s::uuid[], %s::text[]) AS fresh (bond, item) ON CONFLICT (bond) DO NOTHING RETURNING bond",
            [at, [new.bond for new in fresh], [new.item for new in fresh]],
        )
        made = {bond for (bond,) in cursor.fetchall()}
    if len(made) < len(fresh):
        raise BondReused({str(new.bond) for new in fresh if new.bond not in made})
    return before | free


def _ensured(cursor: CursorWrapper, items: Collection[str], at: datetime) -> dict[str, str]:
    """Lock the holdings of `items`, making those that are not there as "self" first, so that there is one to lock."""
    cursor.execute(
        "INSERT INTO custody_holding (item, holder, since) SELECT item, %s, %s FROM unnest(%s::text[]) AS new (item) "
        "ON CONFLICT (item) DO NOTHING",
        [SELF, at, sorted(items)],
    )
    return lock(cursor, items)


def release(item: str, *, bond: UUID, key: UUID, at: datetime, by: Actor | str) -> str:
    """End `bond`. With the last one gone the item is its own again ("self"), wherever it was on the way to."""
    with connection.cursor() as cursor:
        return _release(cursor, {key: (bond, item)}, key=key, at=at, by=by)[item]


def release_many(bonds: Collection[UUID], *, key: UUID, at: datetime, by: Actor | str) -> None:
    """As `release()`, for many bonds in a handful of statements."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT bond, item FROM custody_bond WHERE bond = ANY(%s)", [list(bonds)])
        items = dict(cursor.fetchall())
        if len(items) < len(set(bonds)):
            raise BondNotLive({str(bond) for bond in bonds if bond not in items})
        _release(cursor, {derive(key, str(bond)): (bond, item) for bond, item in items.items()}, key=key, at=at, by=by)


def _release(
    cursor: CursorWrapper, bonds: Mapping[UUID, tuple[UUID, str]], *, key: UUID, at: datetime, by: Actor | str
) -> dict[str, str]:
    before = lock(cursor, {item for _bond, item in bonds.values()})
    written = record_new(
        NewFact(key=fact_key, kind=CUSTODY_RELEASED, subject=item, at=at, by=by, payload={"bond": bond})
        for fact_key, (bond, item) in bonds.items()
    )
    ending = {bond: item for fact_key, (bond, item) in bonds.items() if fact_key in written}
    cursor.execute(
        "UPDATE custody_bond bond SET released_at = %s "
        "FROM unnest(%s::uuid[], %s::text[]) AS ending (bond, item) "
        "WHERE bond.bond = ending.bond AND bond.item = ending.item AND bond.released_at IS NULL RETURNING bond.bond",
        [at, list(ending), list(ending.values())],
    )
    ended = {bond for (bond,) in cursor.fetchall()}
    if len(ended) < len(ending):
        raise BondNotLive({str(bond) for bond in ending if bond not in ended})
    cursor.execute(
        "SELECT item FROM custody_holding WHERE item = ANY(%s) AND bonds = 0 AND holder <> %s",
        [list(ending.values()), SELF],
    )
    free = {item: SELF for (item,) in cursor.fetchall()}
    withdraw(cursor, free, at, actor_id(by))
    move(cursor, before, free, cause=CUSTODY_RELEASED, key=key, at=at, by=by)
    return before | free


def take(items: Sequence[str], *, holder: str, key: UUID, at: datetime, by: Actor | str) -> None:
    """Take `items` into custody without a bond. Whoever is held by somebody else already is handed over instead."""
    written = _record_each(CUSTODY_TAKEN, items, holder, key, at, by)
    with connection.cursor() as cursor:
        before = _ensured(cursor, items, at)
        fresh = {item: holder for item in items if item in written}
        elsewhere = {item for item in fresh if before[item] not in (SELF, holder)}
        if elsewhere:
            raise AlreadyHeld(elsewhere)
        move(cursor, before, fresh, cause=CUSTODY_TAKEN, key=key, at=at, by=by)


def let_go(items: Sequence[str], *, holder: str, key: UUID, at: datetime, by: Actor | str) -> None:
    """End the custody that `take()` began. Refused while a bond lives or a hand-over is under way."""
    with connection.cursor() as cursor:
        before = lock(cursor, items)
        written = _record_each(CUSTODY_LET_GO, items, holder, key, at, by)
        strange = {item for item in written if before.get(item) != holder}
        if strange:
            raise NotHeld(holder, strange)
        cursor.execute("SELECT item FROM custody_holding WHERE item = ANY(%s) AND bonds > 0", [list(written)])
        bound = {item for (item,) in cursor.fetchall()}
        if bound:
            raise StillBound(bound)
        refuse_pending(cursor, written)
        move(cursor, before, dict.fromkeys(written, SELF), cause=CUSTODY_LET_GO, key=key, at=at, by=by)


def refuse_pending(cursor: CursorWrapper, items: Collection[str]) -> None:
    cursor.execute("SELECT item FROM custody_line WHERE item = ANY(%s) AND outcome = 'pending'", [list(items)])
    pending = {item for (item,) in cursor.fetchall()}
    if pending:
        raise OnTheWay(pending)


def _record_each(kind: str, items: Collection[str], holder: str, key: UUID, at: datetime, by: Actor | str) -> set[str]:
    """One fact an item; gives the items whose fact is new."""
    keys = {derive(key, item): item for item in items}
    written = record_new(
        NewFact(key=fact_key, kind=kind, subject=item, at=at, by=by, unit=unit_of(holder), payload={"holder": holder})
        for fact_key, item in keys.items()
    )
    return {keys[fact_key] for fact_key in written}
