"""Workbooks (XLSX): their sheets as rows of text, and what the rows alone do not tell: hidden rows and columns,
formulas, merged cells, errors. Whatever would unpack to an absurd size is refused before anything is built of it.
"""

import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from posixpath import join, normpath
from typing import IO
from xml.etree import ElementTree
from xml.parsers import expat

from .problems import FileProblem
from .sources import Source, opened
from .streams import SheetReader, Strings, Styles, chunks, column_number, let_go

UNPACKED_BYTES_MAX = 2 << 30
CELLS_MAX = 16_000_000  # a million rows of a form
EMPTY_CELLS_FREE = 1_000_000  # so many empty cells are always borne, beyond them twenty for each that is filled
EMPTY_A_FILLED_MAX = 20
RATIO_FREE_BYTES = 64 << 20
RATIO_MAX = 150
PART_BYTES_MAX = 16 << 20
CHUNK_BYTES = 1 << 18
PARTS_MAX = 4096
BOOK = "xl/workbook.xml"
RELATIONS = "xl/_rels/workbook.xml.rels"
OTHERS = {"xl/workbook.bin": "XLSB", "content.xml": "ODS", "word/document.xml": "DOCX", "ppt/presentation.xml": "PPTX"}
RELATION = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}id"
STRICT_RELATION = "{http://purl.oclc.org/ooxml/officeDocument/relationships}id"
DIGITS, LETTERS = "0123456789", "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
FORMULA, FORMULA_EMPTY, MERGED, ERROR = "formula_value", "formula_without_value", "merged", "cell_error"


@dataclass(slots=True)
class Marks:
    """What is known of the cells of a sheet beside their values. Rows are numbered from 1, columns from 0."""

    hidden_rows: set[int] = field(default_factory=set)
    hidden_columns: list[int] = field(default_factory=list)
    cells: dict[int, dict[int, str]] = field(default_factory=dict)
    errors: dict[tuple[int, int], str] = field(default_factory=dict)
    filled: int = 0
    rows: tuple[int, int] = (1, 0)
    columns: tuple[int, int] = (0, -1)
    merges: list[tuple[tuple[int, int], tuple[int, int]]] = field(default_factory=list)

    def mark(self, row: int, column: int, code: str) -> None:
        self.cells.setdefault(row, {})[column] = code

    @property
    def area(self) -> int:
        return (self.rows[1] - self.rows[0] + 1) * (self.columns[1] - self.columns[0] + 1)


@dataclass(frozen=True, slots=True)
class Sheet:
    """A sheet of a workbook."""

    name: str
    is_hidden: bool
    part: str


