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


type Decided = dict[tuple[Ground, Origin | None, date, date], Decision]


def class_codes() -> list[str]:
    """Every class that the active profile's table of arrivals can answer with."""
    table = profile.active().tables["arrival"]
    said = [rule.answer.get("class_code") for rule in table.rules]
    return list(dict.fromkeys(str(code) for code in (*said, table.answer["class_code"]) if code))


def classed(arrival: Arrival, *, at: datetime, has_symptoms: bool) -> Classed:
    """The class of one arrival as of a moment."""
    return foreseen(arrival, at=at, landing=at.astimezone(clock.CITY).date(), has_symptoms=has_symptoms)


def foreseen(arrival: Arrival, *, at: datetime, landing: date, has_symptoms: bool = False) -> Classed:
    """The class of one arrival if it lands on a day still to come: by the rules and levels of now."""
    area = places.area_by_id(arrival.origin_id) if arrival.origin_id else None
    today = at.astimezone(clock.CITY).date()
    risk = places.level_on(area.code, today) if area else None
    origin = Origin(area.code, area.name) if area else None
    return answer(arrival, origin, risk, today, landing=landing, has_symptoms=has_symptoms, rules=profile.active())


def answer(
    arrival: Arrival,
    origin: Origin | None,
    risk: places.RiskRow | None,
    today: date,
    *,
    has_symptoms: bool,
    rules: profile.Profile,
    landing: date | None = None,
    decided: Decided | None = None,
) -> Classed:
    """The class of an arrival whose area and level were looked up before: by the rules of today, its days counted on
    the day of `landing` where that is still to come. `decided` spares the rules to whoever asks for many people alike.
    """
    on = landing or today
    departed_on = arrival.departed_at.astimezone(clock.CITY).date() if arrival.departed_at else None
    landed_on = arrival.arrived_on or (arrival.landed_at.astimezone(clock.CITY).date() if arrival.landed_at else on)
    left = left_on(arrival.last_exposure_on, departed_on, landed_on)
    ground = Ground(
        origin_kind=arrival.origin_kind,
        level=risk.level if risk else "none",
        left=left,
        contact_kind=arrival.contact_kind,
        symptoms=has_symptoms,
        area="",
    )
    decided = {} if decided is None else decided
    if (ground, origin, on, today) not in decided:
        facts = facts_of(ground, on) | {"area": origin.name if origin else None}
        decided[ground, origin, on, today] = rules.decide("arrival", facts, on=today)
    return Classed(decided[ground, origin, on, today], left, risk.id if risk else None)
