"""What a trip may be and when somebody has waited too long. Pure."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Literal

WAIT_WARNED_AFTER = 0.5  # share of the limit after which a wait is shown as urgent


@dataclass(frozen=True, slots=True)
class Promise:
    """A vehicle promised by a pick-up plan."""

    seats: int


@dataclass(frozen=True, slots=True)
class Demand:
    """Seats a plan brings against the seats its county wants."""

    seats: int
    wanted: int

    @property
    def short(self) -> int:
        return max(0, self.wanted - self.seats)


def demand(promises: Iterable[Promise], wanted: int) -> Demand:
    return Demand(seats=sum(promise.seats for promise in promises), wanted=wanted)


def is_in_force(begins_on: date, ends_on: date, today: date) -> bool:
    return begins_on <= today <= ends_on


def nearest(path: str, candidates: Sequence[tuple[str, str]]) -> str | None:
    """The (name, path) whose path shares the longest beginning with `path`; the first of equals. None without
    candidates."""
    if not candidates:
        return None
    return max(candidates, key=lambda candidate: shared(path, candidate[1]))[0]


def shared(one: str, other: str) -> int:
    """How many steps two paths have in common from the root."""
    steps = 0
    for left, right in zip(one.strip("/").split("/"), other.strip("/").split("/"), strict=False):
        if left != right:
            break
        steps += 1
    return steps


def wait_tone(waiting: timedelta, limit: timedelta) -> Literal["good", "warn", "bad"]:
    """How a wait stands against its limit."""
    if waiting >= limit:
        return "bad"
    return "warn" if waiting >= limit * WAIT_WARNED_AFTER else "good"


def ended_by(lower: datetime, upper: datetime, at: datetime) -> datetime:
    """When a reservation ends once the trip is over at `at`: never later than it was, never before it began."""
    return max(lower + timedelta(minutes=1), min(upper, at))
