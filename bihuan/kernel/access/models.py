"""Units as one tree with two lines, the people who work in them, and the dated posts they hold."""

from typing import TYPE_CHECKING, ClassVar

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import ArrayField, DateRangeField, RangeOperators
from django.db import models

from bihuan.kernel.db import Model, uuid7
from bihuan.kernel.text import Text

if TYPE_CHECKING:
    from datetime import date


class Unit(Model):
    """An office, place or team that answers for something. `path` holds codes from the root: a subtree is a prefix."""

    code = models.TextField(unique=True)
    kind = models.TextField()
    name_zh = models.TextField()
    name_en = models.TextField()
    parent = models.ForeignKey(
        "access.Unit", models.PROTECT, null=True, blank=True, related_name="children", help_text="Territorial line."
    )
    sector = models.ForeignKey(
        "access.Unit", models.PROTECT, null=True, blank=True, related_name="sector_units", help_text="Sector line."
    )
    path = models.TextField(unique=True)
    phone = models.TextField(blank=True, default="")
    address = models.TextField(blank=True, default="")
    population = models.PositiveIntegerField(default=0)
    valid_from = models.DateField(null=True, blank=True)
    valid_until = models.DateField(null=True, blank=True)

    class Meta:
        indexes = [models.Index(fields=["path"], name="access_unit_path_prefix", opclasses=["text_pattern_ops"])]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(path__startswith="/") & models.Q(path__endswith="/"),
                name="access_unit_path_is_closed",
            ),
            models.CheckConstraint(condition=~models.Q(code__contains="/"), name="access_unit_code_is_one_step"),
            models.CheckConstraint(
                condition=~models.Q(id=models.F("parent")), name="access_unit_is_not_its_own_parent"
            ),
        ]

    def __str__(self) -> str:
        return str(self.name)

    @property
    def name(self) -> Text:
        return Text(zh=self.name_zh, en=self.name_en)


class User(AbstractBaseUser):
    """One human being; never shared. What a user may do comes from appointments alone."""

    last_login = None  # sign-ins are facts in the ledger

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    username = models.TextField(unique=True)
    name = models.TextField()
    phone = models.TextField(blank=True, default="")
    is_active = models.BooleanField(default=True)
    language = models.TextField(default="zh-hans")
    sessions_end_before = models.DateTimeField(
        null=True, blank=True, help_text="Sessions begun before this moment are over."
    )

    USERNAME_FIELD = "username"
    REQUIRED_FIELDS: ClassVar[list[str]] = ["name"]

    objects = BaseUserManager["User"]()

    def __str__(self) -> str:
        return self.name

    @property
    def subject(self) -> str:
        return f"user:{self.id}"


class Office(models.TextChoices):
    """The three that keep watch on each other: who runs the system, who gives powers, who looks at what was done."""

    SYSTEM = "system"
    SECURITY = "security"
    AUDIT = "audit"


class Role(models.Model):
    """What a post may do: powers are `module.verb`. Rows come from a city's profile, see `actions.adopt_roles`."""

    code = models.TextField(primary_key=True)
    name_zh = models.TextField()
    name_en = models.TextField()
    line = models.TextField(
        choices=[("territorial", "territorial"), ("sector", "sector")],
        help_text="Territorial: the unit's subtree. Sector: also the units that answer to it on the sector line.",
    )
    powers = ArrayField(models.TextField(), default=list)
    first_zh = models.TextField(blank=True, default="", help_text="Where somebody new in this role begins.")
    first_en = models.TextField(blank=True, default="")
    position = models.PositiveSmallIntegerField(default=0)
    office = models.TextField(blank=True, default="", db_default="", help_text="One of the three, or none.")
    kinds = ArrayField(
        models.TextField(), default=list, db_default=[], help_text="Units it has its place in; empty: any."
    )
    by_two = models.BooleanField(default=False, db_default=False, help_text="Filled by two people of two units.")

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=models.Q(line__in=["territorial", "sector"]), name="access_role_has_a_line"
            ),
            models.CheckConstraint(
                condition=models.Q(office="") | models.Q(office__in=Office.values, by_two=True),
                name="access_office_takes_two",
            ),
        ]

    def __str__(self) -> str:
        return str(self.name)

    @property
    def name(self) -> Text:
        return Text(zh=self.name_zh, en=self.name_en)


