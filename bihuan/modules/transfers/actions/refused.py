"""What is refused, and the words it is refused with."""

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import IntegrityError, transaction
from django.utils.translation import gettext_lazy as _

from bihuan.kernel.refusals import NotFound, Refused


class NoRequest(NotFound):
    def __init__(self) -> None:
        super().__init__(_("There is no such transfer request."), _("Look for the person at the transfer desk."))


class NoTrip(NotFound):
    def __init__(self) -> None:
        super().__init__(_("There is no such trip."), _("Look for it in the list of trips."))


class NoVehicle(NotFound):
    def __init__(self) -> None:
        super().__init__(_("There is no such vehicle."), _("Look for it in the list of vehicles."))


class NoDriver(NotFound):
    def __init__(self) -> None:
        super().__init__(_("There is no such driver, or the driver is off duty for good."), _("Choose another driver."))


class DriverHasTrip(Refused):
    def __init__(self) -> None:
        super().__init__(
            _("This driver still has a trip that is not finished."),
            _("Let the trip end, or cancel it; then the driver can be taken off."),
        )


class NoPlan(NotFound):
    def __init__(self) -> None:
        super().__init__(_("There is no such pick-up plan."), _("Look for it in the list of plans."))


class OrderNotLive(Refused):
    def __init__(self) -> None:
        super().__init__(
            _("The order is not in force, so nobody may be taken anywhere under it."),
            _("Have the order approved first, or let the person go."),
        )


class AlreadyRequested(Refused):
    def __init__(self) -> None:
        super().__init__(
            _("A transfer of this person is already under way."), _("Open it at the transfer desk, or cancel it first.")
        )


class AlreadyThere(Refused):
    def __init__(self) -> None:
        super().__init__(_("This person is already there."), _("Look at the person's page for where they are."))


class NotAtThisStage(Refused):
    def __init__(self) -> None:
        super().__init__(
            _("This has moved on since the page was loaded."), _("Reload the page and look at where it stands now.")
        )


class NoSeats(Refused):
    def __init__(self) -> None:
        super().__init__(
            _("The vehicle has fewer seats than people."), _("Take some people off, or choose a larger vehicle.")
        )


class TakenAtThatTime(Refused):
    def __init__(self) -> None:
        super().__init__(
            _("The vehicle or the driver is on another trip at that time."),
            _("Choose another vehicle, driver or time."),
        )


class VehicleNotReady(Refused):
    def __init__(self) -> None:
        super().__init__(
            _("The vehicle is not ready: it is on a trip, out of service, or was not disinfected after its last trip."),
            _("Record its disinfection, or choose another vehicle."),
        )


class OtherWay(Refused):
    def __init__(self) -> None:
        super().__init__(
            _("Not everybody goes from where this trip starts to where it ends."), _("Plan one trip for each way.")
        )


class NobodyAboard(Refused):
    def __init__(self) -> None:
        super().__init__(_("Nobody has boarded."), _("Record who boards first, or cancel the trip."))


class TimesWrong(Refused):
    def __init__(self) -> None:
        super().__init__(_("The arrival is not after the departure."), _("Correct the two times."))


class PlanNotInForce(Refused):
    def __init__(self) -> None:
        super().__init__(
            _("The pick-up plan is not approved for that day, or does not name this vehicle."),
            _("Have the city approve the plan, or plan the trip without it."),
        )


class PlanHasNoVehicles(Refused):
    def __init__(self) -> None:
        super().__init__(_("The plan names no vehicle."), _("Add the vehicles and drivers first."))


class SameUnitDecides(Refused):
    def __init__(self) -> None:
        super().__init__(
            _("A plan is approved by somebody else, of another unit than the one that made it."),
            _("Ask the city's transfer team to decide."),
        )


class RemarkNeeded(Refused):
    def __init__(self) -> None:
        super().__init__(_("Nothing was written."), _("Say in a few words why."))


class PlateTaken(Refused):
    def __init__(self) -> None:
        super().__init__(
            _("A vehicle with this number plate is already registered."), _("Open it in the list of vehicles.")
        )


CONSTRAINTS: dict[str, type[NoSeats | TakenAtThatTime | VehicleNotReady | AlreadyRequested | PlateTaken]] = {
    "trip_seats_suffice": NoSeats,
    "trip_vehicle_once_at_a_time": TakenAtThatTime,
    "trip_driver_once_at_a_time": TakenAtThatTime,
    "vehicle_disinfected": VehicleNotReady,
    "request_one_open_per_order": AlreadyRequested,
    "transfers_vehicle_plate_key": PlateTaken,
}


@contextmanager
def held_by_the_database() -> Iterator[None]:
    """The database decides; its refusal is told in words."""
    try:
        with transaction.atomic():
            yield
    except IntegrityError as error:
        name = getattr(getattr(error.__cause__, "diag", None), "constraint_name", None) or ""
        for constraint, refusal in CONSTRAINTS.items():
            if name.startswith(constraint):
                raise refusal() from None
        raise
