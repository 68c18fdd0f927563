"""A spreadsheet as a street office sends it: taken in, decided, given back, and taken in again."""

import io
from uuid import UUID, uuid4

import openpyxl
import pytest
import xlsxwriter

from bihuan.kernel import clock
from bihuan.modules.arrivals import actions, queries
from bihuan.modules.arrivals.models import Arrival, Batch, BatchRow
from bihuan.modules.people.models import Person
from tests.modules.arrivals.test_actions import resident_id
from tests.world import World, world

SHANGHAI = "310000"

TITLE = "某街道返乡人员登记表（第 12 期）"
UPPER = ["序号", "基本信息", "", "", "行程", "", "", "备用"]
LOWER = ["", "姓名", "身份证号码（必填）", "手机号", "来源地", "出发日期", "到达时间", ""]


@pytest.fixture
def city(db: None) -> World:
    return world()


def take_in(city: World, content: bytes, name: str = "名单.xlsx", **how) -> actions.ImportResult:
    return actions.import_arrivals(content, name, at=clock.now(), by=city.actor("gate_officer"), key=uuid4(), **how)


def terrible() -> bytes:
    """Title, headers in two lines, a merged cell, a formula, "as above", months that only another row shows, a rounded
    number, a repeated row, hidden rows, a total and a footnote; on the second of two sheets.
    """
    out = io.BytesIO()
    book = xlsxwriter.Workbook(out, {"in_memory": True})
    book.add_worksheet("填表说明").write(0, 0, "请按身份证填写")
    sheet = book.add_worksheet("名单")
    sheet.merge_range(0, 0, 0, 7, TITLE)
    sheet.merge_range(1, 1, 1, 3, "基本信息")
    sheet.merge_range(1, 4, 1, 6, "行程")
    rows = [
        [1, "张　三", resident_id(1), "１３８００００００01", "上海市", "6/19/2022", "2022/6/20 15:30"],
        [2, "李四", resident_id(2).lower(), "13800000002.0", "同上", "6/18/2022", "2022年6月20日下午3点半"],
        [3, "王五", 410802199001011234, "13800000003", "上海市", "6/18/2022", "2022-06-20"],
        [4, "赵六", resident_id(4), "3913567890", "上海市", "18/6/2022", "2022-06-20"],
        [5, "孙七", resident_id(5)[:17], "13800000005", "上海市", "6/18/2022", "2022-06-20"],
        [6, "周八", "", "13800000006", "同上", "5/6/2022", "2022-06-20"],
        [7, "张　三", resident_id(1), "１３８００００００01", "上海市", "6/19/2022", "2022/6/20 15:30"],
        [8, "", "", "", "", "", ""],
        ["合计", "7人", "", "", "", "", ""],
        ["填表人：王某", "", "", "", "", "", ""],
    ]
    for column, (upper, lower) in enumerate(zip(UPPER, LOWER, strict=True)):
        if upper and column not in (1, 4):
            sheet.write_string(1, column, upper)
        sheet.write_string(2, column, lower)
    for number, cells in enumerate(rows, start=3):
        for column, cell in enumerate(cells):
            sheet.write(number, column, cell)
    sheet.write_formula(3, 4, '="上海"&"市"', None, "上海市")
    sheet.set_row(4, None, None, {"hidden": True})
    book.close()
    return out.getvalue()


def outcomes(batch: UUID | None) -> dict[int, str]:
    return dict(BatchRow.objects.filter(batch_id=batch).order_by("number").values_list("number", "outcome"))


