"""Trips and who rides in them."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db.models import Count, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Coalesce
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from bihuan.kernel.access import Scope
from bihuan.kernel.refusals import NotFound
from bihuan.kernel.text import Text
from bihuan.kernel.web import Badge, ids
from bihuan.kernel.web.parts import Tone
from bihuan.modules.people import queries as people
from bihuan.modules.transfers.models import SEATED, Request, RequestState, Trip, TripState

TONES: dict[str, Tone] = {
    TripState.PLANNED: "neutral",
    TripState.BOARDING: "warn",
    TripState.UNDERWAY: "info",
    TripState.ARRIVED: "good",
    TripState.CANCELLED: "neutral",
}
MINE = (TripState.PLANNED, TripState.BOARDING, TripState.UNDERWAY)


@dataclass(frozen=True, slots=True)
class TripRow:
    id: UUID
    number: str
    vehicle_id: UUID
    plate: str
    seats: int
    taken: int
    driver: str
    driver_phone: str
    driver_user_id: UUID
    from_unit_id: UUID
    from_unit: Text
    from_phone: str
    to_unit_id: UUID
    to_unit: Text
    to_phone: str
    departs_at: datetime
    eta_at: datetime
    departed_at: datetime | None
    arrived_at: datetime | None
    state: str
    state_name: str
    plan_id: UUID | None

    @property
    def url(self) -> str:
        return reverse("trips:detail", args=[self.id])

    @property
    def badge(self) -> Badge:
        return Badge(self.state_name, TONES[self.state])

    @property
    def riders(self) -> str:
        return f"{self.taken} / {self.seats}"

    @property
    def is_planned(self) -> bool:
        return self.state == TripState.PLANNED

    @property
    def is_boarding(self) -> bool:
        return self.state == TripState.BOARDING

    @property
    def is_underway(self) -> bool:
        return self.state == TripState.UNDERWAY

    @property
    def is_arrived(self) -> bool:
        return self.state == TripState.ARRIVED

    @property
    def free(self) -> int:
        return self.seats - self.taken


@dataclass(frozen=True, slots=True)
class RiderRow:
    request_id: UUID
    order_id: UUID
    person_id: UUID
    from_unit_id: UUID
    to_unit_id: UUID
    name: str
    id_masked: str
    phone: str
    needs: str
    state: str
    state_name: str
    boarded_at: datetime | None

    @property
    def is_aboard(self) -> bool:
        return self.state in (RequestState.ABOARD, RequestState.UNDERWAY, RequestState.ARRIVED)

    @property
    def is_missing(self) -> bool:
        return self.state == RequestState.MISSING


def whole(found: QuerySet[Trip]) -> QuerySet[Trip]:
    seated = Request.objects.filter(trip=OuterRef("pk"), state__in=SEATED).order_by().values("trip")
    return found.select_related("vehicle", "driver", "from_unit", "to_unit").annotate(
        taken=Coalesce(Subquery(seated.annotate(people=Count("pk")).values("people")), 0)
    )


def trip_row(held: Trip) -> TripRow:
    return TripRow(
        id=held.id,
        number=held.number,
        vehicle_id=held.vehicle_id,
        plate=held.vehicle.plate,
        seats=held.vehicle.seats,
        taken=held.taken,  # type: ignore[attr-defined]
        driver=held.driver.name,
        driver_phone=held.driver.phone,
        driver_user_id=held.driver.user_id,
        from_unit_id=held.from_unit_id,
        from_unit=held.from_unit.name,
        from_phone=held.from_unit.phone,
        to_unit_id=held.to_unit_id,
        to_unit=held.to_unit.name,
        to_phone=held.to_unit.phone,
        departs_at=held.departs_at,
        eta_at=held.eta_at,
        departed_at=held.departed_at,
        arrived_at=held.arrived_at,
        state=held.state,
        state_name=held.get_state_display(),
        plan_id=held.plan_id,
    )


@dataclass(frozen=True, slots=True)
class TripList:
    """Trips that start, end or are driven in somebody's reach. A source for tables."""

    scope: Scope

    def filtered(self, filters: Mapping[str, str]) -> QuerySet[Trip]:
        found = self.scope.rows(Trip.objects.all(), "from_unit", "to_unit", "vehicle__unit")
        if filters.get("state"):
            found = found.filter(state=filters["state"])
        if filters.get("open"):
            found = found.filter(state__in=MINE)
        if filters.get("vehicle"):
            found = found.filter(vehicle__plate__icontains=filters["vehicle"])
        if filters.get("plan"):
            found = found.filter(plan__in=ids([filters["plan"]]))
        return found

    def count(self, filters: Mapping[str, str]) -> int:
        return self.filtered(filters).count()

    def rows(self, filters: Mapping[str, str], sort: str, offset: int, limit: int) -> Sequence[TripRow]:
        column = {"number": "number", "departs_at": "during"}.get(sort.removeprefix("-"), "during")
        by = column if sort and not sort.startswith("-") else f"-{column}"
        return [trip_row(held) for held in whole(self.filtered(filters)).order_by(by, "id")[offset : offset + limit]]


def trip(scope: Scope, trip_id: UUID) -> TripRow:
    """A trip in reach, or one that the user drives."""
    reach = scope.within("from_unit", "to_unit", "vehicle__unit") | Q(driver__user=scope.user.pk)
    held = whole(Trip.objects.filter(reach, pk=trip_id)).first()
    if held is None:
        raise NotFound(_("There is no such trip."))
    return trip_row(held)


def my_trips(user_id: UUID) -> Sequence[TripRow]:
    """What a driver has before them, the next one first."""
    return [
        trip_row(held) for held in whole(Trip.objects.filter(driver__user=user_id, state__in=MINE)).order_by("during")
    ]


def rider_rows(held: Sequence[Request]) -> list[RiderRow]:
    cards = people.cards({one.person_id for one in held})
    return [
        RiderRow(
            request_id=one.id,
            order_id=one.order_id,
            person_id=one.person_id,
            from_unit_id=one.from_unit_id,
            to_unit_id=one.to_unit_id,
            name=cards[one.person_id].name,
            id_masked=cards[one.person_id].id_masked,
            phone=cards[one.person_id].phone,
            needs=one.needs,
            state=one.state,
            state_name=one.get_state_display(),
            boarded_at=one.boarded_at,
        )
        for one in held
    ]


def riders(trip_id: UUID) -> Sequence[RiderRow]:
    return rider_rows(list(Request.objects.filter(trip=trip_id).order_by("requested_at", "id")))


def requests(scope: Scope, request_ids: Collection[UUID]) -> Sequence[RiderRow]:
    """These requests, as far as they are in reach."""
    reach = scope.within("from_unit", "to_unit", "fleet")
    return rider_rows(list(Request.objects.filter(reach, pk__in=request_ids).order_by("requested_at", "id")))


def request_row(scope: Scope, request_id: UUID) -> RiderRow:
    found = requests(scope, [request_id])
    if not found:
        raise NotFound(_("There is no such transfer request."))
    return found[0]
