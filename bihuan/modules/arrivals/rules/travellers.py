"""Reading one row: every bad cell is named, and what can be read becomes a traveller."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time
from typing import Protocol

from bihuan.kernel.files import Column, Line, Plan

from .cells import Bad, Problem, Severity

EXPECTED_DAYS_AHEAD_MAX = 30
RESIDENT_ID_LENGTH = 18
END_OF_DAY = time(23, 59)
TOLD_OF_TRIP = {"expected_at", "departed_at", "origin", "gate", "last_exposure_on", "contact_kind"}
NAME_PARTS = ("given", "family", "name")  # in the order in which they are joined
JOINED = (*NAME_PARTS, "address", "carrier")  # fields that several columns fill together


class Place(Protocol):
    """The smallest area that a text names, and whether the text says more than that."""

    @property
    def code(self) -> str: ...

    @property
    def is_whole(self) -> bool: ...


@dataclass(frozen=True, slots=True)
class Lookups:
    """Names and codes a cell may hold, each by its plain case-folded form; areas as people write them. Filled from the
    registers before a file is read.
    """

    area: Callable[[str], Place | None] = lambda text: None
    county_decides: frozenset[str] = frozenset()
    states: frozenset[str] = frozenset()
    gates: Mapping[str, str] = field(default_factory=dict)
    units: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Traveller:
    """What a row says of one person's trip."""

    name: str
    sex: str = "unknown"
    birth_on: date | None = None
    id_type: str = "none"
    id_number: str = ""
    phone: str = ""
    address: str = ""
    mode: str = "other"
    carrier: str = ""
    seat: str = ""
    origin: str = ""
    origin_kind: str = "unknown"
    origin_text: str = ""
    departed_at: datetime | None = None
    expected_at: datetime | None = None
    gate: str = ""
    destination: str = ""
    unit: str = ""
    last_exposure_on: date | None = None
    contact_kind: str = "none"


@dataclass(frozen=True, slots=True)
class Row:
    """A row as read: a traveller where one could be made of it, and everything that is wrong."""

    number: int
    raw: tuple[str, ...]
    traveller: Traveller | None
    problems: tuple[Problem, ...]