class Workbook:
    """An opened workbook. Its sheets are looked through before they are loaded."""

    def __init__(self, source: Source) -> None:
        self.source = source
        self.counts_from_1904 = False
        self.sheets: list[Sheet] = []
        self._strings_part = self._styles_part = ""
        self._parts: tuple[Strings, Styles] | None = None
        with opened(source) as file:
            try:
                with zipfile.ZipFile(file) as archive:
                    _refuse_bombs(archive)
                    self._read_contents(archive)
            except (zipfile.BadZipFile, EOFError):
                raise FileProblem("file_truncated") from None
            except (OSError, ValueError, KeyError, NotImplementedError, RuntimeError, zipfile.zlib.error):  # type: ignore[attr-defined]
                raise FileProblem("file_unreadable") from None

    def marks(self, sheet: Sheet) -> Marks:
        """What stands beside the values of a sheet. Refuses a sheet that would fill the memory."""
        with opened(self.source) as file, zipfile.ZipFile(file) as archive:
            try:
                with archive.open(sheet.part) as part:
                    marks = _scan(part)
            except (expat.ExpatError, ValueError, KeyError, OSError, EOFError, zipfile.BadZipFile):
                raise FileProblem("file_unreadable") from None
        if marks.filled > CELLS_MAX:
            raise FileProblem("file_too_large", [f"{marks.filled} > {CELLS_MAX}"])
        if marks.area > max(EMPTY_CELLS_FREE, EMPTY_A_FILLED_MAX * marks.filled):
            raise FileProblem("file_bomb")
        return marks

    def rows(self, sheet: Sheet, marks: Marks) -> Iterator[tuple[int, tuple[str, ...], dict[int, str]]]:
        """Every row with its number as the spreadsheet shows it, as text, and the marks of its cells. Read anew from
        the file each time; nothing of it is held.
        """
        merged = _merged(marks)
        kept: dict[tuple[int, int], str] = {}
        shared: dict[int, set[int]] = {}
        for row, column in merged.values():
            shared.setdefault(row, set()).add(column)
        none: dict[int, str] = {}
        for number, cells in self._values(sheet, marks):
            found = marks.cells.get(number)
            if found:
                for column, code in found.items():
                    if column >= len(cells):
                        continue
                    if code == MERGED:
                        cells[column] = kept.get(merged[number, column], "")
                    elif code == ERROR:
                        cells[column] = marks.errors.get((number, column), "#N/A")
            for column in shared.get(number, ()):
                kept[number, column] = cells[column] if column < len(cells) else ""
            yield number, tuple(cells), found or none

    def _values(self, sheet: Sheet, marks: Marks) -> Iterator[tuple[int, list[str]]]:
        """The rows that hold anything, and those that a merge from above covers, by their numbers."""
        width, last = marks.columns[1] + 1, 0
        with opened(self.source) as file, zipfile.ZipFile(file) as archive, _readable():
            reader = SheetReader(*self._shared(archive), width, counts_from_1904=self.counts_from_1904)
            try:
                for chunk in chunks(archive, sheet.part):
                    for number, cells in reader.read(chunk, is_last=not chunk):
                        if number <= last:
                            raise FileProblem("file_unreadable")
                        for missing in range(last + 1, min(number, marks.rows[1] + 1)):
                            if missing in marks.cells:
                                yield missing, [""] * width
                        last = number
                        if number <= marks.rows[1]:
                            yield number, cells
            finally:
                let_go(reader.parser)
            for missing in range(last + 1, marks.rows[1] + 1):
                if missing in marks.cells:
                    yield missing, [""] * width

    def _shared(self, archive: zipfile.ZipFile) -> tuple[Strings, Styles]:
        """What the cells of all sheets share."""
        if self._parts is None:
            styles = _tree(archive, self._styles_part) if self._styles_part else None
            self._parts = Strings(archive, self._strings_part), Styles(styles)
        return self._parts

    def _read_contents(self, archive: zipfile.ZipFile) -> None:
        names = {info.filename for info in archive.infolist()}
        if BOOK not in names:
            for part, kind in OTHERS.items():
                if part in names:
                    raise FileProblem("file_kind", [kind])
            inside = [name for name in archive.namelist() if not name.endswith("/")]
            raise FileProblem("file_archive", inside[:5])
        if RELATIONS not in names:
            raise FileProblem("file_unreadable")
        book, relations = _tree(archive, BOOK), _tree(archive, RELATIONS)
        targets = {one.get("Id", ""): _part(one.get("Target", "")) for one in relations}
        kinds = {one.get("Type", "").rpartition("/")[2]: _part(one.get("Target", "")) for one in relations}
        self._strings_part = kinds["sharedStrings"] if kinds.get("sharedStrings") in names else ""
        self._styles_part = kinds["styles"] if kinds.get("styles") in names else ""
        for one in book.iter():
            tag = one.tag.rpartition("}")[2]
            if tag == "workbookPr":
                self.counts_from_1904 = one.get("date1904", "0") in ("1", "true")
            elif tag == "sheet":
                part = targets.get(one.get(RELATION) or one.get(STRICT_RELATION) or "", "")
                if part in names and "worksheet" in part:
                    is_hidden = one.get("state", "visible") != "visible"
                    self.sheets.append(Sheet(one.get("name", ""), is_hidden, part))
        if not self.sheets:
            raise FileProblem("file_unreadable")


def _part(target: str) -> str:
    """Where a part that a relation names lies in the archive."""
    return target.lstrip("/") if target.startswith("/") else normpath(join("xl", target))


def _refuse_bombs(archive: zipfile.ZipFile) -> None:
    """Unpack every part without keeping it: an archive may lie about the size of its parts."""
    parts = archive.infolist()
    if len(parts) > PARTS_MAX or sum(part.file_size for part in parts) > UNPACKED_BYTES_MAX:
        raise FileProblem("file_bomb")
    for part in parts:
        if part.flag_bits & 1:
            raise FileProblem("file_encrypted")
        stated = part.file_size
        if stated > RATIO_FREE_BYTES and stated > RATIO_MAX * max(part.compress_size, 1):
            raise FileProblem("file_bomb")
        if _unpacked(archive, part) > stated:
            raise FileProblem("file_bomb")


def _unpacked(archive: zipfile.ZipFile, part: zipfile.ZipInfo) -> int:
    """How many bytes a part really gives, counted up to one more than it states."""
    stated, checksum = part.file_size, part.CRC
    size = 0
    part.file_size = stated + 1
    try:
        with archive.open(part) as file:
            file._expected_crc = None  # type: ignore[attr-defined]  # noqa: SLF001
            while size <= stated and (chunk := file.read(min(CHUNK_BYTES, stated + 1 - size) or 1)):
                size += len(chunk)
    finally:
        part.file_size, part.CRC = stated, checksum
    return size


def _tree(archive: zipfile.ZipFile, part: str) -> ElementTree.Element:
    if archive.getinfo(part).file_size > PART_BYTES_MAX:
        raise FileProblem("file_bomb")
    try:
        return ElementTree.fromstring(archive.read(part))  # noqa: S314 (expat limits what entities unfold to)
    except ElementTree.ParseError:
        raise FileProblem("file_unreadable") from None


