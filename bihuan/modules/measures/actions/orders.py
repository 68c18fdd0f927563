"""Propose, approve, reject: how an order comes into force."""

from collections.abc import Sequence
from datetime import date, datetime
from uuid import UUID

from django.db import IntegrityError, connection, transaction

from bihuan.kernel import access, clock, custody
from bihuan.kernel.db import uuid7
from bihuan.kernel.ledger import Actor, Json, derive, facts, record
from bihuan.kernel.loop import action
from bihuan.kernel.loop.decisions import Decision
from bihuan.modules.measures import events
from bihuan.modules.measures.actions.links import give_link
from bihuan.modules.measures.actions.refused import (
    AlreadyUnderOrder,
    EvidenceUnknown,
    NoOrder,
    NotARestriction,
    NothingLeft,
    NotOpen,
    NoWords,
    refuse,
)
from bihuan.modules.measures.models import OPEN, Order, OrderKind, OrderState, Phase
from bihuan.modules.measures.rules import EVIDENCE_KINDS, Days, Span, approval_refused, central_end, spans
from bihuan.modules.people import queries as people

ISSUING_KINDS = ("district", "city")


@action
def propose(
    person_id: UUID,
    *,
    decision: Decision,
    evidence: UUID,
    counted_from: date,
    unit_id: UUID,
    deciding_unit_id: UUID | None = None,
    home_unit_id: UUID | None = None,
    links: Sequence[str] = (),
    at: datetime,
    by: Actor,
    key: UUID,
) -> UUID:
    """Propose the order that `decision` asks for.

    `evidence` is the key of a fact about this person; `home_unit_id` looks after them at home (by default the unit
    where they are registered); `links` are the close contacts' orders.
    """
    days = Days(central=decision.answer["central_days"], home=decision.answer["home_days"])
    if decision.answer["measure"] not in OrderKind.values:
        raise NotARestriction
    check_evidence(person_id, evidence)
    left = spans(days, counted_from=counted_from, starts_at=at, zone=clock.CITY)
    if not left:
        raise NothingLeft
    order = Order(
        id=uuid7(),
        number=next_number("O", "measures_order_number", at),
        person_id=person_id,
        profile=decision.profile,
        policy=decision.policy.code,
        rule=decision.rule,
        class_code=decision.answer["class_code"],
        kind=left[0].kind,
        reason={
            **decision.reason.as_json(),
            "follows": decision.follows.as_json(),
            "facts": decision.as_json()["used"],
            "policy": decision.policy.code,
        },
        legal_basis=decision.legal_basis.as_json(),
        conditions=decision.release.as_json(),
        deciding_unit_id=deciding_unit_id or issuing_unit(unit_id, not_unit=by.unit),
        unit_id=unit_id,
        proposed_by=by.id,
        proposed_name=by.name,
        proposed_unit_id=by.unit or unit_id,
        proposed_at=at,
        counted_from=counted_from,
        starts_at=at,
        ends_at=left[-1].ends_at,
        central_ends_at=central_end(left),
        evidence_id=evidence,
    )
    insert(order)
    write_phases(order.id, left)
    record(
        key=derive(key, "proposed"),
        kind=events.PROPOSED,
        subject=order.subject,
        about=f"person:{person_id}",
        at=at,
        by=by,
        unit=order.deciding_unit_id,
        payload={
            **told(order),
            "rule": order.rule,
            "evidence": evidence,
            "unit": unit_id,
            "deciding_unit": order.deciding_unit_id,
            "proposer_unit": order.proposed_unit_id,
            "home_unit": home_unit_id or people.card(person_id).unit_id,
            "links": list(links),
        },
    )
    return order.id


@action
def approve(order_id: UUID, *, at: datetime, by: Actor, key: UUID) -> None:
    """Approve a proposed order: from now on it binds, the unit where the person is answers for them, and they
    get their link."""
    order = held(order_id)
    if order.state != OrderState.PROPOSED:
        raise NotOpen
    refuse(
        approval_refused(
            proposer=order.proposed_by, proposer_unit=order.proposed_unit_id, approver=by.id, approver_unit=by.unit
        )
    )
    left = remaining(order, at)
    if not left:
        raise NothingLeft
    custody.bind(
        f"person:{order.person_id}",
        bond=order.id,
        holder=f"unit:{order.unit_id}",
        key=derive(key, "bind"),
        at=at,
        by=by,
    )
    order.state = OrderState.LIVE
    order.bond_id = order.id
    order.approved_by, order.approved_name, order.approved_unit_id, order.approved_at = by.id, by.name, by.unit, at
    order.starts_at = at
    order.kind, order.central_ends_at = left[0].kind, central_end(left)
    order.save()
    Phase.objects.filter(order=order.id).delete()
    write_phases(order.id, left)
    record(
        key=derive(key, "approved"),
        kind=events.APPROVED,
        subject=order.subject,
        about=f"person:{order.person_id}",
        at=at,
        by=by,
        unit=order.unit_id,
        payload={**told(order), "unit": order.unit_id, "approver_unit": by.unit},
    )
    give_link(order.id, at=at, by=by, key=derive(key, "link"))


