"""A trip from planning to the door of the site, and the custody that goes with it: sender, vehicle, site."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from django.db import connection
from django.db.backends.postgresql.psycopg_any import DateTimeTZRange

from bihuan.kernel import access, clock, custody
from bihuan.kernel.db import uuid7
from bihuan.kernel.ledger import Actor, NewFact, derive, histories, history, record, record_many
from bihuan.kernel.loop import action, happened
from bihuan.modules.transfers import events
from bihuan.modules.transfers.actions.refused import (
    NobodyAboard,
    NoDriver,
    NotAtThisStage,
    NoTrip,
    NoVehicle,
    OtherWay,
    PlanNotInForce,
    RemarkNeeded,
    TimesWrong,
    VehicleNotReady,
    held_by_the_database,
)
from bihuan.modules.transfers.actions.requests import locked, lose, report_missing
from bihuan.modules.transfers.models import (
    Driver,
    PlanState,
    PlanVehicle,
    Request,
    RequestState,
    Trip,
    TripState,
    Vehicle,
    VehicleState,
)
from bihuan.modules.transfers.rules import ended_by, is_in_force


@action
def plan_trip(
    *,
    vehicle_id: UUID,
    driver_id: UUID,
    from_unit_id: UUID,
    to_unit_id: UUID,
    departs_at: datetime,
    eta_at: datetime,
    request_ids: Sequence[UUID] = (),
    plan_id: UUID | None = None,
    at: datetime,
    by: Actor,
    key: UUID,
) -> UUID:
    """Reserve a vehicle and a driver, and give these people their seats."""
    if eta_at <= departs_at:
        raise TimesWrong
    vehicle = vehicle_of(vehicle_id)
    if vehicle.state == VehicleState.OUT_OF_SERVICE:
        raise VehicleNotReady
    driver = Driver.objects.filter(pk=driver_id, is_active=True).first()
    if driver is None:
        raise NoDriver
    if plan_id is not None:
        check_plan(plan_id, vehicle_id, departs_at)
    with held_by_the_database():
        trip: Trip = Trip.objects.create(
            id=uuid7(),
            number=next_number(departs_at),
            vehicle=vehicle,
            driver=driver,
            plan_id=plan_id,
            from_unit_id=from_unit_id,
            to_unit_id=to_unit_id,
            during=DateTimeTZRange(departs_at, eta_at),
        )
    record(
        key=derive(key, "planned"),
        kind=events.TRIP_PLANNED,
        subject=trip.subject,
        at=at,
        by=by,
        unit=vehicle.unit_id,
        payload={
            "number": trip.number,
            "vehicle": vehicle.id,
            "driver": driver.user_id,
            "from_unit": from_unit_id,
            "to_unit": to_unit_id,
            "departs_at": departs_at,
            "eta_at": eta_at,
            "plan": plan_id,
        },
    )
    if request_ids:
        assign(request_ids, trip_id=trip.id, at=at, by=by, key=derive(key, "assign"))
    return trip.id


@action
def assign(request_ids: Sequence[UUID], *, trip_id: UUID, at: datetime, by: Actor, key: UUID) -> None:
    """Give these people a seat on a trip that has not left."""
    trip = locked_trip(trip_id, TripState.PLANNED)
    asked = list(Request.objects.select_for_update().filter(id__in=request_ids).order_by("id"))
    if len(asked) != len(set(request_ids)) or any(one.state != RequestState.WAITING for one in asked):
        raise NotAtThisStage
    if any((one.from_unit_id, one.to_unit_id) != (trip.from_unit_id, trip.to_unit_id) for one in asked):
        raise OtherWay
    with held_by_the_database():
        for one in asked:
            one.state, one.trip_id = RequestState.ASSIGNED, trip.id
            one.save(update_fields=["state", "trip"])
    record_many(
        NewFact(
            key=derive(key, str(one.id)),
            kind=events.ASSIGNED,
            subject=one.order_subject,
            about=one.person_subject,
            at=at,
            by=by,
            unit=trip.vehicle.unit_id,
            payload={
                "request": one.id,
                "trip": trip.id,
                "vehicle": trip.vehicle_id,
                "driver": trip.driver.user_id,
                "departs_at": trip.departs_at,
            },
        )
        for one in asked
    )


@action
def open_boarding(trip_id: UUID, *, at: datetime, by: Actor, key: UUID) -> None:
    """The vehicle stands at the door: everybody on the list is dispatched to it, and the sender answers until
    it leaves."""
    trip = locked_trip(trip_id, TripState.PLANNED)
    asked = riders(trip, RequestState.ASSIGNED)
    if not asked:
        raise NobodyAboard
    at = happened(at, last_of(trip), *assigned_at(asked))
    vehicle = vehicle_of(trip.vehicle_id)
    if vehicle.state != VehicleState.READY:
        raise VehicleNotReady
    vehicle.state = VehicleState.IN_USE
    vehicle.save(update_fields=["state"])
    trip.boarding_handover = custody.dispatch(
        [one.person_subject for one in asked],
        sender=f"unit:{trip.from_unit_id}",
        receiver=vehicle.subject,
        key=derive(key, "dispatch"),
        at=at,
        by=by,
        via=trip.number,
    )
    trip.state = TripState.BOARDING
    with held_by_the_database():
        trip.save(update_fields=["state", "boarding_handover"])
    record(
        key=derive(key, "opened"),
        kind=events.TRIP_OPENED,
        subject=trip.subject,
        at=at,
        by=by,
        unit=vehicle.unit_id,
        payload={"handover": trip.boarding_handover, "people": len(asked)},
    )


@action
def board(request_id: UUID, *, at: datetime, by: Actor, key: UUID) -> None:
    """This person is in their seat. Tapped twice it changes nothing."""
    asked = locked(request_id)
    if asked.state == RequestState.ABOARD:
        return
    if asked.state != RequestState.ASSIGNED or asked.trip_id is None:
        raise NotAtThisStage
    trip = locked_trip(asked.trip_id, TripState.BOARDING)
    at = happened(at, last_of(trip))
    asked.state, asked.boarded_at = RequestState.ABOARD, at
    asked.save(update_fields=["state", "boarded_at"])
    record(
        key=derive(key, "boarded"),
        kind=events.BOARDED,
        subject=asked.order_subject,
        about=asked.person_subject,
        at=at,
        by=by,
        unit=trip.vehicle.unit_id,
        payload={"request": asked.id, "trip": trip.id, "vehicle": trip.vehicle_id},
    )


@action
def depart(trip_id: UUID, *, at: datetime, by: Actor, key: UUID) -> None:
    """The vehicle leaves with whoever boarded. One who did not is missing and stays with the sender."""
    trip = locked_trip(trip_id, TripState.BOARDING)
    aboard, absent = riders(trip, RequestState.ABOARD), riders(trip, RequestState.ASSIGNED)
    if not aboard:
        raise NobodyAboard
    at = happened(at, last_of(trip), *(one.boarded_at for one in aboard))
    answer(trip, received=aboard, missing=absent, key=derive(key, "boarded"), at=at, by=by)
    for one in absent:
        lose(one, "boarding", trip.from_unit_id, at=at, by=by, key=key)
    free = release_the_free(aboard)
    for one in aboard:
        one.state, one.handover = RequestState.UNDERWAY, None
        if one.id not in free:
            one.handover = send(one, trip, at=at, by=by, key=key)
    Request.objects.bulk_update(aboard, ["state", "handover"])
    trip.state, trip.departed_at = TripState.UNDERWAY, at
    trip.save(update_fields=["state", "departed_at"])
    record_many(
        NewFact(
            key=derive(key, "departed", str(one.id)),
            kind=events.DEPARTED,
            subject=one.order_subject,
            about=one.person_subject,
            at=at,
            by=by,
            unit=trip.to_unit_id,
            payload={
                "request": one.id,
                "trip": trip.id,
                "vehicle": trip.vehicle_id,
                "to_unit": trip.to_unit_id,
                "handover": one.handover,
            },
        )
        for one in aboard
    )
    record(
        key=derive(key, "trip"),
        kind=events.TRIP_DEPARTED,
        subject=trip.subject,
        at=at,
        by=by,
        unit=trip.vehicle.unit_id,
        payload={"boarded": len(aboard), "missing": len(absent)},
    )


@action
def arrive(trip_id: UUID, *, missing: Sequence[UUID] = (), at: datetime, by: Actor, key: UUID) -> None:
    """The vehicle is at the door.

    `missing` names the requests of people who are not there; the site checks the others in.
    """
    trip = locked_trip(trip_id, TripState.UNDERWAY)
    at = happened(at, trip.departed_at)
    expected = Request.objects.filter(trip=trip, state__in=(RequestState.UNDERWAY, RequestState.ARRIVED)).count()
    for request_id in missing:
        if locked(request_id).trip_id != trip.id:
            raise NotAtThisStage
        report_missing(request_id, at=at, by=by, key=derive(key, str(request_id)))
    trip.state, trip.arrived_at = TripState.ARRIVED, at
    trip.during = DateTimeTZRange(trip.during.lower, ended_by(trip.during.lower, trip.during.upper, at))
    trip.save(update_fields=["state", "arrived_at", "during"])
    Vehicle.objects.filter(pk=trip.vehicle_id).update(state=VehicleState.TO_DISINFECT)
    record(
        key=derive(key, "arrived"),
        kind=events.TRIP_ARRIVED,
        subject=trip.subject,
        at=at,
        by=by,
        unit=trip.vehicle.unit_id,
        payload={"arrived": expected - len(missing), "missing": len(missing), "vehicle": trip.vehicle_id},
    )


@action
def cancel_trip(trip_id: UUID, *, words: str, at: datetime, by: Actor, key: UUID) -> None:
    """The trip does not take place; everybody on it waits for another seat where they are."""
    trip = locked_trip(trip_id, TripState.PLANNED, TripState.BOARDING)
    if not words.strip():
        raise RemarkNeeded
    asked = riders(trip, RequestState.ASSIGNED, RequestState.ABOARD)
    if trip.boarding_handover:
        answer(trip, refused=asked, key=derive(key, "refused"), at=at, by=by)
        Vehicle.objects.filter(pk=trip.vehicle_id).update(state=VehicleState.TO_DISINFECT)
    for one in asked:
        one.state, one.trip_id, one.boarded_at = RequestState.WAITING, None, None
    Request.objects.bulk_update(asked, ["state", "trip", "boarded_at"])
    trip.state = TripState.CANCELLED
    trip.save(update_fields=["state"])
    record_many(
        NewFact(
            key=derive(key, str(one.id)),
            kind=events.UNASSIGNED,
            subject=one.order_subject,
            about=one.person_subject,
            at=at,
            by=by,
            unit=one.fleet_id,
            payload={"request": one.id, "trip": trip.id},
        )
        for one in asked
    )
    record(
        key=derive(key, "cancelled"),
        kind=events.TRIP_CANCELLED,
        subject=trip.subject,
        at=at,
        by=by,
        unit=trip.vehicle.unit_id,
        payload={"reason": words},
    )


def last_of(trip: Trip) -> datetime | None:
    """When the trip came as far as it is: what follows cannot have been before."""
    return max((fact.happened_at for fact in history(trip.subject)), default=None)


def assigned_at(asked: Sequence[Request]) -> list[datetime]:
    """When each of these people was given a seat."""
    told = histories([one.order_subject for one in asked])
    return [fact.happened_at for facts in told.values() for fact in facts if fact.kind == events.ASSIGNED]


def answer(
    trip: Trip,
    *,
    received: Sequence[Request] = (),
    missing: Sequence[Request] = (),
    refused: Sequence[Request] = (),
    key: UUID,
    at: datetime,
    by: Actor,
) -> None:
    """Answer the hand-over from the gate to the vehicle, unless every order on it ended while people boarded."""
    lists = {"received": received, "missing": missing, "refused": refused}
    items = {name: [one.person_subject for one in held] for name, held in lists.items()}
    assert trip.boarding_handover, "boarding began with a hand-over"
    if custody.on_the_way([item for held in items.values() for item in held]):
        custody.receive(trip.boarding_handover, **items, key=key, at=at, by=by)


def send(one: Request, trip: Trip, *, at: datetime, by: Actor, key: UUID) -> UUID:
    """Dispatch one person from the vehicle to the destination: each is accepted alone, at the desk of the site."""
    destination = access.queries.unit(trip.to_unit_id)
    receiver = f"site:{destination.id}" if destination.kind == "site" else f"unit:{destination.id}"
    return custody.dispatch(
        [one.person_subject],
        sender=trip.vehicle.subject,
        receiver=receiver,
        key=derive(key, "send", str(one.id)),
        at=at,
        by=by,
        via=trip.number,
    )


def release_the_free(aboard: Sequence[Request]) -> set[UUID]:
    """Those whose order ended while they boarded: they belong to themselves and are handed to nobody."""
    holders = custody.holders_of([one.person_subject for one in aboard])
    return {one.id for one in aboard if holders.get(one.person_subject, "self") == "self"}


def riders(trip: Trip, *states: RequestState) -> list[Request]:
    return list(Request.objects.select_for_update().filter(trip=trip, state__in=states).order_by("id"))


def locked_trip(trip_id: UUID, *states: TripState) -> Trip:
    trip: Trip | None = (
        Trip.objects.select_for_update(of=("self",)).select_related("vehicle", "driver").filter(pk=trip_id).first()
    )
    if trip is None:
        raise NoTrip
    if trip.state not in states:
        raise NotAtThisStage
    return trip


def vehicle_of(vehicle_id: UUID) -> Vehicle:
    vehicle: Vehicle | None = Vehicle.objects.select_for_update().filter(pk=vehicle_id).first()
    if vehicle is None:
        raise NoVehicle
    return vehicle


def check_plan(plan_id: UUID, vehicle_id: UUID, departs_at: datetime) -> None:
    promised = PlanVehicle.objects.select_related("plan").filter(plan=plan_id, vehicle=vehicle_id).first()
    day = departs_at.astimezone(clock.CITY).date()
    if (
        promised is None
        or promised.plan.state != PlanState.APPROVED
        or not is_in_force(promised.plan.begins_on, promised.plan.ends_on, day)
    ):
        raise PlanNotInForce


def next_number(departs_at: datetime) -> str:
    with connection.cursor() as cursor:
        cursor.execute("SELECT nextval('transfers_trip_number')")
        return f"T{departs_at.astimezone(clock.CITY):%Y%m%d}-{cursor.fetchone()[0]:04d}"
