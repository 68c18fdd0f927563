"""What a pathway is: frozen values, no more. `reading` makes one from TOML, `planner` says what follows from it.

A pathway says what must happen to a subject once it has opened: steps, each with somebody who answers for it, a clock,
the facts that count as its evidence, and who is told on both lines when the clock runs out. Pure: no Django, no clock.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta, tzinfo
from typing import Any, Protocol
from uuid import UUID

from bihuan.kernel.loop.source import Words


class Fact(Protocol):
    """What the planner needs of a fact (kernel.ledger.FactRow is one)."""

    @property
    def seq(self) -> int: ...
    @property
    def kind(self) -> str: ...
    @property
    def subject(self) -> str: ...
    @property
    def unit(self) -> UUID | None: ...
    @property
    def happened_at(self) -> datetime: ...
    @property
    def payload(self) -> Mapping[str, Any]: ...


@dataclass(frozen=True, slots=True)
class Happening:
    """A fact as stories, tests and the loop's own reader make it."""

    seq: int
    kind: str
    subject: str
    happened_at: datetime
    payload: Mapping[str, Any]
    unit: UUID | None = None


@dataclass(frozen=True, slots=True)
class Wanted:
    """A fact that counts: its kind, and the values some fields of it must have."""

    kind: str
    where: tuple[tuple[str, tuple[Any, ...]], ...] = ()

    def matches(self, fact: Fact) -> bool:
        if fact.kind != self.kind:
            return False
        return not self.where or all(fact.payload.get(name) in values for name, values in self.where)


@dataclass(frozen=True, slots=True)
class Moment:
    """When something counts from: the opening, the moment a step became ready, or a fact (or a moment it names)."""

    facts: tuple[Wanted, ...] = ()
    field: str = ""
    is_opening: bool = False


@dataclass(frozen=True, slots=True)
class Limits:
    """How long after its moment a step should be done, is warned about, and is breached."""

    target: timedelta
    warn: timedelta
    breach: timedelta


@dataclass(frozen=True, slots=True)
class Clock:
    """`opens`: how long before or after the moment the duty appears; None means as soon as the step is ready."""

    since: Moment
    limits: Limits | str
    opens: timedelta | None = None


@dataclass(frozen=True, slots=True)
class Slot:
    """A time of day at which something is due; times are distances from local midnight and may pass 24 h."""

    name: str
    opens: timedelta
    target: timedelta
    warn: timedelta
    breach: timedelta
    ends: timedelta


@dataclass(frozen=True, slots=True)
class Repeat:
    """A duty that comes again: at each slot of every day, or on named days counted from an answer.

    `slots` names the parameter with the times of day; `days` the parameter with the day numbers (None: every day);
    `counted_from` the answer that is day 0; `day_zero_after` a parameter of days to add to it; `for_days` the parameter
    with the last day. It begins with `starts`, stops with `stops` and never reaches past `before`.
    """

    slots: str
    starts: tuple[Wanted, ...]
    stops: tuple[Wanted, ...]
    days: str | None = None
    counted_from: str | None = None
    day_zero_after: str | None = None
    for_days: str | None = None
    before: Moment | None = None
    match: str = ""
    """The field of the evidence that names the day; without it the time decides."""


@dataclass(frozen=True, slots=True)
class Condition:
    """What an answer must be. `above` is for numbers."""

    answer: str
    any_of: tuple[Any, ...] = ()
    above: float | None = None

    def holds(self, value: Any) -> bool | None:
        """True, False, or None while the answer is not known."""
        if value is None:
            return None
        return value > self.above if self.above is not None else value in self.any_of


@dataclass(frozen=True, slots=True)
class Unless:
    """A fact that holds a step back while it stands: of facts with the same `newest_by` only the newest counts, and a
    later fact that is `lifted_by` frees."""

    wanted: Wanted
    newest_by: str
    lifted_by: tuple[Wanted, ...] = ()


HAPPENED_ON = "happened_on"  # the field every fact has: the day on which it happened, or the one it names itself


@dataclass(frozen=True, slots=True)
class Answer:
    """Something the pathway branches on: a field of a fact, a dated value, or what another subject's facts came to."""

    name: str
    facts: tuple[Wanted, ...] = ()
    field: str = ""
    among: tuple[Any, ...] = ()
    default: Any = None
    value: str = ""
    link: "Link | None" = None


