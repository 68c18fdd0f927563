"""Reading one cell: text as people really write it, or the code of what is wrong with it. The words for a code are
data.
"""

import re
from dataclasses import dataclass
from datetime import date, datetime, time
from enum import StrEnum

MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
YEAR_SIGN, MONTH_SIGN, DAY_SIGN = "\u5e74", "\u6708", "\u65e5"  # year, month and day as a Chinese date writes them
NUMBERED = re.compile(rf"(\d{{4}})\s*[-/.{YEAR_SIGN}]\s*(\d{{1,2}})\s*[-/.{MONTH_SIGN}]\s*(\d{{1,2}})\s*{DAY_SIGN}?")
SLASHED = re.compile(r"(\d{1,2})[-/.](\d{1,2})[-/.](\d{4})")
SHORT_YEAR = re.compile(r"\d{1,2}[-/.]\d{1,2}[-/.]\d{1,2}")
NAMED = re.compile(r"([A-Za-z]{3,9})\.?\s+(\d{1,2}),?\s+(\d{4})")
PACKED = re.compile(r"(\d{4})(\d{2})(\d{2})")
CLOCK = re.compile(r"[T\s]\s*(\d{1,2}):(\d{2})(?::(\d{2})(?:\.\d+)?)?\s*([AaPp][Mm])?$")
EMAIL = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s.]{2,}")
POSTAL = re.compile(r"(?=.*\d)[A-Za-z0-9][A-Za-z0-9 \-]{2,9}")
END_OF_DAY = time(23, 59)
AGE_YEARS_MAX = 130


class Severity(StrEnum):
    """Whether a bad cell stops its row. A wrong postcode must not lose a traveller; a wrong birth date could."""

    ERROR = "error"
    WARNING = "warning"
    DOUBT = "doubt"


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is wrong, where it stands in the file: row as a spreadsheet numbers it, column as its header is
    written.
    """

    row: int
    column: str
    value: str
    code: str
    severity: Severity

    def as_json(self) -> dict[str, object]:
        return {
            "row": self.row,
            "column": self.column,
            "value": self.value,
            "code": self.code,
            "severity": self.severity.value,
        }


class Bad(ValueError):
    """A cell that cannot be read; `code` says why."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


def day(text: str, order: str) -> date:
    """A date. `order` is what the form declares for dates written with slashes: MDY, DMY, or YMD (none but year
    first).
    """
    found = CLOCK.search(text)
    return _day(text[: found.start()].strip() if found else text, order)


def moment(text: str, order: str) -> tuple[datetime, bool]:
    """A local date with its time, and whether a time was written; without one it is the end of the day."""
    found = CLOCK.search(text)
    if not found:
        return datetime.combine(_day(text, order), END_OF_DAY), False
    hour, minute, second = int(found[1]), int(found[2]), int(found[3] or 0)
    half = (found[4] or "").lower()
    if half and not 1 <= hour <= 12:
        raise Bad("time_range")
    if half:
        hour = hour % 12 + (12 if half == "pm" else 0)
    try:
        clock = time(hour, minute, second)
    except ValueError:
        raise Bad("time_range") from None
    return datetime.combine(_day(text[: found.start()].strip(), order), clock), True


def birth(text: str, order: str, on: date) -> date:
    """A birth date: not in the future, not longer ago than anybody lives."""
    born = day(text, order)
    if born > on:
        raise Bad("birth_future")
    if on.year - born.year > AGE_YEARS_MAX:
        raise Bad("birth_too_long_ago")
    return born


def _day(text: str, order: str) -> date:
    if found := NUMBERED.fullmatch(text) or PACKED.fullmatch(text):
        return _date(int(found[1]), int(found[2]), int(found[3]))
    if found := NAMED.fullmatch(text):
        name = found[1][:3].lower()
        if name not in MONTHS:
            raise Bad("date_form")
        return _date(int(found[3]), MONTHS.index(name) + 1, int(found[2]))
    if found := SLASHED.fullmatch(text):
        if order == "YMD":
            raise Bad("date_order")
        first, second, year = int(found[1]), int(found[2]), int(found[3])
        return _date(year, first, second) if order == "MDY" else _date(year, second, first)
    raise Bad("date_short_year" if SHORT_YEAR.fullmatch(text) else "date_form")


def _date(year: int, month: int, day_of_month: int) -> date:
    try:
        return date(year, month, day_of_month)
    except ValueError:
        raise Bad("date_range") from None


def phone(text: str) -> str:
    """A telephone number: seven to fifteen digits, a leading plus kept."""
    body = re.split(r"\s*(?:x|ext\.?)\s*\d+$", text, maxsplit=1, flags=re.IGNORECASE)[0]
    if not re.fullmatch(r"\+?[0-9 ().\-/]+", body):
        raise Bad("phone_form")
    digits = re.sub(r"\D", "", body)
    if not 7 <= len(digits) <= 15:
        raise Bad("phone_length")
    return ("+" if body.startswith("+") else "") + digits


def phone_us(text: str) -> str:
    """A telephone number of a North American form: an area code of ten digits does not begin with 0 or 1."""
    number = phone(text)
    local = number.removeprefix("+1") if number.startswith("+1") else number
    local = local[1:] if len(local) == 11 and local.startswith("1") else local
    if len(local) == 10 and local[0] in "01":
        raise Bad("phone_area_code")
    return number


def email(text: str) -> str:
    if not EMAIL.fullmatch(text):
        raise Bad("email_form")
    return text


def postal(text: str) -> str:
    if not POSTAL.fullmatch(text):
        raise Bad("postal_form")
    return text


def worded(text: str) -> str:
    """The name of a person or a town: it holds at least one letter (of any script)."""
    if not any(sign.isalpha() for sign in text):
        raise Bad("no_letters")
    return text


def digits(text: str) -> str:
    if not re.fullmatch(r"\d+", text):
        raise Bad("not_digits")
    return text
