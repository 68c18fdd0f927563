"""Which class an arrival is in, by the rules of the active profile and the watch list in force."""

from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from bihuan.kernel import clock
from bihuan.kernel.loop import profile
from bihuan.kernel.loop.decisions import Decision
from bihuan.kernel.text import Text
from bihuan.modules.arrivals.models import Arrival
from bihuan.modules.arrivals.rules import Ground, facts_of, left_on
from bihuan.modules.places import queries as places


@dataclass(frozen=True, slots=True)
class Classed:
    """The answer of the rule, the day from which days are counted, and the line of the watch list it rests on (if
    any).
    """

    decision: Decision
    counted_from: date
    risk: UUID | None


@dataclass(frozen=True, slots=True)
class Origin:
    """The area somebody comes from as the rule sees it."""

    code: str
    name: Text


def classed(arrival: Arrival, *, at: datetime, has_symptoms: bool) -> Classed:
    """The class of one arrival as of a moment."""
    area = places.area_by_id(arrival.origin_id) if arrival.origin_id else None
    today = at.astimezone(clock.CITY).date()
    risk = places.level_on(area.code, today) if area else None
    origin = Origin(area.code, area.name) if area else None
    return answer(arrival, origin, risk, today, has_symptoms=has_symptoms, rules=profile.active())


def answer(
    arrival: Arrival,
    origin: Origin | None,
    risk: places.RiskRow | None,
    today: date,
    *,
    has_symptoms: bool,
    rules: profile.Profile,
) -> Classed:
    """The class of an arrival whose area and level were looked up before."""
    departed_on = arrival.departed_at.astimezone(clock.CITY).date() if arrival.departed_at else None
    landed_on = arrival.landed_at.astimezone(clock.CITY).date() if arrival.landed_at else today
    left = left_on(arrival.last_exposure_on, departed_on, landed_on)
    ground = Ground(
        origin_kind=arrival.origin_kind,
        level=risk.level if risk else "none",
        left=left,
        contact_kind=arrival.contact_kind,
        symptoms=has_symptoms,
        area="",
    )
    facts = facts_of(ground, today)
    facts["area"] = origin.name if origin else None
    return Classed(rules.decide("arrival", facts, on=today), left, risk.id if risk else None)
