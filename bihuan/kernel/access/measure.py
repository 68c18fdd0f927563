"""How much an account has read today, and how much it may: a value, and where the page being answered finds it."""

from contextvars import ContextVar
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Openings:
    """How many people an account has opened today, how many it may, and from how many on it is told."""

    opened: int
    limit: int
    warned_from: int

    @property
    def is_near(self) -> bool:
        return self.opened >= self.warned_from


nearing: ContextVar[Openings | None] = ContextVar("nearing", default=None)  # what the page being answered warns of
