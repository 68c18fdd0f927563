"""The clocks of duties, as pages show them."""

from collections.abc import Collection
from datetime import datetime

from bihuan.kernel.loop import queries as loop
from bihuan.kernel.web import Clock


def clock_of(duty: loop.DutyRow) -> Clock:
    return Clock(duty.target_at, duty.warn_at, duty.breach_at, duty.done_at)


def duties_due(subjects: Collection[str], steps: Collection[str], now: datetime) -> dict[str, loop.DutyRow]:
    """Each subject's most urgent open duty among these steps that has opened."""
    owed = loop.duties_of_many(subjects, steps=steps)
    return {
        subject: next(duty for duty in duties if duty.opens_at <= now)
        for subject, duties in owed.items()
        if any(duty.opens_at <= now for duty in duties)
    }
