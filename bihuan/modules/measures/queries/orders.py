"""One order, as everybody else sees it."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from django.db.models import QuerySet
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from bihuan.kernel.access import Scope
from bihuan.kernel.db import AnyOf
from bihuan.kernel.ledger import FactRow, history
from bihuan.kernel.loop import profile
from bihuan.kernel.loop.models import Duty, DutyState
from bihuan.kernel.refusals import NotFound
from bihuan.kernel.text import Text
from bihuan.modules.measures.models import OPEN, Link, Order, OrderKind, OrderState, PhaseKind
from bihuan.modules.measures.rules import EVIDENCE_KINDS


@dataclass(frozen=True, slots=True)
class PhaseRow:
    kind: str
    starts_at: datetime
    ends_at: datetime

    @property
    def kind_name(self) -> str:
        return str(PhaseKind(self.kind).label)


@dataclass(frozen=True, slots=True)
class OrderRow:
    """All that stands in an order, with the names of the units that answer for it."""

    id: UUID
    number: str
    person_id: UUID
    profile: str
    policy: str
    rule: str
    class_code: str
    kind: str
    state: str
    reason: Text
    follows: Text
    decided_policy: str
    facts: Mapping[str, object]
    legal_basis: Text
    conditions: Text
    closing: Text | None
    counted_from: date
    starts_at: datetime
    ends_at: datetime
    central_ends_at: datetime | None
    unit_id: UUID
    unit: Text
    unit_phone: str
    deciding_unit_id: UUID
    deciding_unit: Text
    deciding_phone: str
    deciding_path: str
    proposed_by: str
    proposed_name: str
    proposed_unit_id: UUID
    proposed_unit: Text
    proposed_at: datetime
    approved_by: str
    approved_name: str
    approved_unit_id: UUID | None
    approved_unit: Text | None
    approved_at: datetime | None
    closed_at: datetime | None
    notified_at: datetime | None
    evidence: UUID
    evidence_kind: str
    evidence_at: datetime
    phases: tuple[PhaseRow, ...]

    @property
    def subject(self) -> str:
        return f"order:{self.id}"

    @property
    def policy_name(self) -> Text:
        return profile.named(self.profile).policy(self.policy).name

    @property
    def what_applies(self) -> str:
        """What follows for the person; once a later policy has changed the times, that it has."""
        if self.policy == self.decided_policy:
            return str(self.follows)
        before = profile.named(self.profile).policy(self.decided_policy).name
        words = gettext(
            "Decided under the %(old)s; the times were changed under the %(new)s. What is shown here applies."
        )
        return words % {"old": before, "new": self.policy_name}

    @property
    def kind_name(self) -> str:
        """In the language of whoever reads: a notice is printed in two."""
        return str(OrderKind(self.kind).label)

    @property
    def state_name(self) -> str:
        return str(OrderState(self.state).label)

    @property
    def is_live(self) -> bool:
        return self.state == OrderState.LIVE

    @property
    def is_over(self) -> bool:
        """Whether it bound somebody and binds them no more."""
        return self.state in (OrderState.ENDED, OrderState.LIFTED, OrderState.LAPSED)

    @property
    def ended_at(self) -> datetime:
        """When it bound them last: the end that was set, or the moment at which they were freed before it."""
        return self.closed_at if self.closed_at and self.closed_at < self.ends_at else self.ends_at

    @property
    def is_proposed(self) -> bool:
        return self.state == OrderState.PROPOSED


def whole(found: QuerySet[Order]) -> QuerySet[Order]:
    return found.select_related("unit", "deciding_unit", "proposed_unit", "approved_unit", "evidence").prefetch_related(
        "phases"
    )


def row(held: Order) -> OrderRow:
    return OrderRow(
        id=held.id,
        number=held.number,
        person_id=held.person_id,
        profile=held.profile,
        policy=held.policy,
        rule=held.rule,
        class_code=held.class_code,
        kind=held.kind,
        state=held.state,
        reason=Text.of(held.reason),
        follows=Text.of(held.reason["follows"]),
        decided_policy=held.reason["policy"],
        facts=held.reason["facts"],
        legal_basis=Text.of(held.legal_basis),
        conditions=Text.of(held.conditions),
        closing=Text.of(held.closing) if held.closing else None,
        counted_from=held.counted_from,
        starts_at=held.starts_at,
        ends_at=held.ends_at,
        central_ends_at=held.central_ends_at,
        unit_id=held.unit_id,
        unit=held.unit.name,
        unit_phone=held.unit.phone,
        deciding_unit_id=held.deciding_unit_id,
        deciding_unit=held.deciding_unit.name,
        deciding_phone=held.deciding_unit.phone,
        deciding_path=held.deciding_unit.path,
        proposed_by=held.proposed_by,
        proposed_name=held.proposed_name,
        proposed_unit_id=held.proposed_unit_id,
        proposed_unit=held.proposed_unit.name,
        proposed_at=held.proposed_at,
        approved_by=held.approved_by,
        approved_name=held.approved_name,
        approved_unit_id=held.approved_unit_id,
        approved_unit=held.approved_unit.name if held.approved_unit else None,
        approved_at=held.approved_at,
        closed_at=held.closed_at,
        notified_at=held.notified_at,
        evidence=held.evidence_id,
        evidence_kind=held.evidence.kind,
        evidence_at=held.evidence.happened_at,
        phases=tuple(PhaseRow(phase.kind, phase.starts_at, phase.ends_at) for phase in held.phases.all()),
    )


def orders(ids: Collection[UUID]) -> dict[UUID, OrderRow]:
    return {held.id: row(held) for held in whole(Order.objects.filter(id__in=ids))}


def order(order_id: UUID) -> OrderRow | None:
    return orders([order_id]).get(order_id)


def open_order_ids(person_ids: Collection[UUID]) -> dict[UUID, UUID]:
    """The open order of each of many people, without what stands in it."""
    found = Order.objects.filter(person__in=list(person_ids), state__in=OPEN)
    return dict(found.values_list("person_id", "id"))


def in_reach(scope: Scope, order_id: UUID) -> OrderRow:
    """The order, if it is one of the units the user may see."""
    held = whole(scope.rows(Order.objects.filter(pk=order_id), "unit", "deciding_unit")).first()
    if held is None:
        raise NotFound(_("There is no such order."))
    return row(held)


def to_read(scope: Scope, order_id: UUID) -> tuple[OrderRow, bool]:
    """The order as `in_reach`, or for whoever has to carry part of it out; and whether it is one of the user's own."""
    try:
        return in_reach(scope, order_id), True
    except NotFound:
        found = order(order_id)
        if found is None or not is_carried_out_by(scope, order_id):
            raise
        return found, False


