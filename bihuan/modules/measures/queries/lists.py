"""Lists and counts of orders in somebody's reach."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any
from uuid import UUID

from django.db.models import Count, Exists, OuterRef, Q, QuerySet
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from bihuan.kernel import clock
from bihuan.kernel.access import Scope
from bihuan.kernel.db import cut
from bihuan.kernel.refusals import NotFound
from bihuan.kernel.text import Text
from bihuan.kernel.web import Badge
from bihuan.kernel.web.parts import Tone
from bihuan.modules.measures.models import Exposure, ExposureState, Order, OrderKind, OrderState
from bihuan.modules.people import queries as people

TONES: dict[str, Tone] = {
    OrderState.PROPOSED: "warn",
    OrderState.LIVE: "info",
    OrderState.REJECTED: "neutral",
    OrderState.ENDED: "good",
    OrderState.LIFTED: "good",
    OrderState.LAPSED: "bad",
}
SORTS = {"number": "number", "ends_at": "ends_at", "proposed_at": "proposed_at", "counted_from": "counted_from"}


@dataclass(frozen=True, slots=True)
class OrderListRow:
    id: UUID
    number: str
    person: str
    kind_name: str
    state: str
    state_name: str
    policy: str
    rule: str
    reason: Text
    counted_from: date
    proposed_at: datetime
    ends_at: datetime
    unit: Text
    deciding_unit: Text
    proposed_by: str
    proposed_name: str
    proposed_unit_id: UUID
    approved_at: datetime | None
    person_id: UUID

    @property
    def url(self) -> str:
        return reverse("orders:detail", args=[self.id])

    @property
    def badge(self) -> Badge:
        return Badge(self.state_name, TONES[self.state])


@dataclass(frozen=True, slots=True)
class OrderList:
    """Orders a user may see: those of their units, where the person is or where it is decided. A source for tables."""

    scope: Scope

    def filtered(self, filters: Mapping[str, str]) -> QuerySet[Order]:
        found = self.scope.rows(Order.objects.all(), "unit", "deciding_unit")
        if filters.get("state"):
            found = found.filter(state=filters["state"])
        if filters.get("kind"):
            found = found.filter(kind=filters["kind"])
        if filters.get("until"):
            found = found.filter(ends_at__lte=end_of(date.fromisoformat(filters["until"])))
        if filters.get("policy"):
            found = found.filter(policy=filters["policy"])
        if filters.get("unit"):
            found = found.filter(Q(unit__code=filters["unit"]) | Q(deciding_unit__code=filters["unit"]))
        if filters.get("q"):
            found = found.filter(Q(number__iexact=filters["q"]) | Q(person__name__startswith=filters["q"]))
        return found

    def count(self, filters: Mapping[str, str]) -> int:
        return self.filtered(filters).count()

    def rows(self, filters: Mapping[str, str], sort: str, offset: int, limit: int) -> Sequence[OrderListRow]:
        name = sort.removeprefix("-")
        column = SORTS.get(name, "proposed_at")
        by = f"-{column}" if sort.startswith("-") or name not in SORTS else column
        found = self.filtered(filters).select_related("unit", "deciding_unit").order_by(by, "id")
        return listed(cut(found, offset, limit))


@dataclass(frozen=True, slots=True)
class ToApprove:
    """Proposed orders in reach, the one that waits longest first. A source for tables."""

    scope: Scope

    def count(self, filters: Mapping[str, str]) -> int:
        return OrderList(self.scope).count({"state": OrderState.PROPOSED})

    def rows(self, filters: Mapping[str, str], sort: str, offset: int, limit: int) -> Sequence[OrderListRow]:
        return OrderList(self.scope).rows({"state": OrderState.PROPOSED}, "proposed_at", offset, limit)


def end_of(day: date) -> datetime:
    return datetime.combine(day + timedelta(days=1), time(), clock.CITY)


def listed(held: list[Order]) -> list[OrderListRow]:
    cards = people.cards({order.person_id for order in held})
    return [
        OrderListRow(
            id=order.id,
            number=order.number,
            person=cards[order.person_id].masked,
            kind_name=order.get_kind_display(),
            state=order.state,
            state_name=order.get_state_display(),
            policy=order.policy,
            rule=order.rule,
            reason=Text.of(order.reason),
            counted_from=order.counted_from,
            proposed_at=order.proposed_at,
            ends_at=order.ends_at,
            unit=order.unit.name,
            deciding_unit=order.deciding_unit.name,
            proposed_by=order.proposed_by,
            proposed_name=order.proposed_name,
            proposed_unit_id=order.proposed_unit_id,
            approved_at=order.approved_at,
            person_id=order.person_id,
        )
        for order in held
    ]


@dataclass(frozen=True, slots=True)
class Unplaced:
    """An order that has to be brought about and its person; no more than what a count of all of them needs."""

    order_id: UUID
    person_id: UUID
    approved_at: datetime


def central_without(scope: Scope, named: QuerySet[Any]) -> list[Unplaced]:
    """Every live order with a central phase that no row of another table names as its order; the oldest approval
    first."""
    found = scope.rows(Order.objects.filter(state=OrderState.LIVE, kind=OrderKind.CENTRAL), "unit", "deciding_unit")
    found = found.filter(~Exists(named.filter(order=OuterRef("pk"))))
    return [Unplaced(*one) for one in found.order_by("approved_at", "id").values_list("id", "person_id", "approved_at")]


def in_this_order(ids: Sequence[UUID]) -> list[OrderListRow]:
    """These orders, one after the other as they are named."""
    held = Order.objects.select_related("unit", "deciding_unit").in_bulk(ids)
    return listed([held[one] for one in ids])


def home_without(scope: Scope, named: QuerySet[Any], limit: int) -> list[OrderListRow]:
    """Live orders that begin at home, of people who live in the scope, that no row of another table names."""
    found = scope.rows(Order.objects.filter(state=OrderState.LIVE, kind=OrderKind.HOME), "person__unit")
    found = found.filter(~Exists(named.filter(order=OuterRef("pk"))))
    held = found.select_related("unit", "deciding_unit").order_by("approved_at", "id")
    return listed(list(held[:limit]))


def person_ids(rows: Sequence[OrderListRow]) -> list[UUID]:
    return [row.person_id for row in rows]


@dataclass(frozen=True, slots=True)
class ExposureRow:
    id: UUID
    order_id: UUID
    number: str
    person: str
    person_id: UUID
    exposed_on: date
    counted_from: date
    entered_name: str
    entered_at: datetime


@dataclass(frozen=True, slots=True)
class Exposures:
    """New exposures that wait for a second person of a second unit."""

    scope: Scope

    def found(self) -> QuerySet[Exposure]:
        return self.scope.rows(Exposure.objects.filter(state=ExposureState.PROPOSED), "order__deciding_unit")

    def waiting(self) -> tuple[ExposureRow, ...]:
        held = list(self.found().select_related("order").order_by("entered_at"))
        cards = people.cards({exposure.order.person_id for exposure in held})
        return tuple(
            ExposureRow(
                id=exposure.id,
                order_id=exposure.order_id,
                number=exposure.order.number,
                person=cards[exposure.order.person_id].masked,
                person_id=exposure.order.person_id,
                exposed_on=exposure.exposed_on,
                counted_from=exposure.order.counted_from,
                entered_name=exposure.entered_name,
                entered_at=exposure.entered_at,
            )
            for exposure in held
        )


def exposure_in_reach(scope: Scope, exposure_id: UUID) -> ExposureRow:
    row = next((row for row in Exposures(scope).waiting() if row.id == exposure_id), None)
    if row is None:
        raise NotFound(_("There is no such exposure, or it has been decided."))
    return row


@dataclass(frozen=True, slots=True)
class Tally:
    """Orders in somebody's reach, counted for the board."""

    proposed: int
    live: int
    central: int
    home: int
    ending_today: int


def tally(scope: Scope, end_of_today: datetime) -> Tally:
    live = Q(state=OrderState.LIVE)
    counted = scope.rows(
        Order.objects.filter(state__in=(OrderState.PROPOSED, OrderState.LIVE)), "unit", "deciding_unit"
    ).aggregate(
        proposed=Count("person", filter=Q(state=OrderState.PROPOSED)),
        live=Count("person", filter=live),
        central=Count("person", filter=live & Q(kind=OrderKind.CENTRAL)),
        home=Count("person", filter=live & Q(kind=OrderKind.HOME)),
        ending_today=Count("person", filter=live & Q(ends_at__lte=end_of_today)),
    )
    return Tally(**counted)
