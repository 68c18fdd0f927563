"""The planner: what is owed, by whom and by when, once these facts have happened. Pure and deterministic.

`plan(pathway, history, now)` looks at the facts in the order in which they happened, never in the order in which they
became known, so a fact that arrives late changes the plan as if it had been there all along. It knows no table, no
clock and no subject matter; everything it says can be thrown away and said again.
"""

import re
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from itertools import product
from operator import itemgetter
from typing import Any, NamedTuple
from uuid import UUID

from bihuan.kernel.loop.events import BREACHED, EXPLAINED
from bihuan.kernel.loop.pathway import (
    HAPPENED_ON,
    Answer,
    Condition,
    Fact,
    History,
    Limits,
    Link,
    Moment,
    Pathway,
    Repeat,
    Slot,
    Step,
    Wanted,
    midnight,
    named,
)

AHEAD_DAYS_MAX = 400
_SLOT = re.compile(r"\{(\w+)\}")


class Duty(NamedTuple):
    """One thing somebody owes. `opens_at` may lie ahead: the next one of a repeating duty is always there."""

    step: str
    occurrence: str
    owner_role: str
    owner_unit: UUID | None
    opens_at: datetime
    target_at: datetime
    warn_at: datetime
    breach_at: datetime
    ends_at: datetime | None
    state: str
    done_at: datetime | None = None
    evidence: int | None = None
    escalated_at: datetime | None = None
    reason: str = ""

    @property
    def name(self) -> tuple[str, str]:
        return self.step, self.occurrence


@dataclass(frozen=True, slots=True)
class Plan:
    """All that follows from a history at a moment.

    `next_at` is the earliest moment at which anything can change without a new fact; `breaches` are those not yet on
    record; `system` the duties the machine itself should do now; `watches` the other subjects that matter.
    """

    opened_by: int
    opened_at: datetime
    closed_at: datetime | None
    policy: str
    duties: tuple[Duty, ...]
    next_at: datetime | None
    breaches: tuple[Duty, ...]
    system: tuple[Duty, ...]
    watches: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Epoch:
    """A stretch of time in which every answer stays the same."""

    since: datetime
    answers: dict[str, Any]
    policy: str


@dataclass(frozen=True, slots=True)
class _Outcome:
    """How a step stands: finished at a moment, not needed (any more, since `done_at`), or neither yet."""

    done_at: datetime | None = None
    is_skipped: bool = False


@dataclass(frozen=True, slots=True)
class _Ready:
    """Since when a step may begin; until when it could (it was needed once and is no more); why it stopped."""

    since: datetime
    until: datetime | None = None
    reason: str = ""


class _Times(NamedTuple):
    """The clock of one duty."""

    opens_at: datetime
    target_at: datetime
    warn_at: datetime
    breach_at: datetime
    ends_at: datetime | None


class _End(NamedTuple):
    """When and why something stopped being asked for, if it did."""

    at: datetime | None
    reason: str


@dataclass(frozen=True, slots=True)
class _Series:
    """A stretch of a repeating duty: when it begins, when it stopped and why, and the moment it never reaches past."""

    since: datetime
    stop: datetime | None
    reason: str
    before: datetime | None


class _Occurrence(NamedTuple):
    """One time a repeating duty comes up; `place` is its slot of its day, which it has for itself."""

    name: str
    day: int | None
    opens_at: datetime
    slot: Slot
    midnight: datetime
    place: datetime
    ends_at: datetime


NEVER = _End(None, "")


def plan(pathway: Pathway, history: History, now: datetime, ahead: int = 1) -> Plan | None:
    """What follows from `history` at `now`; None while nothing has opened.

    `ahead` is how many coming occurrences of each repeating duty to keep.
    """
    opening = next((fact for fact in _ordered(history.facts) if _any(pathway.opens, fact)), None)
    if opening is None or opening.happened_at > now:
        return None
    return _Planner(pathway, history, opening, now, ahead).plan()


