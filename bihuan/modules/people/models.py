"""Tables of the register of people. A person is entered once and found again; who may see whom is decided by
`access`.
"""

from django.db import models
from django.db.models.functions import Left
from django.utils.translation import gettext_lazy as _

from bihuan.kernel.db import Model


class Sex(models.TextChoices):
    MALE = "male", _("Male")
    FEMALE = "female", _("Female")
    UNKNOWN = "unknown", _("Not known")


class IdType(models.TextChoices):
    RESIDENT_ID = "resident_id"
    PASSPORT = "passport"
    PERMIT = "permit"
    OTHER = "other"
    NONE = "none"


class Household(Model):
    """People who live behind one door. They may share a room in isolation."""

    unit = models.ForeignKey("access.Unit", on_delete=models.PROTECT, related_name="+")
    address = models.CharField(max_length=200)

    def __str__(self) -> str:
        return self.address


class Person(Model):
    """One human being. `unit` is the community or grid that looks after them, if they live in this city."""

    name = models.CharField(max_length=120)
    name_key = models.CharField(max_length=160)
    sex = models.CharField(max_length=8, choices=Sex, default=Sex.UNKNOWN)
    birth_on = models.DateField(null=True)
    id_type = models.CharField(max_length=12, choices=IdType, default=IdType.NONE)
    id_number = models.CharField(max_length=40, blank=True)
    id_disputed = models.BooleanField(default=False)
    phone = models.CharField(max_length=24, blank=True)
    address = models.CharField(max_length=300, blank=True)
    unit = models.ForeignKey("access.Unit", null=True, on_delete=models.PROTECT, related_name="+", db_index=False)
    household = models.ForeignKey("people.Household", null=True, on_delete=models.PROTECT, related_name="people")
    merged_into = models.ForeignKey(
        "people.Person", null=True, on_delete=models.PROTECT, related_name="+", db_index=False
    )

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["id_type", "id_number"],
                condition=~models.Q(id_number="") & models.Q(id_disputed=False),
                name="people_one_person_an_id",
            ),
            models.CheckConstraint(
                condition=models.Q(id_number="") ^ ~models.Q(id_type=IdType.NONE), name="people_id_number_has_a_type"
            ),
            models.CheckConstraint(
                condition=models.Q(merged_into=None) | ~models.Q(merged_into=models.F("id")),
                name="people_joined_to_another",
            ),
        ]
        indexes = [
            models.Index(fields=["name", "birth_on"], name="people_name_birth"),
            models.Index(fields=["unit", "id"], name="people_unit"),
            models.Index(fields=["name_key", "id"], name="people_name_key", include=["merged_into"]),
            models.Index(fields=["id_number"], name="people_id_number", condition=~models.Q(id_number="")),
            models.Index(fields=["phone"], name="people_phone", condition=~models.Q(phone="")),
            models.Index("birth_on", Left("name_key", 1), name="people_birth_initial"),
            models.Index(fields=["merged_into"], name="people_joined", condition=~models.Q(merged_into=None)),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def subject(self) -> str:
        """How facts name this person."""
        return f"person:{self.id}"


class PairState(models.TextChoices):
    OPEN = "open"
    DISTINCT = "distinct"
    MERGED = "merged"


class Pair(Model):
    """Two records that may be one human being. `bits` say how strongly; what was decided stays."""

    first = models.ForeignKey("people.Person", on_delete=models.PROTECT, related_name="+", db_index=False)
    second = models.ForeignKey("people.Person", on_delete=models.PROTECT, related_name="+")
    bits = models.FloatField()
    outcome = models.CharField(max_length=8)
    state = models.CharField(max_length=8, choices=PairState, default=PairState.OPEN)
    found_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["first", "second"], name="people_pair_once"),
            models.CheckConstraint(condition=models.Q(first__lt=models.F("second")), name="people_pair_in_order"),
        ]
        indexes = [models.Index(fields=["-bits", "id"], name="people_pair_open", condition=models.Q(state="open"))]

    def __str__(self) -> str:
        return f"{self.first_id} = {self.second_id}?"
