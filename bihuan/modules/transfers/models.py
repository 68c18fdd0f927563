"""Vehicles, drivers, plans, trips and who rides in them. Seats and double bookings are held by the database."""

from datetime import datetime

from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import DateTimeRangeField, RangeOperators
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from bihuan.kernel.db import Model


class VehicleState(models.TextChoices):
    READY = "ready", _("Ready")
    IN_USE = "in_use", _("On a trip")
    TO_DISINFECT = "to_disinfect", _("To be disinfected")
    OUT_OF_SERVICE = "out_of_service", _("Out of service")


class Vehicle(Model):
    plate = models.CharField(max_length=16, unique=True)
    unit = models.ForeignKey(
        "access.Unit", on_delete=models.PROTECT, related_name="+", help_text="The fleet it belongs to."
    )
    kind = models.CharField(max_length=20, help_text="One of the city's kinds of vehicles.")
    model = models.CharField(max_length=60, blank=True)
    seats = models.PositiveSmallIntegerField(help_text="Seats for passengers.")
    state = models.CharField(max_length=16, choices=VehicleState.choices, default=VehicleState.READY)
    disinfected_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        indexes = [models.Index(fields=["unit", "state"])]
        constraints = [models.CheckConstraint(condition=Q(seats__gte=1), name="vehicle_has_a_seat")]

    def __str__(self) -> str:
        return self.plate

    @property
    def subject(self) -> str:
        return f"vehicle:{self.id}"


class Driver(Model):
    user = models.OneToOneField("access.User", on_delete=models.PROTECT, related_name="+")
    unit = models.ForeignKey("access.Unit", on_delete=models.PROTECT, related_name="+")
    name = models.CharField(max_length=60)
    phone = models.CharField(max_length=40)
    is_active = models.BooleanField(default=True)

    def __str__(self) -> str:
        return self.name


class PlanState(models.TextChoices):
    DRAFT = "draft", _("Draft")
    SUBMITTED = "submitted", _("With the city")
    APPROVED = "approved", _("Approved")
    RETURNED = "returned", _("Returned")


class PickupPlan(Model):
    """How a county fetches its people from the gates between two days. The city approves it before it counts."""

    unit = models.ForeignKey("access.Unit", on_delete=models.PROTECT, related_name="+")
    begins_on = models.DateField()
    ends_on = models.DateField()
    seats_wanted = models.PositiveIntegerField(help_text="People expected on the busiest day.")
    eta_minutes = models.PositiveIntegerField(help_text="From the call until a vehicle stands at the gate.")
    contact_name = models.CharField(max_length=60)
    contact_phone = models.CharField(max_length=40)
    note = models.TextField(blank=True)
    state = models.CharField(max_length=12, choices=PlanState.choices, default=PlanState.DRAFT)
    made_by = models.CharField(max_length=60)
    made_unit = models.ForeignKey("access.Unit", on_delete=models.PROTECT, related_name="+")
    decided_by = models.CharField(max_length=60, blank=True)
    decided_unit = models.ForeignKey("access.Unit", on_delete=models.PROTECT, related_name="+", null=True, blank=True)
    decided_at = models.DateTimeField(null=True, blank=True)
    remark = models.TextField(blank=True, help_text="What the city says when it approves or returns the plan.")

    class Meta:
        indexes = [models.Index(fields=["unit", "state"])]
        constraints = [
            models.CheckConstraint(condition=Q(ends_on__gte=F("begins_on")), name="plan_ends_after_it_begins"),
            models.CheckConstraint(
                condition=~Q(state="approved")
                | (
                    ~Q(decided_by="")
                    & ~Q(decided_by=F("made_by"))
                    & Q(decided_unit__isnull=False)
                    & ~Q(decided_unit=F("made_unit"))
                ),
                name="plan_approved_by_another_unit",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.begins_on} - {self.ends_on}"

    @property
    def subject(self) -> str:
        return f"plan:{self.id}"


class PlanVehicle(Model):
    """A vehicle with its driver promised by a plan, and the hours of the day it can be called."""

    plan = models.ForeignKey(PickupPlan, on_delete=models.PROTECT, related_name="vehicles")
    vehicle = models.ForeignKey(Vehicle, on_delete=models.PROTECT, related_name="+")
    driver = models.ForeignKey(Driver, on_delete=models.PROTECT, related_name="+")
    call_from = models.TimeField()
    call_until = models.TimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["plan", "vehicle"], name="plan_names_a_vehicle_once")]

    def __str__(self) -> str:
        return f"{self.vehicle_id} {self.call_from}-{self.call_until}"


class TripState(models.TextChoices):
    PLANNED = "planned", _("Planned")
    BOARDING = "boarding", _("Boarding")
    UNDERWAY = "underway", _("Under way")
    ARRIVED = "arrived", _("Arrived")
    CANCELLED = "cancelled", _("Cancelled")


