"""Tables of the register of people. A person is entered once and found again; who may see whom is decided by
`access`.
"""

from django.db import models
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
        ]
        indexes = [
            models.Index(fields=["name", "birth_on"], name="people_name_birth"),
            models.Index(fields=["unit", "id"], name="people_unit"),
            models.Index(fields=["name_key", "id"], name="people_name_key"),
            models.Index(fields=["id_number"], name="people_id_number", condition=~models.Q(id_number="")),
            models.Index(fields=["phone"], name="people_phone", condition=~models.Q(phone="")),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def subject(self) -> str:
        """How facts name this person."""
        return f"person:{self.id}"