def names_in(template: str) -> list[str]:
    """The answers a parameter's name has places for: "{class}.days" has one, `class`."""
    return _SLOT.findall(template)


def opening_of[F: Fact](pathway: Pathway, facts: Iterable[F]) -> F | None:
    """The fact that opens this pathway, whenever it happened."""
    return next((fact for fact in _ordered(facts) if _any(pathway.opens, fact)), None)


def _ordered[F: Fact](facts: Iterable[F]) -> list[F]:
    return sorted(facts, key=in_order)


def in_order(fact: Fact) -> tuple[datetime, int]:
    """Where a fact stands in the order in which things happened; of one moment, the one recorded first comes first."""
    return fact.happened_at, fact.seq


def _any(wanted: Sequence[Wanted], fact: Fact) -> bool:
    return any(item.matches(fact) for item in wanted)


def dropped(until: datetime | None, reason: str) -> _Outcome:
    """A step that was needed until `until`: not needed since then, unless it is only held back."""
    return _Outcome() if until is None or reason.startswith("held:") else _Outcome(done_at=until, is_skipped=True)


class _Planner:
    """One plan being made. Everything is computed once, from the facts up to `now`."""

    def __init__(self, pathway: Pathway, history: History, opening: Fact, now: datetime, ahead: int) -> None:
        self.pathway = pathway
        self.zone = pathway.zone
        self.opening = opening
        self.opened_at = opening.happened_at
        self.ahead = ahead
        self.moments: list[datetime] = []  # when anything can change without a new fact
        known = []
        for fact in _ordered(history.facts):
            if fact.happened_at > now:
                self.moments.append(fact.happened_at)
            else:
                known.append(fact)
        closing = next((fact for fact in known if _any(pathway.closes, fact)), None)
        self.closed_at = max(closing.happened_at, self.opened_at) if closing else None
        self.closing_kind = closing.kind if closing else ""
        self.now = self.closed_at or now
        self.facts: list[Fact] = []
        self.by_kind: dict[str, list[Fact]] = {}
        self.breached: set[tuple[str, str]] = set()
        self.explained: dict[tuple[str, str], str] = {}
        for fact in known:
            if fact.kind in (BREACHED, EXPLAINED):
                self.note_own(fact)
            elif fact.happened_at <= self.now:
                self.facts.append(fact)
                self.by_kind.setdefault(fact.kind, []).append(fact)
        self.units = [(fact.happened_at, fact.unit) for fact in self.facts if fact.unit is not None]
        self.linked = {
            subject: [fact for fact in _ordered(facts) if fact.happened_at <= self.now]
            for subject, facts in history.linked.items()
        }
        self.watches = self.watched()
        self.epochs = self.make_epochs()
        self.outcomes: dict[str, _Outcome] = {}
        self.duties: list[Duty] = []
        self.breaches: list[Duty] = []  # those not on record yet

    def note_own(self, fact: Fact) -> None:
        """A breach or its explanation, recorded by the loop."""
        if fact.payload.get("pathway") == self.pathway.code:
            name = (str(fact.payload.get("step")), str(fact.payload.get("occurrence")))
            if fact.kind == BREACHED:
                self.breached.add(name)
            else:
                self.explained[name] = str(fact.payload.get("reason", ""))

    def plan(self) -> Plan:
        for step in self.pathway.steps:
            self.outcomes[step.name] = self.take(step)
        system = tuple(
            duty
            for duty in self.duties
            if duty.state == "open" and duty.target_at <= self.now and self.pathway.step(duty.step).does
        )
        return Plan(
            opened_by=self.opening.seq,
            opened_at=self.opened_at,
            closed_at=self.closed_at,
            policy=self.epochs[-1].policy,
            duties=tuple(self.duties),
            next_at=self.next_moment(),
            breaches=tuple(self.breaches),
            system=system,
            watches=self.watches,
        )

    # Facts and moments

    def matching(self, wanted: Sequence[Wanted], until: datetime | None = None) -> Iterator[Fact]:
        """Facts that count, in the order in which they happened."""
        if len(wanted) == 1:
            found: Iterable[Fact] = (fact for fact in self.by_kind.get(wanted[0].kind, ()) if wanted[0].matches(fact))
        else:
            kinds = {item.kind for item in wanted}
            found = (fact for fact in self.facts if fact.kind in kinds and _any(wanted, fact))
        return (fact for fact in found if until is None or fact.happened_at <= until)

    def moment(self, moment: Moment, ready: datetime) -> tuple[datetime, datetime] | None:
        """When `moment` is and since when there has been one; None while its fact is missing.

        The latest fact counts. A field that is empty leaves the moment at which its fact happened.
        """
        if moment.is_opening:
            return self.opened_at, self.opened_at
        if not moment.facts:
            return ready, ready
        first = latest = None
        for fact in self.matching(moment.facts):
            first = first or fact
            if not moment.field or fact.payload.get(moment.field) or latest is None:
                latest = fact
        if first is None or latest is None:
            return None
        text = latest.payload.get(moment.field) if moment.field else None
        return (self.time(text) if text else latest.happened_at), first.happened_at

    def time(self, text: Any) -> datetime:
        """A moment as payloads hold it; a bare day is its local midnight."""
        if isinstance(text, date) and not isinstance(text, datetime):
            return midnight(text, self.zone)
        found = text if isinstance(text, datetime) else datetime.fromisoformat(str(text))
        return found if found.tzinfo else found.replace(tzinfo=self.zone)

    def day(self, moment: datetime) -> date:
        return moment.astimezone(self.zone).date()

    def unit_at(self, step: Step, moment: datetime) -> UUID | None:
        """Who owns the step at `moment`: the unit it names, else the unit the subject was last in."""
        if step.unit.facts:
            unit = None
            for fact in self.matching(step.unit.facts):
                unit = fact.payload.get(step.unit.field) if step.unit.field else fact.unit
            if unit:
                return UUID(str(unit))
        if not self.units:
            return None
        before = bisect_right(self.units, moment, key=itemgetter(0))
        return self.units[max(before, 1) - 1][1]

    # Answers and policies

    def watched(self) -> tuple[str, ...]:
        found: dict[str, None] = {}
        for answer in self.pathway.answers:
            if answer.link is not None:
                for fact in self.matching(answer.facts):
                    found.update(dict.fromkeys(named(fact, answer.field)))
        return tuple(found)

    def make_epochs(self) -> list[_Epoch]:
        """Cut the time from the opening until now wherever an answer may have changed."""
        cuts = {self.opened_at}
        for answer in self.pathway.answers:
            cuts.update(max(fact.happened_at, self.opened_at) for fact in self.matching(answer.facts))
            if answer.link is not None:
                for subject in self.watches:
                    facts = self.linked.get(subject, ())
                    cuts.update(max(f.happened_at, self.opened_at) for f in facts if f.kind == answer.link.fact)
                cuts.update(self.giving_up(answer.link))
        transition = self.pathway.transition
        if transition is not None:
            cuts.update(max(fact.happened_at, self.opened_at) for fact in self.matching(transition.facts))
            cuts.update(self.policy_changes())
        epochs = []
        for cut in sorted(cuts):
            answers, policy = self.answers_at(cut)
            epochs.append(_Epoch(cut, answers, policy))
        return epochs

    def giving_up(self, link: Link) -> list[datetime]:
        """The moment at which waiting for another subject ends, if it has come; else it is remembered as ahead."""
        base = self.moment(link.gives_up_since, self.opened_at)
        if base is None:
            return []
        policy = self.pathway.values.policy_code(self.day(self.opened_at))
        end = base[0] + self.pathway.values.limits(link.gives_up, policy, self.day(self.opened_at)).breach
        if end <= self.now:
            return [max(end, self.opened_at)]
        self.moments.append(end)
        return []

    def policy_changes(self) -> list[datetime]:
        found = []
        change = self.pathway.values.next_change(self.day(self.opened_at))
        while change is not None and midnight(change, self.zone) <= self.now:
            found.append(midnight(change, self.zone))
            change = self.pathway.values.next_change(change)
        if change is not None:
            self.moments.append(midnight(change, self.zone))
        return found

    def answers_at(self, moment: datetime) -> tuple[dict[str, Any], str]:
        """Every answer as it stood at `moment`, and the policy that governed."""
        answers: dict[str, Any] = {}
        for answer in self.pathway.answers:
            if not answer.value:
                answers[answer.name] = self.answered(answer, moment)
        policy = self.policy_at(moment, answers)
        for answer in self.pathway.answers:
            if answer.value:
                answers[answer.name] = self.valued(answer.value, answers, policy, moment)
        return answers, policy

    def answered(self, answer: Answer, moment: datetime) -> Any:
        if answer.link is not None:
            return self.linked_answer(answer, answer.link, moment)
        value: Any = None
        for fact in self.matching(answer.facts, until=moment):
            if answer.field == HAPPENED_ON:
                value = fact.payload.get(HAPPENED_ON) or self.day(fact.happened_at)
            elif fact.payload.get(answer.field) is not None:
                value = fact.payload[answer.field]
        if value is None:
            return answer.default
        return value if not answer.among or value in answer.among else None

    def linked_answer(self, answer: Answer, link: Link, moment: datetime) -> Any:
        latest = None
        for fact in self.matching(answer.facts, until=moment):
            latest = fact
        subjects = named(latest, answer.field) if latest is not None else []
        if not subjects:
            return "none" if latest is not None else None
        is_settled = True
        for subject in subjects:
            found = [
                fact.payload.get(link.reads)
                for fact in self.linked.get(subject, ())
                if fact.kind == link.fact and fact.happened_at <= moment
            ]
            counted = [value for value in found if value == link.settled or value in link.decisive][: link.first]
            for value in counted:
                if value in link.decisive:
                    return value
            is_settled = is_settled and len(counted) == link.first
        if is_settled:
            return link.settled
        ends = self.giving_up(link)
        return "unanswered" if ends and ends[0] <= moment else None

    def policy_at(self, moment: datetime, answers: dict[str, Any]) -> str:
        """The policy that governs: the one the facts name, moved by the transition clause and never against it."""
        values = self.pathway.values
        transition = self.pathway.transition
        if transition is None:
            return values.policy_code(self.day(self.opened_at))
        policy = self.named_policy(moment) or values.policy_code(self.day(self.opened_at))
        measured = [self.filled(name, answers) for name in transition.measured_by]
        if None in measured:
            return policy
        return values.moved(policy, self.day(moment), [name for name in measured if name is not None])

    def named_policy(self, moment: datetime) -> str:
        assert self.pathway.transition is not None
        policy = ""
        for fact in self.matching(self.pathway.transition.facts, until=moment):
            policy = str(fact.payload.get(self.pathway.transition.field) or policy)
        return policy

    def filled(self, name: str, answers: dict[str, Any]) -> str | None:
        """A parameter's name with the answers in it; None while one of them is unknown."""
        if "{" not in name:
            return name
        if any(answers.get(key) is None for key in names_in(name)):
            return None
        return _SLOT.sub(lambda found: str(answers[found.group(1)]), name)

    def valued(self, name: str, answers: dict[str, Any], policy: str, moment: datetime) -> Any:
        full = self.filled(name, answers)
        return None if full is None else self.pathway.values.plain(full, policy, self.day(moment))

    # Steps

    def take(self, step: Step) -> _Outcome:
        ready = self.ready(step)
        if isinstance(ready, _Outcome):
            return self.take_early(step, ready)
        if step.is_transition:
            return self.take_transition(step)
        if step.repeat is not None:
            return self.take_repeat(step, step.repeat, ready)
        return self.take_once(step, ready)

    def ready(self, step: Step) -> _Ready | _Outcome:
        """Since when the step may begin, or how it stands if it may not."""
        since = self.opened_at
        for name in step.after:
            outcome = self.outcomes[name]
            if outcome.done_at is not None:
                since = max(since, outcome.done_at)
            elif not outcome.is_skipped:
                return _Outcome()
        if step.needs:
            gate = next(self.matching(step.needs), None)
            if gate is None:
                return _Outcome()
            since = max(since, gate.happened_at)
        needed = self.needed(step.when, since)
        if isinstance(needed, _Outcome):
            return needed
        held = self.held(step)
        if held is not None and needed.until is None:
            return replace(needed, until=held.happened_at, reason=f"held:{held.kind}")
        return needed

    def needed(self, conditions: Sequence[Condition], since: datetime) -> _Ready | _Outcome:
        """The last stretch of time in which every condition held."""
        if not conditions:
            return _Ready(since)
        begun: datetime | None = None
        last: _Ready | None = None
        verdict: bool | None = None
        for epoch in self.epochs:
            verdict, by = self.verdict(conditions, epoch)
            if verdict and begun is None:
                begun = epoch.since
            elif not verdict and begun is not None:
                last, begun = _Ready(max(since, begun), epoch.since, f"answer:{by}"), None
        if begun is not None:
            return _Ready(max(since, begun))
        if last is not None and last.since < (last.until or last.since):
            return last
        return _Outcome(is_skipped=verdict is False)

    def verdict(self, conditions: Sequence[Condition], epoch: _Epoch) -> tuple[bool | None, str]:
        unknown = ""
        for condition in conditions:
            holds = condition.holds(epoch.answers.get(condition.answer))
            if holds is False:
                return False, condition.answer
            unknown = unknown or ("" if holds else condition.answer)
        return (None if unknown else True), unknown

    def held(self, step: Step) -> Fact | None:
        """The fact that holds the step back, if one stands."""
        for unless in step.unless:
            newest: dict[Any, Fact] = {}
            for fact in self.by_kind.get(unless.wanted.kind, ()):
                newest[fact.payload.get(unless.newest_by, fact.seq)] = fact
            freed = [in_order(fact) for fact in self.matching(unless.lifted_by)] if unless.lifted_by else []
            for fact in newest.values():
                if unless.wanted.matches(fact) and not (freed and freed[-1] > in_order(fact)):
                    return fact
        return None

    def take_early(self, step: Step, outcome: _Outcome) -> _Outcome:
        """A step that may not begin yet can still have been done: then it is done, and nobody is asked again."""
        if outcome.is_skipped or step.repeat is not None or step.is_transition:
            return outcome
        evidence, _undone = self.evidence(step)
        if evidence is None:
            return outcome
        return self.add_once(step, evidence.happened_at, evidence.happened_at, evidence, NEVER)

    def take_once(self, step: Step, ready: _Ready) -> _Outcome:
        assert step.clock is not None
        evidence, undone = self.evidence(step)
        if undone is not None:
            ready = replace(ready, since=max(ready.since, undone.happened_at))
        base = self.moment(step.clock.since, ready.since)
        if base is None:
            if evidence is None:
                return _Outcome(done_at=ready.until, is_skipped=ready.until is not None)
            return self.add_once(step, evidence.happened_at, evidence.happened_at, evidence, NEVER)
        if step.clock.opens is None:
            opens_at = max(ready.since, base[1])
        else:
            opens_at = max(ready.since, base[0] + step.clock.opens)
        if evidence is None and ready.until is not None and opens_at >= ready.until:
            return dropped(ready.until, ready.reason)
        return self.add_once(step, opens_at, base[0], evidence, _End(ready.until, ready.reason))

    def evidence(self, step: Step) -> tuple[Fact | None, Fact | None]:
        """The fact that does this step, and the one that last undid what was done before."""
        undone = None
        for fact in self.matching(step.undone_by) if step.undone_by else ():
            undone = fact
        done = self.matching(step.evidence)
        return next((fact for fact in done if undone is None or in_order(fact) > in_order(undone)), None), undone

    def add_once(self, step: Step, opens_at: datetime, base: datetime, evidence: Fact | None, end: _End) -> _Outcome:
        """Write down a duty that comes once."""
        epoch = self.epochs[-1]
        limits = self.limits(step, epoch.policy, epoch.answers)
        times = _Times(opens_at, base + limits.target, base + limits.warn, base + limits.breach, None)
        self.keep(step, "", times, evidence, end)
        if evidence is not None:
            return _Outcome(done_at=max(evidence.happened_at, self.opened_at))
        return dropped(end.at, end.reason)

    def limits(self, step: Step, policy: str, answers: dict[str, Any]) -> Limits:
        assert step.clock is not None
        limits = step.clock.limits
        if isinstance(limits, Limits):
            return limits
        return self.pathway.values.limits(self.filled(limits, answers) or limits, policy, self.day(self.opened_at))

    def keep(self, step: Step, occurrence: str, times: _Times, evidence: Fact | None, end: _End) -> Duty | None:
        """Write a duty down as it stands; None if it never came to be."""
        opens_at = times.opens_at
        state, done_at, reason = "open", None, ""
        over = min(self.now, end.at) if end.at is not None else self.now
        if evidence is not None:
            state, done_at, opens_at = "done", evidence.happened_at, min(opens_at, evidence.happened_at)
        elif times.ends_at is not None and times.ends_at <= over:
            state = "missed"
        elif end.at is not None and opens_at < end.at:
            state, done_at, reason = "cancelled", end.at, end.reason
        elif self.closed_at is not None:
            if opens_at >= self.closed_at:
                return None
            state, done_at, reason = "cancelled", self.closed_at, f"closed:{self.closing_kind}"
        escalated_at = None
        name = (step.name, occurrence)
        is_breached = times.breach_at <= self.now and (done_at is None or done_at > times.breach_at)
        if is_breached and name in self.breached:
            escalated_at = times.breach_at
            reason = self.explained.get(name, reason)
        duty = Duty(
            step=step.name,
            occurrence=occurrence,
            owner_role=step.owner,
            owner_unit=self.unit_at(step, done_at or times.ends_at or self.now),
            opens_at=opens_at,
            target_at=times.target_at,
            warn_at=times.warn_at,
            breach_at=times.breach_at,
            ends_at=times.ends_at,
            state=state,
            done_at=done_at,
            evidence=evidence.seq if evidence is not None else None,
            escalated_at=escalated_at,
            reason=reason,
        )
        self.duties.append(duty)
        if is_breached and escalated_at is None:
            self.breaches.append(duty)
        return duty

    def take_transition(self, step: Step) -> _Outcome:
        """The step that moves a running loop to a new policy: one duty for each move that is due or was made."""
        assert self.pathway.transition is not None
        moves: dict[str, tuple[datetime, Fact | None]] = {}
        held = ""
        for fact in self.matching(self.pathway.transition.facts):
            policy = str(fact.payload.get(self.pathway.transition.field) or held)
            if held and policy != held and _any(step.evidence, fact):
                moves[policy] = self.move_began(policy, fact.happened_at), fact
            held = policy
        epoch = self.epochs[-1]
        if held and epoch.policy != held:
            began = next(item.since for item in self.epochs if item.policy == epoch.policy)
            moves[epoch.policy] = max(began, self.move_began(epoch.policy, began)), None
        for policy, (base, evidence) in moves.items():
            self.add_move(step, policy, base, evidence)
        return _Outcome(is_skipped=True)

    def move_began(self, policy: str, latest: datetime) -> datetime:
        began = midnight(self.pathway.values.began(policy), self.zone)
        return max(self.opened_at, min(began, latest))

    def add_move(self, step: Step, policy: str, base: datetime, evidence: Fact | None) -> None:
        limits = self.limits(step, policy, {})
        times = _Times(base, base + limits.target, base + limits.warn, base + limits.breach, None)
        self.keep(step, policy, times, evidence, NEVER)

    # Repeating duties

    def take_repeat(self, step: Step, repeat: Repeat, ready: _Ready) -> _Outcome:
        stretches = self.stretches(repeat, ready)
        if not stretches:
            return _Outcome(is_skipped=ready.until is not None)
        series = stretches[-1]
        facts = list(self.matching(step.evidence))
        used: set[int] = set()
        finished = series.since
        is_open = False
        upcoming = 0
        coming = self.occurrences(repeat, stretches)
        found = next(coming, None)
        while found is not None:
            occurrence, end = found
            if occurrence.opens_at > self.now:
                upcoming += 1
                if self.closed_at is not None or upcoming > self.ahead:
                    is_open = True
                    break
            following = next(coming, None)
            duty = self.add_occurrence(step, repeat, end, occurrence, following and following[0], facts, used)
            is_open = is_open or duty is None or duty.state == "open"
            if duty is not None:
                finished = max(finished, duty.done_at or duty.ends_at or finished)
            found = following
        if is_open or (series.stop is None and repeat.days is None and repeat.for_days is None):
            return _Outcome()
        return _Outcome(done_at=max(finished, series.stop or finished))

    def stretches(self, repeat: Repeat, ready: _Ready) -> list[_Series]:
        """From each start to the next stop. Without a fact that starts it, from when it is ready."""
        starts = list(self.matching(repeat.starts)) if repeat.starts else []
        stops = list(self.matching(repeat.stops)) if repeat.stops else []
        if repeat.starts and not starts:
            return []
        since = max(ready.since, starts[0].happened_at) if starts else ready.since
        found: list[_Series] = []
        while True:
            stop = next((fact for fact in stops if fact.happened_at >= since), None)
            end, reason = ready.until, ready.reason
            if stop is not None and (end is None or stop.happened_at < end):
                end, reason = stop.happened_at, f"stopped:{stop.kind}"
            before = self.moment(repeat.before, since) if repeat.before else None
            found.append(_Series(since, end, reason, before[0] if before else None))
            again = next((fact for fact in starts if stop is not None and in_order(fact) > in_order(stop)), None)
            if again is None or (ready.until is not None and again.happened_at >= ready.until):
                return found
            since = max(again.happened_at, ready.since)
            stops = [fact for fact in stops if in_order(fact) > in_order(again)]

    def occurrences(self, repeat: Repeat, stretches: Sequence[_Series]) -> Iterator[tuple[_Occurrence, _End]]:
        """Every occurrence in order of time, as the answers stood when it came up, and when its stretch ended; one a
        day and slot."""
        seen: set[datetime] = set()
        for series, (number, epoch) in product(stretches, enumerate(self.epochs)):
            following = self.epochs[number + 1].since if number + 1 < len(self.epochs) else None
            begin = max(series.since, epoch.since)
            if following is not None and following <= begin:
                continue
            for occurrence in self.in_epoch(repeat, epoch, begin, series.before):
                is_past = following is not None and occurrence.opens_at >= following
                is_stopped = series.stop is not None and occurrence.opens_at >= series.stop
                is_after = series.before is not None and occurrence.opens_at >= series.before
                if is_past or is_stopped or is_after:
                    break
                if occurrence.place not in seen:
                    seen.add(occurrence.place)
                    yield occurrence, _End(series.stop, series.reason)

    def in_epoch(
        self, repeat: Repeat, epoch: _Epoch, begin: datetime, before: datetime | None
    ) -> Iterator[_Occurrence]:
        """The occurrences that these answers make from `begin` on, without end."""
        values = self.pathway.values
        slots = values.slots(repeat.slots, epoch.policy, self.day(epoch.since))
        zero = self.day_zero(repeat, epoch)
        if zero is None:
            return
        last = None
        if repeat.for_days is not None:
            length = self.valued(repeat.for_days, epoch.answers, epoch.policy, epoch.since)
            last = None if length is None else zero + timedelta(days=length)
        for day, number in self.days(repeat, epoch, zero, self.day(begin)):
            if last is not None and day > last:
                return
            start = midnight(day, self.zone)
            for slot in slots:
                opens_at = start + slot.opens
                if number is None and opens_at < begin:
                    continue
                name = f"{day.isoformat()} {slot.name}" if number is None else f"{day.isoformat()} d{number}"
                ends_at = start + slot.ends if before is None else min(start + slot.ends, before)
                yield _Occurrence(name, number, max(opens_at, begin), slot, start, opens_at, ends_at)

    def day_zero(self, repeat: Repeat, epoch: _Epoch) -> date | None:
        if repeat.counted_from is None:
            return self.day(self.opened_at)
        text = epoch.answers.get(repeat.counted_from)
        if text is None:
            return None
        zero = self.day(self.time(text))
        if repeat.day_zero_after is not None:
            zero += timedelta(days=self.valued(repeat.day_zero_after, epoch.answers, epoch.policy, epoch.since) or 0)
        return zero

    def days(self, repeat: Repeat, epoch: _Epoch, zero: date, first: date) -> Iterator[tuple[date, int | None]]:
        """The days on which something is due, not before `first`: days that have passed count as passed."""
        if repeat.days is None:
            for number in range(AHEAD_DAYS_MAX):
                yield first + timedelta(days=number), None
            return
        for number in self.valued(repeat.days, epoch.answers, epoch.policy, epoch.since) or ():
            day = zero + timedelta(days=number)
            if day >= first:
                yield day, number

    def add_occurrence(
        self,
        step: Step,
        repeat: Repeat,
        end: _End,
        occurrence: _Occurrence,
        following: _Occurrence | None,
        facts: Sequence[Fact],
        used: set[int],
    ) -> Duty | None:
        window_end = following.opens_at if repeat.match and following else occurrence.ends_at
        evidence = None
        for fact in facts:
            if fact.seq not in used and self.is_evidence(repeat, occurrence, window_end, fact):
                evidence = fact
                used.add(fact.seq)
                break
        start, slot = occurrence.midnight, occurrence.slot
        times = _Times(
            opens_at=occurrence.opens_at,
            target_at=start + slot.target,
            warn_at=start + slot.warn,
            breach_at=min(start + slot.breach, occurrence.ends_at),
            ends_at=occurrence.ends_at,
        )
        return self.keep(step, occurrence.name, times, evidence, end)

    def is_evidence(self, repeat: Repeat, occurrence: _Occurrence, window_end: datetime, fact: Fact) -> bool:
        day = fact.payload.get(repeat.match) if repeat.match else None
        if day is not None:
            return bool(day == occurrence.day) and fact.happened_at >= occurrence.midnight
        return occurrence.opens_at <= fact.happened_at < window_end

    # What is left to say

    def next_moment(self) -> datetime | None:
        moments = [duty.breach_at for duty in self.breaches]
        if self.closed_at is None:
            moments += [moment for moment in self.moments if moment > self.now]
            for duty in self.duties:
                if duty.state == "open":
                    ahead = (duty.opens_at, duty.breach_at, duty.ends_at)
                    moments += [moment for moment in ahead if moment is not None and moment > self.now]
                    if self.pathway.step(duty.step).does:
                        moments.append(duty.target_at)
        return min(moments, default=None)
