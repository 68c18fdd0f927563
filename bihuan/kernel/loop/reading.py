"""Reading a pathway from TOML. The language is described in docs/reference/pathway-language.md.

What is checked here is structure: no step named twice, none waits for a later one, each has an owner, a clock, an
evidence kind and an escalation, and every name that is used is there. Pure: no Django, no clock.
"""

from collections.abc import Iterable, Sequence
from datetime import tzinfo
from typing import Any

from bihuan.kernel.loop.pathway import (
    Answer,
    Clock,
    Condition,
    Escalation,
    Limits,
    Link,
    Moment,
    Pathway,
    Repeat,
    Step,
    Transition,
    UnitOf,
    Unless,
    Values,
    Wanted,
)
from bihuan.kernel.loop.planner import names_in
from bihuan.kernel.loop.source import Source, Table

STEP_EXAMPLE = '{ territorial = "district_command", sector = "team_lead" }'


class Known:
    """What a pathway may refer to: the names of dated values by their unit."""

    def __init__(self, units: dict[str, str]) -> None:
        self.units = units

    def names(self, unit: str) -> list[str]:
        return sorted(name for name, its in self.units.items() if its == unit)


def read_pathway(source: Source, *, profile: str, values: Values, known: Known, zone: tzinfo) -> Pathway:
    """The pathway a file describes. Problems are left in `source`; a pathway with problems is never used."""
    return _Reader(source, profile, values, known, zone).read()


