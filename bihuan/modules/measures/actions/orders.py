"""Propose, approve, reject: how an order comes into force."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from django.db import IntegrityError, connection, transaction

from bihuan.kernel import access, clock, custody
from bihuan.kernel.db import uuid7
from bihuan.kernel.ledger import Actor, Json, derive, facts, record_many
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
from bihuan.modules.measures.actions.telling import fact_of, tell
from bihuan.modules.measures.models import OPEN, Order, OrderKind, OrderState, Phase
from bihuan.modules.measures.rules import EVIDENCE_KINDS, Days, Span, approval_refused, central_end, spans
from bihuan.modules.people import queries as people

ISSUING_KINDS = ("district", "city")
BATCH = 2000


@dataclass(frozen=True, slots=True)
class Proposal:
    """Whom an order is asked for, by which decision and on which evidence (the key of a fact about this person).

    `home_unit_id` looks after them at home (by default the unit where they are registered), `deciding_unit_id` decides
    (by default the nearest district or city that is not the proposer's); `links` are the close contacts' orders.
    """

    person_id: UUID
    decision: Decision
    evidence: UUID
    counted_from: date
    unit_id: UUID
    deciding_unit_id: UUID | None = None
    home_unit_id: UUID | None = None
    links: Sequence[str] = ()


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
    """Propose the order that `decision` asks for; what is asked is said by `Proposal`."""
    asked = Proposal(person_id, decision, evidence, counted_from, unit_id, deciding_unit_id, home_unit_id, tuple(links))
    made = propose_these({derive(key, "proposed"): asked}, at=at, by=by)
    if not made:
        raise NothingLeft
    return made[person_id]


@action
def propose_many(proposals: Sequence[Proposal], *, at: datetime, by: Actor, key: UUID) -> None:
    """Propose the order of each of many people, each with its own fact, in a handful of statements. Whoever has no
    day left to serve is left out. Approving them stays the act of a second person."""
    propose_these({derive(key, str(one.person_id)): one for one in proposals}, at=at, by=by)


def propose_these(asked: Mapping[UUID, Proposal], *, at: datetime, by: Actor) -> dict[UUID, UUID]:
    """The proposals by the key of the fact that each leaves."""
    check_evidence({one.evidence: one.person_id for one in asked.values()})
    left = {
        fact: spans(days_of(one.decision), counted_from=one.counted_from, starts_at=at, zone=clock.CITY)
        for fact, one in asked.items()
    }
    open_ones = {fact: one for fact, one in asked.items() if left[fact]}
    numbers = next_numbers("O", "measures_order_number", len(open_ones), at)
    deciding = issuing_units({one.unit_id for one in open_ones.values()}, not_unit=by.unit)
    homes = people.cards({one.person_id for one in open_ones.values() if one.home_unit_id is None})
    orders = {
        fact: new_order(one, left[fact], number, one.deciding_unit_id or deciding[one.unit_id], at=at, by=by)
        for (fact, one), number in zip(open_ones.items(), numbers, strict=True)
    }
    insert(list(orders.values()))
    write_phases({order.id: left[fact] for fact, order in orders.items()})
    record_many(
        fact_of(
            order,
            events.PROPOSED,
            {
                **told(order),
                "rule": order.rule,
                "evidence": order.evidence_id,
                "unit": order.unit_id,
                "deciding_unit": order.deciding_unit_id,
                "proposer_unit": order.proposed_unit_id,
                "home_unit": open_ones[fact].home_unit_id or homes[order.person_id].unit_id,
                "links": list(open_ones[fact].links),
            },
            unit=order.deciding_unit_id,
            at=at,
            by=by,
            key=fact,
        )
        for fact, order in orders.items()
    )
    return {order.person_id: order.id for order in orders.values()}


def new_order(
    asked: Proposal, left: Sequence[Span], number: str, deciding_unit_id: UUID, *, at: datetime, by: Actor
) -> Order:
    decision = asked.decision
    return Order(
        id=uuid7(),
        number=number,
        person_id=asked.person_id,
        profile=decision.profile,
        policy=decision.policy.code,
        rule=decision.rule,
        class_code=decision.answer["class_code"],
        kind=left[0].kind,
        reason={
            **decision.reason.as_json(),
            "follows": decision.follows.as_json(),
            "facts": decision.facts(),
            "policy": decision.policy.code,
        },
        legal_basis=decision.legal_basis.as_json(),
        conditions=decision.release.as_json(),
        deciding_unit_id=deciding_unit_id,
        unit_id=asked.unit_id,
        proposed_by=by.id,
        proposed_name=by.name,
        proposed_unit_id=by.unit or asked.unit_id,
        proposed_at=at,
        counted_from=asked.counted_from,
        starts_at=at,
        ends_at=left[-1].ends_at,
        central_ends_at=central_end(left),
        evidence_id=asked.evidence,
    )


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
    write_phases({order.id: left})
    tell(
        order,
        events.APPROVED,
        {**told(order), "unit": order.unit_id, "approver_unit": by.unit},
        unit=order.unit_id,
        at=at,
        by=by,
        key=derive(key, "approved"),
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
    tell(
        order,
        events.REJECTED,
        {"reason": order.closing},
        unit=order.deciding_unit_id,
        at=at,
        by=by,
        key=derive(key, "rejected"),
    )


def check_evidence(people_by_evidence: Mapping[UUID, UUID]) -> None:
    """Whether each fact is one that can bind, and is about the person named beside it."""
    known = facts(set(people_by_evidence))
    for evidence, person_id in people_by_evidence.items():
        fact = known.get(evidence)
        if fact is None or f"person:{person_id}" not in (fact.about, fact.subject) or fact.kind not in EVIDENCE_KINDS:
            raise EvidenceUnknown


def days_of(decision: Decision) -> Days:
    if decision.answer["measure"] not in OrderKind.values:
        raise NotARestriction
    return Days(central=decision.answer["central_days"], home=decision.answer["home_days"])


def insert(orders: Sequence[Order]) -> None:
    """Insert, and tell the one collision that people cause from those that are faults."""
    try:
        with transaction.atomic():
            Order.objects.bulk_create(orders, batch_size=BATCH)
    except IntegrityError:
        if Order.objects.filter(person__in=[order.person_id for order in orders], state__in=OPEN).exists():
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


def write_phases(left: Mapping[UUID, Sequence[Span]]) -> None:
    Phase.objects.bulk_create(
        [
            Phase(order_id=order_id, seq=seq, kind=span.kind, starts_at=span.starts_at, ends_at=span.ends_at)
            for order_id, spanned in left.items()
            for seq, span in enumerate(spanned, start=1)
        ],
        batch_size=BATCH,
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
    return next_numbers(letter, sequence, 1, at)[0]


def next_numbers(letter: str, sequence: str, count: int, at: datetime) -> list[str]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT nextval(%s) FROM generate_series(1, %s)", [sequence, count])
        return [f"{letter}{at.astimezone(clock.CITY):%Y}-{number:06d}" for (number,) in cursor.fetchall()]


def issuing_units(unit_ids: Collection[UUID], *, not_unit: UUID | None) -> dict[UUID, UUID]:
    """For each unit the nearest district or city above it that is not the proposer's own; the root where none is."""
    issuing = [unit for unit in access.queries.units_of_kinds(*ISSUING_KINDS) if unit.id != not_unit]
    return {unit.id: nearest_above(unit, issuing) for unit in access.queries.by_ids(unit_ids)}


def nearest_above(unit: access.queries.UnitRow, issuing: Sequence[access.queries.UnitRow]) -> UUID:
    above = [one for one in issuing if unit.path.startswith(one.path)]
    return max(above, key=lambda one: len(one.path)).id if above else access.queries.ancestors(unit.path)[0].id
