"""The list of a city's units as a file: its rows read, compared with the units that stand, put in order from the top.

Reads only; `actions.take_in_units` writes what was found. A blank cell says nothing: what stands stays.
"""

import tomllib
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, fields, replace
from functools import cache
from pathlib import Path

from django.conf import settings

from bihuan.kernel import clock
from bihuan.kernel.access.actions import ChangedUnit, NewUnit
from bihuan.kernel.access.models import Unit
from bihuan.kernel.access.vocabulary import kinds
from bihuan.kernel.files import FileProblem, Form, Grade, Intake, Note, defects, form_of, plain, refusal
from bihuan.kernel.refusals import Refused
from bihuan.kernel.text import Text

CODE_LENGTH_MAX = 64
COUNT_DIGITS_MAX = 9


class ListRefused(Refused):
    """The file is no list of units: not one row of it was looked at."""

    def __init__(self, problem: FileProblem) -> None:
        super().__init__(*file_words(problem))
        self.names = problem.names


@dataclass(frozen=True, slots=True)
class Entry:
    """What a row, or the register, says of one unit. `parent` and `sector` are codes."""

    code: str
    kind: str = ""
    name_zh: str = ""
    name_en: str = ""
    parent: str = ""
    sector: str = ""
    phone: str = ""
    address: str = ""
    population: int = 0


FIELDS = tuple(field.name for field in fields(Entry))


@dataclass(frozen=True, slots=True)
class Problem:
    """One bad cell: row as a spreadsheet numbers it, column as its header is written."""

    row: int
    column: str
    value: str
    code: str

    @property
    def reason(self) -> Text:
        return self._words("zh", "en")

    @property
    def remedy(self) -> Text:
        return self._words("fix_zh", "fix_en")

    def _words(self, zh: str, en: str) -> Text:
        if self.code in defects():
            note = Note(self.code, value=self.value)
            tell = note.reason if zh == "zh" else note.remedy
            return Text(zh=tell("zh"), en=tell("en"))
        entry = format_file()["cell"][self.code]
        names = ", ".join(kinds())
        return Text(zh=entry[zh], en=entry[en]).filled(value=self.value, names=names)

    def as_json(self) -> dict[str, object]:
        where = {"row": self.row, "column": self.column, "value": self.value, "code": self.code}
        return {**where, "reason": self.reason.as_json(), "remedy": self.remedy.as_json()}

    def __str__(self) -> str:
        return f"{self.row} {self.column}: {self.reason} {self.remedy}"


@dataclass(frozen=True, slots=True)
class UnitList:
    """What is to be done with a file's rows. `new` is in order: what a unit names comes before it."""

    new: tuple[Entry, ...]
    changed: tuple[Entry, ...]
    rows: int
    duplicate: int
    rejected: int
    problems: tuple[Problem, ...]

    @property
    def units_to_add(self) -> list[NewUnit]:
        return [
            NewUnit(
                code=entry.code,
                kind=entry.kind,
                name=Text(zh=entry.name_zh, en=entry.name_en),
                parent=entry.parent or None,
                sector=entry.sector or None,
                phone=entry.phone,
                address=entry.address,
                population=entry.population,
            )
            for entry in self.new
        ]

    @property
    def units_to_change(self) -> list[ChangedUnit]:
        return [
            ChangedUnit(
                code=entry.code,
                name=Text(zh=entry.name_zh, en=entry.name_en),
                sector=entry.sector or None,
                phone=entry.phone,
                address=entry.address,
                population=entry.population,
            )
            for entry in self.changed
        ]

    def as_json(self) -> dict[str, object]:
        return {
            "rows": self.rows,
            "created": len(self.new),
            "updated": len(self.changed),
            "duplicate": self.duplicate,
            "rejected": self.rejected,
            "problems": [problem.as_json() for problem in self.problems],
        }


@dataclass(frozen=True, slots=True)
class Row:
    """A row of the file, how each field's column is headed there, and what of it could not be read."""

    number: int
    cells: Mapping[str, str]
    heads: Mapping[str, str]
    spoilt: tuple[Problem, ...] = ()

    def problem(self, field: str, code: str) -> Problem:
        return Problem(self.number, self.heads[field], self.cells.get(field, ""), code)


def read_units(content: bytes) -> UnitList:
    """Read a list of units, CSV or XLSX, and compare it with the register."""
    try:
        intake = Intake(content, (form(),))
    except FileProblem as problem:
        raise ListRefused(problem) from problem
    return compared(list(rows_of(intake)), standing())


def standing() -> dict[str, Entry]:
    """Every unit as it stands, by code."""
    rows = Unit.objects.select_related("parent", "sector")
    return {
        unit.code: Entry(
            code=unit.code,
            kind=unit.kind,
            name_zh=unit.name_zh,
            name_en=unit.name_en,
            parent=unit.parent.code if unit.parent else "",
            sector=unit.sector.code if unit.sector else "",
            phone=unit.phone,
            address=unit.address,
            population=unit.population,
        )
        for unit in rows
    }


