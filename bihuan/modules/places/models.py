"""Tables of the register of areas, and of what risk each was declared to carry on which days."""

from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import DateRangeField, RangeOperators
from django.db import models

from bihuan.kernel.db import Model


class Area(Model):
    """A province, prefecture, county or smaller area by its GB/T 2260 code (12 digits at most), or a country by its
    ISO 3166 code.
    """

    code = models.CharField(max_length=12, unique=True)
    name_zh = models.CharField(max_length=120)
    name_en = models.CharField(max_length=120)
    aliases = models.JSONField(default=list)
    parent = models.ForeignKey("places.Area", null=True, on_delete=models.PROTECT, related_name="children")
    is_overseas = models.BooleanField(default=False)

    class Meta:
        indexes = [models.Index(fields=["name_zh"], name="places_area_name")]

    def __str__(self) -> str:
        return f"{self.code} {self.name_zh}"


class Level(models.TextChoices):
    HIGH = "high"
    MEDIUM = "medium"
    LOW = "low"
    OVERSEAS = "overseas"


class RiskState(models.TextChoices):
    PROPOSED = "proposed"
    IN_FORCE = "in_force"
    REJECTED = "rejected"


class AreaRisk(Model):
    """One line of the watch list: an area, its level, the days it holds for, and the published order it rests on."""

    area = models.ForeignKey("places.Area", on_delete=models.PROTECT, related_name="risks")
    level = models.CharField(max_length=8, choices=Level)
    during = DateRangeField()
    order_text = models.CharField(max_length=300)
    state = models.CharField(max_length=8, choices=RiskState, default=RiskState.PROPOSED)
    entered_by = models.CharField(max_length=80)
    entered_unit = models.ForeignKey("access.Unit", on_delete=models.PROTECT, related_name="+")
    entered_at = models.DateTimeField()
    approved_by = models.CharField(max_length=80, blank=True)
    approved_unit = models.ForeignKey("access.Unit", null=True, on_delete=models.PROTECT, related_name="+")
    approved_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            ExclusionConstraint(
                name="places_one_level_a_day",
                expressions=[("area", RangeOperators.EQUAL), ("during", RangeOperators.OVERLAPS)],
                condition=models.Q(state=RiskState.IN_FORCE),
            ),
            models.CheckConstraint(
                name="places_two_people_two_units",
                condition=~models.Q(state=RiskState.IN_FORCE)
                | (
                    models.Q(approved_unit__isnull=False)
                    & ~models.Q(approved_by="")
                    & ~models.Q(approved_by=models.F("entered_by"))
                    & ~models.Q(approved_unit=models.F("entered_unit"))
                ),
            ),
            models.CheckConstraint(name="places_risk_has_an_order", condition=~models.Q(order_text="")),
        ]

    def __str__(self) -> str:
        return f"{self.area_id} {self.level} {self.during}"

    @property
    def subject(self) -> str:
        """How facts name this line of the watch list."""
        return f"risk:{self.id}"