@dataclass(frozen=True, slots=True)
class Link:
    """Waiting on other subjects: the first `first` facts of `fact` on each subject the answer's field names.

    `reads` is the field that is read. The answer is `none` when nobody is named, a value of `decisive` once one occurs,
    `settled` once every subject has its facts, and `unanswered` when they are still not there a parameter's time
    (`gives_up`) after its moment. Until then it is not known.
    """

    fact: str
    first: int
    decisive: tuple[Any, ...]
    settled: str
    reads: str
    gives_up_since: Moment
    gives_up: str


@dataclass(frozen=True, slots=True)
class Transition:
    """How a running loop meets a new policy: named in a field of these facts, moved when these values do not grow."""

    facts: tuple[Wanted, ...]
    field: str
    measured_by: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class UnitOf:
    """Which unit owns a step: the unit of these facts, or the one a field of them names; without facts the latest."""

    facts: tuple[Wanted, ...] = ()
    field: str = ""


@dataclass(frozen=True, slots=True)
class Escalation:
    """The roles told of a breach, up the territorial and up the sector line."""

    territorial: str
    sector: str


@dataclass(frozen=True, slots=True)
class Step:
    """One thing that must happen."""

    name: str
    title: Words
    owner: str
    escalate: Escalation
    evidence: tuple[Wanted, ...]
    unit: UnitOf = UnitOf()
    clock: Clock | None = None
    repeat: Repeat | None = None
    after: tuple[str, ...] = ()
    when: tuple[Condition, ...] = ()
    needs: tuple[Wanted, ...] = ()
    unless: tuple[Unless, ...] = ()
    undone_by: tuple[Wanted, ...] = ()
    does: str = ""
    is_transition: bool = False


class Values(Protocol):
    """The dated values a pathway is planned with (a Profile is one)."""

    def plain(self, name: str, policy: str, on: date) -> Any: ...
    def limits(self, name: str, policy: str, on: date) -> Limits: ...
    def slots(self, name: str, policy: str, on: date) -> Sequence[Slot]: ...
    def policy_code(self, on: date) -> str: ...
    def moved(self, policy: str, now: date, measured_by: Sequence[str]) -> str: ...
    def began(self, policy: str) -> date: ...
    def next_change(self, after: date) -> date | None: ...


@dataclass(frozen=True, slots=True)
class Pathway:
    """A way from opening to closing, as one version of one profile lays it down."""

    code: str
    version: int
    profile: str
    name: Words
    subject: str
    opens: tuple[Wanted, ...]
    closes: tuple[Wanted, ...]
    answers: tuple[Answer, ...]
    steps: tuple[Step, ...]
    transition: Transition | None
    since: date | None
    file: str
    zone: tzinfo
    values: Values

    def step(self, name: str) -> Step:
        return next(step for step in self.steps if step.name == name)

    def kinds(self) -> tuple[str, ...]:
        """Every kind of fact this pathway looks at, in order of first mention."""
        found: dict[str, None] = {}
        for wanted in (*self.opens, *self.closes):
            found[wanted.kind] = None
        for answer in self.answers:
            found.update(dict.fromkeys(wanted.kind for wanted in answer.facts))
            if answer.link is not None:
                found[answer.link.fact] = None
        for step in self.steps:
            since = step.clock.since.facts if step.clock else ()
            rhythm = (*step.repeat.starts, *step.repeat.stops) if step.repeat else ()
            held = (wanted for item in step.unless for wanted in (item.wanted, *item.lifted_by))
            gates = (*step.needs, *step.undone_by, *held)
            for wanted in (*step.evidence, *gates, *since, *rhythm, *step.unit.facts):
                found[wanted.kind] = None
        return tuple(found)


@dataclass(frozen=True, slots=True)
class History:
    """The facts of a subject, and of the subjects it waits on."""

    facts: Sequence[Fact]
    linked: Mapping[str, Sequence[Fact]]


def clock_time(text: str) -> timedelta | None:
    """A time of day as the distance from midnight. Hours may pass 24: 30:00 is six in the morning after."""
    hours, colon, minutes = text.partition(":")
    if not (colon and hours.isdigit() and len(minutes) == 2 and minutes.isdigit() and int(minutes) < 60):
        return None
    return timedelta(hours=int(hours), minutes=int(minutes))


def midnight(day: date, zone: tzinfo) -> datetime:
    return datetime.combine(day, time(), zone)


def named(fact: Fact, field: str) -> list[str]:
    """The subjects a field of a fact names: a list, one, or none."""
    value = fact.payload.get(field)
    return [value] if isinstance(value, str) else [str(item) for item in value or ()]