class Trip(Model):
    """One vehicle, one driver, from one unit to another.

    `during` reserves both; it is cut short when the trip is over.
    """

    number = models.CharField(max_length=32, unique=True)
    vehicle = models.ForeignKey(Vehicle, on_delete=models.PROTECT, related_name="+")
    driver = models.ForeignKey(Driver, on_delete=models.PROTECT, related_name="+")
    plan = models.ForeignKey(PickupPlan, on_delete=models.PROTECT, related_name="+", null=True, blank=True)
    from_unit = models.ForeignKey("access.Unit", on_delete=models.PROTECT, related_name="+")
    to_unit = models.ForeignKey("access.Unit", on_delete=models.PROTECT, related_name="+")
    during = DateTimeRangeField()
    state = models.CharField(max_length=12, choices=TripState.choices, default=TripState.PLANNED)
    boarding_handover = models.UUIDField(null=True, blank=True)
    departed_at = models.DateTimeField(null=True, blank=True)
    arrived_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        indexes = [models.Index(fields=["state", "driver"]), models.Index(fields=["from_unit", "state"])]
        constraints = [
            ExclusionConstraint(
                name="trip_vehicle_once_at_a_time",
                expressions=[("vehicle", RangeOperators.EQUAL), ("during", RangeOperators.OVERLAPS)],
                condition=~Q(state="cancelled"),
            ),
            ExclusionConstraint(
                name="trip_driver_once_at_a_time",
                expressions=[("driver", RangeOperators.EQUAL), ("during", RangeOperators.OVERLAPS)],
                condition=~Q(state="cancelled"),
            ),
        ]

    def __str__(self) -> str:
        return self.number

    @property
    def subject(self) -> str:
        return f"trip:{self.id}"

    @property
    def departs_at(self) -> datetime:
        moment: datetime = self.during.lower
        return moment

    @property
    def eta_at(self) -> datetime:
        moment: datetime = self.during.upper
        return moment


class RequestState(models.TextChoices):
    WAITING = "waiting", _("Waiting for a vehicle")
    ASSIGNED = "assigned", _("Seat found")
    ABOARD = "aboard", _("Aboard")
    UNDERWAY = "underway", _("Under way")
    ARRIVED = "arrived", _("Arrived")
    MISSING = "missing", _("Missing")
    CANCELLED = "cancelled", _("Cancelled")


OPEN_REQUEST = (
    RequestState.WAITING,
    RequestState.ASSIGNED,
    RequestState.ABOARD,
    RequestState.UNDERWAY,
    RequestState.MISSING,
)
SEATED = (RequestState.ASSIGNED, RequestState.ABOARD, RequestState.UNDERWAY, RequestState.ARRIVED)  # they take a seat


class Request(Model):
    """Somebody under an order must be brought from one unit to another. `trip` is the seat that was found."""

    order = models.ForeignKey("measures.Order", on_delete=models.PROTECT, related_name="+", db_index=False)
    person = models.ForeignKey("people.Person", on_delete=models.PROTECT, related_name="+")
    from_unit = models.ForeignKey("access.Unit", on_delete=models.PROTECT, related_name="+")
    to_unit = models.ForeignKey("access.Unit", on_delete=models.PROTECT, related_name="+")
    fleet = models.ForeignKey(
        "access.Unit", on_delete=models.PROTECT, related_name="+", help_text="Whose dispatcher finds the seat."
    )
    needs = models.CharField(max_length=200, blank=True, help_text="Wheelchair, infant, own illness.")
    requested_at = models.DateTimeField()
    state = models.CharField(max_length=12, choices=RequestState.choices, default=RequestState.WAITING)
    trip = models.ForeignKey(Trip, on_delete=models.PROTECT, related_name="requests", null=True, blank=True)
    handover = models.UUIDField(
        null=True, blank=True, help_text="Vehicle to site, open until the site has checked the person in."
    )
    boarded_at = models.DateTimeField(null=True, blank=True)
    closed_at = models.DateTimeField(null=True, blank=True)
    missing_since = models.DateTimeField(null=True, blank=True)

    class Meta:
        indexes = [
            models.Index(fields=["order", "state"]),
            models.Index(fields=["state", "requested_at"]),
            models.Index(fields=["from_unit", "state"]),
            models.Index(fields=["fleet", "state"]),
            models.Index(fields=["trip"]),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["order"], condition=Q(state__in=OPEN_REQUEST), name="request_one_open_per_order"
            ),
            models.CheckConstraint(
                condition=~Q(state__in=SEATED) | Q(trip__isnull=False), name="request_seated_has_its_trip"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.order_id} {self.state}"

    @property
    def order_subject(self) -> str:
        return f"order:{self.order_id}"

    @property
    def person_subject(self) -> str:
        return f"person:{self.person_id}"
