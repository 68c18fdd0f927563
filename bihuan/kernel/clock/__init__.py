"""The clock is given, never read: whoever stands at the edge says what time it is, everything beneath asks `now()`."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

CITY = ZoneInfo("Asia/Shanghai")

_moment: ContextVar[datetime | None] = ContextVar("moment", default=None)
_kept: ContextVar[dict[Any, Any] | None] = ContextVar("kept", default=None)


class ClockNotGiven(RuntimeError):
    """Code asked for the time although no edge has said what time it is."""


def now() -> datetime:
    """The moment given by the edge (timezone-aware)."""
    moment = _moment.get()
    if moment is None:
        raise ClockNotGiven(
            "No clock was given. Enter `with clock.given(moment):` at the edge (request, command, worker, test)."
        )
    return moment


def is_given() -> bool:
    return _moment.get() is not None


def kept() -> dict[Any, Any]:
    """What was read once for as long as the clock stands: forgotten with the moment that the edge gave."""
    known = _kept.get()
    return {} if known is None else known


@contextmanager
def given(moment: datetime) -> Iterator[datetime]:
    """Let `now()` be `moment` (timezone-aware) inside the block."""
    assert moment.tzinfo is not None, "a moment without a time zone is no moment"
    token, fresh = _moment.set(moment), _kept.set({})
    try:
        yield moment
    finally:
        _moment.reset(token)
        _kept.reset(fresh)
        kept().clear()  # what was done meanwhile may have changed it
