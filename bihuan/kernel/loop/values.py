"""Policies and dated values: what was in force on a day, by which order, and how sure we are of it.

A value tied to a policy holds while that policy is in force; a value with a date of its own holds from that day until a
later one. Where nothing speaks, the value `otherwise` holds: for restrictions it is the one that leaves people free.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Any

from bihuan.kernel.loop.pathway import Slot, clock_time
from bihuan.kernel.loop.reading import limits_of
from bihuan.kernel.loop.source import Table
from bihuan.kernel.text import Text

MARKS = ("V", "S", "M")
UNITS = ("days", "day numbers", "clock", "times of day", "hours", "number", "names")
ALWAYS = date.min


class UnknownValue(KeyError):
    """A dated value was asked for that the profile does not have."""


@dataclass(frozen=True, slots=True)
class Policy:
    """A version of the rules, in force from `since` until `until`. `mark`: V read, S secondary, M unverified; its text
    can be surer than the day it came into force, which has `since_mark`.
    """

    code: str
    name: Text
    since: date
    until: date | None
    order: Text
    mark: str
    source: str
    since_mark: str = ""


@dataclass(frozen=True, slots=True)
class Value:
    """A value as it stood on a day, and where it comes from. `policy` is empty for a value with a date of its own."""

    value: Any
    unit: str
    mark: str
    source: str
    policy: str
    since: date
    order: Text
    name: Text


@dataclass(frozen=True, slots=True)
class Parameter:
    """A dated value under one name: its entries, newest first."""

    name: str
    title: Text
    unit: str
    entries: tuple[Value, ...]
    otherwise: Value

    def on(self, policy: Policy, day: date) -> Value:
        """The value under `policy` on `day` (brought into the time in which the policy was in force)."""
        if policy.until is not None and day >= policy.until:
            day = policy.until - timedelta(days=1)
        day = max(day, policy.since)
        for entry in self.entries:
            if entry.policy == policy.code or (not entry.policy and entry.since <= day):
                return entry
        return self.otherwise


class Policies(Sequence[Policy]):
    """The policies of a profile in order of time. There is always one in force, if only the one without measures."""

    def __init__(self, policies: Iterable[Policy]) -> None:
        self.all = tuple(policies)
        self.by_code = {policy.code: policy for policy in self.all}

    def __len__(self) -> int:
        return len(self.all)

    def __getitem__(self, index: Any) -> Any:
        return self.all[index]

    def on(self, day: date) -> Policy:
        return next(policy for policy in reversed(self.all) if policy.since <= day)

    def later(self, than: Policy, until: date) -> list[Policy]:
        """Those that came into force after `than`, up to and on the day `until`."""
        return [policy for policy in self.all if than.since < policy.since <= until]


def read_policies(top: Table) -> Policies:
    """The policies of profile.toml, with the one before the first."""
    silence = Text(*top.words("before"))
    found = [Policy("none", silence, ALWAYS, None, silence, "", "")]
    for table in top.tables("policy"):
        since = table.day("since")
        name = Text(*table.words("name"))
        order = table.words("order", default=None if "order" in table else name_words(name))
        code = table.string("code", example='"ed9"')
        if since is None:
            if "since" not in table:
                table.complain("", f"`{code}` has no day from which it is in force.", "Add since = 2022-06-28")
            since = ALWAYS
        if found[-1].since >= since:
            table.complain(
                "since", f"`{code}` does not come after `{found[-1].code}`.", "Put policies in order of time."
            )
        if any(policy.code == code for policy in found):
            table.complain("code", f"`{code}` is there twice.", "Give each policy a code of its own.")
        mark = read_mark(table)
        since_mark = read_mark(table, "since_mark") if "since_mark" in table else mark
        found.append(Policy(code, name, since, None, Text(*order), mark, table.string("source"), since_mark))
        table.words("note", default=order)
        table.finish()
    followed = [policy.since for policy in found[1:]]
    return Policies(replace(p, until=until) for p, until in zip(found, [*followed, None], strict=True))


def name_words(name: Text) -> Any:
    return (name.zh, name.en)


def read_mark(table: Table, key: str = "mark") -> str:
    mark = table.string(key, example='"V"')
    if mark not in MARKS:
        table.complain(
            key,
            f"`{mark}` is no mark.",
            "V: read in an official text; S: one place or a secondary source; M: from memory, unverified.",
        )
    return mark


def read_parameters(top: Table, policies: Policies) -> dict[str, Parameter]:
    """Every parameter of parameters.toml, by its full name ([close_contact.days] is "close_contact.days")."""
    found: dict[str, Parameter] = {}
    for name, table in top.named_tables():
        collect(name, table, policies, found)
    return found


def collect(name: str, table: Table, policies: Policies, found: dict[str, Parameter]) -> None:
    if "unit" in table:
        found[name] = read_parameter(name, table, policies)
        return
    for inner_name, inner in table.named_tables():
        collect(f"{name}.{inner_name}", inner, policies, found)


def read_parameter(name: str, table: Table, policies: Policies) -> Parameter:
    title = Text(*table.words("name"))
    unit = table.string("unit")
    if unit not in UNITS:
        table.complain("unit", f"`{unit}` is no unit.", f"Known: {', '.join(UNITS)}.")
    if "otherwise" not in table:
        table.complain(
            "", f"`{name}` does not say what holds where nothing speaks.", "Add otherwise = 0, [] or a clock."
        )
    value = read_value(table, "otherwise", unit)
    is_marked, source = "mark" in table, table.string("source", default="")
    if value and not (is_marked and source):
        table.complain(
            "otherwise",
            f"`{name}` holds where no policy speaks, and nobody knows on what ground.",
            'Add its mark and where it comes from: mark = "M" and source = "…".',
        )
    otherwise = Value(
        value=value,
        unit=unit,
        mark=read_mark(table) if is_marked else "",
        source=source,
        policy="",
        since=ALWAYS,
        order=policies[0].order,
        name=title,
    )
    entries = [entry for inner in table.tables("values") for entry in read_entry(inner, title, unit, policies)]
    table.finish()
    return Parameter(name, title, unit, tuple(sorted(entries, key=lambda entry: entry.since, reverse=True)), otherwise)


def read_entry(table: Table, title: Text, unit: str, policies: Policies) -> list[Value]:
    """One line of `values`: for one policy or several, or from a day on."""
    value = read_value(table, "value", unit)
    mark = read_mark(table)
    source = table.string("source", default="")
    order = table.raw("order")
    since = table.day("since")
    codes = table.strings("policy", default=())
    if bool(codes) == (since is not None):
        table.complain("", "This value has no time.", 'Give it either policy = "ed9" or since = 2022-08-20.')
    found = []
    if since is not None:
        if order is None or not source:
            table.complain(
                "", "A value with a date of its own needs its order and its source.", "Add order and source."
            )
            words = ("", "")
        else:
            words = table.words("order")
        found.append(Value(value, unit, mark, source, "", since, Text(*words), title))
    for code in codes:
        policy = policies.by_code.get(code)
        if policy is None:
            table.complain("policy", f"`{code}` is no policy.", f"Known: {', '.join(policies.by_code)}.")
            continue
        found.append(Value(value, unit, mark, source or policy.source, code, policy.since, policy.order, title))
    table.finish()
    return found


def read_value(table: Table, key: str, unit: str) -> Any:
    """A value as its unit wants it."""
    value = table.raw(key)
    if unit == "clock":
        inner = table.table(key)
        if inner is None:
            return None
        limits = limits_of(inner)
        inner.finish()
        return limits
    if unit == "times of day":
        return tuple(slot for inner in table.tables(key) if (slot := read_slot(inner)) is not None)
    if unit == "day numbers":
        if isinstance(value, list) and all(isinstance(item, int) for item in value) and value == sorted(set(value)):
            return tuple(value)
        table.complain(key, f"{value!r} is no list of days.", "Write rising day numbers: [1, 2, 3, 5, 7]")
        return ()
    if unit == "names":
        return table.strings(key)
    if not isinstance(value, int) or isinstance(value, bool) or value < 0:
        table.complain(key, f"{value!r} is no number.", "Write a whole number that is not negative.")
        return 0
    return value


def read_slot(table: Table) -> Slot | None:
    """A time of day: "07:00"; hours may pass 24."""
    name = table.string("name", example='"morning"')
    times = {}
    for key in ("opens", "target", "warn", "breach", "ends"):
        found = clock_time(table.string(key, example='"07:00"'))
        if found is None:
            table.complain(key, f"`{key}` is no time of day.", 'Write "07:30"; "30:00" is six in the morning after.')
            return None
        times[key] = found
    table.finish()
    if list(times.values()) != sorted(times.values()):
        table.complain("", f"The times of `{name}` run backwards.", "Order: opens, target, warn, breach, ends.")
    return Slot(name=name, **times)


def total(values: Mapping[str, Parameter], names: Sequence[str], policy: Policy, day: date) -> int:
    """The sum of several values under one policy."""
    return sum(int(values[name].on(policy, day).value) for name in names)
