"""Decisions about files, rows and landings. Pure: nothing here reads a table, a file or a clock."""

from .cells import Problem, Severity
from .classing import Ground, facts_of, left_on, worst_level
from .travellers import EXPECTED_DAYS_AHEAD_MAX, Lookups, Row, RowReader, Traveller
from .trips import Outcome, Trip, found_trip, is_over, is_past, merged, place

__all__ = [
    "EXPECTED_DAYS_AHEAD_MAX",
    "Ground",
    "Lookups",
    "Outcome",
    "Problem",
    "Row",
    "RowReader",
    "Severity",
    "Traveller",
    "Trip",
    "facts_of",
    "found_trip",
    "is_over",
    "is_past",
    "left_on",
    "merged",
    "place",
    "worst_level",
]