@action
def approve_many(order_ids: Sequence[UUID], *, at: datetime, by: Actor, key: UUID) -> None:
    """Approve several orders, each with its own fact. One that cannot be approved leaves all of them as they were."""
    for order_id in sorted(order_ids):
        approve(order_id, at=at, by=by, key=derive(key, str(order_id)))


@action
def reject(order_id: UUID, *, words: str, at: datetime, by: Actor, key: UUID) -> None:
    """Turn a proposal down. The person was never bound."""
    order = held(order_id)
    if order.state != OrderState.PROPOSED:
        raise NotOpen
    if not words.strip():
        raise NoWords
    order.state, order.closed_at, order.closing = OrderState.REJECTED, at, {"zh": words, "en": words}
    order.save(update_fields=["state", "closed_at", "closing"])
    record(
        key=derive(key, "rejected"),
        kind=events.REJECTED,
        subject=order.subject,
        about=f"person:{order.person_id}",
        at=at,
        by=by,
        unit=order.deciding_unit_id,
        payload={"reason": order.closing},
    )


def check_evidence(person_id: UUID, evidence: UUID) -> None:
    fact = facts([evidence]).get(evidence)
    person = f"person:{person_id}"
    if fact is None or person not in (fact.about, fact.subject) or fact.kind not in EVIDENCE_KINDS:
        raise EvidenceUnknown


def insert(order: Order) -> None:
    """Insert, and tell the one collision that people cause from those that are faults."""
    try:
        with transaction.atomic():
            order.save(force_insert=True)
    except IntegrityError:
        if Order.objects.filter(person=order.person_id, state__in=OPEN).exists():
            raise AlreadyUnderOrder from None
        raise


def held(order_id: UUID) -> Order:
    """The order, locked until the transaction ends."""
    found: Order | None = Order.objects.select_for_update().filter(pk=order_id).first()
    if found is None:
        raise NoOrder
    return found


def remaining(order: Order, at: datetime) -> list[Span]:
    """The phases as proposed, from `at` on."""
    planned = [Span(phase.kind, phase.starts_at, phase.ends_at) for phase in Phase.objects.filter(order=order.id)]
    return [Span(span.kind, max(span.starts_at, at), span.ends_at) for span in planned if span.ends_at > at]


def write_phases(order_id: UUID, left: Sequence[Span]) -> None:
    Phase.objects.bulk_create(
        Phase(order_id=order_id, seq=seq, kind=span.kind, starts_at=span.starts_at, ends_at=span.ends_at)
        for seq, span in enumerate(left, start=1)
    )


def told(order: Order) -> dict[str, Json]:
    """What the pathway reads from the facts of an order."""
    return {
        "number": order.number,
        "profile": order.profile,
        "policy": order.policy,
        "class_code": order.class_code,
        "kind": order.kind,
        "counted_from": order.counted_from,
        "starts_at": order.starts_at,
        "ends_at": order.ends_at,
        "central_ends_at": order.central_ends_at,
    }


def next_number(letter: str, sequence: str, at: datetime) -> str:
    with connection.cursor() as cursor:
        cursor.execute("SELECT nextval(%s)", [sequence])
        return f"{letter}{at.astimezone(clock.CITY):%Y}-{cursor.fetchone()[0]:06d}"


def issuing_unit(unit_id: UUID, *, not_unit: UUID | None) -> UUID:
    """The nearest district or city above a unit that is not the proposer's own."""
    above = access.queries.ancestors(access.queries.unit(unit_id).path)
    issuing = [unit.id for unit in reversed(above) if unit.kind in ISSUING_KINDS and unit.id != not_unit]
    return issuing[0] if issuing else above[0].id
