"""How arrivals are worded and coloured on pages."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from uuid import UUID

from django.urls import reverse
from django.utils.translation import gettext as _

from bihuan.kernel.text import labelled, listed
from bihuan.kernel.web import Badge
from bihuan.kernel.web.templatetags.bihuan import span
from bihuan.modules.arrivals import queries

STATE_TONES = {
    "expected": "info",
    "landed": "good",
    "not_on_board": "warn",
    "cancelled": "neutral",
    "left": "neutral",
    "history": "neutral",
    "closed": "neutral",
}
MEASURE_TONES = {"central": "bad", "home": "warn", "monitor": "info", "tests": "info", "none": "good"}


@dataclass(frozen=True, slots=True)
class TripRow:
    """An arrival as lists show it: the name masked."""

    id: UUID
    person_id: UUID
    name: str
    reference: str
    origin: str
    carrier: str
    seat: str
    expected: object
    landed_at: datetime | None
    gate: object
    unit: object
    measure: Badge | None
    state: Badge
    url: str


def trip_row(card: queries.ArrivalCard) -> TripRow:
    return TripRow(
        id=card.id,
        person_id=card.person_id,
        name=card.masked,
        reference=card.reference,
        origin=str(card.origin) or _("Not known"),
        carrier=card.carrier,
        seat=card.seat,
        expected=card.expected_at or None,
        landed_at=card.landed_at,
        gate=card.gate_name or "",
        unit=card.unit_name or "",
        measure=measure_badge(card.measure),
        state=state_badge(card.state),
        url=reverse("arrivals:detail", args=[card.id]),
    )


@dataclass(frozen=True, slots=True)
class FoundRow:
    """Somebody found later as the list shows them."""

    id: UUID
    person_id: UUID
    name: str
    origin: str
    mode: object
    arrived_on: date | None
    found_at: datetime | None
    unit: object
    measure: Badge | None
    state: Badge
    url: str


@dataclass(frozen=True, slots=True)
class LeakLine:
    """How many came by one route unseen: for each band of days its name, the count and the address of its rows."""

    route: object
    cells: list[tuple[object, int, str]]


def found_row(card: queries.ArrivalCard) -> FoundRow:
    return FoundRow(
        id=card.id,
        person_id=card.person_id,
        name=card.masked,
        origin=str(card.origin) or _("Not known"),
        mode=queries.route_names()[card.mode],
        arrived_on=card.arrived_on,
        found_at=card.found_at,
        unit=card.unit_name or "",
        measure=measure_badge(card.measure),
        state=state_badge(card.state),
        url=reverse("arrivals:detail", args=[card.id]),
    )


def fact_words(used: Mapping[str, object]) -> str:
    """The facts a rule looked at, in words."""
    names = {
        "origin_kind": _("Origin"),
        "area_level": _("Level of the area"),
        "days_since_exposure": _("Days since the last exposure"),
        "contact_kind": _("Kind of contact"),
        "symptoms": _("Symptoms"),
    }
    values = {
        "high": _("High risk"),
        "medium": _("Medium risk"),
        "low": _("Low risk"),
        "overseas": _("Overseas"),
        "domestic": _("Domestic"),
        "unknown": _("Not known"),
        "close": _("Close contact"),
        "secondary": _("Contact of a close contact"),
        "none": _("None"),
        "True": _("Yes"),
        "False": _("None"),
    }
    return listed(labelled(names[name], values.get(str(value), value)) for name, value in used.items() if name in names)


def class_choices() -> list[tuple[str, object]]:
    """The classes that the profile in force can answer with, named where they have a name."""
    names = {
        "close_contact": _("Close contact"),
        "secondary_contact": _("Contact of a close contact"),
        "inbound": _("From overseas"),
        "high_area": _("From a high-risk area"),
        "medium_area": _("From a medium-risk area"),
        "low_area": _("From a low-risk area"),
        "free": _("No measure"),
    }
    return [(code, names.get(code, code)) for code in queries.class_codes()]


def state_badge(state: str) -> Badge:
    return Badge(queries.state_names()[state], STATE_TONES[state])  # type: ignore[arg-type]


def measure_badge(measure: str) -> Badge | None:
    return Badge(queries.measure_names()[measure], MEASURE_TONES[measure]) if measure else None  # type: ignore[arg-type]


def waited(time: timedelta | None) -> str:
    """How long, in words."""
    return "—" if time is None else span(time)
