"""Appeals: filed by the person, answered by somebody who did not make the order, lapsing when nobody answers."""

from datetime import datetime
from uuid import UUID

from bihuan.kernel import access, clock
from bihuan.kernel.db import uuid7
from bihuan.kernel.ledger import Actor, derive, history
from bihuan.kernel.loop import action
from bihuan.modules.measures import events
from bihuan.modules.measures.actions.closing import close, lift
from bihuan.modules.measures.actions.orders import held, next_number
from bihuan.modules.measures.actions.refused import AppealPending, NoAppeal, NotLive, NotOpen, NoWords, refuse
from bihuan.modules.measures.actions.telling import tell
from bihuan.modules.measures.actions.words import appeal_unanswered, appeal_upheld
from bihuan.modules.measures.models import Appeal, AppealState, Order, OrderState
from bihuan.modules.measures.rules import (
    APPEAL_ANSWERED_WITHIN,
    APPEAL_LAPSES_AFTER,
    review_refused,
    stands_by_laboratory,
)

SENIOR_ROLE = "city_command"
RESULTED = "test.resulted"  # recorded by a module above this one; its facts are read, its code is not


@action
def file_appeal(order_id: UUID, *, words: str, phone: str = "", at: datetime, by: Actor, key: UUID) -> UUID:
    """The person objects to an order in force. The clock runs from this moment."""
    order = held(order_id)
    if order.state != OrderState.LIVE:
        raise NotLive
    if not words.strip():
        raise NoWords
    if Appeal.objects.filter(order=order_id, state=AppealState.FILED).exists():
        raise AppealPending
    appeal: Appeal = Appeal.objects.create(
        id=uuid7(),
        order=order,
        number=next_number("A", "measures_appeal_number", at),
        words=words.strip(),
        phone=phone,
        reviewing_unit_id=reviewing_unit(order),
        filed_at=at,
        answer_by_at=at + APPEAL_ANSWERED_WITHIN,
        lapses_at=at + APPEAL_LAPSES_AFTER,
    )
    tell(
        order,
        events.APPEAL_FILED,
        {
            "number": appeal.number,
            "order": order_id,
            "reviewing_unit": appeal.reviewing_unit_id,
            "answer_by_at": appeal.answer_by_at,
            "lapses_at": appeal.lapses_at,
        },
        of=appeal,
        unit=appeal.reviewing_unit_id,
        at=at,
        by=by,
        key=derive(key, "filed"),
    )
    return appeal.id


@action
def decide_appeal(appeal_id: UUID, *, upheld: bool, grounds: str, at: datetime, by: Actor, key: UUID) -> None:
    """Answer an appeal. Upheld, the order is lifted in the same transaction."""
    appeal = filed(appeal_id)
    order = held(appeal.order_id)
    if not grounds.strip():
        raise NoWords
    refuse(
        review_refused(
            proposers=(order.proposed_by, order.approved_by),
            units=(order.proposed_unit_id, order.approved_unit_id),
            reviewer=by.id,
            reviewer_unit=by.unit,
        )
    )
    appeal.state = AppealState.UPHELD if upheld else AppealState.DISMISSED
    appeal.decided_by, appeal.decided_name, appeal.decided_unit_id, appeal.decided_at = by.id, by.name, by.unit, at
    appeal.grounds = grounds.strip()
    appeal.save()
    decided = derive(key, "decided")
    tell(
        order,
        events.APPEAL_DECIDED,
        {"outcome": appeal.state, "order": order.id, "grounds": appeal.grounds},
        of=appeal,
        unit=by.unit,
        at=at,
        by=by,
        key=decided,
    )
    if upheld and order.state == OrderState.LIVE:
        lift(order.id, evidence=decided, reason=appeal_upheld(), at=at, by=by, key=derive(key, "lift"))


@action
def lapse_unanswered(appeal_id: UUID, *, at: datetime, by: Actor, key: UUID) -> None:
    """Nobody answered: the appeal goes to the named senior official, and silence means free unless a positive
    result stands."""
    appeal = Appeal.objects.select_for_update().filter(pk=appeal_id).first()
    if appeal is None:
        raise NoAppeal
    if appeal.state != AppealState.FILED or at < appeal.lapses_at:
        return
    order = held(appeal.order_id)
    infected = stands_by_laboratory(
        fact.payload for fact in history(order.subject) if fact.kind == RESULTED and fact.subject == order.subject
    )
    appeal.state = AppealState.PASSED_UP if infected else AppealState.LAPSED
    appeal.senior_unit_id, appeal.senior_name = senior(order, at)
    appeal.decided_at = at
    appeal.save()
    tell(
        order,
        events.APPEAL_LAPSED,
        {
            "order": order.id,
            "senior_unit": appeal.senior_unit_id,
            "senior": appeal.senior_name,
            "outcome": appeal.state,
        },
        of=appeal,
        unit=appeal.senior_unit_id,
        at=at,
        by=by,
        key=derive(key, "lapsed"),
    )
    if infected or order.state != OrderState.LIVE:
        return
    reason = appeal_unanswered().as_json()
    close(order, OrderState.LAPSED, reason, at=at, by=by, key=derive(key, "close"))
    tell(
        order,
        events.LAPSED,
        {"appeal": appeal.id, "reason": reason},
        unit=order.unit_id,
        at=at,
        by=by,
        key=derive(key, "order"),
    )


def filed(appeal_id: UUID) -> Appeal:
    found: Appeal | None = Appeal.objects.select_for_update().filter(pk=appeal_id).first()
    if found is None:
        raise NoAppeal
    if found.state != AppealState.FILED:
        raise NotOpen
    return found


def reviewing_unit(order: Order) -> UUID:
    """The nearest unit above the deciding one that neither proposed nor approved; at the top, the top itself."""
    above = access.queries.ancestors(access.queries.unit(order.deciding_unit_id).path)
    made = (order.proposed_unit_id, order.approved_unit_id)
    return next((unit.id for unit in reversed(above) if unit.id not in made), above[0].id)


def senior(order: Order, at: datetime) -> tuple[UUID, str]:
    """The unit at the top of the deciding one's line, and who heads it that day."""
    top = access.queries.ancestors(access.queries.unit(order.deciding_unit_id).path)[0]
    heads = access.queries.holders(SENIOR_ROLE, top.id, at.astimezone(clock.CITY).date())
    return top.id, heads[0].name if heads else str(top.name)