class Appointment(Model):
    """A user holds a role at a unit for a range of days. Outside the range it gives nothing."""

    user = models.ForeignKey("access.User", models.PROTECT, related_name="appointments")
    role = models.ForeignKey("access.Role", models.PROTECT, related_name="appointments")
    unit = models.ForeignKey("access.Unit", models.PROTECT, related_name="appointments")
    valid = DateRangeField()
    office = models.TextField(blank=True, default="", db_default="", help_text="The role's; a trigger writes it.")

    class Meta:
        indexes = [models.Index(fields=["unit", "role"], name="access_appointment_post")]
        constraints = [
            ExclusionConstraint(
                name="access_one_appointment_to_a_post_at_a_time",
                expressions=[
                    ("user", RangeOperators.EQUAL),
                    ("role", RangeOperators.EQUAL),
                    ("unit", RangeOperators.EQUAL),
                    ("valid", RangeOperators.OVERLAPS),
                ],
            ),
            ExclusionConstraint(
                name="access_three_offices_apart",
                expressions=[
                    ("user", RangeOperators.EQUAL),
                    ("office", RangeOperators.NOT_EQUAL),
                    ("valid", RangeOperators.OVERLAPS),
                ],
                condition=~models.Q(office=""),
            ),
            models.CheckConstraint(
                condition=models.Q(valid__startswith__isnull=False) & models.Q(valid__isempty=False),
                name="access_appointment_has_a_first_day",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.role_id} {self.valid}"

    @property
    def since(self) -> "date":
        first: date = self.valid.lower
        return first

    @property
    def until(self) -> "date | None":
        """The first day on which the appointment no longer holds."""
        end: date | None = self.valid.upper
        return end


class Nomination(Model):
    """Somebody is named for a post that takes two people. Confirmed, it becomes an appointment; otherwise it lapses."""

    class State(models.TextChoices):
        OPEN = "open"
        CONFIRMED = "confirmed"
        REFUSED = "refused"

    user = models.ForeignKey("access.User", models.PROTECT, related_name="+")
    role = models.ForeignKey("access.Role", models.PROTECT, related_name="+")
    unit = models.ForeignKey("access.Unit", models.PROTECT, related_name="+")
    since = models.DateField()
    until = models.DateField(null=True)
    named_by = models.TextField()
    named_unit = models.ForeignKey("access.Unit", models.PROTECT, related_name="+")
    named_at = models.DateTimeField()
    lapses_at = models.DateTimeField()
    state = models.TextField(choices=State, default=State.OPEN)
    decided_by = models.TextField(blank=True, default="")
    decided_unit = models.ForeignKey("access.Unit", models.PROTECT, null=True, related_name="+")
    decided_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [models.Index(fields=["unit"], name="access_nomination_open", condition=models.Q(state="open"))]
        constraints = [
            models.CheckConstraint(
                name="access_nomination_two_people_two_units",
                condition=~models.Q(state="confirmed")
                | (
                    models.Q(decided_unit__isnull=False)
                    & ~models.Q(decided_by="")
                    & ~models.Q(decided_by=models.F("named_by"))
                    & ~models.Q(decided_unit=models.F("named_unit"))
                ),
            )
        ]

    def __str__(self) -> str:
        return f"{self.role_id} {self.since}"


class SignInThrottle(models.Model):
    """Failed sign-ins of one account from one network. Rows are counters, not history: history is in the ledger."""

    account = models.TextField()
    network = models.TextField()
    failures = models.PositiveIntegerField(default=0)
    locked_until = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["account", "network"], name="access_one_throttle_an_account_and_network")
        ]

    def __str__(self) -> str:
        return f"{self.account} {self.failures}"
