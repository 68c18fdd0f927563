"""Decision tables: published rules, first match wins, and every answer says which rule, which facts, which policy.

A table declares the facts it looks at and what it answers when no rule speaks. A rule holds under some policies, has
conditions on facts, gives answers (numbers come from dated values, so that they stand in one place), and says in both
languages why, on which legal basis, what follows for the person and when it ends.
"""

import string
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, Protocol

from bihuan.kernel.loop.source import Table, Words
from bihuan.kernel.loop.values import Policies, Policy, Value
from bihuan.kernel.text import Text

COMPARISONS = ("below", "at_most", "at_least", "above")
WORDS = ("reason", "legal_basis", "follows", "release")
KINDS = ("choice", "number", "truth", "day", "text")


class UnknownFact(ValueError):
    """A decision was asked for with a fact the table does not know, or a value the fact cannot have."""


class Valued(Protocol):
    """Where the numbers come from."""

    def value(self, name: str, *, policy: Policy, on: date) -> Value: ...


@dataclass(frozen=True, slots=True)
class Decision:
    """What a rule answers, and everything one needs to explain it."""

    profile: str
    table: str
    policy: Policy
    rule: str
    answer: Mapping[str, Any]
    reason: Text
    legal_basis: Text
    follows: Text
    release: Text
    used: Mapping[str, Any]

    def facts(self) -> dict[str, Any]:
        """The facts the rule used, as plain data."""
        return {key: plain(value) for key, value in self.used.items()}

    def as_json(self) -> dict[str, Any]:
        """The whole decision as plain data, for payloads."""
        return {
            "profile": self.profile,
            "table": self.table,
            "policy": self.policy.code,
            "policy_name": self.policy.name.as_json(),
            "policy_since": self.policy.since.isoformat(),
            "rule": self.rule,
            "answer": dict(self.answer),
            "reason": self.reason.as_json(),
            "legal_basis": self.legal_basis.as_json(),
            "follows": self.follows.as_json(),
            "release": self.release.as_json(),
            "used": self.facts(),
        }


@dataclass(frozen=True, slots=True)
class FactSpec:
    """A fact the table looks at: what it can be, and what holds while it is not known."""

    name: str
    title: Text
    kind: str
    among: tuple[Any, ...]
    otherwise: Any


@dataclass(frozen=True, slots=True)
class Test:
    """A condition: one of these values, or a comparison with a number or the sum of dated values."""

    fact: str
    any_of: tuple[Any, ...] = ()
    comparison: str = ""
    number: int | None = None
    values: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class FromValues:
    """An answer taken from dated values; several numbers are added up."""

    names: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Rule:
    code: str
    policies: tuple[str, ...]
    tests: tuple[Test, ...]
    answer: Mapping[str, Any]
    words: Mapping[str, Words]


