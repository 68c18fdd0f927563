"""Lists as files that people open in a spreadsheet: identifiers as text, nothing a spreadsheet would run, and on every
sheet who took it what for. Rows are written as they come, so that memory does not grow with them.
"""

import csv
import io
import re
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from itertools import chain, islice
from typing import Any, BinaryIO

import xlsxwriter

from bihuan.kernel import clock

SHEET_ROWS_MAX = 1_000_000  # a sheet has 1,048,576 lines
CELL_LENGTH_MAX = 32_767
FOOTER_LENGTH_MAX = 200  # of the 255 that a spreadsheet takes
WIDTH_MIN, WIDTH_MAX = 10, 40
SAMPLE_ROWS = 200  # from which the widths are judged
WIDE = {"W", "F"}
RUNS_IN_SPREADSHEET = "=+\\-@\t\r\n＝＋－＠"
LIVE = re.compile(f"'*[{RUNS_IN_SPREADSHEET}]")
GUARDED = re.compile(f"'+[{RUNS_IN_SPREADSHEET}]")


@dataclass(frozen=True, slots=True)
class Form:
    """A kind of file. `encoding` is empty for a workbook."""

    extension: str
    content_type: str
    encoding: str = ""


FORMS = {
    "xlsx": Form("xlsx", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
    "csv": Form("csv", "text/csv; charset=utf-8", "utf-8-sig"),
    "gb18030": Form("csv", "text/csv; charset=gb18030", "gb18030"),
}


def write(
    form: str, target: BinaryIO, *, note: str, labels: Sequence[str], rows: Iterable[Sequence[object]], scratch: str
) -> int:
    """Write the note, the labels and the rows and say how many rows there were. `scratch` is a folder of one's own."""
    if encoding := FORMS[form].encoding:
        return _write_csv(target, encoding, note, labels, rows)
    return _write_workbook(target, note, labels, rows, scratch)


def neutral(text: str) -> str:
    """The text so that no spreadsheet takes it for a formula: a leading apostrophe, as OWASP advises. One more stands
    where apostrophes stood before, so that `original` gives back every text.
    """
    return f"'{text}" if LIVE.match(text) else text


def original(text: str) -> str:
    return text[1:] if GUARDED.match(text) else text


def _write_csv(
    target: BinaryIO, encoding: str, note: str, labels: Sequence[str], rows: Iterable[Sequence[object]]
) -> int:
    """Texts stand in quotes: no other separator can break a cell open."""
    written = 0

    def counted() -> Iterator[list[object]]:
        nonlocal written
        for row in rows:
            written += 1
            yield [_csv_cell(value) for value in row]

    out = io.TextIOWrapper(target, encoding=encoding, newline="", write_through=False)
    writer = csv.writer(out, lineterminator="\r\n", quoting=csv.QUOTE_NONNUMERIC)
    writer.writerows([neutral(cell) for cell in line] for line in ([note], labels))
    writer.writerows(counted())
    out.flush()
    out.detach()
    return written


def _csv_cell(value: object) -> object:
    if value is None:
        return ""
    if isinstance(value, datetime):
        return f"{value.astimezone(clock.CITY):%Y-%m-%d %H:%M}"
    if isinstance(value, int | float) and not isinstance(value, bool):
        return value
    return str(value) if isinstance(value, Decimal) else neutral(str(value))


def _write_workbook(
    target: BinaryIO, note: str, labels: Sequence[str], rows: Iterable[Sequence[object]], scratch: str
) -> int:
    book = xlsxwriter.Workbook(
        target,
        {
            "constant_memory": True,
            "tmpdir": scratch,
            "remove_timezone": True,
            "default_date_format": "yyyy-mm-dd hh:mm",
        },
    )
    book.set_properties({"comments": note, "created": clock.now().astimezone(clock.CITY).replace(tzinfo=None)})
    formats = {
        "bold": book.add_format({"bold": True, "bottom": 1}),
        "note": book.add_format({"italic": True, "font_color": "#555555"}),
        "day": book.add_format({"num_format": "yyyy-mm-dd"}),
        "text": book.add_format({"num_format": "@"}),
    }
    written, coming = 0, iter(rows)
    while True:
        first = next(coming, None)
        if first is None and written:
            break
        begun = () if first is None else (first,)
        written += _write_sheet(book, formats, note, labels, chain(begun, islice(coming, SHEET_ROWS_MAX - len(begun))))
        if first is None:
            break
    book.close()
    return written


def _write_sheet(
    book: Any, formats: dict[str, Any], note: str, labels: Sequence[str], rows: Iterable[Sequence[object]]
) -> int:
    """One sheet with the note above and, on paper, under every page."""
    sheet = book.add_worksheet()
    sheet.freeze_panes(2, 0)
    sheet.repeat_rows(0, 1)
    sheet.set_landscape()
    sheet.set_footer(f"&L&8{note[:FOOTER_LENGTH_MAX].replace('&', '&&')}&R&8&P / &N")
    sheet.write_string(0, 0, _fitting(note), formats["note"])
    widths = [_width(label) for label in labels]
    for column, label in enumerate(labels):
        sheet.write_string(1, column, label, formats["bold"])
    written = 0
    for written, row in enumerate(rows, start=1):
        for column, value in enumerate(row):
            _write_cell(sheet, written + 1, column, value, formats)
            if written <= SAMPLE_ROWS:
                widths[column] = max(widths[column], _width(str(_csv_cell(value))))
    for column, width in enumerate(widths):
        sheet.set_column(column, column, min(max(width + 2, WIDTH_MIN), WIDTH_MAX))
    if written:
        sheet.autofilter(1, 0, written + 1, len(labels) - 1)
    return written


def _write_cell(sheet: Any, line: int, column: int, value: object, formats: dict[str, Any]) -> None:
    if isinstance(value, str):
        if value:
            sheet.write_string(line, column, _fitting(value), formats["text"])
    elif isinstance(value, datetime):
        sheet.write_datetime(line, column, value.astimezone(clock.CITY))
    elif isinstance(value, date):
        sheet.write_datetime(line, column, value, formats["day"])
    elif isinstance(value, int | float | Decimal) and not isinstance(value, bool):
        sheet.write_number(line, column, value)
    elif value is not None:
        sheet.write_string(line, column, _fitting(str(value)), formats["text"])


def _fitting(text: str) -> str:
    return text if len(text) <= CELL_LENGTH_MAX else f"{text[: CELL_LENGTH_MAX - 1]}…"


def _width(text: str) -> int:
    return sum(2 if unicodedata.east_asian_width(sign) in WIDE else 1 for sign in text[:WIDTH_MAX])
