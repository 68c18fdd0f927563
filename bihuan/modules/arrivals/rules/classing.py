"""From what a person says at the gate to the facts that the profile's decision table asks for."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

LEVELS = ("none", "low", "medium", "high", "overseas")


@dataclass(frozen=True, slots=True)
class Ground:
    """What a class is decided from. `level` is the level in force of the area left, `left` the day of last exposure
    (day 0).
    """

    origin_kind: str
    level: str
    left: date
    contact_kind: str
    symptoms: bool
    area: str


def worst_level(levels: Iterable[str]) -> str:
    """Of several levels the one that binds most."""
    return max(levels, key=LEVELS.index, default="none")


def left_on(last_exposure_on: date | None, departed_on: date | None, landed_on: date) -> date:
    """The day from which days are counted: the last exposure where it is known, else the day of departure, else of
    landing.
    """
    return min(last_exposure_on or departed_on or landed_on, landed_on)


def facts_of(ground: Ground, on: date) -> dict[str, object]:
    """The facts of the table "arrival" as of a day."""
    return {
        "origin_kind": ground.origin_kind,
        "area_level": "overseas" if ground.origin_kind == "overseas" else ground.level,
        "days_since_exposure": max((on - ground.left).days, 0),
        "contact_kind": ground.contact_kind,
        "symptoms": ground.symptoms,
        "area": ground.area,
        "left_on": ground.left.isoformat(),
    }
