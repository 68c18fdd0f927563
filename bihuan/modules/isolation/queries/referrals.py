"""Whom a hospital was asked to take over, and whom it answers for."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.utils.translation import gettext as _

from bihuan.kernel import access, clock, custody
from bihuan.kernel.access import Scope
from bihuan.kernel.text import Text
from bihuan.kernel.web import Clock
from bihuan.modules.measures import queries as measures
from bihuan.modules.people import queries as people
from bihuan.modules.transfers import queries as transfers

from .clocks import clock_of, duties_due
from .stays import order_under


@dataclass(frozen=True, slots=True)
class Referral:
    """A hand-over to a hospital that it has not answered yet."""

    handover: UUID
    order_id: UUID
    item: str
    hospital_id: UUID
    sender: str
    since: datetime

    @property
    def person_id(self) -> UUID:
        return _id(self.item)


def referrals(hospitals: Collection[UUID], now: datetime) -> tuple[Referral, ...]:
    """The open hand-overs to these hospitals under an order, longest wait first."""
    sent = custody.unaccepted(now, receivers=[f"unit:{hospital}" for hospital in hospitals])
    return tuple(
        Referral(one.handover, _id(one.via), line.item, _id(one.receiver), one.sender, one.dispatched_at)
        for one in sent
        if one.via.startswith("order:")
        for line in custody.lines(one.handover)
        if line.outcome == "pending"
    )


def referred_to(person_ids: Collection[UUID]) -> dict[UUID, Text]:
    """The hospital each of these people was referred to and that has not taken them over yet."""
    pending = custody.on_the_way([f"person:{person}" for person in person_ids])
    if not pending:
        return {}
    named = {unit.id: unit.name for unit in access.queries.units_of_kinds("hospital")}
    sent = referrals(named, clock.now())
    return {one.person_id: named[one.hospital_id] for one in sent if one.item in pending}


def referral_words(hospital: Text | None) -> str:
    """What is to be done about a positive result, or what was done."""
    if hospital is None:
        return _("To be referred to a hospital")
    return _("Referred to %(hospital)s, not taken over yet") % {"hospital": hospital}


@dataclass(frozen=True, slots=True)
class Patient:
    """Somebody under an order who is on the way to a hospital or in it."""

    order_id: UUID
    number: str
    person_id: UUID
    name: str
    phone: str
    hospital_id: UUID
    hospital: Text
    sender: Text | None  # while the hospital has not answered
    since: datetime
    ends_at: datetime
    due: Clock | None
    onward: Text | None = None  # where they are awaited, once the hospital has let them go


def hospitals(scope: Scope) -> dict[UUID, Text]:
    """The hospitals of a scope, by name."""
    return {unit.id: unit.name for unit in access.queries.units(scope, kinds=("hospital",))}


def referred(scope: Scope, now: datetime) -> tuple[Patient, ...]:
    """Who waits to be taken over by the scope's hospitals."""
    named = hospitals(scope)
    sent = referrals(named, now)
    senders = access.queries.names({_id(one.sender) for one in sent if not one.sender.startswith("vehicle:")})
    due = duties_due([f"order:{one.order_id}" for one in sent], ("admit",), now)
    orders, cards = measures.orders([one.order_id for one in sent]), people.cards({one.person_id for one in sent})
    return tuple(
        _patient(
            orders[one.order_id],
            cards,
            named,
            one.hospital_id,
            sender=senders.get(_id(one.sender)),
            since=one.since,
            due=clock_of(duty) if duty else None,
        )
        for one in sent
        for duty in (due.get(f"order:{one.order_id}"),)
    )


def admitted(scope: Scope) -> tuple[Patient, ...]:
    """Whom the scope's hospitals answer for: nobody whose order is over."""
    named = hospitals(scope)
    at = {_id(item): hospital for hospital in named for item in custody.held_by(f"unit:{hospital}")}
    orders, cards = measures.open_orders_of(at), people.cards(at)
    onward = _onward(orders.values(), named)
    return tuple(
        _patient(
            order,
            cards,
            named,
            at[person],
            sender=None,
            since=order.approved_at or order.starts_at,
            due=None,
            onward=onward.get(order.id),
        )
        for person, order in orders.items()
    )


def _onward(orders: Collection[measures.OrderRow], hospitals: Collection[UUID]) -> dict[UUID, Text]:
    """Where each of those is awaited whom a hospital has let go and nobody has received yet."""
    items = {f"person:{order.person_id}": order.id for order in orders}
    sent = custody.unaccepted(clock.now(), senders=[f"unit:{hospital}" for hospital in hospitals])
    homes = {one.handover: _id(one.receiver) for one in sent if one.receiver.startswith("unit:")}
    pending = custody.on_the_way(items)
    going = {items[item]: homes[handover] for item, handover in pending.items() if handover in homes}
    going |= transfers.under_way(list(items.values()))
    names = access.queries.names(set(going.values()))
    return {order: names[unit] for order, unit in going.items()}


@dataclass(frozen=True, slots=True)
class Discharging:
    """Whether a hospital can let a person go, and where to: to a site while the central phase lasts, then home."""

    person_id: UUID
    hindrance: str
    to_site: bool


def discharging(order_id: UUID, hospital_id: UUID, now: datetime) -> Discharging:
    """What stands between a person and the hospital's door."""
    order, phase = order_under(order_id), measures.phase_at(order_id, now)
    item, hindrance = f"person:{order.person_id}", ""
    if phase is None:
        hindrance = _("The order is over: the person is free and goes when they like.")
    elif custody.holder_of(item) != f"unit:{hospital_id}":
        hindrance = _("This hospital does not answer for the person.")
    elif custody.on_the_way([item]) or order_id in transfers.under_way([order_id]):
        hindrance = _("The person is discharged already and waits to be received.")
    return Discharging(order.person_id, hindrance, phase is not None and phase.kind == "central")


def _patient(
    order: measures.OrderRow,
    cards: Mapping[UUID, people.PersonCard],
    named: Mapping[UUID, Text],
    hospital_id: UUID,
    *,
    sender: Text | None,
    since: datetime,
    due: Clock | None,
    onward: Text | None = None,
) -> Patient:
    card = cards[order.person_id]
    return Patient(
        order_id=order.id,
        number=order.number,
        person_id=card.id,
        name=card.name,
        phone=card.phone,
        hospital_id=hospital_id,
        hospital=named[hospital_id],
        sender=sender,
        since=since,
        ends_at=order.ends_at,
        due=due,
        onward=onward,
    )


def _id(subject: str) -> UUID:
    return UUID(subject.partition(":")[2])