def _scan(part: IO[bytes]) -> Marks:
    """One pass over the XML of a sheet: its extent, and where there is more than a value."""
    scan = _Scan()
    parser = expat.ParserCreate(namespace_separator=" ")
    parser.ordered_attributes = True
    parser.buffer_text = True
    parser.StartElementHandler = scan.start
    scan.parser = parser
    while chunk := part.read(CHUNK_BYTES):
        parser.Parse(chunk)
    parser.Parse(b"", True)
    let_go(parser)
    return scan.marks


class _Scan:
    """The state of scanning a sheet."""

    def __init__(self) -> None:
        self.marks = Marks(rows=(1 << 30, 0), columns=(1 << 30, -1))
        self.parser: expat.XMLParserType
        self.row = self.next_row = 0
        self.column = -1
        self.kind = ""
        self.letters: dict[str, int] = {}
        self.error: list[str] = []

    def start(self, tag: str, attributes: list[str]) -> None:
        name = tag.rpartition(" ")[2]
        if name in ("v", "is"):
            self._value()
        elif name == "c":
            self._cell(attributes)
        elif name == "row":
            self._row(attributes)
        elif name == "f":
            self.marks.mark(self.row, self.column, FORMULA if self.kind == "str" else FORMULA_EMPTY)
        elif name == "mergeCell":
            self._merge(dict(zip(attributes[::2], attributes[1::2], strict=True)).get("ref", ""))
        elif name == "col":
            self._columns(dict(zip(attributes[::2], attributes[1::2], strict=True)))

    def _merge(self, reference: str) -> None:
        first, _colon, last = reference.partition(":")
        corners = [(int(one.lstrip(LETTERS)), column_number(one.rstrip(DIGITS))) for one in (first, last or first)]
        self.marks.merges.append((corners[0], corners[1]))

    def _cell(self, attributes: list[str]) -> None:
        self.kind = ""
        reference = ""
        for position in range(0, len(attributes), 2):
            if attributes[position] == "r":
                reference = attributes[position + 1]
            elif attributes[position] == "t":
                self.kind = attributes[position + 1]
        if not reference:
            self.column += 1
            return
        letters = reference.rstrip(DIGITS)
        column = self.letters.get(letters)
        if column is None:
            column = self.letters[letters] = column_number(letters)
        self.column, self.row = column, int(reference[len(letters) :])

    def _value(self) -> None:
        marks = self.marks
        marks.filled += 1
        if self.row > marks.rows[1] or self.row < marks.rows[0]:
            marks.rows = (min(self.row, marks.rows[0]), max(self.row, marks.rows[1]))
        if self.column > marks.columns[1] or self.column < marks.columns[0]:
            marks.columns = (min(self.column, marks.columns[0]), max(self.column, marks.columns[1]))
        if self.kind == "e":
            self._error()
        elif marks.cells.get(self.row, {}).get(self.column) == FORMULA_EMPTY:
            self._formula()

    def _error(self) -> None:
        row, column = self.row, self.column
        self.marks.mark(row, column, ERROR)
        self._collect(lambda text: self.marks.errors.__setitem__((row, column), text))

    def _formula(self) -> None:
        row, column = self.row, self.column
        self._collect(lambda text: self.marks.mark(row, column, FORMULA) if text.strip() else None)

    def _collect(self, keep: Callable[[str], None]) -> None:
        def ended(_tag: str) -> None:
            self.parser.CharacterDataHandler = None
            self.parser.EndElementHandler = None
            keep("".join(self.error))
            self.error.clear()

        self.parser.CharacterDataHandler = self.error.append
        self.parser.EndElementHandler = ended

    def _row(self, attributes: list[str]) -> None:
        named = dict(zip(attributes[::2], attributes[1::2], strict=True))
        self.row = int(named["r"]) if "r" in named else self.row + 1
        self.column = -1
        if named.get("hidden") in ("1", "true"):
            self.marks.hidden_rows.add(self.row)

    def _columns(self, named: dict[str, str]) -> None:
        if named.get("hidden") in ("1", "true"):
            first, last = int(named.get("min", 1)), int(named.get("max", 1))
            self.marks.hidden_columns.extend(range(first - 1, min(last, first + 1000)))


def _merged(marks: Marks) -> dict[tuple[int, int], tuple[int, int]]:
    """The cells that a merge from above covers, each with the cell whose value it shares. Merges that hang over rows
    only: of cells side by side the first holds the value, as everybody reads it.
    """
    covered: dict[tuple[int, int], tuple[int, int]] = {}
    for (top, left), (bottom, _right) in marks.merges:
        for row in range(top + 1, min(bottom, marks.rows[1]) + 1):
            covered[row, left] = (top, left)
            marks.mark(row, left, MERGED)
    return covered


@contextmanager
def _readable() -> Iterator[None]:
    """Whatever cannot be read is a refused file."""
    try:
        yield
    except (expat.ExpatError, zipfile.BadZipFile, zipfile.zlib.error, OSError, EOFError, ValueError, KeyError):  # type: ignore[attr-defined]
        raise FileProblem("file_unreadable") from None