@dataclass(frozen=True, slots=True)
class DecisionTable:
    """One table of decisions.toml."""

    name: str
    facts: Mapping[str, FactSpec]
    answer: Mapping[str, Any]
    rules: tuple[Rule, ...]

    def decide(self, profile: str, values: Valued, facts: Mapping[str, Any], policy: Policy, day: date) -> Decision:
        """The first rule that speaks."""
        known = self.known(facts)
        rule = next(rule for rule in self.rules if self.speaks(rule, known, values, policy, day))
        answer = dict(self.answer)
        for key, said in rule.answer.items():
            answer[key] = self.answered(said, values, policy, day)
        said = {name: self.said(rule.words[name], known, answer, policy) for name in WORDS}
        return Decision(
            profile=profile,
            table=self.name,
            policy=policy,
            rule=rule.code,
            answer=answer,
            used={test.fact: known[test.fact] for test in rule.tests},
            **said,
        )

    def known(self, facts: Mapping[str, Any]) -> dict[str, Any]:
        found = {name: spec.otherwise for name, spec in self.facts.items()}
        for name, value in facts.items():
            spec = self.facts.get(name)
            if spec is None:
                raise UnknownFact(f"Table {self.name} knows no fact {name!r}. It knows: {', '.join(self.facts)}.")
            if value is None:
                continue
            if spec.among and value not in spec.among:
                raise UnknownFact(f"{name} cannot be {value!r}. It can be: {', '.join(map(str, spec.among))}.")
            found[name] = value
        return found

    def speaks(self, rule: Rule, known: Mapping[str, Any], values: Valued, policy: Policy, day: date) -> bool:
        if rule.policies and policy.code not in rule.policies:
            return False
        return all(self.holds(test, known[test.fact], values, policy, day) for test in rule.tests)

    def holds(self, test: Test, value: Any, values: Valued, policy: Policy, day: date) -> bool:
        if not test.comparison:
            return value in test.any_of
        limit = test.number
        if limit is None:
            limit = sum(int(values.value(name, policy=policy, on=day).value) for name in test.values)
        compared = {
            "below": value < limit,
            "at_most": value <= limit,
            "at_least": value >= limit,
            "above": value > limit,
        }
        return bool(compared[test.comparison])

    def answered(self, said: Any, values: Valued, policy: Policy, day: date) -> Any:
        if not isinstance(said, FromValues):
            return list(said) if isinstance(said, tuple) else said
        found = [values.value(name, policy=policy, on=day).value for name in said.names]
        if len(found) > 1:
            return sum(found)
        return list(found[0]) if isinstance(found[0], tuple) else found[0]

    def said(self, words: Words, known: Mapping[str, Any], answer: Mapping[str, Any], policy: Policy) -> Text:
        return Text(*(filled(words, language, known, answer, policy) for language in ("zh", "en")))


def filled(words: Words, language: str, known: Mapping[str, Any], answer: Mapping[str, Any], policy: Policy) -> str:
    """The words in one language with their placeholders filled."""
    mapping: dict[str, Any] = {**answer, **known, "policy": policy.name}
    shown = {}
    for name, value in mapping.items():
        if isinstance(value, Mapping | Text):
            text = value.as_json() if isinstance(value, Text) else value
            shown[name] = text[language]
        elif isinstance(value, list | tuple):
            shown[name] = ("\u3001" if language == "zh" else ", ").join(map(str, value))
        else:
            shown[name] = plain(value)
    template: str = getattr(words, language)
    return template.format(**shown)


def plain(value: Any) -> Any:
    if isinstance(value, Text):
        return value.as_json()
    return value.isoformat() if isinstance(value, date) else value


# Reading


def read_tables(top: Table, policies: Policies, units: Mapping[str, str]) -> dict[str, DecisionTable]:
    """Every table of decisions.toml. `units` are the dated values a rule may name."""
    texts_table = top.table("texts")
    texts = {name: texts_table.words(name) for name in texts_table.data} if texts_table is not None else {}
    return {
        name: read_table(name, table, policies, units, texts) for name, table in top.named_tables() if name != "texts"
    }


def read_table(
    name: str, table: Table, policies: Policies, units: Mapping[str, str], texts: Mapping[str, Words]
) -> DecisionTable:
    table.words("about")
    facts_table = table.table("facts")
    facts = {}
    for fact_name, fact_table in facts_table.named_tables() if facts_table is not None else ():
        facts[fact_name] = read_fact(fact_name, fact_table)
    answer = dict(table.raw("answer", {}))
    reader = _RuleReader(facts, answer, policies, units, texts)
    rules = tuple(reader.read(inner) for inner in table.tables("rule"))
    if not rules or rules[-1].tests or rules[-1].policies:
        table.complain(
            "rule", "The last rule has conditions: some people would get no answer.", "End with a rule without `when`."
        )
    codes = [rule.code for rule in rules]
    for code in {code for code in codes if codes.count(code) > 1}:
        table.complain("rule", f"Two rules have the code `{code}`.", "Give each rule a code of its own.")
    table.finish()
    return DecisionTable(name, facts, answer, rules)


def read_fact(name: str, table: Table) -> FactSpec:
    title = Text(*table.words("name"))
    among = table.among()
    kind = table.string("kind", default="choice")
    if kind not in KINDS:
        table.complain("kind", f"`{kind}` is no kind of fact.", f"Known: {', '.join(KINDS)}.")
    otherwise = table.raw("otherwise")
    if otherwise is None:
        table.complain("", f"`{name}` does not say what holds while it is unknown.", "Add otherwise = …")
    table.finish()
    return FactSpec(name, title, kind, among, otherwise)


