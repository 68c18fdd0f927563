"""Vehicles and drivers: entered once, disinfected after every trip."""

from datetime import datetime
from uuid import UUID

from bihuan.kernel.db import uuid7
from bihuan.kernel.ledger import Actor, derive, record
from bihuan.kernel.loop import action
from bihuan.modules.transfers import events
from bihuan.modules.transfers.actions.refused import (
    DriverHasTrip,
    NoDriver,
    NotAtThisStage,
    NoVehicle,
    RemarkNeeded,
    VehicleNotReady,
    held_by_the_database,
)
from bihuan.modules.transfers.models import Driver, Trip, TripState, Vehicle, VehicleState

UNFINISHED = (TripState.PLANNED, TripState.BOARDING, TripState.UNDERWAY)


@action
def register_vehicle(
    *, plate: str, unit_id: UUID, kind: str, seats: int, model: str = "", at: datetime, by: Actor, key: UUID
) -> UUID:
    with held_by_the_database():
        vehicle: Vehicle = Vehicle.objects.create(
            id=uuid7(), plate=plate.strip().upper(), unit_id=unit_id, kind=kind, seats=seats, model=model
        )
    record(
        key=derive(key, "registered"),
        kind=events.VEHICLE_REGISTERED,
        subject=vehicle.subject,
        at=at,
        by=by,
        unit=unit_id,
        payload={"plate": vehicle.plate, "kind": kind, "seats": seats, "unit": unit_id},
    )
    return vehicle.id


@action
def register_driver(*, user_id: UUID, unit_id: UUID, name: str, phone: str, at: datetime, by: Actor, key: UUID) -> UUID:
    """Enter somebody who drives; naming the same account again corrects name, phone and fleet."""
    driver: Driver
    driver, _made = Driver.objects.update_or_create(
        user_id=user_id, defaults={"unit_id": unit_id, "name": name, "phone": phone, "is_active": True}
    )
    record(
        key=derive(key, "registered"),
        kind=events.DRIVER_REGISTERED,
        subject=f"user:{user_id}",
        at=at,
        by=by,
        unit=unit_id,
        payload={"driver": driver.id, "name": name, "unit": unit_id, "user": user_id},
    )
    return driver.id


@action
def dismiss_driver(driver_id: UUID, *, at: datetime, by: Actor, key: UUID) -> None:
    """This driver gets no more trips. One who still has a trip finishes it first or has it cancelled."""
    driver = Driver.objects.select_for_update().filter(pk=driver_id, is_active=True).first()
    if driver is None:
        raise NoDriver
    if Trip.objects.filter(driver=driver, state__in=UNFINISHED).exists():
        raise DriverHasTrip
    driver.is_active = False
    driver.save(update_fields=["is_active"])
    record(
        key=derive(key, "dismissed"),
        kind=events.DRIVER_DISMISSED,
        subject=f"user:{driver.user_id}",
        at=at,
        by=by,
        unit=driver.unit_id,
        payload={"driver": driver.id, "name": driver.name, "unit": driver.unit_id, "user": driver.user_id},
    )


@action
def disinfect(vehicle_id: UUID, *, agent: str, at: datetime, by: Actor, key: UUID) -> None:
    """The vehicle was disinfected and is ready for its next trip."""
    vehicle = locked_vehicle(vehicle_id)
    if vehicle.state == VehicleState.IN_USE:
        raise NotAtThisStage
    if not agent.strip():
        raise RemarkNeeded
    trip = Trip.objects.filter(vehicle=vehicle, state=TripState.ARRIVED).order_by("-arrived_at").first()
    vehicle.state, vehicle.disinfected_at = VehicleState.READY, at
    vehicle.save(update_fields=["state", "disinfected_at"])
    record(
        key=derive(key, "disinfected"),
        kind=events.VEHICLE_DISINFECTED,
        subject=trip.subject if trip else vehicle.subject,
        about=vehicle.subject,
        at=at,
        by=by,
        unit=vehicle.unit_id,
        payload={"trip": trip.id if trip else None, "disinfectant": agent.strip()},
    )


@action
def set_vehicle_state(vehicle_id: UUID, *, out_of_service: bool, at: datetime, by: Actor, key: UUID) -> None:
    """Take a vehicle out of service, or put it back; one that comes back is disinfected before it drives."""
    vehicle = locked_vehicle(vehicle_id)
    if vehicle.state == VehicleState.IN_USE:
        raise VehicleNotReady
    vehicle.state = VehicleState.OUT_OF_SERVICE if out_of_service else VehicleState.TO_DISINFECT
    vehicle.save(update_fields=["state"])
    record(
        key=derive(key, "state"),
        kind=events.VEHICLE_STATE,
        subject=vehicle.subject,
        at=at,
        by=by,
        unit=vehicle.unit_id,
        payload={"state": vehicle.state},
    )


def locked_vehicle(vehicle_id: UUID) -> Vehicle:
    vehicle: Vehicle | None = Vehicle.objects.select_for_update().filter(pk=vehicle_id).first()
    if vehicle is None:
        raise NoVehicle
    return vehicle
