"""Sheets read while they are unpacked: every value as another reader of workbooks reads it, and what is no sheet is
refused.
"""

import io
import random
from datetime import datetime, timedelta

import pytest
import xlsxwriter
from python_calamine import CalamineWorkbook

from bihuan.kernel.files import FileProblem
from bihuan.kernel.files.workbooks import Workbook
from tests.kernel.files.sheets import rezipped

FORMATS = (
    *('yyyy"年"m"月"d"日"', "h:mm", "[h]:mm", "0.00", "@", "m/d/yy", "yyyy/m/d h:mm:ss", "[$-804]aaaa", "General"),
    *("0.00E+00", "#,##0", "[Red]0;[Blue]0", '"day" 0', "d-mmm", "mm:ss.0", "yyyy-mm-dd;@"),
)
TEXTS = ("张三", " a ", "x\ny", "_x0041_", "&<>\"'", "<b>", "𠮷", "同上", "")
NUMBERS = (0, 1, -5, 3.14, 410802199001011234, 0.1 + 0.2, 44731, 44731.5, 60, 59, 1e-7)
DAY = datetime(2022, 6, 1)  # noqa: DTZ001 - a spreadsheet knows no zone
HUGE = 410802199001011234


def some_workbook(seed: int) -> bytes:
    """Every kind of cell in every format, by chance."""
    dice = random.Random(seed)  # noqa: S311
    out = io.BytesIO()
    book = xlsxwriter.Workbook(out, {"in_memory": True, "date_1904": seed % 4 == 3})
    shapes = [book.add_format({"num_format": one}) for one in FORMATS]
    bold = book.add_format({"bold": True})
    sheet = book.add_worksheet()
    for row in range(dice.randrange(3, 30)):
        for column in range(7):
            shape, kind = dice.choice(shapes), dice.randrange(8)
            if kind == 0:
                sheet.write_string(row, column, dice.choice(TEXTS))
            elif kind == 1:
                number = dice.choice(NUMBERS)
                sheet.write_number(row, column, number, None if number == HUGE else shape)
            elif kind == 2:
                sheet.write_datetime(row, column, DAY + timedelta(seconds=dice.randrange(10**7)), shape)
            elif kind == 3:
                sheet.write_boolean(row, column, dice.random() < 0.5)
            elif kind == 4:
                sheet.write_formula(row, column, "=1+1", shape, dice.choice([2, "上海", 44731, True, ""]))
            elif kind == 5:
                sheet.write_blank(row, column, None, shape)
            elif kind == 6:
                sheet.write_rich_string(row, column, bold, "粗", shapes[0], "斜 ")
    book.close()
    return out.getvalue()


def typed(cell: object) -> str:
    """A value of the other reader as ours gives it."""
    if isinstance(cell, datetime):
        is_day = (cell.hour, cell.minute, cell.second) == (0, 0, 0)
        return cell.date().isoformat() if is_day else cell.isoformat(" ", "seconds")
    if isinstance(cell, bool):
        return str(cell).upper()
    if isinstance(cell, float):
        return f"{cell:.15g}"
    return cell.isoformat() if hasattr(cell, "isoformat") else str(cell)  # type: ignore[no-any-return]


def ours(content: bytes) -> dict[int, tuple[str, ...]]:
    book = Workbook(content)
    marks = book.marks(book.sheets[0])
    return {number: cells for number, cells, _marks in book.rows(book.sheets[0], marks) if any(cells)}


class TestValues:
    @pytest.mark.parametrize("seed", range(24))
    def test_are_those_of_another_reader(self, seed: int):
        content = some_workbook(seed)
        sheet = CalamineWorkbook.from_object(io.BytesIO(content)).get_sheet_by_index(0)
        others = {number: [typed(cell) for cell in row] for number, row in enumerate(sheet.iter_rows(), start=1)}
        for number, cells in ours(content).items():
            for mine, other in zip(cells, others[number], strict=True):
                assert mine == other or float(mine) == float(other), (number, mine, other)
        assert set(ours(content)) == {number for number, row in others.items() if any(row)}

    def test_that_no_calendar_has_are_shown_as_numbers(self):
        """A column of ID numbers that was made a date once does not spoil the file."""
        out = io.BytesIO()
        book = xlsxwriter.Workbook(out, {"in_memory": True})
        sheet = book.add_worksheet()
        for column, shape in enumerate(("yyyy-mm-dd", "[h]:mm")):
            sheet.write_number(0, column, HUGE, book.add_format({"num_format": shape}))
        book.close()
        assert ours(out.getvalue()) == {1: ("410802199001011000", "410802199001011000")}


class TestSheets:
    @pytest.mark.parametrize(
        ("old", "new"), [(b"<v>0</v>", b"<v>999</v>"), (b'<row r="2"', b'<row r="1"'), (b"<v>0</v>", b"<v>x</v>")]
    )
    def test_that_cannot_be_right_are_refused(self, old: bytes, new: bytes):
        out = io.BytesIO()
        book = xlsxwriter.Workbook(out, {"in_memory": True})
        sheet = book.add_worksheet()
        sheet.write_string(0, 0, "姓名")
        sheet.write_string(1, 0, "张三")
        book.close()
        content = rezipped(out.getvalue(), lambda name, part: part.replace(old, new) if "sheet1" in name else part)
        with pytest.raises(FileProblem) as problem:
            ours(content)
        assert problem.value.code == "file_unreadable"
