"""Vehicles, drivers and the counties' pick-up plans."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from uuid import UUID

from django.db.models import Count, QuerySet, Sum
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from bihuan.kernel import access
from bihuan.kernel.access import Scope
from bihuan.kernel.refusals import NotFound
from bihuan.kernel.text import Text
from bihuan.kernel.web import Badge
from bihuan.kernel.web.parts import Tone
from bihuan.modules.transfers.models import Driver, PickupPlan, PlanState, PlanVehicle, Vehicle, VehicleState
from bihuan.modules.transfers.queries.practice import kind_name
from bihuan.modules.transfers.rules import Demand

DRIVER_ROLE = "driver"

VEHICLE_TONES: dict[str, Tone] = {
    VehicleState.READY: "good",
    VehicleState.IN_USE: "info",
    VehicleState.TO_DISINFECT: "warn",
    VehicleState.OUT_OF_SERVICE: "neutral",
}
PLAN_TONES: dict[str, Tone] = {
    PlanState.DRAFT: "neutral",
    PlanState.SUBMITTED: "warn",
    PlanState.APPROVED: "good",
    PlanState.RETURNED: "bad",
}


@dataclass(frozen=True, slots=True)
class VehicleRow:
    id: UUID
    plate: str
    kind: Text
    model: str
    seats: int
    state: str
    state_name: str
    unit_id: UUID
    unit: Text
    disinfected_at: datetime | None

    @property
    def url(self) -> str:
        return reverse("vehicles:detail", args=[self.id])

    @property
    def badge(self) -> Badge:
        return Badge(self.state_name, VEHICLE_TONES[self.state])

    @property
    def label(self) -> str:
        """How it is offered in a choice: plate, kind, seats, whether it is ready."""
        return f"{self.plate} · {self.kind} · {self.seats} · {self.state_name}"

    @property
    def is_out(self) -> bool:
        return self.state == VehicleState.OUT_OF_SERVICE

    @property
    def is_in_use(self) -> bool:
        return self.state == VehicleState.IN_USE


@dataclass(frozen=True, slots=True)
class DriverRow:
    id: UUID
    user_id: UUID
    name: str
    phone: str
    unit_id: UUID
    unit: Text


@dataclass(frozen=True, slots=True)
class PlanRow:
    id: UUID
    unit_id: UUID
    unit: Text
    begins_on: date
    ends_on: date
    seats_wanted: int
    seats: int
    vehicles: int
    eta_minutes: int
    contact_name: str
    contact_phone: str
    note: str
    state: str
    state_name: str
    remark: str
    made_by: str
    decided_at: datetime | None

    @property
    def url(self) -> str:
        return reverse("plans:detail", args=[self.id])

    @property
    def badge(self) -> Badge:
        return Badge(self.state_name, PLAN_TONES[self.state])

    @property
    def short(self) -> int:
        return Demand(self.seats, self.seats_wanted).short

    @property
    def is_editable(self) -> bool:
        return self.state in (PlanState.DRAFT, PlanState.RETURNED)

    @property
    def is_submitted(self) -> bool:
        return self.state == PlanState.SUBMITTED


@dataclass(frozen=True, slots=True)
class PlanVehicleRow:
    vehicle_id: UUID
    plate: str
    seats: int
    driver: str
    phone: str
    call_from: time
    call_until: time


def vehicle_row(held: Vehicle) -> VehicleRow:
    return VehicleRow(
        id=held.id,
        plate=held.plate,
        kind=kind_name(held.kind),
        model=held.model,
        seats=held.seats,
        state=held.state,
        state_name=held.get_state_display(),
        unit_id=held.unit_id,
        unit=held.unit.name,
        disinfected_at=held.disinfected_at,
    )


@dataclass(frozen=True, slots=True)
class VehicleList:
    """Vehicles of the fleets in reach. A source for tables."""

    scope: Scope

    def filtered(self, filters: Mapping[str, str]) -> QuerySet[Vehicle]:
        found = self.scope.rows(Vehicle.objects.all(), "unit")
        if filters.get("state"):
            found = found.filter(state=filters["state"])
        if filters.get("kind"):
            found = found.filter(kind=filters["kind"])
        if filters.get("q"):
            found = found.filter(plate__icontains=filters["q"])
        return found

    def count(self, filters: Mapping[str, str]) -> int:
        return self.filtered(filters).count()

    def rows(self, filters: Mapping[str, str], sort: str, offset: int, limit: int) -> Sequence[VehicleRow]:
        by = sort if sort.removeprefix("-") in ("plate", "seats", "disinfected_at") else "plate"
        found = self.filtered(filters).select_related("unit").order_by(by, "id")
        return [vehicle_row(held) for held in found[offset : offset + limit]]


def vehicles(scope: Scope) -> Sequence[VehicleRow]:
    """Every vehicle in reach, for choosing one."""
    return [vehicle_row(held) for held in scope.rows(Vehicle.objects.select_related("unit"), "unit").order_by("plate")]


def vehicle(scope: Scope, vehicle_id: UUID) -> VehicleRow:
    held = scope.rows(Vehicle.objects.filter(pk=vehicle_id), "unit").select_related("unit").first()
    if held is None:
        raise NotFound(_("There is no such vehicle."))
    return vehicle_row(held)


def drivers(scope: Scope) -> Sequence[DriverRow]:
    found = scope.rows(Driver.objects.filter(is_active=True), "unit").select_related("unit").order_by("name")
    return [DriverRow(one.id, one.user_id, one.name, one.phone, one.unit_id, one.unit.name) for one in found]


def driver(scope: Scope, driver_id: UUID) -> DriverRow:
    found = next((one for one in drivers(scope) if one.id == driver_id), None)
    if found is None:
        raise NotFound(_("There is no such driver."))
    return found


def driver_posts(scope: Scope) -> dict[UUID, access.queries.Post]:
    """Who holds a driver's post in reach today, by account; they can be entered as drivers."""
    units = {unit.id for unit in access.queries.units(scope)}
    held = access.queries.every_holder()
    return {post.user: post for post in held if post.role == DRIVER_ROLE and post.unit in units}


