"""Flows: what came as a whole and whose items must all be accounted for. Pushed = found + left + … + pending."""

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db import connection

from bihuan.kernel.custody.events import FLOW_OPENED, FLOW_SETTLED
from bihuan.kernel.custody.refusals import NotInFlow
from bihuan.kernel.ledger import Actor, NewFact, derive, record, record_new

PENDING = "pending"


@dataclass(frozen=True, slots=True)
class Reconciliation:
    """How many items the source declared, and what became of those there are. `outcomes` always names "pending"."""

    pushed: int
    outcomes: Mapping[str, int]

    @property
    def balanced(self) -> bool:
        return self.pushed == sum(self.outcomes.values())

    @property
    def pending(self) -> int:
        return self.outcomes[PENDING]


def open_flow(
    flow: str, items: Sequence[str], *, declared: int | None = None, key: UUID, at: datetime, by: Actor | str
) -> None:
    """Open `flow` over `items`, or add them to it. `declared` is what the source says there are, if it says."""
    new = sorted(set(items))
    pushed = len(new) if declared is None else declared
    fact = record(key=key, kind=FLOW_OPENED, subject=flow, at=at, by=by, payload={"pushed": pushed})
    if not fact.new:
        return
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO custody_flow AS flow (flow, declared, opened_at) VALUES (%s, %s, %s) "
            "ON CONFLICT (flow) DO UPDATE SET declared = flow.declared + excluded.declared",
            [flow, pushed, at],
        )
        cursor.execute(
            "INSERT INTO custody_flow_item (flow, item, outcome) "
            "SELECT %s, item, %s FROM unnest(%s::text[]) AS new (item) "
            "ON CONFLICT (flow, item) DO NOTHING",
            [flow, PENDING, new],
        )


def settle(flow: str, item: str, outcome: str, *, key: UUID, at: datetime, by: Actor | str) -> None:
    """Say what became of `item`. A later answer replaces an earlier one; the ledger keeps both."""
    settle_many(flow, {item: outcome}, key=key, at=at, by=by)


def settle_many(flow: str, outcomes: Mapping[str, str], *, key: UUID, at: datetime, by: Actor | str) -> None:
    """As `settle()`, for many items in a handful of statements."""
    keys = {derive(key, FLOW_SETTLED, item): item for item in outcomes}
    written = record_new(
        NewFact(
            key=fact_key,
            kind=FLOW_SETTLED,
            subject=flow,
            about=item,
            at=at,
            by=by,
            payload={"outcome": outcomes[item]},
        )
        for fact_key, item in keys.items()
    )
    fresh = sorted(keys[fact_key] for fact_key in written)
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE custody_flow_item item SET outcome = settled.outcome, settled_at = %s "
            "FROM unnest(%s::text[], %s::text[]) AS settled (item, outcome) "
            "WHERE item.flow = %s AND item.item = settled.item RETURNING item.item",
            [at, fresh, [outcomes[item] for item in fresh], flow],
        )
        found = {item for (item,) in cursor.fetchall()}
    if len(found) < len(fresh):
        raise NotInFlow(flow, set(fresh) - found)


def reconciliation(flow: str) -> Reconciliation:
    """The one query that says whether anybody of `flow` is unaccounted for."""
    return reconciliations([flow])[flow]


def reconciliations(flows: Collection[str]) -> dict[str, Reconciliation]:
    """As `reconciliation()` for many flows at once; one that was never opened is empty and balanced."""
    declared: dict[str, int] = dict.fromkeys(flows, 0)
    outcomes: dict[str, Counter[str]] = {flow: Counter({PENDING: 0}) for flow in flows}
    with connection.cursor() as cursor:
        cursor.execute("SELECT flow, declared FROM custody_flow WHERE flow = ANY(%s)", [list(flows)])
        declared.update(cursor.fetchall())
        cursor.execute(
            "SELECT flow, outcome, count(*) FROM custody_flow_item WHERE flow = ANY(%s) GROUP BY flow, outcome",
            [list(flows)],
        )
        for flow, outcome, count in cursor.fetchall():
            outcomes[flow][outcome] = count
    return {flow: Reconciliation(pushed=declared[flow], outcomes=dict(outcomes[flow])) for flow in flows}
