"""An icon that is missing in the sprite is an empty box, so every icon that is named must be there."""

import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]
NAMED = re.compile(r"""\{% icon "([a-z0-9-]+)"|\bicon="([a-z0-9-]+)\"""")


def named_icons() -> set[str]:
    files = [file for ending in ("*.html", "*.py") for file in (ROOT / "bihuan").rglob(ending)]
    return {first or second for file in files for first, second in NAMED.findall(file.read_text("utf-8"))}


def test_every_icon_that_is_named_is_in_the_sprite() -> None:
    kept = (ROOT / "islands" / "icons.txt").read_text().split()
    assert kept == sorted(set(kept))
    assert named_icons() <= set(kept), f"add to islands/icons.txt: {sorted(named_icons() - set(kept))}"
