"""A county's pick-up plan: drafted and submitted by the county, approved or returned by the city before it counts."""

from collections.abc import Mapping
from datetime import date, datetime, time
from uuid import UUID

from bihuan.kernel.db import uuid7
from bihuan.kernel.ledger import Actor, Json, derive, record
from bihuan.kernel.loop import action
from bihuan.modules.transfers import events
from bihuan.modules.transfers.actions.refused import (
    NoPlan,
    NotAtThisStage,
    PlanHasNoVehicles,
    RemarkNeeded,
    SameUnitDecides,
    TimesWrong,
)
from bihuan.modules.transfers.models import PickupPlan, PlanState, PlanVehicle
from bihuan.modules.transfers.rules import Demand, Promise, demand

EDITABLE = (PlanState.DRAFT, PlanState.RETURNED)


@action
def draft_plan(
    *,
    unit_id: UUID,
    begins_on: date,
    ends_on: date,
    seats_wanted: int,
    eta_minutes: int,
    contact_name: str,
    contact_phone: str,
    note: str = "",
    at: datetime,
    by: Actor,
    key: UUID,
) -> UUID:
    if ends_on < begins_on:
        raise TimesWrong
    plan: PickupPlan = PickupPlan.objects.create(
        id=uuid7(),
        unit_id=unit_id,
        begins_on=begins_on,
        ends_on=ends_on,
        seats_wanted=seats_wanted,
        eta_minutes=eta_minutes,
        contact_name=contact_name,
        contact_phone=contact_phone,
        note=note,
        made_by=by.id,
        made_unit_id=by.unit or unit_id,
    )
    payload: dict[str, Json] = {
        "unit": unit_id,
        "begins_on": begins_on,
        "ends_on": ends_on,
        "seats_wanted": seats_wanted,
        "eta_minutes": eta_minutes,
    }
    tell(plan, events.PLAN_DRAFTED, payload, at=at, by=by, key=key)
    return plan.id


@action
def add_to_plan(
    plan_id: UUID,
    *,
    vehicle_id: UUID,
    driver_id: UUID,
    call_from: time,
    call_until: time,
    at: datetime,
    by: Actor,
    key: UUID,
) -> None:
    """Promise a vehicle with its driver; promising it again corrects driver and hours."""
    plan = locked(plan_id, *EDITABLE)
    PlanVehicle.objects.update_or_create(
        plan=plan,
        vehicle_id=vehicle_id,
        defaults={"driver_id": driver_id, "call_from": call_from, "call_until": call_until},
    )
    payload: dict[str, Json] = {
        "vehicle": vehicle_id,
        "driver": driver_id,
        "call_from": call_from.isoformat(),
        "call_until": call_until.isoformat(),
    }
    tell(plan, events.PLAN_VEHICLE_ADDED, payload, at=at, by=by, key=key)


@action
def submit_plan(plan_id: UUID, *, at: datetime, by: Actor, key: UUID) -> None:
    """Hand the plan to the city. From now on the county does not change it."""
    plan = locked(plan_id, *EDITABLE)
    seats = seats_of(plan)
    if seats.seats == 0:
        raise PlanHasNoVehicles
    plan.state = PlanState.SUBMITTED
    plan.save(update_fields=["state"])
    tell(plan, events.PLAN_SUBMITTED, {"seats": seats.seats, "seats_wanted": seats.wanted}, at=at, by=by, key=key)


@action
def approve_plan(plan_id: UUID, *, remark: str = "", at: datetime, by: Actor, key: UUID) -> None:
    """The city puts the plan in force. A plan short of seats needs a remark that says why it is good enough."""
    plan = locked(plan_id, PlanState.SUBMITTED)
    if by.id == plan.made_by or by.unit is None or by.unit == plan.made_unit_id:
        raise SameUnitDecides
    seats = seats_of(plan)
    if seats.short and not remark.strip():
        raise RemarkNeeded
    decide(plan, PlanState.APPROVED, remark, at=at, by=by)
    tell(plan, events.PLAN_APPROVED, {"seats": seats.seats, "remark": remark}, at=at, by=by, key=key)


@action
def return_plan(plan_id: UUID, *, remark: str, at: datetime, by: Actor, key: UUID) -> None:
    """Send the plan back to the county with what is wrong."""
    plan = locked(plan_id, PlanState.SUBMITTED)
    if not remark.strip():
        raise RemarkNeeded
    decide(plan, PlanState.RETURNED, remark, at=at, by=by)
    tell(plan, events.PLAN_RETURNED, {"remark": remark}, at=at, by=by, key=key)


def locked(plan_id: UUID, *states: PlanState) -> PickupPlan:
    plan: PickupPlan | None = PickupPlan.objects.select_for_update().filter(pk=plan_id).first()
    if plan is None:
        raise NoPlan
    if plan.state not in states:
        raise NotAtThisStage
    return plan


def seats_of(plan: PickupPlan) -> Demand:
    seats = PlanVehicle.objects.filter(plan=plan).values_list("vehicle__seats", flat=True)
    return demand((Promise(one) for one in seats), plan.seats_wanted)


def decide(plan: PickupPlan, state: PlanState, remark: str, *, at: datetime, by: Actor) -> None:
    plan.state, plan.remark = state, remark.strip()
    plan.decided_by, plan.decided_unit_id, plan.decided_at = by.id, by.unit, at
    plan.save()


def tell(plan: PickupPlan, kind: str, payload: Mapping[str, Json], *, at: datetime, by: Actor, key: UUID) -> None:
    record(key=derive(key, kind), kind=kind, subject=plan.subject, at=at, by=by, unit=plan.unit_id, payload=payload)
