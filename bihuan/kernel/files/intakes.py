"""A file of rows, from its bytes to values with notes: looked through once as a whole, then read row after row with the
same memory however long it is.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import batched, islice
from pathlib import PurePath

from . import delimited
from .defects import Note
from .delimited import Dialect, Seen
from .encodings import Encoding, encoding_of
from .forms import Form, header_key
from .headers import (
    HEADER_ROWS_MAX,
    Heading,
    Mapped,
    Numbered,
    heading_of,
    known_keys,
    likely_heading_of,
    score_of,
)
from .lines import Line, Lines, Plan, Row
from .looking import Look
from .problems import FileProblem
from .repeats import Repeated
from .sources import Source, head
from .workbooks import Marks, Sheet, Workbook

CHUNK_ROWS = 2000
FIRST_ROWS = 3
ZIP_SIGNATURE, OLE_SIGNATURE = b"PK\x03\x04", b"\xd0\xcf\x11\xe0"
ENCRYPTED = "EncryptedPackage".encode("utf-16-le")
OLE_BYTES_SEARCHED = 64 << 20
SPREADSHEET_ENDINGS = (".xlsx", ".xlsm", ".xls", ".et", ".csv", ".txt", ".tsv", ".tab")
SIGNATURES = {
    b"%PDF": "PDF",
    b"\x89PNG": "PNG",
    b"\xff\xd8\xff": "JPEG",
    b"GIF8": "GIF",
    b"{\\rtf": "RTF",
    b"SQLite format 3": "SQLite",
}
ARCHIVES = {b"Rar!": "RAR", b"7z\xbc\xaf": "7Z", b"\x1f\x8b": "GZ", b"BZh": "BZ2"}


type Finder = Callable[[Sequence[Numbered], Sequence[Form], Mapping[str, str]], Heading]


@dataclass(frozen=True, slots=True)
class Outlined:
    """A column of a file: how it is headed, which column of the form it is and how that was found (as in `Mapped`), and
    the first values that stand in it.
    """

    header: str
    column: str
    how: str
    values: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Outline:
    """What a file is, as far as its first rows tell, whether or not it can be taken in."""

    form: Form
    columns: tuple[Outlined, ...]


class Intake:
    """A file that was looked through: its plan, how many rows it has, and what is to be said of it as a whole. Raises
    FileProblem, and nothing else, where it cannot be read.
    """

    def __init__(
        self, source: Source, forms: Sequence[Form], *, name: str = "", learnt: Mapping[str, str] | None = None
    ) -> None:
        self._open(source, forms, learnt or {}, heading_of)
        self._check_name(name)
        self._look_through()

    @classmethod
    def outline(cls, source: Source, forms: Sequence[Form], learnt: Mapping[str, str] | None = None) -> "Outline":
        """The columns of a file that may lack any, each with its first values: somebody can say what they are."""
        opened = cls.__new__(cls)
        opened._open(source, forms, learnt or {}, likely_heading_of)  # noqa: SLF001
        heading = opened.heading
        rows = [cells for number, cells in opened._top() if number > heading.rows[-1]][:FIRST_ROWS]  # noqa: SLF001
        return Outline(heading.form, tuple(_outlined(one, rows) for one in heading.mapping if one.header))

    @property
    def plan(self) -> Plan:
        return Plan(self.heading.form, self.heading.headers, self.heading.places, self.orders, self._look.loses_digits)

    @property
    def rows(self) -> int:
        return self._look.rows

    def lines(self, on: date) -> Iterator[Line]:
        """Every row that is somebody's, read as of a day."""
        look = self._look
        reader = Lines(self.plan, on, is_text=bool(self.encoding))
        told = Repeated(look.rows_met.repeated(), look.numbers_met.repeated(), look.number_at, look.names_at)
        kept = (row for row in self._rows() if row[0] > self.heading.rows[-1] and row[0] not in look.passed)
        for rows in batched(kept, CHUNK_ROWS):
            for line in reader.read(rows):
                yield told.with_notes(line, self._cut if line.number == look.last else None)

    # --- opening

    def _open(self, source: Source, forms: Sequence[Form], learnt: Mapping[str, str], heading: Finder) -> None:
        self.source, self.forms, self.learnt, self._heading_of = source, forms, learnt, heading
        self.notes: list[Note] = []
        self.encoding = self.delimiter = self.sheet = ""
        self.marks = Marks()
        start = head(source, 512)
        _refuse_others(source, start)
        if start.startswith(ZIP_SIGNATURE):
            self._open_workbook()
        else:
            self._open_text()

    def _open_text(self) -> None:
        if not head(self.source, 4096).strip(b"\x00\t\r\n \xef\xbb\xbf"):
            raise FileProblem("file_empty")
        keys = known_keys(self.forms, self.learnt)
        encoding = encoding_of(self.source, lambda text: _reads(text, keys))
        sample = delimited.sample_of(self.source, encoding)
        dialect = delimited.dialect_of(sample, lambda rows: score_of(rows, self.forms, self.learnt))
        self.encoding, self.delimiter = encoding.name, dialect.delimiter
        self._codec, self._dialect = encoding, dialect
        self._tell_text(encoding, dialect, sample)
        self.heading = self._heading_of(self._top(), self.forms, self.learnt)

    def _tell_text(self, encoding: Encoding, dialect: Dialect, sample: str) -> None:
        if not encoding.is_certain:
            self._tell("encoding_guessed", encoding.name)
        elif encoding.codec == "big5hkscs":
            self._tell("encoding_big5")
        elif encoding.name != "UTF-8":
            self._tell("encoding_named", encoding.name)
        if dialect.delimiter != ",":
            self._tell("delimiter_other", "TAB" if dialect.delimiter == "\t" else dialect.delimiter)
        if dialect.quote == "'":
            self._tell("quotes_single")
        ends = delimited.line_ends_of(sample)
        if len(ends) > 1:
            self._tell("line_ends_mixed", *ends)
        elif ends == ["CR"]:
            self._tell("line_ends_old")

    def _open_workbook(self) -> None:
        self._book = Workbook(self.source)
        found: list[tuple[int, Sheet, Heading, Marks]] = []
        problem: FileProblem | None = None
        for sheet in self._book.sheets:
            marks = self._book.marks(sheet)
            if not marks.filled:
                continue
            self._sheet, self.marks = sheet, marks
            try:
                heading = self._heading_of(self._top(), self.forms, self.learnt)
            except FileProblem as told:
                problem = problem if problem and problem.code != "header_unknown" else told
                continue
            found.append((len(heading.places), sheet, heading, marks))
        if not found:
            raise problem or FileProblem("file_empty")
        shown = [one for one in found if not one[1].is_hidden] or found
        _score, self._sheet, self.heading, self.marks = max(shown, key=lambda one: (_has_rows(one[2], one[3]), one[0]))
        self._tell_workbook([one for one in shown if one[1] is not self._sheet])

    def _tell_workbook(self, others: Sequence[tuple[int, Sheet, Heading, Marks]]) -> None:
        self.sheet = self._sheet.name
        alike = [sheet.name for _score, sheet, heading, marks in others if _has_rows(heading, marks)]
        rest = [sheet.name for sheet in self._book.sheets if sheet is not self._sheet and sheet.name not in alike]
        if alike:
            self.notes.append(Note("sheets_more_fit", value=self.sheet, names=tuple(alike)))
        elif rest:
            self.notes.append(Note("sheet_chosen", value=self.sheet, names=tuple(rest)))
        if self._sheet.is_hidden:
            self.notes.append(Note("sheet_hidden", value=self.sheet))
        if self._book.counts_from_1904:
            self._tell("dates_from_1904")
        if hidden := [column for column in self.marks.hidden_columns if column < len(self.heading.headers)]:
            self._tell("columns_hidden", *[self.heading.headers[column] or str(column + 1) for column in hidden])

    def _check_name(self, name: str) -> None:
        ending = PurePath(name).suffix.casefold()
        is_workbook = ending in (".xlsx", ".xlsm", ".xls", ".et")
        if ending == ".xls" or (ending in SPREADSHEET_ENDINGS and is_workbook == bool(self.encoding)):
            self._tell("extension_wrong", ending)

    # --- rows

    def _rows(self, seen: Seen | None = None) -> Iterator[Row]:
        """Every row that is not empty."""
        if not self.encoding:
            yield from (row for row in self._book.rows(self._sheet, self.marks) if _is_filled(row[1]))
            return
        none: dict[int, str] = {}
        rows = delimited.rows_of(self.source, self._codec, self._dialect, seen or Seen())
        for number, cells in enumerate(rows, start=1):
            if _is_filled(cells):
                yield number, cells, none

    def _top(self) -> list[Numbered]:
        return [(number, cells) for number, cells, _marks in islice(self._rows(), HEADER_ROWS_MAX + 1)]

    def _look_through(self) -> None:
        seen = Seen()
        look = self._look = Look(self.heading, self.marks, is_text=bool(self.encoding))
        for row in self._rows(seen):
            look.see(row)
        if not look.rows:
            raise FileProblem("no_rows")
        self._cut = look.cut(seen)
        self.orders = look.orders(not self.encoding and self._book.counts_from_1904)
        self.notes += look.notes(self.orders)
        if seen.nuls:
            self._tell("nul_bytes", str(seen.nuls))
        if seen.undecodable:
            self._tell("bytes_undecodable", str(seen.undecodable))

    def _tell(self, code: str, *names: str) -> None:
        self.notes.append(Note(code, names=names))


