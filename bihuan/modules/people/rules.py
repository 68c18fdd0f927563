"""Decisions about names and identity numbers. Pure: values in, values out."""

import re
import unicodedata
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from pypinyin import lazy_pinyin

from bihuan.kernel.files import check_character
from bihuan.science.linkage import Prepared, Record, prepare

AGE_YEARS_MAX = 130
PHONE_DIGITS = range(7, 16)  # E.164 allows fifteen; local numbers have at least seven


class IdProblem(StrEnum):
    """Why a resident ID number cannot be one."""

    LENGTH = "id_length"
    CHARACTERS = "id_characters"
    BIRTH = "id_birth"
    CHECKSUM = "id_checksum"
    PRECISION = "id_precision"


def resident_id_check(first17: str) -> str:
    """The eighteenth character of a resident ID (GB 11643-1999; ISO 7064 MOD 11-2)."""
    assert len(first17) == 17
    assert first17.isascii()
    assert first17.isdigit()
    return check_character(first17)


def resident_id_problem(number: str, on: date) -> IdProblem | None:
    """What is wrong with a resident ID number as of a day, or None when it can be one."""
    if len(number) != 18:
        return IdProblem.LENGTH
    if not re.fullmatch(r"[0-9]{17}[0-9X]", number):
        return IdProblem.CHARACTERS
    born = birth_of(number)
    if born is None or not 0 <= on.year - born.year <= AGE_YEARS_MAX or born > on:
        return IdProblem.BIRTH
    if resident_id_check(number[:17]) != number[17]:
        return IdProblem.PRECISION if number.endswith("000") else IdProblem.CHECKSUM
    return None


def birth_of(number: str) -> date | None:
    """The birth date inside an eighteen-character resident ID."""
    try:
        return date(int(number[6:10]), int(number[10:12]), int(number[12:14]))
    except ValueError:
        return None


def sex_of(number: str) -> str:
    """The sex inside a resident ID: an odd seventeenth digit is male."""
    return "male" if int(number[16]) % 2 else "female"


def plain(text: str) -> str:
    """Text as it is compared: full-width characters made narrow, runs of white space made one blank."""
    return " ".join(unicodedata.normalize("NFKC", text).split())


def id_plain(number: str) -> str:
    """An identity number as it is stored: narrow, upper case, without blanks and hyphens."""
    return re.sub(r"[\s-]", "", unicodedata.normalize("NFKC", number)).upper()


def phone_plain(text: str) -> str | None:
    """A telephone number as it is stored: digits with a leading plus where one was written; None if it cannot be a
    number.
    """
    narrow = unicodedata.normalize("NFKC", text).strip()
    if not re.fullmatch(r"\+?[0-9 ().\-/]+(?:(?:x|ext\.?)\s*[0-9]+)?", narrow, re.IGNORECASE):
        return None
    body = re.split(r"x|ext", narrow, maxsplit=1, flags=re.IGNORECASE)[0]
    digits = re.sub(r"[^0-9]", "", body)
    if len(digits) not in PHONE_DIGITS:
        return None
    return ("+" if narrow.startswith("+") else "") + digits


def name_key(name: str) -> str:
    """By what a name is sorted and found: pinyin without tones for Chinese, lower case for everything else."""
    return " ".join(lazy_pinyin(plain(name))).casefold()[:160]


def masked(name: str) -> str:
    """A name as lists show it: the first character, and a star for each of the others (three at most)."""
    return name[:1] + "*" * min(max(len(name) - 1, 1), 3) if name else ""


def id_masked(number: str) -> str:
    """An identity number as pages show it: its last four characters."""
    return "*" * max(len(number) - 4, 0) + number[-4:] if number else ""


def age_on(birth_on: date | None, on: date) -> int | None:
    """Full years on a day."""
    if birth_on is None:
        return None
    return on.year - birth_on.year - ((on.month, on.day) < (birth_on.month, birth_on.day))


@dataclass(frozen=True, slots=True)
class Identity:
    """What is known of somebody who asks to be registered, in the form in which it is compared."""

    name: str
    birth_on: date | None
    phone: str
    id_type: str
    id_number: str


@dataclass(frozen=True, slots=True)
class Known:
    """Somebody who is already in the register."""

    person: str
    identity: Identity
    id_disputed: bool


class Doubt(StrEnum):
    """Why a machine must not decide who somebody is."""

    ID_OF_ANOTHER = "id_of_another"
    SEVERAL = "several_people"


@dataclass(frozen=True, slots=True)
class Match:
    """Who somebody is: a known person, a new one (both None), or a doubt."""

    person: str | None = None
    doubt: Doubt | None = None


def same_name(one: str, other: str) -> bool:
    """Whether two written names can be one name: case, width and the order of its parts do not count. An unknown name
    can be any.
    """
    if not one or not other:
        return True
    return sorted(plain(one).casefold().split()) == sorted(plain(other).casefold().split())


def match(asked: Identity, known_by_id: list[Known], known_by_name: list[Known]) -> Match:
    """Find somebody: by ID number; else by name, birth date and phone. Another name or birth date on the number is a
    doubt.
    """
    if asked.id_number:
        for known in known_by_id:
            agrees = same_name(asked.name, known.identity.name) and _agree(asked.birth_on, known.identity.birth_on)
            if agrees:
                return Match(person=known.person)
        if known_by_id:
            return Match(doubt=Doubt.ID_OF_ANOTHER)
    candidates = [
        known
        for known in known_by_name
        if asked.name
        and asked.birth_on is not None
        and known.identity.birth_on == asked.birth_on
        and same_name(asked.name, known.identity.name)
        and _phones_agree(asked, known.identity)
        and not (asked.id_number and known.identity.id_number)
    ]
    exact = [known for known in candidates if known.identity.phone == asked.phone]
    candidates = exact or candidates
    if len({known.person for known in candidates}) > 1:
        return Match(doubt=Doubt.SEVERAL)
    return Match(person=candidates[0].person) if candidates else Match()


def _phones_agree(one: Identity, other: Identity) -> bool:
    """The same phone; or one that is not known, where neither has a number that would tell them apart."""
    if one.phone == other.phone:
        return True
    return not (one.phone and other.phone) and not (one.id_number or other.id_number)


def _agree(one: date | None, other: date | None) -> bool:
    return one is None or other is None or one == other


def compared(identity: Identity, sex: str, address: str) -> Prepared:
    """Somebody as the register's records are compared with each other."""
    return prepare(
        Record(
            name=identity.name,
            birth_on=identity.birth_on,
            sex=sex,
            number=identity.id_number,
            phone=identity.phone,
            address=address,
            kind=identity.id_type if identity.id_number else "",
        )
    )
