"""Files that people open in a spreadsheet: UTF-8 with BOM, identifiers as text, nothing a spreadsheet would run."""

import csv
import io
from collections.abc import Iterable, Sequence
from datetime import date, datetime
from decimal import Decimal

import xlsxwriter
from django.http import HttpResponse

from bihuan.kernel import clock

FORMATS = ("csv", "xlsx")
TYPES = {"csv": "text/csv; charset=utf-8", "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"}
RUNS_IN_SPREADSHEET = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")


def file_response(kind: str, name: str, labels: Sequence[str], rows: Iterable[Sequence[object]]) -> HttpResponse:
    content = as_csv(labels, rows) if kind == "csv" else as_xlsx(labels, rows)
    stamp = f"{clock.now().astimezone(clock.CITY):%Y%m%d-%H%M}"
    headers = {"Content-Disposition": f'attachment; filename="{name}-{stamp}.{kind}"', "Cache-Control": "no-store"}
    return HttpResponse(content, content_type=TYPES[kind], headers=headers)


def as_csv(labels: Sequence[str], rows: Iterable[Sequence[object]]) -> bytes:
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow([neutral(label) for label in labels])
    writer.writerows([_csv_cell(value) for value in row] for row in rows)
    return out.getvalue().encode("utf-8-sig")


def as_xlsx(labels: Sequence[str], rows: Iterable[Sequence[object]]) -> bytes:
    out = io.BytesIO()
    book = xlsxwriter.Workbook(
        out, {"in_memory": True, "remove_timezone": True, "default_date_format": "yyyy-mm-dd hh:mm"}
    )
    sheet = book.add_worksheet()
    bold, day, text = (
        book.add_format({"bold": True}),
        book.add_format({"num_format": "yyyy-mm-dd"}),
        book.add_format({"num_format": "@"}),
    )
    sheet.freeze_panes(1, 0)
    for column, label in enumerate(labels):
        sheet.write_string(0, column, label, bold)
        sheet.set_column(column, column, max(12, min(40, 2 * len(label))))
    for number, row in enumerate(rows, start=1):
        for column, value in enumerate(row):
            if isinstance(value, datetime):
                sheet.write_datetime(number, column, value.astimezone(clock.CITY))
            elif isinstance(value, date):
                sheet.write_datetime(number, column, value, day)
            elif isinstance(value, int | float | Decimal) and not isinstance(value, bool):
                sheet.write_number(number, column, value)
            elif value is not None:
                sheet.write_string(number, column, str(value), text)
    book.close()
    return out.getvalue()


def neutral(text: str) -> str:
    """The text so that no spreadsheet takes it for a formula: a leading apostrophe, as OWASP advises."""
    return f"'{text}" if text.startswith(RUNS_IN_SPREADSHEET) else text


def _csv_cell(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, datetime):
        return f"{value.astimezone(clock.CITY):%Y-%m-%d %H:%M}"
    if isinstance(value, int | float | Decimal) and not isinstance(value, bool):
        return str(value)
    return neutral(str(value))
