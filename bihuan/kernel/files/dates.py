"""Dates and times as people write them, made year-first. Which of two numbers is the month is decided by the whole
column, never by one cell.
"""

import re
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache

from .defects import words

MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
ISO = re.compile(r"(\d{4})-(\d\d)-(\d\d)", re.ASCII)
ISO_MOMENT = re.compile(r"(\d{4}-\d\d-\d\d)[ T]([01]\d|2[0-3]):([0-5]\d)(?::([0-5]\d))?", re.ASCII)
NUMBERED = re.compile(r"(\d{4})\s*[-/.]\s*(\d{1,2})\s*[-/.]\s*(\d{1,2})")
SLASHED = re.compile(r"(\d{1,2})\s*[-/.]\s*(\d{1,2})\s*[-/.]\s*(\d{4})")
SHORT_YEAR = re.compile(r"\d{1,2}\s*[-/.]\s*\d{1,2}\s*[-/.]\s*\d{1,2}")
NO_YEAR = re.compile(r"\d{1,2}\s*[-/.]\s*\d{1,2}")
MONTH_FIRST = re.compile(r"([A-Za-z]{3,9})\.?\s+(\d{1,2})(?:st|nd|rd|th)?,?\s+(\d{4})")
DAY_FIRST = re.compile(r"(\d{1,2})(?:st|nd|rd|th)?[\s-]([A-Za-z]{3,9})\.?,?[\s-](\d{4})")
PACKED = re.compile(r"(\d{4})(\d{2})(\d{2})")
PACKED_MOMENT = re.compile(r"(\d{8})\s?(\d\d)(\d\d)(\d\d)?")
SERIAL = re.compile(r"(\d{5})(?:\.(\d+))?")
CLOCK = re.compile(
    r"(?:T|\s+|^)(\d{1,2}):(\d{2})(?::(\d{2})(?:[.,]\d+)?)?\s*([AaPp]\.?[Mm]\.?)?\s*(Z|[+-]\d{2}:?\d{2}|[A-Z]{3,4})?$"
)
ZERO = re.compile(r"0+|1900[-/.]0?1[-/.]0?0|1899-12-3[01]|0000[-/.]00[-/.]00|0?0:00(?::00)?")
SERIAL_MIN, SERIAL_MAX = 10_000, 80_000  # 1927 to 2119
DAY_ONE, DAY_ONE_1904 = date(1899, 12, 30), date(1904, 1, 1)
YEAR_MIN, YEAR_MAX = 1800, 2200


@dataclass(frozen=True, slots=True)
class Order:
    """In which order a column writes month and day: MDY, DMY, or nothing where it does not show. `is_mixed`: both
    orders occur. `is_declared`: the form says it.
    """

    pattern: str = ""
    is_mixed: bool = False
    is_declared: bool = False
    counts_from_1904: bool = False


class Evidence:
    """What the cells of a column show about the order of month and day."""

    __slots__ = ("day_first", "month_first")

    def __init__(self) -> None:
        self.month_first = self.day_first = 0

    def see(self, cell: str) -> None:
        if len(cell) > 7 and not cell[:4].isdigit() and (found := SLASHED.match(cell.strip())):
            first, second = int(found[1]), int(found[2])
            self.month_first += second > 12 >= first
            self.day_first += first > 12 >= second

    def order(self, declared: str, counts_from_1904: bool = False) -> Order:
        if declared != "YMD":
            return Order(declared, is_declared=True, counts_from_1904=counts_from_1904)
        pattern = "MDY" if self.month_first >= self.day_first and self.month_first else "DMY" if self.day_first else ""
        return Order(pattern, bool(self.month_first and self.day_first), counts_from_1904=counts_from_1904)


