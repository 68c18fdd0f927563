"""Reading custody: who holds what, what is on the way and for how long, and whether the first law holds."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.db import connection

from bihuan.kernel.custody.holdings import SELF
from bihuan.kernel.custody.sql import statement


@dataclass(frozen=True, slots=True)
class Unaccepted:
    """A hand-over that its receiver has not answered. `items` are those still pending."""

    handover: UUID
    sender: str
    receiver: str
    via: str
    dispatched_at: datetime
    waiting: timedelta
    items: int


@dataclass(frozen=True, slots=True)
class Line:
    """One item of a hand-over: pending, received, missing, extra, refused or withdrawn."""

    item: str
    outcome: str


@dataclass(frozen=True, slots=True)
class Span:
    """A holder from one moment until another."""

    holder: str
    starts_at: datetime
    ends_at: datetime


@dataclass(frozen=True, slots=True)
class Passed:
    """What became of the items handed over by a holder, and of those handed to it, by outcome."""

    sent: Mapping[str, int]
    came: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class PassedItem:
    item: str
    sender: str
    receiver: str
    dispatched_at: datetime
    outcome: str


def holder_of(item: str) -> str:
    """Who answers for `item`: a unit, site or vehicle, or "self"."""
    return holders_of([item])[item]


def holders_of(items: Collection[str]) -> dict[str, str]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT item, holder FROM custody_holding WHERE item = ANY(%s)", [list(items)])
        return dict.fromkeys(items, SELF) | dict(cursor.fetchall())


def held_by(holder: str) -> list[str]:
    """What `holder` answers for, including what it has dispatched and nobody has received."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT item FROM custody_holding WHERE holder = %s ORDER BY since, item", [holder])
        return [item for (item,) in cursor.fetchall()]


def held_by_each(holders: Collection[str]) -> dict[str, list[str]]:
    """As `held_by()` for many holders in one query."""
    found: dict[str, list[str]] = {holder: [] for holder in holders}
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT holder, item FROM custody_holding WHERE holder = ANY(%s) ORDER BY since, item", [list(holders)]
        )
        for holder, item in cursor.fetchall():
            found[holder].append(item)
    return found


def load_since(holders: Collection[str]) -> dict[str, tuple[int, datetime | None]]:
    """How many items each of `holders` answers for, and since when the one it has held longest."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT holder, count(*), min(since) FROM custody_holding WHERE holder = ANY(%s) GROUP BY holder",
            [list(holders)],
        )
        found: dict[str, tuple[int, datetime | None]] = dict.fromkeys(holders, (0, None))
        return found | {holder: (count, since) for holder, count, since in cursor.fetchall()}


def load(holders: Collection[str]) -> dict[str, int]:
    """How many items each of `holders` answers for."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT holder, count(*) FROM custody_holding WHERE holder = ANY(%s) GROUP BY holder", [list(holders)]
        )
        return dict.fromkeys(holders, 0) | dict(cursor.fetchall())


def unaccepted(
    now: datetime,
    *,
    holders: Collection[str] | None = None,
    senders: Collection[str] | None = None,
    receivers: Collection[str] | None = None,
) -> list[Unaccepted]:
    """Hand-overs not accepted yet, longest wait first; of `senders`, to `receivers`, or with `holders` on a side."""
    with connection.cursor() as cursor:
        cursor.execute(
            statement("unaccepted"),
            {
                "holders": None if holders is None else list(holders),
                "senders": None if senders is None else list(senders),
                "receivers": None if receivers is None else list(receivers),
            },
        )
        return [
            Unaccepted(handover, sender, receiver, via, dispatched_at, now - dispatched_at, items)
            for handover, sender, receiver, via, dispatched_at, items in cursor.fetchall()
        ]


def passed(spans: Sequence[Span]) -> list[Passed]:
    """What each of `spans` handed over and was handed, in one query however many."""
    found: list[tuple[dict[str, int], dict[str, int]]] = [({}, {}) for _span in spans]
    with connection.cursor() as cursor:
        cursor.execute(
            statement("passed"),
            {
                "holders": [span.holder for span in spans],
                "starts": [span.starts_at for span in spans],
                "ends": [span.ends_at for span in spans],
            },
        )
        for number, is_sent, outcome, count in cursor.fetchall():
            found[number][0 if is_sent else 1][outcome] = count
    return [Passed(sent, came) for sent, came in found]


def passed_items(span: Span, *, is_sent: bool, outcome: str = "") -> list[PassedItem]:
    """The items behind one number of `passed()`; `outcome` empty for all."""
    with connection.cursor() as cursor:
        cursor.execute(
            statement("passed_items"),
            {
                "holder": span.holder,
                "starts_at": span.starts_at,
                "ends_at": span.ends_at,
                "is_sent": is_sent,
                "outcome": outcome,
            },
        )
        return [PassedItem(*row) for row in cursor.fetchall()]


def on_the_way(items: Collection[str]) -> dict[str, UUID]:
    """The open hand-over of each of `items` that is pending on one."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT item, handover FROM custody_line WHERE item = ANY(%s) AND outcome = 'pending'", [list(items)]
        )
        return dict(cursor.fetchall())


def moved_at(item: str) -> datetime | None:
    """When `item` last changed hands or was sent on: nobody can have taken it over before."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT greatest(since, (SELECT dispatched_at FROM custody_handover JOIN custody_line ON handover = id "
            "WHERE custody_line.item = custody_holding.item AND outcome = 'pending')) "
            "FROM custody_holding WHERE item = %s",
            [item],
        )
        row = cursor.fetchone()
        return row[0] if row else None


def lines(handover: UUID) -> list[Line]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT item, outcome FROM custody_line WHERE handover = %s ORDER BY item", [handover])
        return [Line(item, outcome) for item, outcome in cursor.fetchall()]


def violations() -> dict[str, int]:
    """The first law, counted over all there is. Constraints hold it; this looks whether they were ever switched off."""
    with connection.cursor() as cursor:
        cursor.execute(statement("items_without_one_holder"))
        items = cursor.fetchone()[0]
        cursor.execute(statement("unbalanced_handovers"))
        handovers = cursor.fetchone()[0]
    return {"items_without_one_holder": items, "unbalanced_handovers": handovers}
