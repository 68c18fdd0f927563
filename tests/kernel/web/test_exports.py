"""What a spreadsheet gets: never a formula, never a damaged identifier, every character, on every sheet who took it."""

import csv
import io
import tempfile
from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime
from decimal import Decimal

import openpyxl
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from bihuan.kernel.files.characters import repaired
from bihuan.kernel.web import exports

LIVE = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
ANY_TEXT = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=20)
TRAPS = st.builds(
    lambda guard, sign, text: guard + sign + text, st.sampled_from(["", "'", "''"]), st.sampled_from(LIVE), ANY_TEXT
)
NOTE = "导出编号 7"


def written(form: str, labels: Sequence[str], rows: Iterable[Sequence[object]], note: str = NOTE) -> bytes:
    out = io.BytesIO()
    with tempfile.TemporaryDirectory() as scratch:
        exports.write(form, out, note=note, labels=labels, rows=rows, scratch=scratch)
    return out.getvalue()


def csv_lines(content: bytes, encoding: str = "utf-8-sig", delimiter: str = ",") -> list[list[str]]:
    return list(csv.reader(io.StringIO(content.decode(encoding), newline=""), delimiter=delimiter))


def sheet_of(content: bytes) -> object:
    return openpyxl.load_workbook(io.BytesIO(content)).active


@given(st.lists(st.one_of(ANY_TEXT, TRAPS), min_size=1, max_size=5), st.sampled_from(["csv", "gb18030"]))
@example(["a;=1+1", "x\ty"], "csv")
@example(['"=1+1', "'"], "csv")
def test_no_cell_of_a_csv_file_is_live_and_each_can_be_given_back(texts: list[str], form: str) -> None:
    content = written(form, ["甲"], [texts])
    encoding = "utf-8-sig" if form == "csv" else "gb18030"
    cells = csv_lines(content, encoding)[2]
    assert not any(cell.startswith(LIVE) for cell in cells)
    assert [exports.original(cell) for cell in cells] == texts


@pytest.mark.parametrize("delimiter", [";", "\t"])
def test_no_other_separator_breaks_a_cell_open(delimiter: str) -> None:
    content = written("csv", ["a", "b"], [[f"x{delimiter}=1+1", f"y{delimiter}@SUM(A1)"]])
    first = csv_lines(content, delimiter=delimiter)[2][0]
    assert first.startswith(f"x{delimiter}=1+1")


@given(ANY_TEXT, ANY_TEXT)
def test_neutral_texts_stay_apart(one: str, other: str) -> None:
    assert (exports.neutral(one) == exports.neutral(other)) == (one == other)


@pytest.mark.parametrize("text", ["=1+1", "+86 391", "-5", "@SUM(A1)", "'=1", "''-1"])
def test_our_own_reader_takes_the_guard_away(text: str) -> None:
    assert repaired(exports.neutral(text)) == (text, ["text_guard"])


@pytest.mark.parametrize("text", ["=1+1", "+86 391", "-5", "@SUM(A1)", "=cmd|'/C calc'!A0", "\t=1", "{=1}", "\r=1"])
def test_no_text_becomes_a_formula_in_a_workbook(text: str) -> None:
    cell = sheet_of(written("xlsx", ["a"], [[text]]))["A3"]
    assert cell.data_type == "s"
    assert cell.value.replace("_x000D_", "\r").replace("\n", "\r") == text


def test_labels_and_the_note_are_neutral_too() -> None:
    lines = csv_lines(written("csv", ["=1"], [], note="=2"))
    assert lines == [["'=2"], ["'=1"]]
    assert sheet_of(written("xlsx", ["=1"], [], note="=2"))["A1"].data_type == "s"


def test_gb18030_holds_every_character_there_is() -> None:
    everything = [chr(code) for code in range(1, 0x110000) if not 0xD800 <= code <= 0xDFFF]
    rows = [["".join(everything[start : start + 5_000])] for start in range(0, len(everything), 5_000)]
    lines = csv_lines(written("gb18030", ["字"], rows), "gb18030")
    assert [exports.original(line[0]) for line in lines[2:]] == [row[0] for row in rows]


def test_begins_with_a_bom_so_that_chinese_is_read() -> None:
    assert written("csv", ["姓名"], []).startswith(b"\xef\xbb\xbf")


def test_identifiers_and_telephone_numbers_stay_text_in_a_workbook() -> None:
    row = ["410811199001010119", "0391-3569012", "013912345678", "1E5", "00123"]
    cells = sheet_of(written("xlsx", list("abcde"), [row]))[3]
    assert [cell.value for cell in cells] == row
    assert {cell.number_format for cell in cells} == {"@"}


def test_writes_moments_in_the_citys_time() -> None:
    moment = datetime(2022, 6, 20, 16, 30, tzinfo=UTC)
    assert csv_lines(written("csv", ["at"], [[moment]]))[2] == ["2022-06-21 00:30"]
    sheet = sheet_of(written("xlsx", ["at", "on"], [[moment, date(2022, 6, 21)]]))
    assert sheet["A3"].value == datetime(2022, 6, 21, 0, 30)  # noqa: DTZ001 - a workbook knows no zones
    assert sheet["B3"].value == datetime(2022, 6, 21)  # noqa: DTZ001


def test_keeps_numbers_numbers_and_nothing_empty() -> None:
    row = [-5, Decimal("36.5"), None, True]
    assert csv_lines(written("csv", ["n"], [row]))[2] == ["-5", "36.5", "", "True"]
    assert [cell.value for cell in sheet_of(written("xlsx", list("abcd"), [row]))[3]] == [-5, 36.5, None, "True"]


def test_goes_on_another_sheet_with_the_note_where_one_is_full(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(exports, "SHEET_ROWS_MAX", 3)
    book = openpyxl.load_workbook(io.BytesIO(written("xlsx", ["n"], ([number] for number in range(6)))))
    assert [[cell.value for cell in sheet["A"]] for sheet in book] == [[NOTE, "n", 0, 1, 2], [NOTE, "n", 3, 4, 5]]
    assert {sheet.freeze_panes for sheet in book} == {"A3"}
    assert all(NOTE in sheet.oddFooter.left.text for sheet in book)


def test_a_text_longer_than_a_cell_is_cut_and_shows_it() -> None:
    value = sheet_of(written("xlsx", ["a"], [["字" * 40_000]]))["A3"].value
    assert (len(value), value[-1]) == (32_767, "…")


@pytest.mark.parametrize("form", list(exports.FORMS))
def test_a_list_without_rows_is_a_file_all_the_same(form: str) -> None:
    assert written(form, ["a"], [])