class Bad(ValueError):
    """A cell that cannot be read; `code` says why."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


def moment_of(text: str, order: Order) -> tuple[str, list[str]]:
    """A date with the time that was written, if any: "2022-06-20", "2022-06-20 14:30", with seconds and an offset where
    they were written. Raises Bad.
    """
    if found := ISO_MOMENT.fullmatch(text):
        _date(*map(int, found[1].split("-")))
        return f"{found[1]} {found[2]}:{found[3]}" + (f":{found[4]}" if found[4] not in (None, "00") else ""), []
    codes: list[str] = []
    if not text.isascii():
        text = _in_digits(text)
        codes.append("date_words")
    if found := PACKED_MOMENT.fullmatch(text):
        text = f"{found[1]} {found[2]}:{found[3]}:{found[4] or '00'}"
    clock = CLOCK.search(text)
    if not clock or clock.start() == 0:
        day, part, found_codes = _day_and_part(text, order)
        return day.isoformat() + part, codes + found_codes
    day, _none, found_codes = _day_and_part(text[: clock.start()].strip(), order)
    hour, minute, second = int(clock[1]), int(clock[2]), int(clock[3] or 0)
    half = (clock[4] or "").lower().replace(".", "")
    if half and not 1 <= hour <= 12:
        raise Bad("time_range")
    if half:
        hour = hour % 12 + (12 if half == "pm" else 0)
    if (hour, minute, second) == (24, 0, 0):
        day, hour = _next(day), 0
        found_codes.append("time_midnight")
    if hour > 23 or minute > 59 or second > 59:
        raise Bad("time_range")
    zone = clock[5] or ""
    if zone.isalpha() and zone not in ("Z", "UTC", "GMT"):
        found_codes.append("time_zone")
        zone = ""
    written = f"{day.isoformat()} {hour:02}:{minute:02}" + (f":{second:02}" if second else "")
    return written + ("+00:00" if zone.isalpha() else zone), codes + found_codes


def day_of(text: str, order: Order) -> tuple[str, list[str]]:
    """A date; a time written with it is left out. Raises Bad."""
    if found := ISO.fullmatch(text):
        _date(int(found[1]), int(found[2]), int(found[3]))
        return text, []
    written, codes = moment_of(text, order)
    return written[:10], codes


def _day_and_part(text: str, order: Order) -> tuple[date, str, list[str]]:
    """The day, the time that a day number holds in its fraction, and the codes of what was found."""
    if found := NUMBERED.fullmatch(text) or PACKED.fullmatch(text):
        if ZERO.fullmatch(text):
            raise Bad("date_zero")
        return _date(int(found[1]), int(found[2]), int(found[3])), "", []
    if found := MONTH_FIRST.fullmatch(text):
        return _date(int(found[3]), _month(found[1]), int(found[2])), "", []
    if found := DAY_FIRST.fullmatch(text):
        return _date(int(found[3]), _month(found[2]), int(found[1])), "", []
    if found := SLASHED.fullmatch(text):
        day, codes = _slashed(int(found[1]), int(found[2]), int(found[3]), order)
        return day, "", codes
    if (found := SERIAL.fullmatch(text)) and SERIAL_MIN <= int(found[1]) <= SERIAL_MAX:
        return _serial(int(found[1]), found[2] or "", order)
    for pattern, code in ((ZERO, "date_zero"), (SHORT_YEAR, "date_short_year"), (NO_YEAR, "date_no_year")):
        if pattern.fullmatch(text):
            raise Bad(code)
    raise Bad("date_form")


def _slashed(first: int, second: int, year: int, order: Order) -> tuple[date, list[str]]:
    if order.is_declared:
        return (_date(year, first, second) if order.pattern == "MDY" else _date(year, second, first)), []
    if first > 12 or second > 12:  # only one of them can be the month
        month, day = (second, first) if first > 12 else (first, second)
        return _date(year, month, day), ["date_order_read"]
    month, day = (second, first) if order.pattern == "DMY" else (first, second)
    if first == second:
        return _date(year, month, day), ["date_order_read"]
    code = "date_mixed" if order.is_mixed else "date_order_read" if order.pattern else "date_order"
    return _date(year, month, day), [code]


def _serial(days: int, fraction: str, order: Order) -> tuple[date, str, list[str]]:
    day = (DAY_ONE_1904 if order.counts_from_1904 else DAY_ONE) + timedelta(days=days)
    minutes = round(float(f"0.{fraction or '0'}") * 1440)
    if minutes == 1440:
        day, minutes = _next(day), 0
    time = f" {minutes // 60:02}:{minutes % 60:02}" if minutes else ""
    return day, time, ["date_serial"]


def _month(name: str) -> int:
    short = name[:3].lower()
    if short not in MONTHS:
        raise Bad("date_form")
    return MONTHS.index(short) + 1


def _date(year: int, month: int, day: int) -> date:
    if year == 0:
        raise Bad("date_zero")
    try:
        found = date(year, month, day)
    except ValueError:
        raise Bad("date_range") from None
    if not YEAR_MIN <= year <= YEAR_MAX:
        raise Bad("date_range")
    return found


def _next(day: date) -> date:
    return day + timedelta(days=1)


@cache
def _written() -> tuple[dict[int, str], list[tuple[re.Pattern[str], tuple[int, ...]]], re.Pattern[str]]:
    """Signs of written dates as those of numbered ones; halves of the day; numerals of one to thirty-one."""
    data = words()
    signs = {ord(data["year"]): "-", ord(data["month"]): "-", ord(data["minute"]): " "}  # type: ignore[arg-type]
    signs |= {ord(sign): " " for sign in data["days"]} | {ord(sign): ":" for sign in data["hour"]}
    signs |= {ord(sign): str(value) for value, sign in enumerate(data["digits"])}
    signs |= {ord(sign): "0" for sign in data["zeros"] if ord(sign) > 127}
    hours: dict[str, list[int]] = data["hours"]  # type: ignore[assignment]
    halves = [(re.compile(rf"{word}\s*(\d+)"), tuple(hours[word])) for word in sorted(hours, key=len, reverse=True)]
    ten = str(data["ten"])
    numerals = "".join(data["digits"])
    return signs, halves, re.compile(rf"([{numerals}]?){ten}([{numerals}]?)")


def _in_digits(text: str) -> str:
    """A date in words as one in numbers: tens first, then each sign by itself, then hours of the afternoon."""
    signs, halves, tens = _written()
    data = words()

    def number(found: re.Match[str]) -> str:
        numerals = "".join(data["digits"])
        return str((numerals.index(found[1]) if found[1] else 1) * 10 + (numerals.index(found[2]) if found[2] else 0))

    written = tens.sub(number, text).translate(signs)
    for pattern, (added, up_to, twelve) in halves:
        if found := pattern.search(written):
            hour = int(found[1])
            hour = twelve if hour == 12 else hour + added if hour <= up_to else hour
            written = f"{written[: found.start()]} {hour}{written[found.end() :]}"
    written = re.sub(rf":\s*{data['half']}", ":30", written)
    written = re.sub(r"\s*:\s*", ":", written)
    written = re.sub(r":(\d)(?!\d)", r":0\1", re.sub(r":(?=\s|$)", ":00", written).strip().rstrip("-"))
    return " ".join(written.split())
