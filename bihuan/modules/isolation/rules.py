"""What makes a check abnormal, a person free to leave, a room free and a site an exception. Pure."""

import re
import unicodedata
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta, tzinfo
from decimal import Decimal
from enum import StrEnum

ROOMS_MAX = 500  # entered at once
ROOM_LENGTH_MAX = 12


class Round(StrEnum):
    """Which of the day's two rounds a check belongs to."""

    MORNING = "morning"
    EVENING = "evening"


def round_of(local: datetime) -> Round:
    """The round a moment (in city time) falls into: before or after noon."""
    return Round.MORNING if local.hour < 12 else Round.EVENING


def is_normal(temperature: Decimal | None, symptoms: Collection[str], fever_from: Decimal) -> bool:
    """No fever and no symptom. A check without a temperature is normal only as far as it was asked."""
    return not symptoms and (temperature is None or temperature < fever_from)


class Hindrance(StrEnum):
    """Why a person cannot leave central isolation yet."""

    PHASE_NOT_OVER = "phase_not_over"
    TEST_MISSING = "test_missing"
    RESULT_WAITED_FOR = "result_waited_for"
    NOT_NEGATIVE = "not_negative"
    LINKED_WAITED_FOR = "linked_waited_for"
    LINKED_POSITIVE = "linked_positive"


@dataclass(frozen=True, slots=True)
class Swab:
    """A sample of the person as it stands now; `result` is empty while the laboratory has not answered."""

    day: int | None
    result: str


def hindrances(
    *,
    now: datetime,
    phase_ends_at: datetime,
    days: Collection[int],
    tests: Sequence[Swab],
    linked: Sequence[Sequence[str]] = (),
) -> tuple[Hindrance, ...]:
    """What still keeps a person in central isolation, or nothing.

    `days` are the policy's test days of the phase; `linked` has, for each close contact on whom a secondary contact's
    release waits, the results of that contact's tests so far, of which the first two count (engine rule 4).
    """
    found: list[Hindrance] = []
    if now < phase_ends_at:
        found.append(Hindrance.PHASE_NOT_OVER)
    answered = {test.day for test in tests if test.result}
    sampled = {test.day for test in tests}
    if any(day not in sampled for day in days):
        found.append(Hindrance.TEST_MISSING)
    if any(day in sampled and day not in answered for day in days) or any(not test.result for test in tests):
        found.append(Hindrance.RESULT_WAITED_FOR)
    last = [test.result for test in tests if test.result]
    if "positive" in last or (last and last[-1] == "inconclusive"):
        found.append(Hindrance.NOT_NEGATIVE)
    for results in linked:
        if "positive" in results[:2]:
            found.append(Hindrance.LINKED_POSITIVE)
        elif len(results) < 2:
            found.append(Hindrance.LINKED_WAITED_FOR)
    return tuple(dict.fromkeys(found))


class Unusable(StrEnum):
    """Why none of a site's rooms counts as free."""

    NOT_OPEN = "not_open"
    NOT_INSPECTED = "not_inspected"
    NO_CERTIFICATE = "no_certificate"


def unusable(
    state: str, inspected_on: date | None, certificate_until: date | None, today: date
) -> tuple[Unusable, ...]:
    """The gates a site has not passed: open, inspected, and with a valid safety certificate."""
    found: list[Unusable] = []
    if state != "open":
        found.append(Unusable.NOT_OPEN)
    if inspected_on is None:
        found.append(Unusable.NOT_INSPECTED)
    if certificate_until is None or certificate_until < today:
        found.append(Unusable.NO_CERTIFICATE)
    return tuple(found)


def certificate_ends_at(until: date | None, zone: tzinfo) -> datetime | None:
    """The moment a certificate stops being valid: its last day is over."""
    return None if until is None else datetime.combine(until + timedelta(days=1), time(), zone)


class RoomState(StrEnum):
    """What the room grid shows."""

    FREE = "free"
    PARTLY = "partly"  # a household lives here and has a bed left
    OCCUPIED = "occupied"
    CLEANING = "cleaning"
    BLOCKED = "blocked"
    UNUSABLE = "unusable"  # the site is closed or without a valid certificate


def room_state(*, state: str, people: int, capacity: int, site_usable: bool) -> RoomState:
    """The one word for a room. Somebody in it counts before everything else."""
    if people:
        return RoomState.OCCUPIED if people >= capacity else RoomState.PARTLY
    if state == "blocked":
        return RoomState.BLOCKED
    if state == "cleaning":
        return RoomState.CLEANING
    return RoomState.FREE if site_usable else RoomState.UNUSABLE


class Checked(StrEnum):
    """How a person stands with the day's two rounds."""

    THIS_ROUND = "this_round"
    DUE = "due"
    MISSED = "missed"  # the round before passed without a check


def round_began(local: datetime) -> datetime:
    """When the round that a moment (in city time) falls into began."""
    return local.replace(hour=0 if round_of(local) is Round.MORNING else 12, minute=0, second=0, microsecond=0)


def checked(*, now: datetime, since: datetime, last_at: datetime | None) -> Checked:
    """Whether the person was checked on this round, or even the last one went by. All times are city time."""
    this = round_began(now)
    if last_at is not None and last_at >= this:
        return Checked.THIS_ROUND
    last = round_began(this - timedelta(minutes=1))
    if since < last and (last_at is None or last_at < last):
        return Checked.MISSED
    return Checked.DUE


def days_asked(days: Collection[int], counted_from: date, begun_on: date, today: date) -> tuple[int, ...]:
    """The test days that have come since the stay began: days that had passed before are not made up."""
    return tuple(day for day in days if begun_on <= counted_from + timedelta(days=day) <= today)


def room_numbers(text: str) -> tuple[str, ...]:
    """The rooms that "201-203, 205" names. Raises ValueError for what is no list of rooms, or names one twice."""
    numbers: list[str] = []
    for part in re.split(r"[,;\s]+", unicodedata.normalize("NFKC", text).strip(" ,;")):
        found = re.fullmatch(r"([A-Za-z]*)(\d+)-\1(\d+)", part)
        if found is None:
            numbers.append(part)
            continue
        first, last = int(found[2]), int(found[3])
        if not 0 <= last - first < ROOMS_MAX:
            raise ValueError(f"no list of rooms: {part}")
        numbers += [f"{found[1]}{number:0{len(found[2])}}" for number in range(first, last + 1)]
    unfit = [number for number in numbers if not re.fullmatch(r"[^\W_][\w-]*", number) or len(number) > ROOM_LENGTH_MAX]
    if unfit or len(set(numbers)) < len(numbers) or len(numbers) > ROOMS_MAX:
        raise ValueError(f"no list of rooms: {text}")
    return tuple(numbers)
