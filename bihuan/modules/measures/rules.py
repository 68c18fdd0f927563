"""What a restriction may be: how long, who may approve, when it is cut short, when silence ends it. Pure."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta, tzinfo
from enum import StrEnum

# The only things that can bind a person. A new kind of evidence is a change of policy, published, never a free text.
EVIDENCE_KINDS = frozenset(
    {
        "arrival.landed",
        "arrival.found",
        "arrival.classified",
        "arrival.reclassified",
        "contact.judged",
        "exposure.recorded",
        "test.resulted",
    }
)


RELEASE_TOLD_AHEAD = timedelta(hours=24)
APPEAL_ANSWERED_WITHIN = timedelta(hours=24)
APPEAL_LAPSES_AFTER = timedelta(hours=48)


class ExposureSource(StrEnum):
    """Where somebody under an order can be exposed again. A closed list: a new source is a change of policy."""

    SAME_FLOOR = "same_floor"
    SAME_VEHICLE = "same_vehicle"
    SAME_HOUSEHOLD = "same_household"
    SITE_SURFACE = "site_surface"


class Refusal(StrEnum):
    """Why an approval is not lawful."""

    SAME_PERSON = "same_person"
    SAME_UNIT = "same_unit"
    NO_UNIT = "no_unit"


@dataclass(frozen=True, slots=True)
class Span:
    """A stretch of an order."""

    kind: str
    starts_at: datetime
    ends_at: datetime


@dataclass(frozen=True, slots=True)
class Days:
    """How many days the policy asks for, one after the other, counted from the last exposure."""

    central: int = 0
    home: int = 0


def end_of_day(counted_from: date, days: int, zone: tzinfo) -> datetime:
    """The moment day `days` is over.

    The day of the last exposure is day 0, so seven days end when the seventh day after it ends.
    """
    return datetime.combine(counted_from + timedelta(days=days + 1), time(), zone)


def spans(days: Days, *, counted_from: date, starts_at: datetime, zone: tzinfo) -> tuple[Span, ...]:
    """The phases that are still left at `starts_at`.

    Days that passed since the last exposure count (the top-up rule).
    """
    found = []
    begin = starts_at
    until = 0
    for kind, length in (("central", days.central), ("home", days.home)):
        until += length
        end = end_of_day(counted_from, until, zone)
        if length and end > begin:
            found.append(Span(kind, begin, end))
            begin = end
    return tuple(found)


def shortened(old: Sequence[Span], new: Sequence[Span]) -> tuple[Span, ...]:
    """The transition clause: each phase ends at the earlier of its two ends, and nothing becomes longer.

    A phase the new policy no longer knows is dropped; one it adds is taken only as far as the old order reached.
    """
    if not old:
        return ()
    ends = {span.kind: span.ends_at for span in old}
    limit = old[-1].ends_at
    central_limit = ends.get("central", old[0].starts_at)
    kept = []
    begin = old[0].starts_at
    for span in new:
        end = min(span.ends_at, central_limit if span.kind == "central" else limit)
        if end > begin:
            kept.append(replace(span, starts_at=begin, ends_at=end))
            begin = end
    return tuple(kept)


def is_shorter(old: Sequence[Span], new: Sequence[Span]) -> bool:
    """Whether `new` frees the person earlier from anything."""
    return [(span.kind, span.ends_at) for span in old] != [(span.kind, span.ends_at) for span in new]


def approval_refused(
    *, proposer: str, proposer_unit: object, approver: str, approver_unit: object | None
) -> Refusal | None:
    """Two people, two units; a person without a unit approves nothing."""
    if approver_unit is None:
        return Refusal.NO_UNIT
    if proposer == approver:
        return Refusal.SAME_PERSON
    if proposer_unit == approver_unit:
        return Refusal.SAME_UNIT
    return None


def review_refused(
    *, proposers: Iterable[str], units: Iterable[object], reviewer: str, reviewer_unit: object | None
) -> Refusal | None:
    """An appeal is answered by someone who neither proposed nor approved, and who is of neither unit."""
    if reviewer_unit is None:
        return Refusal.NO_UNIT
    if reviewer in set(proposers):
        return Refusal.SAME_PERSON
    if reviewer_unit in set(units):
        return Refusal.SAME_UNIT
    return None


def stands_by_laboratory(results: Iterable[Mapping[str, object]]) -> bool:
    """Whether a positive laboratory result stands: the last result of any sample was positive.

    `results` are payloads of test.resulted in the order they happened; a corrected result of a sample replaces the
    earlier one.
    """
    last: dict[object, object] = {}
    for number, result in enumerate(results):
        last[result.get("sample", number)] = result.get("result")
    return "positive" in last.values()


def release_is_near(ends_at: datetime, now: datetime) -> bool:
    """Whether the paper of release may be prepared: in the last day before the end, and ever after."""
    return now >= ends_at - RELEASE_TOLD_AHEAD


def central_end(left: Sequence[Span]) -> datetime | None:
    """Until when somebody is in a site; none without a central phase."""
    return next((span.ends_at for span in left if span.kind == "central"), None)
