"""Two prepared records, field by field: each answer is a level, or None where one side does not know."""

from enum import StrEnum
from typing import NamedTuple

from rapidfuzz import fuzz
from rapidfuzz.distance import OSA, JaroWinkler

from bihuan.science.linkage.numbers import NumberLevel, number_level
from bihuan.science.linkage.records import HAN, Prepared

NEAR_NAME = 0.92  # Jaro-Winkler; Winkler's own threshold for names that a clerk would call the same
NEAR_ADDRESS = 80  # of 100, indel ratio of the words without the numbers


class NameLevel(StrEnum):
    SAME = "same"
    SOUND = "sound"
    NEAR = "near"
    ONE = "one"
    PART = "part"
    DIFFER = "differ"


class BirthLevel(StrEnum):
    SAME = "same"
    NEAR = "near"
    DIFFER = "differ"


class SexLevel(StrEnum):
    SAME = "same"
    DIFFER = "differ"


class PhoneLevel(StrEnum):
    SAME = "same"
    NEAR = "near"
    DIFFER = "differ"


class AddressLevel(StrEnum):
    SAME = "same"
    NEAR = "near"
    AREA = "area"
    DIFFER = "differ"


class Levels(NamedTuple):
    """What a comparison found."""

    name: NameLevel | None
    birth: BirthLevel | None
    sex: SexLevel | None
    number: NumberLevel | None
    phone: PhoneLevel | None
    address: AddressLevel | None


FIELDS: dict[str, tuple[StrEnum, ...]] = {
    "name": tuple(NameLevel),
    "birth": tuple(BirthLevel),
    "sex": tuple(SexLevel),
    "number": tuple(NumberLevel),
    "phone": tuple(PhoneLevel),
    "address": tuple(AddressLevel),
}


def compare(one: Prepared, other: Prepared) -> Levels:
    """The levels of agreement of two records. The order of the two does not count."""
    return Levels(
        _name(one, other),
        _birth(one, other),
        None if not one.sex or not other.sex else SexLevel.SAME if one.sex == other.sex else SexLevel.DIFFER,
        number_level(one.number, other.number) if one.kind == other.kind else None,
        _phone(one.phone, other.phone),
        _address(one, other),
    )


def _name(one: Prepared, other: Prepared) -> NameLevel | None:
    if not one.name or not other.name:
        return None
    if one.is_han and other.is_han:
        return _han(one, other)
    if sorted(one.parts) == sorted(other.parts) or one.name == other.name:
        return NameLevel.SAME
    if one.sounds & other.sounds:
        return NameLevel.SOUND
    if _spelt_alike(_letters(one), _letters(other)):
        return NameLevel.NEAR
    return NameLevel.PART if _parts(one) & _parts(other) else NameLevel.DIFFER


def _han(one: Prepared, other: Prepared) -> NameLevel:
    short, long = sorted((one.name, other.name), key=len)
    if len(short) == len(long) and short in long + long:  # 张三丰, 三丰张
        return NameLevel.SAME
    if one.sounds & other.sounds:
        return NameLevel.SOUND
    if OSA.distance(_letters(one), _letters(other), score_cutoff=1) <= 1:  # 子涵, 子航
        return NameLevel.NEAR
    distance = OSA.distance(short, long)
    if distance == 1 and len(long) > 2:
        return NameLevel.NEAR if len(short) < len(long) else NameLevel.ONE
    return NameLevel.PART if one.name[0] == other.name[0] else NameLevel.DIFFER


def _letters(record: Prepared) -> str:
    return record.sounding.replace(" ", "")


def _parts(record: Prepared) -> set[str]:
    if HAN.match(record.name):
        return {part for cut in record.sounds for part in cut.split()}
    return set(record.parts)


def _spelt_alike(one: str, other: str) -> bool:
    if min(len(one), len(other)) < 5:
        return False
    return OSA.distance(one, other, score_cutoff=1) <= 1 or JaroWinkler.similarity(one, other) >= NEAR_NAME


def _birth(one: Prepared, other: Prepared) -> BirthLevel | None:
    if not one.born or not other.born:
        return None
    if one.born == other.born:
        return BirthLevel.SAME
    is_swapped = one.born[:4] == other.born[:4] and one.born[4:6] + one.born[6:] == other.born[6:] + other.born[4:6]
    return BirthLevel.NEAR if is_swapped or OSA.distance(one.born, other.born) == 1 else BirthLevel.DIFFER


def _phone(one: str, other: str) -> PhoneLevel | None:
    if not one or not other:
        return None
    if one == other:
        return PhoneLevel.SAME
    return PhoneLevel.NEAR if OSA.distance(one, other, score_cutoff=1) == 1 else PhoneLevel.DIFFER


def _address(one: Prepared, other: Prepared) -> AddressLevel | None:
    if not one.address or not other.address:
        return None
    if one.address == other.address:
        return AddressLevel.SAME
    if fuzz.ratio(one.address_words, other.address_words) < NEAR_ADDRESS:
        return AddressLevel.DIFFER
    return AddressLevel.NEAR if one.address_digits == other.address_digits else AddressLevel.AREA