def is_readable(scope: Scope, order_id: UUID) -> bool:
    own = scope.rows(Order.objects.filter(pk=order_id), "unit", "deciding_unit")
    return own.exists() or is_carried_out_by(scope, order_id)


def is_carried_out_by(scope: Scope, order_id: UUID) -> bool:
    """Whether a unit in reach owes a duty about the order, or did it."""
    owed = Duty.objects.filter(subject=f"order:{order_id}").exclude(state=DutyState.CANCELLED)
    return owed.filter(owner_unit=AnyOf(scope.unit_ids)).exists()


def what_happened(order_id: UUID) -> list[FactRow]:
    """The facts of an order, newest first."""
    return history(f"order:{order_id}")[::-1]


def grounds_for_lifting(found: OrderRow) -> list[FactRow]:
    """Facts about the person that came after the order and can take its ground away, newest first."""
    later = [fact for fact in history(f"person:{found.person_id}") if fact.happened_at >= found.proposed_at]
    return [fact for fact in later[::-1] if fact.kind in EVIDENCE_KINDS and fact.key != found.evidence]


def open_orders_of(person_ids: Collection[UUID]) -> dict[UUID, OrderRow]:
    """The one proposed or live order of each of these people who has one."""
    return {held.person_id: row(held) for held in whole(Order.objects.filter(person__in=person_ids, state__in=OPEN))}


def open_order_of(person_id: UUID) -> OrderRow | None:
    return open_orders_of([person_id]).get(person_id)


def orders_of_person(person_id: UUID) -> tuple[OrderRow, ...]:
    return tuple(row(held) for held in whole(Order.objects.filter(person=person_id).order_by("-proposed_at")))


def phase_at(order_id: UUID, moment: datetime) -> PhaseRow | None:
    """The phase a live order is in at `moment`; none before it starts and after it ended."""
    found = order(order_id)
    if found is None or not found.is_live:
        return None
    return next((phase for phase in found.phases if phase.starts_at <= moment < phase.ends_at), None)


def token_of(order_id: UUID) -> str | None:
    """The valid personal link of an order."""
    return Link.objects.filter(order=order_id, revoked_at=None).values_list("token", flat=True).first()


def order_by_token(token: str) -> UUID | None:
    """The order behind a personal link; none when the link was revoked or never was."""
    return Link.objects.filter(token=token, revoked_at=None).values_list("order_id", flat=True).first()
