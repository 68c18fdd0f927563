"""Decisions about daily returns."""

from datetime import date, datetime, time
from typing import Literal
from zoneinfo import ZoneInfo

Standing = Literal["open", "sent", "late", "missing"]


def cut_off_at(day: date, cut_off: time, zone: ZoneInfo) -> datetime:
    """Until when the return of a day is in time."""
    return datetime.combine(day, cut_off, zone)


def standing(cut_off_at: datetime, submitted_at: datetime | None, now: datetime) -> Standing:
    """A return sent after the cut-off is late for ever; one not sent by then is missing until it is sent."""
    if submitted_at is not None:
        return "sent" if submitted_at <= cut_off_at else "late"
    return "missing" if now > cut_off_at else "open"
