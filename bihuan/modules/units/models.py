"""Duty shifts and daily returns. Units, posts and accounts are kernel.access's."""

from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import DateTimeRangeField, RangeOperators
from django.db import models

from bihuan.kernel.db import Model


class DutyShift(Model):
    """Somebody is on duty at a unit in a role for a stretch of time. Nobody is on duty twice at once."""

    unit = models.ForeignKey("access.Unit", models.PROTECT)
    role = models.ForeignKey("access.Role", models.PROTECT)
    user = models.ForeignKey("access.User", models.PROTECT)
    during = DateTimeRangeField()

    class Meta:
        constraints = [
            ExclusionConstraint(
                name="units_nobody_on_duty_twice",
                expressions=[("user", RangeOperators.EQUAL), ("during", RangeOperators.OVERLAPS)],
            ),
            models.CheckConstraint(
                condition=models.Q(during__isempty=False)
                & models.Q(during__startswith__isnull=False)
                & models.Q(during__endswith__isnull=False),
                name="units_shift_has_two_ends",
            ),
        ]
        indexes = [models.Index(fields=["unit"], name="units_shift_unit")]

    def __str__(self) -> str:
        return f"{self.role_id} {self.during}"


class DailyReturn(Model):
    """What a unit owes the command once a day. Not sent by the cut-off, it shows as missing."""

    unit = models.ForeignKey("access.Unit", models.PROTECT)
    day = models.DateField()
    cut_off_at = models.DateTimeField()
    submitted_at = models.DateTimeField(null=True, blank=True)
    submitted_by = models.ForeignKey("access.User", models.PROTECT, null=True, blank=True)
    figures = models.JSONField(default=dict)
    remark = models.TextField(blank=True, default="")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["unit", "day"], name="units_one_return_a_day"),
            models.CheckConstraint(
                condition=models.Q(submitted_at__isnull=True, submitted_by__isnull=True)
                | models.Q(submitted_at__isnull=False, submitted_by__isnull=False),
                name="units_return_is_sent_by_somebody",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.day}"

    @property
    def subject(self) -> str:
        return f"return:{self.id}"
