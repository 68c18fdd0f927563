"""Resident ID numbers as evidence: which can be one, and how two of them relate."""

import re
from enum import StrEnum

from rapidfuzz.distance import OSA

WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
CHECK_CHARACTERS = "10X98765432"
TAIL_MIN = 4  # people are asked for the last four characters, rarely for fewer


class NumberLevel(StrEnum):
    SAME = "same"
    MISREAD = "misread"
    PART = "part"
    DIFFER = "differ"


def check_character(first17: str) -> str:
    """The eighteenth character of a resident ID (GB 11643-1999; ISO 7064 MOD 11-2)."""
    return CHECK_CHARACTERS[sum(weight * int(digit) for weight, digit in zip(WEIGHTS, first17, strict=True)) % 11]


def is_resident_id(number: str) -> bool:
    """Whether a number has the form of a resident ID and passes its check."""
    return bool(re.fullmatch(r"[0-9]{17}[0-9X]", number)) and check_character(number[:17]) == number[17]


def number_level(one: str, other: str) -> NumberLevel | None:
    """How two document numbers relate; None where one is not known.

    The check character catches every single wrong digit, so two numbers that both pass it and differ are two people's,
    however alike they look. Only where exactly one of them cannot be a number is a small difference a misreading.
    """
    if not one or not other:
        return None
    if one == other or _first_generation(one) == other or one == _first_generation(other):
        return NumberLevel.SAME
    short, long = sorted((one, other), key=len)
    if TAIL_MIN <= len(short) < len(long) and len(short) < len(long) - TAIL_MIN and long.endswith(short):
        return NumberLevel.PART
    if is_resident_id(one) != is_resident_id(other) and OSA.distance(one, other, score_cutoff=1) <= 1:
        return NumberLevel.MISREAD
    return NumberLevel.DIFFER


def _first_generation(number: str) -> str:
    """A resident ID as it was written before 1999: two digits of the year, no check character."""
    return number[:6] + number[8:17] if len(number) == 18 else number
