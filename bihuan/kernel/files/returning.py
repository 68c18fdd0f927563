"""A file given back: every row as it was sent, with what became of it, why, and what to do. Corrected, it can be handed
in again: the columns that were added are passed over. Nothing in it runs in a spreadsheet, and no number loses a digit.
"""

import csv
import io
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import BinaryIO

import xlsxwriter

from .characters import CELL_LENGTH_MAX
from .defects import Grade, returned_headers, words

RUNS_IN_SPREADSHEET = ("=", "+", "-", "@", "\t", "\r", "\n", "\uff1d", "\uff0b", "\uff0d", "\uff20")
COMMENTS_MAX = 20_000  # beyond them a spreadsheet program grows slow; the column of reasons has them all
COLOURS = {Grade.REJECTED: "#F8B4B4", Grade.DOUBTFUL: "#FCE2A0", Grade.REPAIRED: "#CDE8D2"}
WIDTH_MIN, WIDTH_MAX = 10, 36
PIECE_CHARACTERS = 1 << 16


@dataclass(frozen=True, slots=True)
class Mark:
    """What is said of one cell of a row, or of the row where no column is named, in the reader's language."""

    column: str
    grade: Grade
    reason: str
    remedy: str


@dataclass(frozen=True, slots=True)
class Returned:
    """A row on its way back: its cells as they were sent, and what became of it in the reader's language."""

    number: int
    cells: Sequence[str]
    outcome: str
    marks: Sequence[Mark] = ()
    reference: str = ""

    def added(self) -> tuple[str, str, str, str, str]:
        """The cells of the columns that are added."""
        reasons = "; ".join(f"{mark.column}: {mark.reason}" if mark.column else mark.reason for mark in self.marks)
        remedies = "; ".join(dict.fromkeys(mark.remedy for mark in self.marks if mark.grade is not Grade.REPAIRED))
        return (str(self.number), self.outcome, reasons, remedies, self.reference)


def neutral(text: str) -> str:
    """The text so that no spreadsheet takes it for a formula: a leading apostrophe, as OWASP advises. A telephone
    number with its plus is left alone.
    """
    if not text.startswith(RUNS_IN_SPREADSHEET):
        return text
    is_number = text[0] == "+" and text[1:].replace(" ", "").replace("-", "").isdecimal()
    return text if is_number else f"'{text}"


def as_csv(headers: Sequence[str], rows: Iterable[Sequence[str]]) -> Iterator[bytes]:
    """A table as CSV in UTF-8 with its mark, piece by piece."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\r\n")
    out.write("\ufeff")
    doubled = _doubled(headers)
    for row in chain([headers], rows):
        writer.writerow([neutral(cell) for place, cell in enumerate(row) if place not in doubled])
        if out.tell() > PIECE_CHARACTERS:
            yield out.getvalue().encode()
            out.seek(0)
            out.truncate()
    yield out.getvalue().encode()


def as_workbook(
    headers: Sequence[str], rows: Iterable[Returned], language: str, target: BinaryIO, about: Sequence[Mark] = ()
) -> None:
    """The file as a workbook: bad cells coloured, each with a comment; what is said of the whole file on another
    sheet. Rows are written as they come, so that memory does not grow with them.
    """
    book = xlsxwriter.Workbook(target, {"constant_memory": True})
    text = {"num_format": "@", "valign": "top"}
    plain, bold = book.add_format(text), book.add_format({**text, "bold": True, "bottom": 1})
    wrapped = book.add_format({**text, "text_wrap": True})
    coloured = {grade: book.add_format({**text, "bg_color": colour}) for grade, colour in COLOURS.items()}
    sheet = book.add_worksheet()
    sheet.freeze_panes(1, 0)
    added = returned_headers()[language]
    width, doubled = len(headers), _doubled([*headers, *added])
    headers = [header for place, header in enumerate(headers) if place not in doubled]
    for column, header in enumerate((*headers, *added)):
        sheet.write_string(0, column, header, bold)
        is_reason = column in (len(headers) + 2, len(headers) + 3)
        sheet.set_column(column, column, WIDTH_MAX if is_reason else _width(header))
    places = {header: column for column, header in reversed(list(enumerate(headers)))}
    comments = 0
    for at, row in enumerate(rows, start=1):
        found = _by_place(row.marks, places)
        cells = fitted(row.cells, width)
        for column, cell in enumerate(cell for place, cell in enumerate(cells) if place not in doubled):
            marks = found.get(column)
            grade = _gravest(marks) if marks else None
            sheet.write_string(at, column, _short(cell), coloured.get(grade, plain) if grade else plain)
            if marks and comments < COMMENTS_MAX:
                comments += 1
                told = "\n".join(f"{mark.reason}\n→ {mark.remedy}" for mark in marks)
                sheet.write_comment(at, column, told, {"x_scale": 2})
        for column, cell in enumerate(row.added(), start=len(headers)):
            is_long = column in (len(headers) + 2, len(headers) + 3)
            sheet.write_string(at, column, _short(cell), wrapped if is_long else plain)
    if about:
        _write_about(book, about, language, bold, wrapped)
    book.close()


def _doubled(headers: Sequence[str]) -> set[int]:
    """The places of columns that we added to an earlier file given back: those added last replace them, so that a file
    does not grow each time it is corrected and handed in again.
    """
    found = [
        range(start, start + len(own))
        for own in returned_headers().values()
        for start in range(len(headers) - len(own) + 1)
        if list(headers[start : start + len(own)]) == list(own)
    ]
    return {place for block in sorted(found, key=lambda block: block.start)[:-1] for place in block}


def _write_about(
    book: xlsxwriter.Workbook, about: Sequence[Mark], language: str, bold: object, wrapped: object
) -> None:
    title, reason, remedy = words()["about"][language]  # type: ignore[call-overload]
    sheet = book.add_worksheet(title)
    sheet.set_column(0, 1, 60)
    for column, header in enumerate((reason, remedy)):
        sheet.write_string(0, column, header, bold)
    for at, mark in enumerate(about, start=1):
        sheet.write_string(at, 0, _short(mark.reason), wrapped)
        sheet.write_string(at, 1, _short(mark.remedy), wrapped)


def _by_place(marks: Sequence[Mark], places: dict[str, int]) -> dict[int, list[Mark]]:
    found: dict[int, list[Mark]] = {}
    for mark in marks:
        if mark.column in places:
            found.setdefault(places[mark.column], []).append(mark)
    return found


def _gravest(marks: Sequence[Mark]) -> Grade:
    grades = {mark.grade for mark in marks}
    return next(grade for grade in Grade if grade in grades)


def fitted(cells: Sequence[str], width: int) -> list[str]:
    """As many cells as there are headers."""
    return [*cells[:width], *[""] * (width - len(cells))]


def _short(text: str) -> str:
    return text if len(text) <= CELL_LENGTH_MAX else f"{text[: CELL_LENGTH_MAX - 1]}…"


def _width(header: str) -> int:
    return max(WIDTH_MIN, min(WIDTH_MAX, 2 * len(header) + 2))
