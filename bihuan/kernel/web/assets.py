"""What Vite built from `islands/`: its manifest names each file by its hash, so that browsers may keep it for ever."""

import json
from functools import cache
from pathlib import Path
from typing import Any

from django.templatetags.static import static

DIST = Path(__file__).parent / "static" / "web" / "dist"


@cache
def manifest() -> dict[str, Any]:
    """Vite's manifest; empty when nothing was built, and pages then come without styles and scripts but work."""
    file = DIST / "manifest.json"
    return json.loads(file.read_text()) if file.is_file() else {}


def scripts(entry: str) -> list[str]:
    return [_url(manifest()[entry]["file"])] if entry in manifest() else []


def styles(entry: str) -> list[str]:
    return [_url(file) for file in manifest().get(entry, {}).get("css", [])]


@cache
def icons() -> str:
    """The URL of the sprite; its name carries the hash of its content."""
    found = sorted(DIST.glob("assets/icons-*.svg"))
    return _url(f"assets/{found[0].name}") if found else ""


def _url(file: str) -> str:
    return static(f"web/dist/{file}")