class _RuleReader:
    """Reads the rules of one table and checks every name they use."""

    def __init__(
        self,
        facts: Mapping[str, FactSpec],
        answer: Mapping[str, Any],
        policies: Policies,
        units: Mapping[str, str],
        texts: Mapping[str, Words],
    ) -> None:
        self.facts = facts
        self.answer = answer
        self.policies = policies
        self.units = units
        self.texts = texts

    def read(self, table: Table) -> Rule:
        code = table.string("code", example='"inbound"')
        codes = table.strings("policies", default=())
        for policy in codes:
            if policy not in self.policies.by_code:
                table.complain("policies", f"`{policy}` is no policy.", f"Known: {', '.join(self.policies.by_code)}.")
        when = table.table("when")
        tests = tuple(self.test(when, name, value) for name, value in when.data.items()) if when is not None else ()
        answer = self.answers(table)
        words = {name: self.words(table, name) for name in WORDS}
        table.finish()
        return Rule(code, codes, tests, answer, words)

    def test(self, table: Table, name: str, value: Any) -> Test:
        spec = self.facts.get(name)
        if spec is None:
            table.complain(name, f"`{name}` is no fact of this table.", f"Declared: {', '.join(self.facts)}.")
            return Test(name)
        if isinstance(value, dict):
            return self.comparison(table, name, value)
        any_of = tuple(value) if isinstance(value, list) else (value,)
        for item in any_of:
            if spec.among and item not in spec.among:
                table.complain(name, f"`{name}` is never {item!r}.", f"It can be: {', '.join(map(str, spec.among))}.")
        return Test(name, any_of=any_of)

    def comparison(self, table: Table, name: str, value: dict[str, Any]) -> Test:
        if len(value) != 1 or next(iter(value)) not in COMPARISONS:
            table.complain(name, f"{value!r} is no comparison.", f"Use one of: {', '.join(COMPARISONS)}.")
            return Test(name)
        comparison, limit = next(iter(value.items()))
        if isinstance(limit, int):
            return Test(name, comparison=comparison, number=limit)
        names = tuple(limit) if isinstance(limit, list) else (limit,)
        self.check_values(table, name, names, "days")
        return Test(name, comparison=comparison, values=names)

    def check_values(self, table: Table, key: str, names: tuple[str, ...], unit: str | None) -> None:
        for name in names:
            if name not in self.units:
                table.complain(key, f"No dated value is called `{name}`.", "Add it to parameters.toml.")
            elif unit is not None and self.units[name] != unit:
                table.complain(
                    key, f"`{name}` has the unit `{self.units[name]}`.", f"Use a value of the unit `{unit}`."
                )

    def answers(self, table: Table) -> dict[str, Any]:
        inner = table.table("answer")
        found: dict[str, Any] = {}
        for key, value in inner.data.items() if inner is not None else ():
            assert inner is not None
            if key not in self.answer:
                inner.complain(key, f"`{key}` is no answer of this table.", f"Declared: {', '.join(self.answer)}.")
            if isinstance(value, dict):
                names = value.get("value", "")
                found[key] = FromValues(tuple(names) if isinstance(names, list) else (names,))
                self.check_values(inner, key, found[key].names, None)
            else:
                found[key] = tuple(value) if isinstance(value, list) else value
        return found

    def words(self, table: Table, key: str) -> Words:
        """Words of the rule, or the name of words under [texts]; every placeholder must be known."""
        value = table.raw(key)
        if isinstance(value, str):
            if value not in self.texts:
                table.complain(key, f"No text is called `{value}`.", f"Known: {', '.join(self.texts)}.")
            words = self.texts.get(value, Words("", ""))
        else:
            words = table.words(key)
        for language in words:
            for _, placeholder, _, _ in string.Formatter().parse(language):
                if placeholder and placeholder not in (*self.facts, *self.answer, "policy"):
                    table.complain(
                        key,
                        f"`{{{placeholder}}}` is neither a fact nor an answer of this table.",
                        f"Known: {', '.join((*self.facts, *self.answer, 'policy'))}.",
                    )
        return words
