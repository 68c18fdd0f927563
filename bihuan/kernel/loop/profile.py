"""Profiles: a subject's policies, dated values, decision tables and pathways, as data in a folder.

`current()` reads every folder of settings.PROFILES once per process. A profile that is not sound stops the start with
every problem named: file, line, remedy. A city keeps folders of its own outside the package (BIHUAN_PROFILES).
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from functools import cache
from pathlib import Path
from typing import Any

from django.conf import settings

from bihuan.kernel import clock
from bihuan.kernel.loop import decisions, values
from bihuan.kernel.loop.decisions import Decision, DecisionTable
from bihuan.kernel.loop.pathway import Limits, Pathway, Slot
from bihuan.kernel.loop.reading import Known, read_pathway
from bihuan.kernel.loop.source import Problem, ProfileError, Source
from bihuan.kernel.loop.values import Parameter, Policies, Policy, UnknownValue, Value
from bihuan.kernel.text import Text

type Day = date | datetime


def day_of(moment: Day) -> date:
    """The city's day of a moment."""
    return moment.astimezone(clock.CITY).date() if isinstance(moment, datetime) else moment


@dataclass(frozen=True)
class Profile:
    """One folder, read and checked. What it does not say itself it takes from the profile it is `based_on`."""

    code: str
    name: Text
    folder: Path
    policies: Policies
    parameters: Mapping[str, Parameter]
    tables: Mapping[str, DecisionTable]
    based_on: "Profile | None"
    pathways: list[Pathway] = field(default_factory=list)

    # What was in force

    def policy_on(self, day: Day) -> Policy:
        """The policy in force on a day. There is always one; before the first it is one without measures."""
        return self.policies.on(day_of(day))

    def policy(self, code: str) -> Policy:
        return self.policies.by_code[code]

    def value(self, name: str, *, on: Day | None = None, policy: Policy | str | None = None) -> Value:
        """A dated value on a day, or under a policy (on a day of it, if one is given)."""
        assert on is not None or policy is not None, "a dated value needs a day or a policy"
        if isinstance(policy, str):
            policy = self.policy(policy)
        if policy is None:
            assert on is not None
            policy = self.policy_on(on)
        day = policy.since if on is None else day_of(on)
        found = self.parameters.get(name)
        if found is None:
            if self.based_on is None:
                raise UnknownValue(f"Profile {self.code} has no dated value {name!r}.")
            return self.based_on.value(name, on=on or policy.since)
        return found.on(policy, day)

    def governing(self, began: Day, now: Day, measured_by: Sequence[str], exposures: Iterable[date] = ()) -> Policy:
        """The policy that governs a running thing: a later one takes over if it does not make it longer.

        A new exposure begins the thing anew under the policy of that day.
        """
        start = self.policy_on(max([day_of(began), *exposures]))
        return self.govern(start, day_of(now), measured_by)

    def govern(self, policy: Policy, now: date, measured_by: Sequence[str]) -> Policy:
        length = self.total(policy, measured_by)
        for later in self.policies.later(policy, now):
            later_length = self.total(later, measured_by)
            if later_length <= length:
                policy, length = later, later_length
        return policy

    def total(self, policy: Policy, names: Sequence[str]) -> int:
        return sum(int(self.value(name, policy=policy).value) for name in names)

    def decide(
        self, table: str, facts: Mapping[str, Any], *, on: Day | None = None, policy: Policy | str | None = None
    ) -> Decision:
        """What the published rules answer. Silence of all policies answers with freedom."""
        assert on is not None or policy is not None, "a decision needs a day or a policy"
        if isinstance(policy, str):
            policy = self.policy(policy)
        if policy is None:
            assert on is not None
            policy = self.policy_on(on)
        found = self.tables.get(table)
        if found is None:
            raise decisions.UnknownFact(f"Profile {self.code} has no decision table {table!r}.")
        return found.decide(self.code, self, facts, policy, policy.since if on is None else day_of(on))

    # What the planner asks

    def plain(self, name: str, policy: str, on: date) -> Any:
        return self.value(name, on=on, policy=self.policies.by_code.get(policy)).value

    def limits(self, name: str, policy: str, on: date) -> Limits:
        found = self.plain(name, policy, on)
        assert isinstance(found, Limits)
        return found

    def slots(self, name: str, policy: str, on: date) -> Sequence[Slot]:
        found: Sequence[Slot] = self.plain(name, policy, on)
        return found

    def policy_code(self, on: date) -> str:
        return self.policies.on(on).code

    def moved(self, policy: str, now: date, measured_by: Sequence[str]) -> str:
        start = self.policies.by_code.get(policy)
        return policy if start is None else self.govern(start, now, measured_by).code

    def began(self, policy: str) -> date:
        return self.policies.by_code[policy].since

    def next_change(self, after: date) -> date | None:
        return next((policy.since for policy in self.policies if policy.since > after), None)

    # Pathways

    def pathway(self, code: str, on: date) -> Pathway | None:
        """The newest version of a pathway that began on or before a day (the version a run keeps)."""
        found = [item for item in self.pathways if item.code == code and (item.since is None or item.since <= on)]
        return max(found, key=lambda item: item.version, default=None)

    def units(self) -> dict[str, str]:
        inherited = self.based_on.units() if self.based_on is not None else {}
        return inherited | {name: parameter.unit for name, parameter in self.parameters.items()}


