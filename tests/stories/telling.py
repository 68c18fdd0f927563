"""Telling a story: facts are given, and at some moments one looks at what the plan says. No database."""

import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from bihuan.kernel import clock
from bihuan.kernel.loop import Plan, plan, profile
from bihuan.kernel.loop.pathway import Happening, History, Pathway
from bihuan.kernel.loop.planner import Duty

SUBJECT = "story:1"


@dataclass(frozen=True)
class Story:
    """A story file: in which profile and pathway it plays, what happens, and what must then be so."""

    name: str
    pathway: Pathway
    facts: tuple[Happening, ...]
    linked: Mapping[str, tuple[Happening, ...]]
    then: tuple[Mapping[str, Any], ...]

    def plan(self, at: datetime, recorded: datetime | None = None) -> Plan | None:
        """The plan at a moment, from the facts that had happened by then."""
        return plan(self.pathway, History(self.facts, self.linked), at)


def moment(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=clock.CITY)


def facts_of(items: Iterable[Mapping[str, Any]], subject: str) -> tuple[Happening, ...]:
    """Facts as a story writes them: at, fact, and whatever else it says is the payload. Times are the city's."""
    found = []
    for seq, item in enumerate(items, start=1):
        payload = {key: value for key, value in item.items() if key not in ("at", "fact")}
        found.append(Happening(seq, item["fact"], subject, moment(item["at"]), payload))
    return tuple(found)


def read(path: Path) -> Story:
    data = tomllib.loads(path.read_text(encoding="utf-8"))
    facts = facts_of(data["given"], SUBJECT)
    code = data.get("profile", "covid19-cn")
    pathway = profile.named(code).pathway(data["pathway"], profile.day_of(facts[0].happened_at))
    assert pathway is not None, f"{path.name}: {code} has no pathway {data['pathway']}"
    linked = {name: facts_of(items, name) for name, items in data.get("linked", {}).items()}
    return Story(path.stem, pathway, facts, linked, tuple(data["then"]))


def name_of(duty: Duty) -> str:
    return f"{duty.step} {duty.occurrence}".strip()


def is_called(duty: Duty, name: str) -> bool:
    """A duty is called by its step, by step and day number ("central_test d3") or by its whole name."""
    return name in (duty.step, name_of(duty), f"{duty.step} {duty.occurrence.rpartition(' ')[2]}")


def kinds(made: Plan, at: datetime) -> dict[str, list[Duty]]:
    """The duties under the words a story uses."""
    found: dict[str, list[Duty]] = {word: [] for word in ("open", "ahead", "done", "missed", "cancelled", "breached")}
    for duty in made.duties:
        is_ahead = duty.state == "open" and duty.opens_at > at
        found["ahead" if is_ahead else duty.state].append(duty)
        if duty.escalated_at is not None or duty in made.breaches:
            found["breached"].append(duty)
    found["system"] = list(made.system)
    return found
