"""How an order stops binding: at its end, on evidence that takes its ground away, or because nobody answered an
appeal."""

from collections.abc import Mapping
from datetime import datetime
from uuid import UUID

from bihuan.kernel import custody
from bihuan.kernel.ledger import Actor, derive, facts, record_many
from bihuan.kernel.loop import action
from bihuan.kernel.text import Text
from bihuan.modules.measures import events
from bihuan.modules.measures.actions.orders import held
from bihuan.modules.measures.actions.refused import EvidenceUnknown, NotLive, TooEarly
from bihuan.modules.measures.actions.telling import fact_of, tell
from bihuan.modules.measures.models import Order, OrderState

CLOSED_AS = {OrderState.LIVE: OrderState.LIFTED, OrderState.PROPOSED: OrderState.REJECTED}


@action
def end(order_id: UUID, *, at: datetime, by: Actor, key: UUID) -> None:
    """The order has reached its end: it binds nobody any more. Ending it twice changes nothing."""
    order = held(order_id)
    if order.state != OrderState.LIVE:
        return
    if at < order.ends_at:
        raise TooEarly
    close(order, OrderState.ENDED, {}, at=at, by=by, key=key)
    tell(order, events.ENDED, {"ends_at": order.ends_at}, unit=order.unit_id, at=at, by=by, key=derive(key, "ended"))


@action
def lift(order_id: UUID, *, evidence: UUID, reason: Text, at: datetime, by: Actor, key: UUID) -> None:
    """Free somebody before the end, at once: `evidence` is the fact that takes the ground of the order away."""
    order = held(order_id)
    if order.state not in (OrderState.LIVE, OrderState.PROPOSED):
        raise NotLive
    lift_many({order_id: evidence}, reason=reason, at=at, by=by, key=derive(key, "lift"))


@action
def lift_many(evidence: Mapping[UUID, UUID], *, reason: Text, at: datetime, by: Actor, key: UUID) -> None:
    """Free everybody whose order is named, each on a fact of their own.

    A proposal is rejected; what is closed stays as it is.
    """
    if not set(evidence.values()) <= facts(set(evidence.values())).keys():
        raise EvidenceUnknown
    orders = list(Order.objects.select_for_update().filter(id__in=evidence, state__in=CLOSED_AS).order_by("id"))
    live = [order.id for order in orders if order.state == OrderState.LIVE]
    custody.release_many(live, key=derive(key, "release"), at=at, by=by)
    for before, after in CLOSED_AS.items():
        these = [order.id for order in orders if order.state == before]
        Order.objects.filter(id__in=these).update(state=after, closed_at=at, closing=reason.as_json())
    record_many(
        fact_of(
            order,
            events.LIFTED if order.state == OrderState.LIVE else events.REJECTED,
            {"evidence": evidence[order.id], "reason": reason.as_json()},
            unit=order.unit_id,
            at=at,
            by=by,
            key=derive(key, str(order.id)),
        )
        for order in orders
    )


@action
def notify_release(order_id: UUID, *, language: str = "zh-hans", at: datetime, by: Actor, key: UUID) -> None:
    """The notice of release was given to the person."""
    order = held(order_id)
    if order.notified_at is None:
        order.notified_at = at
        order.save(update_fields=["notified_at"])
    tell(
        order,
        events.NOTIFIED,
        {"ends_at": order.ends_at, "language": language},
        unit=order.unit_id,
        at=at,
        by=by,
        key=derive(key, "notified"),
    )


def close(order: Order, state: OrderState, closing: dict[str, str], *, at: datetime, by: Actor, key: UUID) -> None:
    """The row's side of ending: the person is their own again in the same transaction. The caller records why."""
    custody.release(f"person:{order.person_id}", bond=order.id, key=derive(key, "release"), at=at, by=by)
    order.state, order.closed_at, order.closing = state, at, closing
    order.save(update_fields=["state", "closed_at", "closing"])
