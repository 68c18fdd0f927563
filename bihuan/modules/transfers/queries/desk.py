"""Who waits to be fetched, and who is on the way to a site."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db.models import DateTimeField, F, OuterRef, QuerySet, Subquery
from django.db.models.functions import Coalesce
from django.urls import reverse

from bihuan.kernel.access import Scope
from bihuan.kernel.loop import profile
from bihuan.kernel.text import Text
from bihuan.kernel.web import Badge
from bihuan.kernel.web.parts import Tone
from bihuan.modules.people import queries as people
from bihuan.modules.transfers.models import OPEN_REQUEST, Request, RequestState
from bihuan.modules.transfers.rules import wait_tone

AT_THE_START = (RequestState.WAITING, RequestState.ASSIGNED, RequestState.MISSING)
EXPECTED_MAX = 200
STEPS = ("request", "assign", "board", "check_in")
# From when on somebody waits: the approval of the order, or, after a way that is behind them, what asks for another.
# Looked up for each request that is shown: an EXISTS here would have every arrived request read for a few open ones.
ARRIVED_BEFORE = Request.objects.filter(order=OuterRef("order"), state=RequestState.ARRIVED)
SINCE = Coalesce(
    Subquery(ARRIVED_BEFORE.values(since=OuterRef("requested_at"))[:1], output_field=DateTimeField()),
    F("order__approved_at"),
)


@dataclass(frozen=True, slots=True)
class WaitingRow:
    """Somebody under an order who has not left yet."""

    request_id: UUID
    order_id: UUID
    number: str
    person_id: UUID
    name: str
    phone: str
    from_unit: Text
    from_unit_id: UUID
    to_unit: Text
    to_unit_id: UUID
    needs: str
    state: str
    state_name: str
    trip_id: UUID | None
    since: datetime
    waiting: timedelta
    tone: Tone

    @property
    def url(self) -> str:
        return reverse("orders:detail", args=[self.order_id])

    @property
    def badge(self) -> Badge:
        return Badge(self.state_name, self.tone)

    @property
    def can_be_assigned(self) -> bool:
        return self.state == RequestState.WAITING

    @property
    def is_missing(self) -> bool:
        return self.state == RequestState.MISSING


@dataclass(frozen=True, slots=True)
class Way:
    """People who go from one unit to another: they can share a vehicle."""

    from_unit: Text
    to_unit: Text
    rows: tuple[WaitingRow, ...]

    @property
    def can_be_assigned(self) -> bool:
        return any(row.can_be_assigned for row in self.rows)


@dataclass(frozen=True, slots=True)
class ExpectedRow:
    """Somebody on the way to a site, or already at its door."""

    request_id: UUID
    order_id: UUID
    person_id: UUID
    name: str
    needs: str
    state: str
    trip_number: str
    plate: str
    eta_at: datetime | None
    arrived_at: datetime | None


def open_handover_for(order_id: UUID) -> UUID | None:
    """The hand-over from the vehicle to the site that the site has not answered yet."""
    return (
        Request.objects.filter(order=order_id, state=RequestState.UNDERWAY).values_list("handover", flat=True).first()
    )


def under_way(order_ids: Collection[UUID]) -> dict[UUID, UUID]:
    """Those of these orders whose person waits for a vehicle or is in one, and where they are taken."""
    found = Request.objects.filter(order__in=list(order_ids), state__in=OPEN_REQUEST)
    return dict(found.values_list("order_id", "to_unit_id"))


def allowed_wait(now: datetime) -> timedelta:
    """How long from approval to the site at most: what the pathway gives each step on the way, added up."""
    in_force = profile.active(now)
    clocks = [in_force.value(f"clock_{step}", on=now).value for step in STEPS]
    return sum((clock.breach for clock in clocks), timedelta())


@dataclass(frozen=True, slots=True)
class WaitingList:
    """People who wait for a vehicle or stand beside one, in somebody's reach. A source for tables."""

    scope: Scope
    now: datetime

    def filtered(self, filters: Mapping[str, str]) -> QuerySet[Request]:
        states = [filters["state"]] if filters.get("state") else AT_THE_START
        found = self.scope.rows(
            Request.objects.filter(state__in=states, order__state="live"), "from_unit", "to_unit", "fleet"
        )
        if filters.get("unit"):
            found = found.filter(from_unit__code=filters["unit"])
        return found

    def count(self, filters: Mapping[str, str]) -> int:
        return self.filtered(filters).count()

    def rows(self, filters: Mapping[str, str], sort: str, offset: int, limit: int) -> Sequence[WaitingRow]:
        """Longest wait first, whatever is asked: that is who must go first."""
        found = (
            self.filtered(filters)
            .select_related("order", "from_unit", "to_unit")
            .annotate(since=SINCE)
            .order_by("since", "id")
        )
        return waiting_rows(list(found[offset : offset + limit]), self.now)


def waiting_rows(held: Sequence[Any], now: datetime) -> list[WaitingRow]:
    cards = people.cards({one.person_id for one in held})
    allowed = allowed_wait(now)
    return [
        WaitingRow(
            request_id=one.id,
            order_id=one.order_id,
            number=one.order.number,
            person_id=one.person_id,
            name=cards[one.person_id].name,
            phone=cards[one.person_id].phone,
            from_unit=one.from_unit.name,
            from_unit_id=one.from_unit_id,
            to_unit=one.to_unit.name,
            to_unit_id=one.to_unit_id,
            needs=one.needs,
            state=one.state,
            state_name=one.get_state_display(),
            trip_id=one.trip_id,
            since=one.since,
            waiting=now - one.since,
            tone="bad" if one.state == RequestState.MISSING else wait_tone(now - one.since, allowed),
        )
        for one in held
    ]


def waiting(request_ids: Sequence[UUID], now: datetime) -> list[WaitingRow]:
    """These requests, one after the other as they are named."""
    held = Request.objects.select_related("order", "from_unit", "to_unit").annotate(since=SINCE).in_bulk(request_ids)
    return waiting_rows([held[one] for one in request_ids], now)


def ways(rows: Sequence[WaitingRow]) -> Sequence[Way]:
    """The waiting, by where from and where to; the way with the longest wait first."""
    found: dict[tuple[UUID, UUID], list[WaitingRow]] = {}
    for row in rows:
        found.setdefault((row.from_unit_id, row.to_unit_id), []).append(row)
    return [Way(held[0].from_unit, held[0].to_unit, tuple(held)) for held in found.values()]


def expected_at(unit_id: UUID) -> Sequence[ExpectedRow]:
    """Who is on the way to a site; the earliest first."""
    found = Request.objects.filter(to_unit=unit_id, state__in=OPEN_REQUEST, order__state="live")
    held = list(found.select_related("trip__vehicle").order_by("trip__during", "requested_at")[:EXPECTED_MAX])
    cards = people.cards({one.person_id for one in held})
    return [
        ExpectedRow(
            request_id=one.id,
            order_id=one.order_id,
            person_id=one.person_id,
            name=cards[one.person_id].name,
            needs=one.needs,
            state=one.get_state_display(),
            trip_number=one.trip.number if one.trip else "",
            plate=one.trip.vehicle.plate if one.trip else "",
            eta_at=one.trip.eta_at if one.trip else None,
            arrived_at=one.trip.arrived_at if one.trip else None,
        )
        for one in held
    ]
