"""Every write is one verb that leaves a fact."""

import ast
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property

from tests.house.plan.house import Breach, House, Source, called, imported

KEYWORDS = ("at", "by", "key")
RECORDING = {"record", "record_many", "record_new"}
CUSTODY = "bihuan.kernel.custody"


@dataclass
class Verb:
    """One function of an actions file: where it stands, how it is declared, and whom it calls by full name."""

    source: Source
    node: ast.FunctionDef
    calls: set[str] = field(default_factory=set)

    @cached_property
    def keywords(self) -> set[str]:
        return {argument.arg for argument in self.node.args.kwonlyargs}

    @property
    def is_action(self) -> bool:
        return any(called(decorator).split(".")[-1] == "action" for decorator in self.node.decorator_list)


def actions_leave_facts(house: House) -> Iterator[Breach]:
    """A public function in actions is an @action with keyword-only at, by and key, and reaches the ledger."""
    verbs = dict(_verbs(house))
    reaching = _reaching(verbs)
    used = _used_from_outside(house)
    for name, verb in verbs.items():
        if not _is_public(name, verb, verbs, used):
            continue
        place = house.place(verb.source.path, verb.node.lineno)
        missing = [word for word in KEYWORDS if word not in verb.keywords]
        if missing:
            yield Breach(
                place, f"{verb.node.name} lacks keyword-only {', '.join(missing)}.", "an action takes *, at, by, key."
            )
        if not verb.is_action:
            yield Breach(
                place,
                f"{verb.node.name} is no @action.",
                "decorate it, or give it a leading underscore if it is a part of one.",
            )
        if name not in reaching:
            yield Breach(
                place,
                f"{verb.node.name} leaves no fact.",
                "record what happened in the same transaction, or make it a query.",
            )


def _verbs(house: House) -> Iterator[tuple[str, Verb]]:
    for source in house.sources:
        if source.room is None or source.noun != "actions":
            continue
        module = source.module
        known = {alias: dotted for dotted, alias, _ in imported(source)}
        functions = [node for node in source.tree.body if isinstance(node, ast.FunctionDef)]
        local = {node.name: f"{module}.{node.name}" for node in functions}
        for node in functions:
            verb = Verb(source, node)
            for inner in ast.walk(node):
                if isinstance(inner, ast.Call):
                    verb.calls.add(_full_name(called(inner), local, known))
                elif isinstance(inner, ast.Name):  # handed on as a value: with_retry(land_one), partial(land_one, …)
                    verb.calls.add(_full_name(inner.id, local, known))
            yield local[node.name], verb


def _home(module: str) -> str:
    """The room a module belongs to: bihuan.modules.arrivals."""
    return ".".join(module.split(".")[:3])


def _full_name(name: str, local: dict[str, str], known: dict[str, str]) -> str:
    if name in local:
        return local[name]
    head, _, rest = name.partition(".")
    if head in known:
        return f"{known[head]}.{rest}" if rest else known[head]
    return name


def _reaching(verbs: dict[str, Verb]) -> set[str]:
    """Who reaches the ledger, directly or through others. A name is found by its module and function; packages
    re-export.
    """
    by_door: dict[tuple[str, str], set[str]] = {}
    for name in verbs:
        by_door.setdefault(_door(name), set()).add(name)
    reaching = {
        name
        for name, verb in verbs.items()
        if any(call.split(".")[-1] in RECORDING or call.startswith(f"{CUSTODY}.") for call in verb.calls)
    }
    while True:
        more = {
            name
            for name, verb in verbs.items()
            if name not in reaching
            and any(target in reaching for call in verb.calls for target in by_door.get(_door(call), ()))
        }
        if not more:
            return reaching
        reaching |= more


def _door(name: str) -> tuple[str, str]:
    """("bihuan.modules.arrivals.actions", "land") for a function wherever in that package it stands."""
    parts = name.split(".")
    if "actions" in parts:
        return ".".join(parts[: parts.index("actions") + 1]), parts[-1]
    return "", name


def _used_from_outside(house: House) -> set[tuple[str, str]]:
    """(actions package, function) for every action that another room or a page names; a room's own files are inside."""
    used = set()
    for source in house.sources:
        known = {alias: dotted for dotted, alias, _ in imported(source)}
        names = set(known.values())
        names |= {
            _full_name(called(node), {}, known) for node in ast.walk(source.tree) if isinstance(node, ast.Attribute)
        }
        is_page = source.noun in ("views", "forms", "urls")
        own = None if source.room is None or is_page else _home(source.module)
        used |= {door for name in names if (door := _door(name))[0] and _home(door[0]) != own}
    return used


def _is_public(name: str, verb: Verb, verbs: dict[str, Verb], used: set[tuple[str, str]]) -> bool:
    """Public is what somebody outside calls, and what nobody inside does; the rest are parts of an action."""
    if verb.node.name.startswith("_"):
        return False
    door = _door(name)
    return door in used or not any(
        _door(call) == door for other, one in verbs.items() if other != name for call in one.calls
    )
