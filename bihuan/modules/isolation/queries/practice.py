"""What a city decides about isolation in practice: what a fever is, which symptoms are asked, who is in a home team."""

import tomllib
from dataclasses import dataclass
from decimal import Decimal
from functools import cache
from pathlib import Path

from django.conf import settings

from bihuan.kernel.text import Text

FILE = "isolation.toml"


@dataclass(frozen=True, slots=True)
class TeamRole:
    code: str
    name: Text


@dataclass(frozen=True, slots=True)
class Practice:
    fever_from: Decimal
    team: tuple[TeamRole, ...]
    symptoms: dict[str, Text]


@cache
def practice() -> Practice:
    """The city's practice, from its profile."""
    path = Path(settings.BASE_DIR) / "profiles" / "city" / FILE
    data = tomllib.loads(path.read_text("utf-8"), parse_float=Decimal)
    return Practice(
        fever_from=Decimal(data["fever"]["from"]),
        team=tuple(TeamRole(role["code"], Text.of(role["name"])) for role in data["team_role"]),
        symptoms={symptom["code"]: Text.of(symptom["name"]) for symptom in data["symptom"]},
    )


def fever_from() -> Decimal:
    """From how many degrees on a temperature is abnormal."""
    return practice().fever_from


def team_roles() -> tuple[TeamRole, ...]:
    """The roles a home team must fill, each with a named person and a telephone."""
    return practice().team


def symptom_names(codes: list[str]) -> tuple[Text, ...]:
    """The names of symptoms as the city's form asks for them; one it no longer asks for is shown by its code."""
    known = practice().symptoms
    return tuple(known.get(code, Text(code, code)) for code in codes)
