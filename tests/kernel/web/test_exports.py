"""What a spreadsheet gets: never a formula, never a damaged identifier."""

import csv
import io
from datetime import UTC, date, datetime
from decimal import Decimal

import openpyxl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bihuan.kernel.web.exports import RUNS_IN_SPREADSHEET, as_csv, as_xlsx

ANY_TEXT = st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=20)


@given(st.one_of(ANY_TEXT, ANY_TEXT.map(lambda text: "=" + text), ANY_TEXT.map(lambda text: "\t@" + text)))
def test_no_text_becomes_a_formula_in_csv(text: str) -> None:
    rows = list(csv.reader(io.StringIO(as_csv(["a"], [[text, "x"]]).decode("utf-8-sig"), newline="")))
    assert not rows[1][0].startswith(RUNS_IN_SPREADSHEET)
    assert rows[1][0].removeprefix("'") == text.removeprefix("'")


@pytest.mark.parametrize("text", ["=1+1", "+86 391", "-5", "@SUM(A1)", "=cmd|'/C calc'!A0"])
def test_no_text_becomes_a_formula_in_a_workbook(text: str) -> None:
    cell = openpyxl.load_workbook(io.BytesIO(as_xlsx(["a"], [[text]]))).active["A2"]
    assert (cell.data_type, cell.value) == ("s", text)


def test_begins_with_a_bom_so_that_chinese_is_read() -> None:
    assert as_csv(["姓名"], []).startswith(b"\xef\xbb\xbf")


def test_writes_moments_in_the_citys_time() -> None:
    moment = datetime(2022, 6, 20, 16, 30, tzinfo=UTC)
    assert b"2022-06-21 00:30" in as_csv(["at"], [[moment]])
    cell = openpyxl.load_workbook(io.BytesIO(as_xlsx(["at", "on"], [[moment, date(2022, 6, 21)]]))).active
    assert cell["A2"].value == datetime(2022, 6, 21, 0, 30)  # noqa: DTZ001 - a workbook knows no zones
    assert cell["B2"].value == datetime(2022, 6, 21)  # noqa: DTZ001


def test_keeps_numbers_numbers_and_nothing_empty() -> None:
    assert as_csv(["n"], [[-5, Decimal("36.5"), None, True]]).decode("utf-8-sig").split("\r\n")[1] == "-5,36.5,,True"