def holder_names(holders: Collection[str]) -> dict[str, Text]:
    """How holders are called: units and sites by name, vehicles by number plate."""
    split = {holder: holder.partition(":")[::2] for holder in holders}
    units = access.queries.names({UUID(name) for kind, name in split.values() if kind in ("unit", "site")})
    plates = dict(
        Vehicle.objects.filter(id__in=[UUID(name) for kind, name in split.values() if kind == "vehicle"]).values_list(
            "id", "plate"
        )
    )
    found: dict[str, Text] = {}
    for holder, (kind, name) in split.items():
        plate = plates.get(UUID(name), name) if kind == "vehicle" else name
        found[holder] = units.get(UUID(name), Text(holder, holder)) if kind in ("unit", "site") else Text(plate, plate)
    return found


def plan_row(held: PickupPlan) -> PlanRow:
    return PlanRow(
        id=held.id,
        unit_id=held.unit_id,
        unit=held.unit.name,
        begins_on=held.begins_on,
        ends_on=held.ends_on,
        seats_wanted=held.seats_wanted,
        seats=held.seats_promised or 0,  # type: ignore[attr-defined]
        vehicles=held.vehicles_promised,  # type: ignore[attr-defined]
        eta_minutes=held.eta_minutes,
        contact_name=held.contact_name,
        contact_phone=held.contact_phone,
        note=held.note,
        state=held.state,
        state_name=held.get_state_display(),
        remark=held.remark,
        made_by=held.made_by,
        decided_at=held.decided_at,
    )


def counted(found: QuerySet[PickupPlan]) -> QuerySet[PickupPlan]:
    return found.select_related("unit").annotate(
        seats_promised=Sum("vehicles__vehicle__seats"), vehicles_promised=Count("vehicles")
    )


@dataclass(frozen=True, slots=True)
class PlanList:
    """Pick-up plans of the counties in reach. A source for tables."""

    scope: Scope

    def filtered(self, filters: Mapping[str, str]) -> QuerySet[PickupPlan]:
        found = self.scope.rows(PickupPlan.objects.all(), "unit")
        if filters.get("state"):
            found = found.filter(state=filters["state"])
        if filters.get("on"):
            found = found.filter(begins_on__lte=filters["on"], ends_on__gte=filters["on"])
        return found

    def count(self, filters: Mapping[str, str]) -> int:
        return self.filtered(filters).count()

    def rows(self, filters: Mapping[str, str], sort: str, offset: int, limit: int) -> Sequence[PlanRow]:
        by = sort if sort.removeprefix("-") in ("begins_on", "seats_wanted") else "-begins_on"
        return [plan_row(held) for held in counted(self.filtered(filters)).order_by(by, "id")[offset : offset + limit]]


def plan(scope: Scope, plan_id: UUID) -> PlanRow:
    held = counted(scope.rows(PickupPlan.objects.filter(pk=plan_id), "unit")).first()
    if held is None:
        raise NotFound(_("There is no such pick-up plan."))
    return plan_row(held)


def plans_in_force(scope: Scope, on: date) -> Sequence[PlanRow]:
    found = scope.rows(PickupPlan.objects.filter(state=PlanState.APPROVED, begins_on__lte=on, ends_on__gte=on), "unit")
    return [plan_row(held) for held in counted(found).order_by("unit__path")]


def plan_vehicles(plan_id: UUID) -> Sequence[PlanVehicleRow]:
    found = PlanVehicle.objects.filter(plan=plan_id).select_related("vehicle", "driver").order_by("call_from")
    return [
        PlanVehicleRow(
            one.vehicle_id,
            one.vehicle.plate,
            one.vehicle.seats,
            one.driver.name,
            one.driver.phone,
            one.call_from,
            one.call_until,
        )
        for one in found
    ]
