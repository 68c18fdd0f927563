"""A file given back says what was wrong, runs nothing, loses nothing, and can come in again."""

import csv
import io
import zipfile

import openpyxl  # type: ignore[import-untyped]
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bihuan.kernel.files import Line, Mark, Returned, as_csv, as_workbook, neutral, returned_headers
from tests.kernel.files.sheets import HEADERS, ID, STEADY, notes, read, row, second, text, workbook


def returned(lines: list[Line], language: str = "zh") -> list[Returned]:
    return [
        Returned(
            line.number,
            line.sent,
            "未接收" if line.grade == "rejected" else "已登记",
            [Mark(note.column, note.grade, note.reason(language), note.remedy(language)) for note in line.notes],
        )
        for line in lines
    ]


def sheet_of(rows: list[Returned], about: list[Mark] | None = None, headers: list[str] = HEADERS) -> bytes:
    out = io.BytesIO()
    as_workbook(headers, rows, "zh", out, about or [])
    return out.getvalue()


def table_of(rows: list[Returned], language: str) -> tuple[list[str], list[list[str]]]:
    return [*HEADERS, *returned_headers()[language]], [[*one.cells, *one.added()] for one in rows]


BAD = text(row(证件号码=ID[:17]), second(出发时间="6/5/2022"), second(姓名="王五", 证件号码="", 座位号=" 7 "))


class TestAsWorkbook:
    def test_colours_bad_cells_and_comments_them(self):
        _intake, lines = read(BAD)
        book = openpyxl.load_workbook(io.BytesIO(sheet_of(returned(lines), [Mark("", "told", "一", "二")])))
        sheet = book.worksheets[0]
        bad, good = sheet["E2"], sheet["A2"]
        assert bad.value == ID[:17]
        assert "不是 18 位" in bad.comment.text
        assert bad.fill.fgColor.rgb == "FFF8B4B4"
        assert good.comment is None
        assert good.fill.fill_type is None
        assert [cell.value for cell in sheet[1]][-5:] == ["行号", "结果", "原因", "处理办法", "登记编号"]
        assert sheet["M2"].value == "未接收"
        assert "证件号码: 身份证号" in sheet["N2"].value
        assert book.worksheets[1]["A2"].value == "一"

    def test_comes_in_again_as_it_was(self):
        _intake, lines = read(BAD)
        again = read(sheet_of(returned(lines)))[1]
        assert [line.sent[: len(HEADERS)] for line in again] == [line.sent for line in lines]
        assert [[note.code for note in line.notes] for line in again] == [
            [note.code for note in line.notes] for line in lines
        ]

    def test_holds_no_formula_whatever_was_sent(self):
        rows = [Returned(2, ["=1+1", "@SUM(A1)", "https://example.org", "+1", "-1"], "=2", [])]
        content = sheet_of(rows, headers=list("abcde"))
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            xml = archive.read("xl/worksheets/sheet1.xml")
        assert b"<f>" not in xml
        assert b"<hyperlink" not in xml

    def test_keeps_every_digit_and_every_leading_zero(self):
        content = sheet_of([Returned(2, [ID, "0391"], "", [])], headers=["证件号码", "区号"])
        sheet = openpyxl.load_workbook(io.BytesIO(content)).worksheets[0]
        assert [sheet["A2"].value, sheet["B2"].value, sheet["A2"].number_format] == [ID, "0391", "@"]

    def test_shortens_a_cell_that_no_spreadsheet_holds(self):
        content = sheet_of([Returned(2, ["长" * 40_000], "", [])], headers=["甲"])
        assert len(openpyxl.load_workbook(io.BytesIO(content)).worksheets[0]["A2"].value) == 32_767


class TestAsCsv:
    def test_comes_in_again_as_it_was(self):
        _intake, lines = read(BAD)
        content = b"".join(as_csv(*table_of(returned(lines), "zh")))
        again = read(content)[1]
        assert [line.sent[: len(HEADERS)] for line in again] == [line.sent for line in lines]

    def test_is_piece_by_piece_the_whole(self):
        rows = [Returned(number, row(), "", []) for number in range(2000)]
        pieces = list(as_csv(*table_of(rows, "en")))
        assert len(pieces) > 1
        assert b"".join(pieces).decode("utf-8-sig").count("\r\n") == 2001

    @STEADY
    @given(st.lists(st.lists(st.text(max_size=8), min_size=2, max_size=2), max_size=4))
    def test_holds_no_cell_that_a_spreadsheet_would_run(self, rows: list[list[str]]):
        content = b"".join(as_csv(["a", "b"], rows))
        for cells in csv.reader(io.StringIO(content.decode("utf-8-sig"), newline="")):
            for cell in cells:
                assert not cell.startswith(("=", "-", "@", "\t", "\r", "\n")), cell
                assert not cell.startswith("+") or cell[1:].replace(" ", "").replace("-", "").isdecimal()


class TestNeutral:
    @pytest.mark.parametrize(
        ("sent", "given_back"),
        [
            ("=1+1", "'=1+1"),
            ("+86 138-0000-0001", "+86 138-0000-0001"),
            ("+1+cmd|' /C calc'!A0", "'+1+cmd|' /C calc'!A0"),
            ("@x", "'@x"),
            ("-2", "'-2"),
            ("＝1", "'＝1"),
            ("张三", "张三"),
            ("", ""),
        ],
    )
    def test_puts_an_apostrophe_before_what_would_run(self, sent: str, given_back: str):
        assert neutral(sent) == given_back


class TestOurOwnColumns:
    @pytest.mark.parametrize("language", ["zh", "en", "both"])
    def test_are_not_told_of_when_they_come_back(self, language: str):
        content = b"".join(as_csv(*table_of([Returned(2, row(), "x", [])], language)))
        assert notes(content) == []

    @pytest.mark.parametrize("language", ["zh", "en", "both"])
    def test_replace_those_of_the_time_before(self, language: str):
        own = list(returned_headers()[language])
        sent = [*row(), "2", "已登记", "", "", "R1"]
        again = b"".join(as_csv([*HEADERS, *own, *returned_headers()["both"]], [[*sent, "2", "new", "", "", "R2"]]))
        table = list(csv.reader(io.StringIO(again.decode("utf-8-sig"), newline="")))
        assert table[0] == [*HEADERS, *returned_headers()["both"]]
        assert table[1] == [*row(), "2", "new", "", "", "R2"]
        book = sheet_of(
            [Returned(2, sent, "已更新", [Mark(HEADERS[0], "rejected", "一", "二")])], headers=[*HEADERS, *own]
        )
        sheet = openpyxl.load_workbook(io.BytesIO(book)).worksheets[0]
        assert [cell.value for cell in sheet[1]] == [*HEADERS, *returned_headers()["zh"]]
        assert sheet.cell(2, len(HEADERS) + 2).value == "已更新"

    def test_of_the_sender_stay(self):
        table = b"".join(as_csv(["原因", "结果", *returned_headers()["both"]], [["1", "2", *"abcde"]]))
        assert table.decode("utf-8-sig").splitlines()[1] == "1,2,a,b,c,d,e"

    def test_stand_in_a_workbook_of_ours_too(self):
        assert [note.code for note in notes(workbook([*row(), "2"], headers=[*HEADERS, "行号"]))] == []