def rows_of(intake: Intake) -> Iterable[Row]:
    """The rows by field, each cell as plain text."""
    heads = {column.field: column.name for column in form().columns}
    heads |= {column.field: intake.plan.headers[position] for position, column in intake.plan.places}
    for line in intake.lines(clock.now().date()):
        cells = {column.field: line.values[at] for at, column in intake.plan.places}
        spoilt = tuple(
            Problem(note.row, note.column, note.value, note.code)
            for note in line.notes
            if note.grade is Grade.REJECTED and note.code != "missing"
        )
        yield Row(line.number, cells, heads, spoilt)


def compared(rows: list[Row], known: Mapping[str, Entry]) -> UnitList:
    """What each row asks for: a new unit, a change, nothing, or something that cannot be."""
    said: dict[str, tuple[Row, Entry]] = {}
    problems: list[Problem] = []
    repeated = 0
    for row in rows:
        if row.spoilt:
            problems += row.spoilt
            continue
        entry, found = entry_of(row, known)
        problems += found
        if entry is None:
            continue
        if entry.code in said and said[entry.code][1] != entry:
            problems.append(row.problem("code", "code_twice"))
        elif entry.code in said:
            repeated += 1
        else:
            said[entry.code] = (row, entry)
    named = {row.cells.get("code", "") for row in rows}
    kept, stopped = from_the_top(said, known, named)
    problems += stopped
    new = tuple(entry for entry in kept if entry.code not in known)
    changed = tuple(entry for entry in kept if entry.code in known and entry != known[entry.code])
    return UnitList(
        new=new,
        changed=changed,
        rows=len(rows),
        duplicate=repeated + len(kept) - len(new) - len(changed),
        rejected=len({problem.row for problem in problems}),
        problems=tuple(sorted(problems, key=lambda problem: problem.row)),
    )


def entry_of(row: Row, known: Mapping[str, Entry]) -> tuple[Entry | None, list[Problem]]:
    """The unit that a row describes, completed by what stands, or what is wrong with the row."""
    code = row.cells.get("code", "")
    if not code:
        return None, [row.problem("code", "code_missing")]
    if "/" in code or " " in code or len(code) > CODE_LENGTH_MAX:
        return None, [row.problem("code", "code_form")]
    stands = known.get(code)
    count = row.cells.get("population", "").replace(",", "")
    said = {name: row.cells[name] for name in FIELDS if row.cells.get(name) and name != "population"}
    if "kind" in said:
        said["kind"] = kind_names().get(said["kind"].casefold(), said["kind"])
    entry = replace(stands or Entry(code), **said)  # type: ignore[arg-type]
    if stands is None:
        entry = replace(entry, name_en=entry.name_en or entry.name_zh)
    problems = [row.problem(field, problem) for field, problem in faults(entry, stands)]
    if count.isdecimal() and len(count) <= COUNT_DIGITS_MAX:
        entry = replace(entry, population=int(count))
    elif count:
        problems.append(row.problem("population", "not_a_count"))
    return (None if problems else entry), problems


def faults(entry: Entry, stands: Entry | None) -> Iterable[tuple[str, str]]:
    """What keeps a unit from standing: the field and the code of the problem."""
    if entry.kind not in kinds():
        yield "kind", "kind_unknown"
    elif stands and stands.kind != entry.kind:
        yield "kind", "kind_differs"
    if not entry.name_zh:
        yield "name_zh", "name_missing"
    if not entry.parent and entry.kind in kinds() and entry.kind != next(iter(kinds())):
        yield "parent", "parent_missing"
    if stands and stands.parent != entry.parent:
        yield "parent", "parent_differs"


def from_the_top(
    said: Mapping[str, tuple[Row, Entry]], known: Collection[str], named: Collection[str]
) -> tuple[list[Entry], list[Problem]]:
    """Units in an order in which each comes after those it names, and the rows that wait for a unit in vain."""
    there = set(known)
    waiting = dict(said)
    kept: list[Entry] = []
    while ready := [code for code, (_row, entry) in waiting.items() if not missing(entry, there)]:
        kept += [waiting.pop(code)[1] for code in ready]
        there.update(ready)
    problems = [
        row.problem(field, "unit_waits" if getattr(entry, field) in named else "unit_unknown")
        for row, entry in waiting.values()
        for field in missing(entry, there)
    ]
    return kept, problems


def missing(entry: Entry, there: Collection[str]) -> list[str]:
    """Fields that name a unit which is not there."""
    return [field for field in ("parent", "sector") if getattr(entry, field) and getattr(entry, field) not in there]


def kind_names() -> dict[str, str]:
    """Every way to write a kind of unit, and the code it stands for."""
    named = [(kind.code, name) for kind in kinds().values() for name in (kind.code, kind.name.zh, kind.name.en)]
    return {**form().words["kind"], **{plain(name).casefold(): code for code, name in named}}


@cache
def form() -> Form:
    return form_of(format_file())


@cache
def format_file() -> dict[str, dict[str, dict[str, str]]]:
    """How the list is headed, and the words for what can be wrong with a cell of it."""
    return tomllib.loads((formats() / "units.toml").read_text(encoding="utf-8"))


def file_words(problem: FileProblem) -> tuple[Text, Text]:
    """Why a file cannot be taken in, and what to do."""
    note = refusal(problem)
    return Text(zh=note.reason("zh"), en=note.reason("en")), Text(zh=note.remedy("zh"), en=note.remedy("en"))


def formats() -> Path:
    return Path(settings.BASE_DIR) / "profiles" / "formats"
