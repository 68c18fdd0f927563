"""The city's own words for units and roles, read once from its profile folder (`roles.toml`, `units.toml`,
`access.toml`)."""

import tomllib
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, time
from functools import cache
from pathlib import Path
from typing import Any

from django.conf import settings

from bihuan.kernel.text import Text


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of unit. `posts` must be filled in every unit of the kind, `shifts` are the roles on its duty roster, and
    `returns` is the role that sends its daily return (empty: it owes none)."""

    code: str
    name: Text
    posts: tuple[str, ...]
    shifts: tuple[str, ...]
    returns: str


@dataclass(frozen=True, slots=True)
class RoleWords:
    """A role. `office` names one of the three administrators, `kinds` the units it has its place in (empty: any);
    one that is `by_two`, as every office is, is filled by two people of two units."""

    code: str
    name: Text
    line: str
    powers: tuple[str, ...]
    first: Text
    office: str = ""
    kinds: tuple[str, ...] = ()
    by_two: bool = False


@dataclass(frozen=True, slots=True)
class Purpose:
    """For what a person is opened: as officers read it, as the person is told, and whether it is asked for."""

    code: str
    name: Text
    told: Text
    is_asked: bool


def folder() -> Path:
    return Path(settings.CITY_PROFILE)


@cache
def _units() -> dict[str, object]:
    return tomllib.loads((folder() / "units.toml").read_text(encoding="utf-8"))


@cache
def kinds() -> dict[str, Kind]:
    """Kinds of units by code, in the order of the profile."""
    rows: list[dict[str, object]] = _units()["kind"]  # type: ignore[assignment]
    return {
        str(row["code"]): Kind(
            code=str(row["code"]),
            name=Text.of(row["name"]),  # type: ignore[arg-type]
            posts=tuple(row.get("posts", ())),  # type: ignore[arg-type]
            shifts=tuple(row.get("shifts", ())),  # type: ignore[arg-type]
            returns=str(row.get("returns", "")),
        )
        for row in rows
    }


@cache
def returns_cut_off() -> time:
    """Until when the daily return of a unit is in time, city time."""
    row: dict[str, time] = _units()["returns"]  # type: ignore[assignment]
    return row["cut_off"]


SHIPPED = Path(__file__).resolve().parents[2] / "profiles" / "city" / "access.toml"


@cache
def _access() -> dict[str, Any]:
    """A city's own profile may leave this file out; then the one that comes with Bihuan holds."""
    own = folder() / "access.toml"
    return tomllib.loads((own if own.exists() else SHIPPED).read_text(encoding="utf-8"))


def nomination_days() -> int:
    """How many days a nomination waits for its second person."""
    return int(_access()["nomination"]["days"])


@cache
def own_words() -> tuple[str, ...]:
    """Words that make no password by themselves, the longest first."""
    return tuple(sorted(_access().get("passwords", {}).get("words", ()), key=len, reverse=True))


def openings(roles: Iterable[str], on: date) -> tuple[int, int]:
    """How many people somebody in these roles may open on a day, and at what percentage they are told."""
    block = max((one for one in _access()["budget"] if one["from"] <= on), key=lambda one: one["from"])
    return max((block["roles"].get(role, block["others"]) for role in roles), default=block["others"]), block["warn"]


@cache
def purposes() -> dict[str, Purpose]:
    """For what a person may be opened, by code, in the order of the profile."""
    return {
        row["code"]: Purpose(row["code"], Text.of(row["name"]), Text.of(row["told"]), row.get("asked", False))
        for row in _access()["purpose"]
    }


def role_words() -> list[RoleWords]:
    """Roles in the order of the profile."""
    rows = tomllib.loads((folder() / "roles.toml").read_text(encoding="utf-8"))["role"]
    return [
        RoleWords(
            code=row["code"],
            name=Text.of(row["name"]),
            line=row["line"],
            powers=tuple(row["powers"]),
            first=Text.of(row["first"]),
            office=row.get("office", ""),
            kinds=tuple(row.get("kinds", ())),
            by_two=row.get("by_two", False) or bool(row.get("office")),
        )
        for row in rows
    ]


@cache
def role_names() -> dict[str, Text]:
    return {role.code: role.name for role in role_words()}