class _Reader:
    def __init__(self, source: Source, profile: str, values: Values, known: Known, zone: tzinfo) -> None:
        self.source = source
        self.profile = profile
        self.values = values
        self.known = known
        self.zone = zone
        self.answers: dict[str, Answer] = {}

    def read(self) -> Pathway:
        top = self.source.table()
        code = top.string("code", example='"arrival"')
        version = top.integer("version")
        name = top.words("name")
        subject = top.string("subject", example='"arrival"')
        top.words("about", default=name)
        since = top.day("since")
        opens = self.wanted(top, "opens")
        closes = self.wanted(top, "closes")
        answers = top.table("answers")
        if answers is not None:
            for answer_name, table in answers.named_tables():
                self.answers[answer_name] = self.answer(answer_name, table)
        transition = self.transition(top)
        steps = self.steps(top)
        top.finish()
        return Pathway(
            code=code,
            version=version,
            profile=self.profile,
            name=name,
            subject=subject,
            opens=opens,
            closes=closes,
            answers=tuple(self.answers.values()),
            steps=steps,
            transition=transition,
            since=since,
            file=self.source.file,
            zone=self.zone,
            values=self.values,
        )

    # Facts

    def wanted(self, table: Table, key: str, *, is_optional: bool = False) -> tuple[Wanted, ...]:
        """One fact or several: "sample.taken", or { fact = "test.resulted", result = ["negative", "positive"] }."""
        value = table.raw(key)
        if value is None:
            if not is_optional:
                table.complain("", f"`{key}` is missing.", f'Name the facts: {key} = ["thing.done"]')
            return ()
        items = value if isinstance(value, list) else [value]
        return tuple(found for item in items if (found := self.one_wanted(table, key, item)) is not None)

    def one_wanted(self, table: Table, key: str, item: Any) -> Wanted | None:
        conditions: dict[str, Any] = {}
        if isinstance(item, dict):
            conditions = {name: value for name, value in item.items() if name != "fact"}
            item = item.get("fact")
        if not isinstance(item, str) or item.count(".") != 1:
            table.complain(
                key,
                f"{item!r} is no kind of fact.",
                'Write noun and verb: "sample.taken", or { fact = "…", field = … }.',
            )
            return None
        where = tuple(
            (name, tuple(value) if isinstance(value, list) else (value,)) for name, value in conditions.items()
        )
        return Wanted(item, where)

    def moment(self, table: Table, fact_key: str, field_key: str = "field") -> Moment:
        """A fact, a field of one, "opening" or "ready"."""
        value = table.raw(fact_key)
        field = table.string(field_key, default="")
        if value == "opening":
            return Moment(is_opening=True)
        if value == "ready":
            return Moment()
        return Moment(facts=self.wanted(table, fact_key), field=field)

    # Answers and policy

    def answer(self, name: str, table: Table) -> Answer:
        value = table.string("value", default="")
        if value:
            table.finish()
            self.check_value(table, "value", value, None)
            return Answer(name, value=value)
        facts = self.wanted(table, "facts")
        field = table.string("field", default=name)
        among = table.among()
        default = table.raw("otherwise")
        link = self.link(table)
        table.finish()
        return Answer(name, facts=facts, field=field, among=among, default=default, link=link)

    def link(self, table: Table) -> Link | None:
        waits = table.table("waits_for")
        if waits is None:
            return None
        limit = waits.string("gives_up", example='"link_wait"')
        self.check_value(waits, "gives_up", limit, "clock")
        link = Link(
            fact=waits.string("fact"),
            reads=waits.string("reads"),
            first=waits.integer("first"),
            decisive=tuple(waits.strings("decisive")),
            settled=waits.string("settled"),
            gives_up_since=self.moment(waits, "gives_up_from", "gives_up_field"),
            gives_up=limit,
        )
        waits.finish()
        return link

    def transition(self, top: Table) -> Transition | None:
        table = top.table("transition")
        if table is None:
            return None
        found = Transition(
            facts=self.wanted(table, "policy_in"),
            field=table.string("field", default="policy"),
            measured_by=table.strings("shorten", example='["days_total"]'),
        )
        for name in found.measured_by:
            self.check_value(table, "shorten", name, None)
        table.finish()
        return found

    # Names of dated values

    def check_value(self, table: Table, key: str, name: str, unit: str | None) -> None:
        """Every value a name can stand for must be there, with the right unit."""
        for full in self.spelled_out(table, key, name):
            found = self.known.units.get(full)
            if found is None:
                known = ", ".join(self.known.names(unit)) if unit else "see parameters.toml"
                table.complain(
                    key, f"No dated value is called `{full}`.", f"Add it to parameters.toml, or use: {known}."
                )
            elif unit is not None and found != unit:
                table.complain(
                    key, f"`{full}` has the unit `{found}`.", f"Here a value with the unit `{unit}` is needed."
                )

    def spelled_out(self, table: Table, key: str, name: str) -> list[str]:
        names = [name]
        for answer_name in names_in(name):
            answer = self.answers.get(answer_name)
            if answer is None or not answer.among:
                table.complain(
                    key,
                    f"`{{{answer_name}}}` in `{name}` has no list of what it may be.",
                    f"Declare it: [answers.{answer_name}] with `among = [ … ]`.",
                )
                return []
            names = [item.replace(f"{{{answer_name}}}", str(value)) for item in names for value in answer.among]
        return names

    # Steps

    def steps(self, top: Table) -> tuple[Step, ...]:
        tables = list(top.tables("step"))
        if not tables:
            top.complain("", "The pathway has no step.", "Add [[step]] with name, owner, clock, evidence and escalate.")
        names = [str(table.raw("name", "")) for table in tables]
        found = []
        for number, table in enumerate(tables):
            name = table.string("name", example='"land"')
            if name in names[:number]:
                first = tables[names.index(name)].where
                table.complain(
                    "name",
                    f"The step `{name}` is named twice; first on line {self.source.line(first)}.",
                    "Give each step a name of its own.",
                )
            found.append(self.step(name, table, names[:number], names))
        return tuple(found)

    def step(self, name: str, table: Table, earlier: Sequence[str], every: Sequence[str]) -> Step:
        after = table.strings("after", default=())
        for waited in after:
            if waited in every and waited not in earlier:
                table.complain(
                    "after",
                    f"`{name}` waits for `{waited}`, which comes later or is itself.",
                    f"Put `{waited}` above `{name}`.",
                )
            elif waited not in every:
                table.complain(
                    "after", f"`{name}` waits for `{waited}`, which is no step.", f"Steps above: {', '.join(earlier)}."
                )
        step = Step(
            name=name,
            title=table.words("title"),
            owner=table.string("owner", example='"gate_officer"'),
            escalate=self.escalation(table),
            evidence=self.wanted(table, "evidence"),
            unit=self.unit(table),
            clock=self.clock(name, table),
            repeat=self.repeat(table),
            after=after,
            when=self.conditions(table),
            needs=self.wanted(table, "needs", is_optional=True),
            unless=self.unless(table),
            undone_by=self.wanted(table, "undone_by", is_optional=True),
            does=self.does(table),
            is_transition=table.truth("on_new_policy"),
        )
        if step.is_transition and "transition" not in self.source.data:
            table.complain(
                "on_new_policy", "The pathway has no transition clause.", "Add [transition], or take this line away."
            )
        table.finish()
        return step

    def escalation(self, table: Table) -> Escalation:
        inner = table.table("escalate")
        if inner is None:
            if "escalate" not in table:
                table.complain(
                    "", "Nobody is told when this step is breached.", f"Add both lines: escalate = {STEP_EXAMPLE}"
                )
            return Escalation("", "")
        found = Escalation(inner.string("territorial"), inner.string("sector"))
        inner.finish()
        return found

    def unit(self, table: Table) -> UnitOf:
        inner = table.table("unit")
        if inner is None:
            return UnitOf()
        found = UnitOf(self.wanted(inner, "of"), inner.string("field", default=""))
        inner.finish()
        return found

    def clock(self, name: str, table: Table) -> Clock | None:
        inner = table.table("clock")
        if inner is None:
            if "repeat" not in table and "clock" not in table:
                table.complain(
                    "",
                    f"`{name}` has no clock.",
                    'Say from when and how long: clock = { from = "ready", limits = "clock_name" }',
                )
            return None
        if "repeat" in table:
            table.complain(
                "clock", "A repeating duty takes its clock from its times of day.", "Leave out `clock`, or `repeat`."
            )
        since = self.moment(inner, "from")
        opens = inner.duration("opens") if "opens" in inner else None
        found = Clock(since, self.limits(inner), opens)
        inner.finish()
        return found

    def limits(self, table: Table) -> Limits | str:
        """The name of a dated value of the unit `clock`, or three durations written here."""
        value = table.raw("limits")
        if isinstance(value, str):
            self.check_value(table, "limits", value, "clock")
            return value
        inner = table.table("limits")
        if inner is None:
            if value is None:
                table.complain("", "`limits` is missing.", 'Name a dated value: limits = "clock_name"')
            return ""
        found = limits_of(inner)
        inner.finish()
        return found

    def repeat(self, table: Table) -> Repeat | None:
        inner = table.table("repeat")
        if inner is None:
            return None
        before = inner.table("before")
        found = Repeat(
            slots=inner.string("at", example='"check_slots"'),
            starts=self.wanted(inner, "starts", is_optional=True),
            stops=self.wanted(inner, "stops", is_optional=True),
            days=inner.string("on_days", default="") or None,
            counted_from=inner.string("counted_from", default="") or None,
            day_zero_after=inner.string("day_zero_after", default="") or None,
            for_days=inner.string("for_days", default="") or None,
            before=self.moment(before, "from") if before is not None else None,
            match=inner.string("day_in", default=""),
        )
        if before is not None:
            before.finish()
        self.check_value(inner, "at", found.slots, "times of day")
        for key, name, unit in (
            ("on_days", found.days, "day numbers"),
            ("day_zero_after", found.day_zero_after, "days"),
            ("for_days", found.for_days, "days"),
        ):
            if name is not None:
                self.check_value(inner, key, name, unit)
        if found.counted_from is not None and found.counted_from not in self.answers:
            inner.complain(
                "counted_from",
                f"`{found.counted_from}` is no answer of this pathway.",
                f"Declare it: [answers.{found.counted_from}].",
            )
        if (found.days or found.for_days) and found.counted_from is None:
            inner.complain(
                "", "Days are counted, but not from where.", 'Add counted_from = "…", an answer that is a date.'
            )
        inner.finish()
        return found

    def conditions(self, table: Table) -> tuple[Condition, ...]:
        inner = table.table("when")
        if inner is None:
            return ()
        found = []
        for name, value in inner.data.items():
            inner.asked.add(name)
            answer = self.answers.get(name)
            if answer is None:
                inner.complain(
                    name,
                    f"`{name}` is no answer of this pathway.",
                    f"Declare it under [answers.{name}]; declared: {', '.join(self.answers) or 'none'}.",
                )
                continue
            if isinstance(value, dict) and set(value) == {"above"}:
                found.append(Condition(name, above=value["above"]))
                continue
            values = tuple(value) if isinstance(value, list) else (value,)
            self.check_among(inner, name, answer, values)
            found.append(Condition(name, any_of=values))
        return tuple(found)

    def check_among(self, table: Table, name: str, answer: Answer, values: Iterable[Any]) -> None:
        possible = answer.among
        if answer.link is not None:
            possible = ("none", *answer.link.decisive, answer.link.settled, "unanswered")
        for value in values:
            if possible and value not in possible:
                table.complain(name, f"`{name}` is never {value!r}.", f"It can be: {', '.join(map(str, possible))}.")

    def unless(self, table: Table) -> tuple[Unless, ...]:
        inner = table.table("unless")
        if inner is None:
            return ()
        newest_by, lifted_by = inner.string("newest_by", default=""), self.wanted(inner, "lifted_by", is_optional=True)
        inner.asked.add("fact")
        words = {key: value for key, value in inner.data.items() if key not in ("newest_by", "lifted_by")}
        wanted = self.one_wanted(table, "unless", words)
        return (Unless(wanted, newest_by, lifted_by),) if wanted is not None else ()

    def does(self, table: Table) -> str:
        verb = table.string("does", default="")
        if verb and verb.count(".") != 1:
            table.complain("does", f"`{verb}` names no action.", 'Write module and verb: does = "module.verb"')
        return verb


def limits_of(table: Table) -> Limits:
    """Target, warning and breach of one clock, in this order of time."""
    found = Limits(table.duration("target"), table.duration("warn"), table.duration("breach"))
    if not found.target <= found.warn <= found.breach:
        table.complain(
            "", "The clock runs backwards.", "Let target come first, then warn, then breach (equal is allowed)."
        )
    return found