class Catalogue(Mapping[str, Profile]):
    """Every profile of this installation, and which pathway a fact opens."""

    def __init__(self, profiles: Mapping[str, Profile]) -> None:
        self.profiles = dict(profiles)
        self.by_subject: dict[str, list[Pathway]] = {}
        for profile in self.profiles.values():
            for pathway in profile.pathways:
                self.by_subject.setdefault(pathway.subject, []).append(pathway)

    def __getitem__(self, code: str) -> Profile:
        return self.profiles[code]

    def __iter__(self) -> Iterator[str]:
        return iter(self.profiles)

    def __len__(self) -> int:
        return len(self.profiles)

    def pathway(self, profile: str, code: str, version: int) -> Pathway | None:
        """A pathway in the version a run began with."""
        if profile not in self.profiles:
            return None
        found = self.profiles[profile].pathways
        return next((item for item in found if item.code == code and item.version == version), None)


def load_profile(folder: Path, based_on: Profile | None = None) -> Profile:
    """Read one folder. Raises ProfileError with every problem found."""
    sources = []

    def source(name: str) -> Source:
        found = Source.read(folder / name, shown=f"{folder.name}/{name}")
        sources.append(found)
        return found

    top = source("profile.toml").table()
    code = top.string("code", example='"flu"')
    name = Text(*top.words("name"))
    top.string("based_on", default="")
    top.words("about", default=top.words("name"))
    policies = values.read_policies(top)
    top.finish()
    parameters: dict[str, Parameter] = {}
    if (folder / "parameters.toml").exists():
        parameters = values.read_parameters(source("parameters.toml").table(), policies)
    profile = Profile(code, name, folder, policies, parameters, {}, based_on)
    units = profile.units()
    tables: Mapping[str, DecisionTable] = {}
    if (folder / "decisions.toml").exists():
        tables = decisions.read_tables(source("decisions.toml").table(), policies, units)
    profile = Profile(code, name, folder, policies, parameters, tables, based_on)
    for path in sorted((folder / "pathways").glob("*.toml")):
        pathway = read_pathway(
            source(f"pathways/{path.name}"), profile=code, values=profile, known=Known(units), zone=clock.CITY
        )
        profile.pathways.append(pathway)
    problems = [problem for item in sources for problem in item.problems]
    if problems:
        raise ProfileError(problems)
    return profile


def load_profiles(folders: Iterable[Path]) -> Catalogue:
    """Read every folder that has a profile.toml, those that others are based on first."""
    found: dict[str, Path] = {}
    for parent in folders:
        for path in sorted(parent.glob("*/profile.toml")):
            found[path.parent.name] = path.parent
    loaded: dict[str, Profile] = {}
    problems: list[Problem] = []
    waiting = {name: base_of(folder) for name, folder in found.items()}
    while waiting:
        ready = [name for name, base in waiting.items() if not base or base in loaded]
        if not ready:
            problems += [
                Problem(f"{name}/profile.toml", 1, f"It is based on `{base}`, which is not there.", "Correct based_on.")
                for name, base in waiting.items()
            ]
            break
        for name in ready:
            base = waiting.pop(name)
            try:
                loaded[name] = load_profile(found[name], loaded.get(base))
            except ProfileError as error:
                problems += error.problems
                waiting = {other: its for other, its in waiting.items() if its != name}
    if problems:
        raise ProfileError(problems)
    return Catalogue({profile.code: profile for profile in loaded.values()})


def base_of(folder: Path) -> str:
    return str(Source.read(folder / "profile.toml", shown=f"{folder.name}/profile.toml").data.get("based_on", ""))


@cache
def current() -> Catalogue:
    """The profiles of this installation, read once."""
    return load_profiles(settings.PROFILES)


def named(code: str) -> Profile:
    return current()[code]


def active(now: datetime | None = None) -> Profile:
    """The profile that newcomers are met with: the one the city last chose, else settings.ACTIVE_PROFILE."""
    from bihuan.kernel.loop.choosing import chosen_profile  # the tables are not there before Django has started

    return named(chosen_profile(now or clock.now()) or settings.ACTIVE_PROFILE)