def _outlined(one: Mapped, rows: Sequence[Sequence[str]]) -> Outlined:
    values = [cells[one.position].strip() for cells in rows if one.position < len(cells)]
    return Outlined(one.header, one.column if one.how != "twice" else "", one.how, tuple(filter(None, values)))


def _is_filled(cells: Sequence[str]) -> bool:
    return any(cells) and not "".join(cells).isspace()


def _has_rows(heading: Heading, marks: Marks) -> bool:
    return marks.rows[1] > heading.rows[-1]


def _reads(text: str, keys: frozenset[str]) -> bool:
    lines = text.splitlines()[:HEADER_ROWS_MAX]
    cells = [cell for line in lines for one in delimited.DELIMITERS for cell in line.split(one)]
    return any(header_key(cell.strip("\"'")) in keys for cell in cells)


def _refuse_others(source: Source, start: bytes) -> None:
    """Files that are no table, whatever they are called."""
    if not start:
        raise FileProblem("file_empty")
    if start.startswith(OLE_SIGNATURE):
        is_locked = ENCRYPTED in head(source, OLE_BYTES_SEARCHED)
        raise FileProblem("file_encrypted" if is_locked else "file_old_workbook")
    for signature, kind in ARCHIVES.items():
        if start.startswith(signature):
            raise FileProblem("file_archive", [kind])
    for signature, kind in SIGNATURES.items():
        if start.startswith(signature):
            raise FileProblem("file_kind", [kind])
    text = start.removeprefix(b"\xef\xbb\xbf").lstrip().lower()
    if text.startswith((b"<html", b"<!doctype", b"<?xml", b"<table", b"<meta", b"<head", b"<body", b"mime-version:")):
        raise FileProblem("file_web_page")