class TestTerribleFile:
    def test_loses_nobody_and_says_everything(self, city: World):
        result = take_in(city, terrible())
        assert outcomes(result.batch) == {
            4: "created",
            5: "created",
            6: "rejected",
            7: "created",
            8: "rejected",
            9: "doubtful",
            10: "duplicate",
        }
        assert {(problem.row, problem.code) for problem in result.problems} == {
            (6, "id_precision"),
            (7, "phone_zero_lost"),
            (8, "id_length"),
            (9, "date_mixed"),
        }
        assert {problem.code for problem in result.told} == {
            "sheet_chosen",
            "title_rows",
            "header_two_lines",
            "header_remark",
            "column_unknown",
            "rows_hidden",
            "row_only_numbered",
            "total_row",
            "footnote_row",
        }
        li = Arrival.objects.select_related("person", "origin").get(person__name="李四")
        assert (li.person.id_number, li.person.phone, li.origin.code) == (resident_id(2), "13800000002", SHANGHAI)
        assert f"{li.expected_at.astimezone(clock.CITY):%Y-%m-%d %H:%M}" == "2022-06-20 15:30"

    def test_is_the_same_when_it_is_taken_in_again(self, city: World):
        take_in(city, terrible())
        again = take_in(city, terrible())
        assert (again.created, again.duplicate, again.rejected, again.doubtful) == (0, 4, 2, 1)
        assert Person.objects.count() == 3

    def test_keeps_what_as_above_stood_for_until_an_officer_decides(self, city: World):
        batch = take_in(city, terrible()).batch
        doubtful = BatchRow.objects.get(batch_id=batch, outcome="doubtful")
        arrival = actions.take_in_row(
            doubtful.id, reason="已电话核实", at=clock.now(), by=city.actor("gate_officer"), key=uuid4()
        )
        found = Arrival.objects.select_related("person", "origin").get(id=arrival)
        assert (found.person.name, found.origin.code) == ("周八", SHANGHAI)
        assert f"{found.departed_at:%Y-%m-%d}" == "2022-05-06"

    def test_comes_back_with_every_reason_and_corrected_goes_in_again(self, city: World):
        batch = take_in(city, terrible()).batch
        assert batch is not None
        out = io.BytesIO()
        queries.annotated(batch, "zh-hans", out)
        book = openpyxl.load_workbook(out)
        sheet = book.worksheets[0]
        headers = [cell.value for cell in sheet[1]]
        assert headers[-5:] == ["行号", "结果", "原因", "处理办法", "登记编号"]
        number, outcome = headers.index("身份证号码（必填）") + 1, headers.index("结果") + 1
        lost = sheet.cell(4, number)
        assert (lost.value, lost.fill.fgColor.rgb) == ("410802199001011000", "FFF8B4B4")
        assert "后三位已丢失" in lost.comment.text
        assert sheet.cell(4, outcome).value == "未导入"
        assert any("合计" in row[0].value for row in book.worksheets[1].iter_rows())
        lost.value, sheet.cell(6, number).value = resident_id(3), resident_id(5)
        corrected = io.BytesIO()
        book.save(corrected)
        again = take_in(city, corrected.getvalue(), "批注表.xlsx")
        assert (again.created, again.rejected) == (2, 0)
        assert {problem.code for problem in again.told} <= {"column_unknown", "header_remark", "sheet_chosen"}


class TestColumnsOfAnIssuer:
    FILE = "旅客,证件,预计到达时间\n张三,{number},2022-06-20\n"

    def file(self, number: int) -> bytes:
        return self.FILE.format(number=resident_id(number)).encode("gb18030")

    def test_are_said_once_and_known_from_then_on(self, city: World):
        with pytest.raises(queries.FileRefused):
            take_in(city, self.file(1), issuer="某客运公司")
        said = {"旅客": "姓名", "证件": "证件号码"}
        first = take_in(city, self.file(1), "一.csv", issuer="某客运公司", columns=said)
        assert first.created == 1
        assert dict(first.columns) == {**said, "预计到达时间": "预计到达时间"}
        assert take_in(city, self.file(2), "二.csv", issuer="某客运公司").created == 1
        with pytest.raises(queries.FileRefused):
            take_in(city, self.file(3), "三.csv", issuer="另一公司")

    def test_are_kept_by_a_file_whose_taking_in_was_broken_off(self, city: World, monkeypatch: pytest.MonkeyPatch):
        """What another file of the issuer said in between does not change how the rest of it is read."""
        how = {"issuer": "某客运公司", "columns": {"旅客": "姓名", "证件": "证件号码"}}
        monkeypatch.setattr("bihuan.modules.arrivals.actions.importing.finish_batch", stopped)
        with pytest.raises(Stopped):
            take_in(city, self.file(1), "一.csv", **how)
        monkeypatch.undo()
        result = take_in(city, self.file(1), "一.csv", issuer="某客运公司")
        assert (result.created, Batch.objects.count()) == (1, 1)


class Stopped(Exception):
    """The process died here."""


def stopped(*_given: object, **_more: object) -> None:
    raise Stopped
