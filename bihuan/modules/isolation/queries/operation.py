"""How a site operates: today's log, what it still owes, and the days before."""

from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from django.utils.translation import gettext_lazy as _

from bihuan.kernel import clock
from bihuan.kernel.access import Scope
from bihuan.kernel.loop import queries as loop
from bihuan.kernel.web import Badge, Clock
from bihuan.modules.isolation.models import Day, Service

from .clocks import clock_of

DAYS_SHOWN = 14
IN_ORDER, NOT_IN_ORDER = Badge(_("In order"), "good"), Badge(_("Not in order"), "bad")


@dataclass(frozen=True, slots=True)
class DayRow:
    on: date
    meals: bool
    waste: bool
    disinfected: bool
    staff_well: bool
    remark: str

    @property
    def is_normal(self) -> bool:
        return self.meals and self.waste and self.disinfected and self.staff_well

    @property
    def badges(self) -> tuple[Badge, ...]:
        """Meals, waste, disinfection, staff: in order or not."""
        return tuple(
            IN_ORDER if done else NOT_IN_ORDER for done in (self.meals, self.waste, self.disinfected, self.staff_well)
        )


@dataclass(frozen=True, slots=True)
class Operation:
    """A site that operates: is today entered, and what is owed by when."""

    today: DayRow | None
    log_due: Clock | None
    certificate_due: Clock | None  # once it is time to renew


def operation(site_id: UUID, now: datetime) -> Operation | None:
    """Nothing for a site that does not operate."""
    service = Service.objects.filter(site=site_id, closed_at=None).first()
    if service is None:
        return None
    owed = {duty.step: duty for duty in loop.duties_of_many([service.subject])[service.subject] if duty.opens_at <= now}
    today = now.astimezone(clock.CITY).date()
    return Operation(
        today=next(iter(_days(site_id, since=today)), None),
        log_due=clock_of(owed["day"]) if "day" in owed else None,
        certificate_due=clock_of(owed["certificate"]) if "certificate" in owed else None,
    )


def days(site_id: UUID) -> tuple[DayRow, ...]:
    """The last days of a site, latest first."""
    return _days(site_id)


def _days(site_id: UUID, since: date | None = None) -> tuple[DayRow, ...]:
    found = Day.objects.filter(service__site=site_id).order_by("-on")
    if since is not None:
        found = found.filter(on__gte=since)
    return tuple(
        DayRow(one.on, one.meals, one.waste, one.disinfected, one.staff_well, one.remark) for one in found[:DAYS_SHOWN]
    )


def site_of_service(scope: Scope, service_id: UUID) -> UUID | None:
    """The site that operates or operated then, if it is in the scope."""
    found = scope.rows(Service.objects.all(), "site__unit").filter(pk=service_id)
    return found.values_list("site_id", flat=True).first()
