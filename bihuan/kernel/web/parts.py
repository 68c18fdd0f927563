"""The small values that pages are made of. Views and queries fill them in, templates of the same names draw them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Literal

from bihuan.kernel import clock

Tone = Literal["neutral", "info", "good", "warn", "bad"]
Standing = Literal["calm", "warn", "breach", "done", "late"]

ENTERED_LATE = timedelta(minutes=5)


@dataclass(frozen=True, slots=True)
class Badge:
    label: object
    tone: Tone = "neutral"

    def __str__(self) -> str:
        return str(self.label)


@dataclass(frozen=True, slots=True)
class Clock:
    """When something is due. Without `warn_at` and `breach_at` the target alone divides calm from breach."""

    target_at: datetime
    warn_at: datetime | None = None
    breach_at: datetime | None = None
    done_at: datetime | None = None

    @property
    def standing(self) -> Standing:
        if self.done_at:
            return "late" if self.done_at > self.limit_at else "done"
        now = clock.now()
        if now >= self.limit_at:
            return "breach"
        return "warn" if now >= (self.warn_at or self.target_at) else "calm"

    @property
    def limit_at(self) -> datetime:
        return self.breach_at or self.target_at

    @property
    def left(self) -> timedelta:
        """Time until the target; negative once it has passed."""
        return self.target_at - clock.now()

    def __str__(self) -> str:
        return f"{self.target_at.astimezone(clock.CITY):%Y-%m-%d %H:%M}"


@dataclass(frozen=True, slots=True)
class Stat:
    """One figure of a board. `url` opens the rows it counts."""

    label: object
    value: object
    url: str = ""
    note: object = ""
    tone: Tone = "neutral"
    icon: str = ""


@dataclass(frozen=True, slots=True)
class Step:
    label: object
    state: Literal["done", "current", "open", "missed"] = "open"
    at: datetime | None = None
    note: object = ""


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of a timeline. What was entered long after it happened says so."""

    at: datetime
    title: object
    body: object = ""
    by: object = ""
    tone: Tone = "neutral"
    url: str = ""
    recorded_at: datetime | None = None

    @property
    def entered_late_at(self) -> datetime | None:
        is_late = self.recorded_at is not None and self.recorded_at - self.at > ENTERED_LATE
        return self.recorded_at if is_late else None


@dataclass(frozen=True, slots=True)
class Definition:
    label: object
    value: object
    url: str = ""

    @property
    def shown(self) -> object:
        """The value as it is read: moments and days look alike on every page, in every language."""
        if isinstance(self.value, datetime):
            return f"{self.value.astimezone(clock.CITY):%Y-%m-%d %H:%M}"
        return self.value.isoformat() if isinstance(self.value, date) else self.value


@dataclass(frozen=True, slots=True)
class Crumb:
    label: object
    url: str = ""


@dataclass(frozen=True, slots=True)
class Tab:
    label: object
    url: str
    active: bool = False
    count: int | None = None


@dataclass(frozen=True, slots=True)
class Pages:
    """Where a list stands: page `number` of `last`, `size` rows a page, `count` rows in all."""

    number: int
    size: int
    count: int

    @property
    def last(self) -> int:
        return max(1, -(-self.count // self.size))

    @property
    def offset(self) -> int:
        return (self.number - 1) * self.size

    @property
    def first_row(self) -> int:
        return min(self.offset + 1, self.count)

    @property
    def last_row(self) -> int:
        return min(self.offset + self.size, self.count)


def paginate(count: int, number: str | int | None, size: int) -> Pages:
    """The page asked for, or the nearest one there is."""
    try:
        wanted = int(number or 1)
    except ValueError:
        wanted = 1
    last = Pages(1, size, count).last
    return Pages(min(max(wanted, 1), last), size, count)


def trail(*crumbs: tuple[object, str]) -> Sequence[Crumb]:
    """Breadcrumbs from (label, url) pairs, the way from the section to the page above this one."""
    return [Crumb(label, url) for label, url in crumbs]
