"""Decisions about areas and levels. Pure."""

from collections.abc import Iterable

LEVELS = ("none", "low", "medium", "high", "overseas")


def worst(levels: Iterable[str]) -> str:
    """Of several levels the one that binds most; none without any."""
    return max(levels, key=LEVELS.index, default="none")


def is_raise(before: str, after: str) -> bool:
    """Whether a change of level binds more than before."""
    return LEVELS.index(after) > LEVELS.index(before)


def chain(code: str) -> tuple[str, ...]:
    """An area's code and those of the areas it lies in, nearest first (GB/T 2260: county, prefecture, province)."""
    if not code.isdigit() or len(code) < 6:
        return (code,)
    county, prefecture, province = code[:6], f"{code[:4]}00", f"{code[:2]}0000"
    return tuple(dict.fromkeys((code, county, prefecture, province)))


def typed(name: str) -> str:
    """A name as a keyboard has it, without marks between syllables and with v for ü: Xian, Lvliang."""
    return name.replace("'", "").replace("’", "").replace("ü", "v")