class RowReader:
    """Makes travellers of the rows of one file as of the day `on`, one at a time; what it keeps is of the row at hand.
    The cells were read before: here they are looked up in the registers and held against each other.
    """

    def __init__(self, plan: Plan, lookups: Lookups, on: date) -> None:
        self.form, self.places, self.headers = plan.form, plan.places, plan.headers
        self.lookups, self.on = lookups, on
        self.order = {header: position for position, header in enumerate(self.headers)}
        self.in_turn = sorted(self.places, key=lambda place: place[1].kind != "country")
        self.kinds: dict[str, Callable[[str], object]] = {
            "date": date.fromisoformat,
            "birth": date.fromisoformat,
            "moment": _moment,
            "country": self._country,
            "state": self._state,
            "area": self._area,
            "gate": lambda text: self._known(text, self.lookups.gates, "gate_unknown"),
            "unit": lambda text: self._known(text, self.lookups.units, "unit_unknown"),
        }

    def read(self, line: Line) -> Row:
        """What one row says, and everything that is wrong with it."""
        self.number, self.raw, self.cells = line.number, line.sent, line.values
        self.problems = [Problem.told(note) for note in line.notes]
        self.found: dict[str, object] = dict(self.form.defaults)
        self.where: dict[str, str] = {}
        self.parts: dict[str, list[str]] = {}
        self.country = self.form.defaults.get("country", "")
        self._read_cells()
        traveller = self._traveller()
        if len(self.problems) > 1:
            self.problems.sort(key=lambda one: self.order.get(one.column, -1))
        return Row(self.number, self.raw, traveller, tuple(self.problems))

    def _read_cells(self) -> None:
        for position, column in self.in_turn:
            text = self.cells[position]
            if not text:
                continue
            header = self.header = self.headers[position]
            try:
                value = self._value(column, text)
            except Bad as bad:
                severity = bad.severity if column.is_strict else Severity.WARNING
                self._bad(header, self.raw[position], bad.code, severity)
                continue
            self._keep(column, header, value)

    def _value(self, column: Column, text: str) -> object:
        if column.kind in self.form.words:
            return self._word(column.kind, text)
        read = self.kinds.get(column.kind)
        return read(text) if read else text

    def _keep(self, column: Column, header: str, value: object) -> None:
        if column.field in JOINED:
            self.parts.setdefault(column.field, []).append(str(value))
        elif column.field and (column.field not in self.where):
            self.found[column.field] = value
        if column.field:
            self.where.setdefault(column.field, header)

    def _word(self, kind: str, text: str) -> str:
        words = self.form.words[kind]
        key = text.casefold()
        if key not in words:
            raise Bad(f"{kind}_unknown")
        return words[key]

    def _country(self, text: str) -> str:
        found = self.lookups.area(text)
        if found is None or not found.is_whole or found.code.isdigit():
            raise Bad("country_unknown")
        self.country = found.code
        return self.country

    def _state(self, text: str) -> str:
        if self.country in ("", "US") and text.casefold() not in self.lookups.states:
            raise Bad("state_unknown")
        return text

    def _area(self, text: str) -> str:
        """Whoever comes from a place that cannot be read is not lost: an officer says what is meant."""
        found = self.lookups.area(text)
        if found is None:
            raise Bad("area_unknown", Severity.DOUBT)
        if not found.is_whole and found.code.endswith("00"):
            self._bad(self.header, text, "area_partly", Severity.WARNING)
        elif found.code in self.lookups.county_decides:
            self._bad(self.header, text, "county_needed", Severity.WARNING)
        return found.code

    @staticmethod
    def _known(text: str, names: Mapping[str, str], code: str) -> str:
        found = names.get(text.casefold())
        if found is None:
            raise Bad(code)
        return found

    def _bad(self, column: str, value: str, code: str, severity: Severity) -> None:
        self.problems.append(Problem(self.number, column, value, code, severity))

    def _traveller(self) -> Traveller | None:
        self._check_identity()
        self._check_dates()
        self._check_trip()
        if any(problem.severity is Severity.ERROR for problem in self.problems):
            return None
        values = {name: self.found[name] for name in Traveller.__dataclass_fields__ if name in self.found}
        return Traveller(
            **values  # type: ignore[arg-type]
            | {
                "name": " ".join(part for field_name in NAME_PARTS for part in self.parts.get(field_name, [])),
                "address": ", ".join(self.parts.get("address", [])),
                "carrier": " ".join(self.parts.get("carrier", [])),
                "origin_kind": self._origin_kind(),
            },
        )

    def _origin_kind(self) -> str:
        if "origin_kind" in self.form.defaults:
            return self.form.defaults["origin_kind"]
        origin = str(self.found.get("origin", ""))
        if not origin:
            return "unknown"
        return "domestic" if origin.isdigit() or origin == "CN" else "overseas"

    def _check_identity(self) -> None:
        number = str(self.found.get("id_number", ""))
        if not number:
            self.found["id_type"] = "none"
            self._check_known_without_number()
            return
        if "id_type" not in self.where:
            self.found["id_type"] = (
                "resident_id" if len(number) == RESIDENT_ID_LENGTH and number[:17].isdigit() else "other"
            )
        if self.found["id_type"] == "resident_id":
            self._fill_from_id(number)

    def _check_known_without_number(self) -> None:
        if any(problem.severity is Severity.ERROR for problem in self.problems):
            return
        if not any(self.parts.get(part) for part in NAME_PARTS):
            self._bad(self._header_of(*NAME_PARTS), "", "missing", Severity.ERROR)
        elif not {"birth_on", "phone"} & set(self.where):
            self._bad(self._header_of("id_number"), "", "nothing_to_know_by", Severity.ERROR)

    def _fill_from_id(self, number: str) -> None:
        born = date(int(number[6:10]), int(number[10:12]), int(number[12:14]))
        written = self.found.setdefault("birth_on", born)
        if written != born:
            self._bad(self.where["birth_on"], str(written), "birth_not_of_id", Severity.DOUBT)
        if self.found.get("sex", "unknown") == "unknown":
            self.found["sex"] = "male" if int(number[16]) % 2 else "female"

    def _check_dates(self) -> None:
        expected, departed = self.found.get("expected_at"), self.found.get("departed_at")
        if isinstance(expected, datetime) and (expected.date() - self.on).days > EXPECTED_DAYS_AHEAD_MAX:
            self._bad(self.where["expected_at"], self._raw_of("expected_at"), "too_far_ahead", Severity.DOUBT)
        if isinstance(expected, datetime) and isinstance(departed, datetime) and _is_after(departed, expected):
            severity = Severity.ERROR if departed.date() > expected.date() else Severity.DOUBT
            self._bad(self.where["departed_at"], self._raw_of("departed_at"), "departs_after_arrival", severity)
        exposed = self.found.get("last_exposure_on")
        if isinstance(exposed, date) and exposed > self.on:
            self._bad(
                self.where["last_exposure_on"], self._raw_of("last_exposure_on"), "exposure_future", Severity.ERROR
            )

    def _check_trip(self) -> None:
        """Somebody who may come some day from somewhere by some way: an officer says what is meant. Some forms say from
        where by being what they are.
        """
        if "origin_kind" in self.form.defaults or any(
            problem.severity in (Severity.ERROR, Severity.DOUBT) for problem in self.problems
        ):
            return
        if not TOLD_OF_TRIP & set(self.where):
            self._bad(
                self._header_of(*NAME_PARTS), self._raw_of_first(*NAME_PARTS), "nothing_of_the_trip", Severity.DOUBT
            )

    def _raw_of_first(self, *fields: str) -> str:
        return next((self.raw[position] for position, column in self.places if column.field in fields), "")

    def _header_of(self, *fields: str) -> str:
        return next((self.headers[position] for position, column in self.places if column.field in fields), "")

    def _raw_of(self, field_name: str) -> str:
        header = self.where[field_name]
        return next(self.raw[position] for position, _ in self.places if self.headers[position] == header)


def _is_after(departed: datetime, expected: datetime) -> bool:
    """By the day; by the hour only where both were said."""
    if END_OF_DAY in (departed.time(), expected.time()):
        return departed.date() > expected.date()
    return departed > expected


def _moment(text: str) -> datetime:
    """A moment as it was read; without a time it is the end of the day."""
    found = datetime.fromisoformat(text)
    return found if len(text) > len("2022-06-20") else datetime.combine(found.date(), END_OF_DAY)
