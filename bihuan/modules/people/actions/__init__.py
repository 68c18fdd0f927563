"""Writes to the register of people: one verb, one transaction, its facts."""

from bihuan.modules.people.actions.joining import BothUnderWay, Joined, UnderWay, merge, tell_apart, unmerge
from bihuan.modules.people.actions.registering import (
    BY_FILES,
    IdTaken,
    IdUnfit,
    NewHousehold,
    SeveralMatch,
    add_household,
    add_households,
    complete_phones,
    correct,
    enrol_many,
    register,
    take_out,
)
from bihuan.modules.people.events import CORRECTED, ID_DISPUTED, MERGED, REGISTERED, TOLD_APART, UNMERGED

WORK = frozenset({CORRECTED, ID_DISPUTED, MERGED, TOLD_APART, UNMERGED})
"""What somebody does to a record after it was entered."""


__all__ = [
    "BY_FILES",
    "REGISTERED",
    "WORK",
    "BothUnderWay",
    "IdTaken",
    "IdUnfit",
    "Joined",
    "NewHousehold",
    "SeveralMatch",
    "UnderWay",
    "add_household",
    "add_households",
    "complete_phones",
    "correct",
    "enrol_many",
    "merge",
    "register",
    "take_out",
    "tell_apart",
    "unmerge",
]
