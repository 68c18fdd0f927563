"""Sites, rooms, stays, homes, checks and tickets. What must never happen is refused here and in migration 0002."""

from typing import ClassVar

from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import DateTimeRangeField, RangeOperators
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from bihuan.kernel.db import Model


class Site(Model):
    """A place of central isolation. Its rooms count as free only while it is open, inspected and certified."""

    class State(models.TextChoices):
        PREPARING = "preparing", _("Being prepared")
        OPEN = "open", _("In operation")
        CLOSED = "closed", _("Closed down")

    unit = models.OneToOneField("access.Unit", on_delete=models.PROTECT, related_name="+")
    address = models.CharField(max_length=200)
    phone = models.CharField(max_length=40)
    state = models.CharField(max_length=12, choices=State.choices, default=State.PREPARING)
    planned_rooms = models.PositiveIntegerField(default=0)
    certificate_until = models.DateField(null=True)
    inspected_on = models.DateField(null=True)

    def __str__(self) -> str:
        return self.address

    @property
    def subject(self) -> str:
        return f"site:{self.unit_id}"


class Service(Model):
    """A time in which a site operates; while it lasts somebody owes each day's log and a valid certificate."""

    site = models.ForeignKey(Site, on_delete=models.PROTECT, related_name="services")
    opened_at = models.DateTimeField()
    closed_at = models.DateTimeField(null=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["site"], condition=Q(closed_at__isnull=True), name="isolation_service_one_open"
            ),
            models.CheckConstraint(
                condition=Q(closed_at__isnull=True) | Q(closed_at__gte=F("opened_at")),
                name="isolation_service_ends_later",
            ),
        ]

    def __str__(self) -> str:
        return f"service {self.id}"

    @property
    def subject(self) -> str:
        return f"service:{self.id}"


class Day(Model):
    """What a site did on one day for those who stay there. Whatever was not in order is said in words."""

    service = models.ForeignKey(Service, on_delete=models.PROTECT, related_name="days")
    on = models.DateField()
    meals = models.BooleanField()
    waste = models.BooleanField()
    disinfected = models.BooleanField()
    staff_well = models.BooleanField()
    remark = models.CharField(max_length=300, blank=True)
    logged_at = models.DateTimeField()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["service", "on"], name="isolation_day_once"),
            models.CheckConstraint(
                condition=Q(meals=True, waste=True, disinfected=True, staff_well=True) | ~Q(remark=""),
                name="isolation_day_told",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.on}"


class Zone(Model):
    """One of a site's functional zones: where people stay, where staff work, and the way between."""

    class Kind(models.TextChoices):
        OBSERVATION = "observation", _("Isolation and observation zone")
        SERVICE = "service", _("Work and service zone")
        PASSAGE = "passage", _("Hygiene passage zone")

    site = models.ForeignKey(Site, on_delete=models.PROTECT, related_name="zones")
    kind = models.CharField(max_length=12, choices=Kind.choices)
    name = models.CharField(max_length=60)

    class Meta:
        constraints: ClassVar = [models.UniqueConstraint(fields=["site", "name"], name="isolation_zone_name")]

    def __str__(self) -> str:
        return self.name


class Room(Model):
    """A room for one household, with `capacity` beds. A blocked room takes nobody."""

    class State(models.TextChoices):
        READY = "ready", _("Ready")
        CLEANING = "cleaning", _("To be disinfected")
        BLOCKED = "blocked", _("Blocked")

    site = models.ForeignKey(Site, on_delete=models.PROTECT, related_name="rooms")
    zone = models.ForeignKey(Zone, on_delete=models.PROTECT, related_name="rooms")
    number = models.CharField(max_length=12)
    floor = models.SmallIntegerField()
    capacity = models.PositiveSmallIntegerField(default=1)
    barrier_free = models.BooleanField(default=False)
    state = models.CharField(max_length=12, choices=State.choices, default=State.READY)
    reason = models.CharField(max_length=100, blank=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["site", "number"], name="isolation_room_number"),
            models.CheckConstraint(condition=Q(capacity__gte=1), name="isolation_room_capacity"),
            models.CheckConstraint(condition=~Q(state="blocked") | ~Q(reason=""), name="isolation_room_block_reason"),
        ]

    def __str__(self) -> str:
        return self.number


class Stay(Model):
    """A person's time at a site under an order. Open upwards until they leave; nobody is at two sites at once."""

    class Cause(models.TextChoices):
        PHASE_OVER = "phase_over", _("Central isolation is over")
        ORDER_OVER = "order_over", _("The order is over")
        ADMITTED = "admitted", _("Admitted to a hospital")

    order = models.ForeignKey("measures.Order", on_delete=models.PROTECT, related_name="+")
    person = models.ForeignKey("people.Person", on_delete=models.PROTECT, related_name="+")
    site = models.ForeignKey(Site, on_delete=models.PROTECT, related_name="stays")
    during = DateTimeRangeField()
    exposure_on = models.DateField(null=True)
    identity_confirmed = models.BooleanField()
    needs = models.CharField(max_length=300, blank=True)
    cause = models.CharField(max_length=12, choices=Cause.choices, blank=True)

    class Meta:
        constraints: ClassVar = [
            ExclusionConstraint(
                name="isolation_stay_person_once",
                expressions=[("person", RangeOperators.EQUAL), ("during", RangeOperators.OVERLAPS)],
            ),
            models.CheckConstraint(condition=Q(identity_confirmed=True), name="isolation_stay_identity"),
        ]
        indexes: ClassVar = [
            models.Index(fields=["site"], condition=Q(during__upper_inf=True), name="isolation_stay_open_idx"),
            models.Index(fields=["order"], name="isolation_stay_order_idx"),
        ]

    def __str__(self) -> str:
        return f"stay {self.id}"


