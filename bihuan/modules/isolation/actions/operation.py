"""A site operates: from when to when, under which certificate, and what it did each day."""

from collections.abc import Mapping
from datetime import datetime
from uuid import UUID

from django.utils.translation import gettext_lazy as _

from bihuan.kernel import clock
from bihuan.kernel.ledger import Actor, Json, derive, record
from bihuan.kernel.loop import action
from bihuan.modules.isolation import events, rules
from bihuan.modules.isolation.models import Day, Service, Site

from .refusals import DayNotTold, EnteredAlready, SiteNotUsable


@action
def log_day(
    site_id: UUID,
    *,
    meals: bool,
    waste: bool,
    disinfected: bool,
    staff_well: bool,
    remark: str = "",
    at: datetime,
    by: Actor,
    key: UUID,
) -> None:
    """Enter the day at a site that operates. What was not in order is said in words."""
    service = Service.objects.select_for_update(of=("self",)).filter(site=site_id, closed_at=None).first()
    if service is None:
        raise SiteNotUsable(_("This site does not operate."), _("Open it first."))
    done = {"meals": meals, "waste": waste, "disinfected": disinfected, "staff_well": staff_well}
    if not all(done.values()) and not remark.strip():
        raise DayNotTold(_("Something was not in order."), _("Say what happened and what was done about it."))
    on = at.astimezone(clock.CITY).date()
    if Day.objects.filter(service=service, on=on).exists():
        raise EnteredAlready(_("Today is entered already."), _("Tell the next shift what changed since."))
    Day.objects.create(service=service, on=on, remark=remark.strip(), logged_at=at, **done)
    site = Site.objects.get(pk=site_id)
    payload: dict[str, Json] = {"on": on, **done, "remark": remark.strip()}
    _record(service, site, events.DAY_LOGGED, payload, at, by, derive(key, "day"))


def keep_service(site: Site, was_certified: object, *, at: datetime, by: Actor, key: UUID) -> None:
    """Begin or end the time in which the site operates, as its state says; tell of a new certificate in between."""
    ends_at = rules.certificate_ends_at(site.certificate_until, clock.CITY)
    service = Service.objects.select_for_update().filter(site=site, closed_at=None).first()
    payload: dict[str, Json] = {"site": site.unit_id}
    if site.state == Site.State.OPEN and service is None:
        service = Service.objects.create(site=site, opened_at=at)
        payload |= {"certificate_ends_at": ends_at}
        _record(service, site, events.SERVICE_OPENED, payload, at, by, derive(key, "opened"))
    elif service is not None and site.state != Site.State.OPEN:
        service.closed_at = at
        service.save(update_fields=["closed_at"])
        _record(service, site, events.SERVICE_CLOSED, payload, at, by, derive(key, "closed"))
    elif service is not None and site.certificate_until != was_certified:
        payload |= {"certificate_ends_at": ends_at}
        _record(service, site, events.CERTIFIED, payload, at, by, derive(key, "certified"))


def _record(
    service: Service, site: Site, kind: str, payload: Mapping[str, Json], at: datetime, by: Actor, key: UUID
) -> None:
    record(key=key, kind=kind, subject=service.subject, at=at, by=by, unit=site.unit_id, payload=payload)
