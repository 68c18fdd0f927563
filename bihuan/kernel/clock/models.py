from datetime import timedelta

from django.db import models


class CityClock(models.Model):
    """One row at most. A demo city's clock is the real one plus `offset`; without a row it is the real one."""

    id = models.SmallIntegerField(primary_key=True, default=1)
    offset = models.DurationField(default=timedelta)

    class Meta:
        constraints = [models.CheckConstraint(condition=models.Q(id=1), name="clock_one_row")]

    def __str__(self) -> str:
        return f"real time {self.offset:+}" if self.offset else "real time"
