"""How many small counts become a board: pure rolling up, no reading."""

from collections.abc import Hashable, Iterable, Sequence
from dataclasses import replace
from datetime import datetime
from itertools import pairwise
from typing import Protocol


class Counted(Protocol):
    """Things counted together: a frozen dataclass with at least these fields."""

    @property
    def open(self) -> int: ...
    @property
    def ahead(self) -> int: ...
    @property
    def warned(self) -> int: ...
    @property
    def breached(self) -> int: ...
    @property
    def ages(self) -> tuple[int, int, int, int]: ...
    @property
    def oldest(self) -> datetime | None: ...


def rolled_up[Key: Hashable, Sums: Counted](counts: Iterable[tuple[Key, Sums]]) -> dict[Key, Sums]:
    """The sums of the counts that share a key, in order of first appearance."""
    groups: dict[Key, list[Sums]] = {}
    for key, count in counts:
        groups.setdefault(key, []).append(count)
    return {key: together(members) for key, members in groups.items()}


def together[Sums: Counted](counts: Sequence[Sums]) -> Sums:
    assert counts, "nothing has no oldest"
    first, second, third, fourth = (sum(column) for column in zip(*(count.ages for count in counts), strict=True))
    return replace(  # type: ignore[type-var]
        counts[0],
        open=sum(count.open for count in counts),
        ahead=sum(count.ahead for count in counts),
        warned=sum(count.warned for count in counts),
        breached=sum(count.breached for count in counts),
        ages=(first, second, third, fourth),
        oldest=min((count.oldest for count in counts if count.oldest), default=None),
    )


def child_on_the_way(path: str, place: str) -> str:
    """The code of the unit below `place` that leads to `path`; empty for the place itself.

    For a unit elsewhere, which somebody answers for on the sector line: the unit below the root that leads there.
    """
    if path == place:
        return ""
    if path.startswith(place):
        return path.removeprefix(place).split("/", 1)[0]
    codes = path.strip("/").split("/")
    return codes[min(1, len(codes) - 1)]


def steps_up(path: str) -> list[str]:
    """A unit's path and those of all units above it, nearest first."""
    codes = path.strip("/").split("/")
    return ["/" + "/".join(codes[:depth]) + "/" for depth in range(len(codes), 0, -1)]


def parts(
    shifts: Iterable[tuple[datetime, datetime]], starts_at: datetime, ends_at: datetime
) -> list[tuple[datetime, datetime]]:
    """A day cut wherever somebody comes on duty or goes off it, so that its parts make up the whole of it."""
    cuts = {cut for shift in shifts for cut in shift if starts_at < cut < ends_at}
    edges = [starts_at, *sorted(cuts), ends_at]
    return list(pairwise(edges))