class Occupancy(Model):
    """A stay's time in one room. One household a room at any moment: the database excludes the rest."""

    stay = models.ForeignKey(Stay, on_delete=models.PROTECT, related_name="occupancies")
    room = models.ForeignKey(Room, on_delete=models.PROTECT, related_name="occupancies")
    household = models.UUIDField()  # the household's id, or the person's own where none is known
    during = DateTimeRangeField()
    reason = models.CharField(max_length=200, blank=True)  # why this room instead of the one before

    class Meta:
        constraints: ClassVar = [
            ExclusionConstraint(
                name="isolation_one_household_a_room",
                expressions=[
                    ("room", RangeOperators.EQUAL),
                    ("household", RangeOperators.NOT_EQUAL),
                    ("during", RangeOperators.OVERLAPS),
                ],
            ),
            ExclusionConstraint(
                name="isolation_stay_one_room",
                expressions=[("stay", RangeOperators.EQUAL), ("during", RangeOperators.OVERLAPS)],
            ),
        ]
        indexes: ClassVar = [
            models.Index(fields=["room"], condition=Q(during__upper_inf=True), name="isolation_occupancy_open_idx"),
        ]

    def __str__(self) -> str:
        return f"occupancy {self.id}"


class Home(Model):
    """Isolation or monitoring at home under an order, looked after by a named team."""

    order = models.OneToOneField("measures.Order", on_delete=models.PROTECT, related_name="+")
    person = models.ForeignKey("people.Person", on_delete=models.PROTECT, related_name="+")
    unit = models.ForeignKey("access.Unit", on_delete=models.PROTECT, related_name="+")
    address = models.CharField(max_length=200)
    begun_at = models.DateTimeField()

    class Meta:
        indexes: ClassVar = [models.Index(fields=["unit"], name="isolation_home_unit_idx")]

    def __str__(self) -> str:
        return self.address


class HomeMember(Model):
    """A named person of a home's team. Which roles a team has is data of the profile."""

    home = models.ForeignKey(Home, on_delete=models.PROTECT, related_name="team")
    role = models.CharField(max_length=40)
    name = models.CharField(max_length=60)
    phone = models.CharField(max_length=40)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["home", "role"], name="isolation_home_member_role"),
            models.CheckConstraint(condition=~Q(name="") & ~Q(phone=""), name="isolation_home_member_named"),
        ]

    def __str__(self) -> str:
        return self.name


class Check(Model):
    """One health check: temperature and symptoms, at a site, at home, or of somebody who is only monitored."""

    class Place(models.TextChoices):
        SITE = "site", _("Isolation site")
        HOME = "home", _("At home")
        MONITOR = "monitor", _("Health monitoring")

    class Contact(models.TextChoices):
        VISIT = "visit", _("Seen in person")
        PHONE = "phone", _("By telephone")
        VIDEO = "video", _("By video")

    subject = models.CharField(max_length=60)
    person = models.ForeignKey("people.Person", on_delete=models.PROTECT, related_name="+")
    place = models.CharField(max_length=8, choices=Place.choices)
    contact = models.CharField(max_length=8, choices=Contact.choices)
    checked_at = models.DateTimeField()
    temperature = models.DecimalField(max_digits=3, decimal_places=1, null=True)
    symptoms = models.JSONField(default=list)
    is_normal = models.BooleanField()
    remark = models.CharField(max_length=200, blank=True)

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(temperature__isnull=True) | Q(temperature__gte=34, temperature__lte=43),
                name="isolation_check_temperature",
            ),
        ]
        indexes: ClassVar = [models.Index(F("subject"), F("checked_at").desc(), name="isolation_check_subject_idx")]

    def __str__(self) -> str:
        return f"check {self.checked_at:%Y-%m-%d %H:%M}"


class Ticket(Model):
    """A need or a complaint of an isolated person, with the clock for its answer running in the ticket pathway."""

    class Kind(models.TextChoices):
        MEDICINE = "medicine", _("Medicine or medical help")
        CHILD = "child", _("A child's needs")
        DISABILITY = "disability", _("Help because of a disability")
        SUPPLY = "supply", _("Food and supplies")
        ROOM = "room", _("Room and equipment")
        MIND = "mind", _("Somebody to talk to")
        COMPLAINT = "complaint", _("Complaint")
        OTHER = "other", _("Something else")

    class State(models.TextChoices):
        OPEN = "open", _("Waiting for an answer")
        ANSWERED = "answered", _("Answered")
        DONE = "done", _("Settled")
        REFUSED = "refused", _("Declined")

    number = models.CharField(max_length=16, unique=True)
    order = models.ForeignKey("measures.Order", on_delete=models.PROTECT, related_name="+")
    person = models.ForeignKey("people.Person", on_delete=models.PROTECT, related_name="+")
    unit = models.ForeignKey("access.Unit", on_delete=models.PROTECT, related_name="+")
    kind = models.CharField(max_length=12, choices=Kind.choices)
    text = models.TextField()
    state = models.CharField(max_length=10, choices=State.choices, default=State.OPEN)
    opened_at = models.DateTimeField()
    answer = models.TextField(blank=True)
    answered_at = models.DateTimeField(null=True)
    closed_at = models.DateTimeField(null=True)

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(state="open") | Q(answered_at__isnull=False) & ~Q(answer=""), name="isolation_ticket_answer"
            ),
            models.CheckConstraint(
                condition=~Q(state__in=["done", "refused"]) | Q(closed_at__isnull=False), name="isolation_ticket_closed"
            ),
        ]
        indexes: ClassVar = [models.Index(fields=["unit", "state"], name="isolation_ticket_unit_idx")]

    def __str__(self) -> str:
        return self.number

    @property
    def subject(self) -> str:
        return f"ticket:{self.id}"
