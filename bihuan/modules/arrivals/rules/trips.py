"""Whether a row speaks of a trip that is already known."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum

SAME_TRIP_WITHIN = timedelta(days=3)


class Outcome(StrEnum):
    CREATED = "created"
    UPDATED = "updated"
    DUPLICATE = "duplicate"


@dataclass(frozen=True, slots=True)
class Trip:
    """One trip of one person, known or announced. `content` is everything a row can change about it, in a comparable
    form.
    """

    arrival: str
    expected_on: date | None
    carrier: str
    is_open: bool
    content: tuple[object, ...]


def place(announced: Trip, known: Sequence[Trip]) -> tuple[Outcome, Trip]:
    """The same day (or a day not known yet, on the same carrier) is the same trip; told the same again it is a
    duplicate.
    """
    same = [trip for trip in known if _is_same(announced, trip)]
    if not same:
        return Outcome.CREATED, announced
    trip = max(same, key=lambda trip: (trip.expected_on == announced.expected_on, trip.is_open))
    if not trip.is_open or not _adds(announced, trip):
        return Outcome.DUPLICATE, trip
    return Outcome.UPDATED, trip


def _is_same(announced: Trip, known: Trip) -> bool:
    if announced.expected_on == known.expected_on:
        return True
    one_unknown = announced.expected_on is None or known.expected_on is None
    return one_unknown and announced.carrier == known.carrier


def _adds(announced: Trip, known: Trip) -> bool:
    """Whether the row says something new. An empty cell never takes away what is known."""
    return any(
        new not in ("", None, "unknown", "none", "other", old)
        for new, old in zip(announced.content, known.content, strict=True)
    )


def merged(announced: Sequence[object], known: Sequence[object]) -> tuple[object, ...]:
    """What is known of a trip after a row was read: the row's word where it has one."""
    return tuple(
        old if new in ("", None, "unknown", "none", "other") else new for new, old in zip(announced, known, strict=True)
    )


def found_trip(arrived_on: date, announced: Sequence[Trip]) -> Trip | None:
    """Of the trips that nobody saw arrive, the one on which somebody came who says they came on this day: the nearest
    within three days, else one without a day.
    """
    near = [one for one in announced if one.expected_on and abs(one.expected_on - arrived_on) <= SAME_TRIP_WITHIN]
    undated = [one for one in announced if one.expected_on is None and one.is_open]
    nearest = sorted(near, key=lambda one: (abs(one.expected_on - arrived_on), not one.is_open))  # type: ignore[operator]
    return next(iter([*nearest, *undated]), None)


def is_past(measure: str, last: date, on: date) -> bool:
    """Whether what the rule asked of somebody found late lies in the past, so that nothing is opened for them."""
    return measure in ("tests", "monitor") and last < on


def is_over(expected_on: date | None, last_exposure_on: date | None, days: int, on: date, grace: timedelta) -> bool:
    """Whether everything that could follow from a trip lies in the past, so that it is taken in as history."""
    if expected_on is None:
        return False
    ends = max((last_exposure_on or expected_on) + timedelta(days=days), expected_on) + grace
    return ends < on
