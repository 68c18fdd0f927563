"""What a city decides about its vehicles: which kinds it has."""

import tomllib
from functools import cache
from pathlib import Path

from django.conf import settings

from bihuan.kernel.text import Text

FILE = "transport.toml"


@cache
def vehicle_kinds() -> dict[str, Text]:
    """Kinds of vehicles by code, from the city's profile."""
    path = Path(settings.BASE_DIR) / "profiles" / "city" / FILE
    data = tomllib.loads(path.read_text("utf-8"))
    return {kind["code"]: Text.of(kind["name"]) for kind in data["vehicle_kind"]}


def kind_name(code: str) -> Text:
    """A kind the city no longer has is shown by its code."""
    return vehicle_kinds().get(code, Text(code, code))
