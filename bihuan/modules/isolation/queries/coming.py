"""Who is on the way to a site, and who stands at its door and waits to be taken in."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.utils.translation import gettext as _

from bihuan.kernel.web import Badge
from bihuan.kernel.web.templatetags.bihuan import span
from bihuan.modules.transfers import queries as transfers


@dataclass(frozen=True, slots=True)
class Coming:
    order_id: UUID
    person_id: UUID
    name: str
    needs: str
    state: str
    plate: str
    eta_at: datetime | None
    at_door: Badge | None  # since when the vehicle stands here


def coming(unit_id: UUID, now: datetime) -> tuple[Coming, ...]:
    """Those at the door first, the longest wait before all others; then who is on the way."""
    expected = sorted(transfers.expected_at(unit_id), key=lambda one: (one.arrived_at is None, one.arrived_at or now))
    return tuple(
        Coming(
            order_id=one.order_id,
            person_id=one.person_id,
            name=one.name,
            needs=one.needs,
            state=one.state,
            plate=one.plate,
            eta_at=one.eta_at,
            at_door=Badge(_("Arrived, to be taken in: waiting %(wait)s") % {"wait": span(now - one.arrived_at)}, "warn")
            if one.arrived_at
            else None,
        )
        for one in expected
    )
