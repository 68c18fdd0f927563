"""Writes to the register of people: one verb, one transaction, its facts."""

from bihuan.modules.people.actions.joining import BothUnderWay, Joined, UnderWay, merge, tell_apart, unmerge
from bihuan.modules.people.actions.registering import (
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
)

__all__ = [
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
    "tell_apart",
    "unmerge",
]
