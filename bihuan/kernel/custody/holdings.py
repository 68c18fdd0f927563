"""Locking holdings and moving them. Every verb of custody locks in one order first, so none waits in a circle."""

from collections.abc import Collection, Mapping
from datetime import datetime
from uuid import UUID

from django.db import connection
from django.db.backends.utils import CursorWrapper

from bihuan.kernel.custody.events import CUSTODY_MOVED
from bihuan.kernel.ledger import Actor, NewFact, derive, record_many

SELF = "self"


def unit_of(holder: str) -> UUID | None:
    """The unit that answers, where a unit holds; for sites and vehicles the module that owns them knows it."""
    kind, _colon, id_ = holder.partition(":")
    return UUID(id_) if kind == "unit" else None


def lock(cursor: CursorWrapper, items: Collection[str]) -> dict[str, str]:
    """Lock the holdings of `items` and give who holds each; an item that nobody ever held is not in the answer."""
    assert connection.in_atomic_block, "custody changes inside an action's transaction"
    cursor.execute(
        "SELECT item, holder FROM custody_holding WHERE item = ANY(%s) ORDER BY item FOR UPDATE", [list(items)]
    )
    return dict(cursor.fetchall())


def move(
    cursor: CursorWrapper,
    before: Mapping[str, str],
    after: Mapping[str, str],
    *,
    cause: str,
    key: UUID,
    at: datetime,
    by: Actor | str,
) -> None:
    """Give each item of `after` its holder and leave a fact of every one that changed hands. Locked before."""
    moved = {item: holder for item, holder in sorted(after.items()) if before.get(item) != holder}
    cursor.execute(
        "INSERT INTO custody_holding AS holding (item, holder, since) "
        "SELECT item, holder, %s FROM unnest(%s::text[], %s::text[]) AS moved (item, holder) "
        "ON CONFLICT (item) DO UPDATE SET holder = excluded.holder, since = excluded.since",
        [at, list(moved), list(moved.values())],
    )
    record_many(
        NewFact(
            key=derive(key, CUSTODY_MOVED, item),
            kind=CUSTODY_MOVED,
            subject=item,
            at=at,
            by=by,
            unit=unit_of(holder),
            payload={"from": before.get(item), "to": holder, "cause": cause},
        )
        for item, holder in moved.items()
    )


def withdraw(cursor: CursorWrapper, items: Collection[str], at: datetime, by: str) -> None:
    """Take `items` off the hand-overs they are on; a hand-over that has nothing pending any more is closed."""
    cursor.execute(
        "UPDATE custody_line SET outcome = 'withdrawn', pledged = NULL, answered_at = %s "
        "WHERE item = ANY(%s) AND outcome = 'pending' RETURNING handover",
        [at, list(items)],
    )
    touched = list({handover for (handover,) in cursor.fetchall()})
    cursor.execute(
        "UPDATE custody_handover SET closed_at = %s, closed_by = %s "
        "WHERE id = ANY(%s) AND closed_at IS NULL AND pending = 0",
        [at, by, touched],
    )
