"""A small file at once: its bytes made a table, its headers recognised as a form."""

import csv
import io
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from charset_normalizer import from_bytes
from python_calamine import CalamineError, CalamineWorkbook

from .forms import Column, Form, header_key
from .problems import FileProblem

HEADER_ROWS_MAX = 10
ZIP_SIGNATURE = b"PK\x03\x04"
OLE_SIGNATURE = b"\xd0\xcf\x11\xe0"


@dataclass(frozen=True, slots=True)
class Table:
    """The rows of a file as text. `numbers` are the rows' numbers as a spreadsheet shows them."""

    headers: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    numbers: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Recognised:
    """A form, and at which position of the file each of its columns stands."""

    form: Form
    places: tuple[tuple[int, Column], ...]
    table: Table


def read_table(content: bytes, known: frozenset[str]) -> list[tuple[int, tuple[str, ...]]]:
    """Every row that is not empty, as text, with its number. `known` (header keys) tells a right decoding from a
    wrong one.
    """
    if not content.strip():
        raise FileProblem("file_empty")
    rows = _workbook_rows(content) if content.startswith((ZIP_SIGNATURE, OLE_SIGNATURE)) else _text_rows(content, known)
    return [(number, row) for number, row in enumerate(rows, start=1) if any(cell.strip() for cell in row)]


def recognise(rows: Sequence[tuple[int, tuple[str, ...]]], forms: Sequence[Form]) -> Recognised:
    """Find the header row and the form it belongs to, or say what is missing."""
    if not rows:
        raise FileProblem("file_empty")
    for position, (_, headers) in enumerate(rows[:HEADER_ROWS_MAX]):
        keys = [header_key(header) for header in headers]
        for form in forms:
            if form.signature and all(header_key(header) in keys for header in form.signature):
                return _recognised(form, keys, headers, rows[position + 1 :])
    for position, (_, headers) in enumerate(rows[:HEADER_ROWS_MAX]):
        keys = [header_key(header) for header in headers]
        for form in forms:
            known = {header_key(header) for column in form.columns for header in column.headers}
            if not form.signature and sum(key in known for key in keys) >= 2:
                return _recognised(form, keys, headers, rows[position + 1 :])
    template = next(form for form in forms if not form.signature)
    raise FileProblem("header_unknown", [column.headers[0] for column in template.columns if column.is_needed])


def _recognised(
    form: Form, keys: list[str], headers: tuple[str, ...], rows: Sequence[tuple[int, tuple[str, ...]]]
) -> Recognised:
    places: list[tuple[int, Column]] = []
    missing: list[str] = []
    for column in form.columns:
        wanted = [header_key(header) for header in column.headers]
        found = [position for position, key in enumerate(keys) if key in wanted]
        places.extend((position, column) for position in found[:1])
        if not found and (form.is_whole or column.is_needed):
            missing.append(column.headers[0])
    if missing:
        raise FileProblem("columns_missing" if rows else "columns_missing_no_rows", missing)
    present = {column.field for _, column in places}
    for group in form.any_of:
        if present.isdisjoint(group):
            raise FileProblem("columns_missing", [c.headers[0] for c in form.columns if c.field in group])
    if not rows:
        raise FileProblem("no_rows")
    table = Table(headers=headers, rows=tuple(row for _, row in rows), numbers=tuple(number for number, _ in rows))
    return Recognised(form=form, places=tuple(places), table=table)


def _text_rows(content: bytes, known: frozenset[str]) -> list[tuple[str, ...]]:
    text = decoded(content, known)
    first = text.split("\n", 1)[0]
    delimiter = max((",", "\t", ";"), key=first.count)
    try:
        return [tuple(row) for row in csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=False)]
    except csv.Error:
        raise FileProblem("file_unreadable") from None


def decoded(content: bytes, known: frozenset[str]) -> str:
    """Bytes as text: UTF-8 (with or without BOM), UTF-16 by its BOM, GB18030 where its headers then read; else the
    likeliest guess.
    """
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        return _strictly(content, "utf-16") or ""
    for encoding in ("utf-8-sig", "gb18030"):
        text = _strictly(content, encoding)
        if text is not None and (encoding == "utf-8-sig" or _reads(text, known)):
            return text
    guess = from_bytes(content[:200_000]).best()
    text = _strictly(content, guess.encoding) if guess else None
    if text is None or "\x00" in text:
        raise FileProblem("file_unreadable")
    return text


def _strictly(content: bytes, encoding: str) -> str | None:
    try:
        return content.decode(encoding)
    except (UnicodeDecodeError, LookupError):
        return None


def _reads(text: str, known: frozenset[str]) -> bool:
    head = text.split("\n", HEADER_ROWS_MAX)[:HEADER_ROWS_MAX]
    return any(header_key(cell) in known for line in head for cell in re.split(r"[,;\t]", line))


def _workbook_rows(content: bytes) -> list[tuple[str, ...]]:
    try:
        workbook = CalamineWorkbook.from_filelike(io.BytesIO(content))
        sheet = workbook.get_sheet_by_index(0)
        rows = sheet.to_python(skip_empty_area=False)
    except (CalamineError, OSError):
        raise FileProblem("file_unreadable") from None
    return [tuple(_cell_text(cell) for cell in row) for row in rows]


def _cell_text(cell: object) -> str:
    """A spreadsheet cell as it would be typed: dates year first, whole numbers without a decimal point."""
    if isinstance(cell, datetime):
        return (
            cell.strftime("%Y-%m-%d %H:%M:%S")
            if (cell.hour, cell.minute, cell.second) != (0, 0, 0)
            else cell.strftime("%Y-%m-%d")
        )
    if isinstance(cell, date):
        return cell.isoformat()
    if isinstance(cell, bool):
        return str(cell).upper()
    if isinstance(
        cell, float
    ):  # a spreadsheet keeps fifteen digits; the rest of a longer number is lost and shows as zeros
        return format(Decimal(f"{cell:.15g}"), "f")
    return str(cell)
