"""Files read whole: whatever they are written in, the same table comes out."""

import json
from pathlib import Path

import pytest

from bihuan.kernel.files import FileProblem, Grade, Intake, Plan, header_key, plain
from bihuan.kernel.files.characters import is_even, repaired
from tests.kernel.files.sheets import (
    GOOD,
    HEADERS,
    ID,
    ON,
    OTHER_ID,
    forms,
    notes,
    read,
    resident,
    resident_ending,
    row,
    second,
    table,
    text,
    workbook,
)

ROWS = [tuple(GOOD.values()), tuple(second())]
NAMED = {"utf-8": [], "utf-8-sig": [], "gb18030": ["encoding_named"]}


def values(content: bytes | Path) -> list[tuple[str, ...]]:
    return [line.values for line in read(content)[1]]


class TestTheSameTable:
    @pytest.mark.parametrize(
        "encoding",
        ["utf-8", "utf-8-sig", "gb18030", "gbk", "utf-16", "utf-16-le", "utf-16-be", "utf-32"],
    )
    @pytest.mark.parametrize("delimiter", [",", ";", "\t", "|", "，"])
    @pytest.mark.parametrize("end", ["\r\n", "\n", "\r"])
    def test_comes_out_of_every_encoding_delimiter_and_line_end(self, encoding: str, delimiter: str, end: str):
        content = table(row(), second(), delimiter=delimiter, end=end).encode(encoding)
        assert values(content) == ROWS

    def test_comes_out_of_a_workbook_and_out_of_a_path(self, tmp_path: Path):
        content = workbook(row(), second())
        path = tmp_path / "名单.xlsx"
        path.write_bytes(content)
        assert values(content) == values(path) == ROWS

    def test_is_named_by_its_encoding_and_delimiter(self):
        intake, _lines = read(table(row(), delimiter="\t").encode("gb18030"))
        assert (intake.encoding, intake.delimiter, intake.rows) == ("GB18030", "\t", 1)

    def test_knows_cells_that_hold_delimiters_quotes_and_line_breaks(self):
        content = text(row(目的地地址='"太行社区, ""1号楼""\n2单元"'))
        assert values(content)[0][-1] == '太行社区, "1号楼" 2单元'

    def test_keeps_the_row_numbers_that_a_spreadsheet_shows(self):
        content = text(row(), [], [""] * 11, second())
        assert [line.number for line in read(content)[1]] == [2, 5]

    def test_begins_after_a_line_that_names_the_delimiter(self):
        assert values(b"sep=;\r\n" + text(row(), delimiter=";")) == ROWS[:1]

    def test_without_a_line_break_at_its_end_is_whole(self):
        assert values(text(row(), second())[:-2]) == ROWS
        assert "row_cut" not in {note.code for note in notes(text(row(), second())[:-2])}

    def test_of_another_encoding_than_it_seems_is_doubtful_in_its_cells_only(self):
        content = table(row(), second()).encode("gb18030").replace("李秀英".encode("gb18030"), b"\xff\xff")
        first, last = read(content)[1]
        assert first.grade is None
        assert [note.code for note in last.notes] == ["text_wrecked"]


class TestHeaders:
    @pytest.mark.parametrize(
        "headers",
        [
            [
                "*姓名",
                "性 别",
                "出生日期 ",
                "证件类型",
                "身份证号码",
                "手机号",
                "来源地",
                "出发日期",
                "到达时间",
                "座位",
                "现住址",
            ],
            [
                "Name",
                "Sex",
                "Date of birth",
                "ID type",
                "ID number",
                "Mobile",
                "From",
                "Departed at",
                "Arrival",
                "Seat",
                "Address",
            ],
            [
                "姓　名",
                "性別",
                "出生日期",
                "證件類型",
                "身分證號",
                "手機",
                "來源地",
                "出發時間",
                "到達時間",
                "座位",
                "目的地",
            ],
        ],
    )
    def test_are_known_by_many_names(self, headers: list[str]):
        assert values(text(row(), headers=headers)) == ROWS[:1]

    def test_given_in_are_used_and_given_back(self):
        headers = ["旅客", *HEADERS[1:]]
        with pytest.raises(FileProblem) as problem:
            read(text(row(), headers=headers))
        assert problem.value.code == "columns_missing"
        intake, lines = read(text(row(), headers=headers), learnt={"旅客": "姓名"})
        assert lines[0].values == ROWS[0]
        assert intake.heading.learnt == {"旅客": "姓名", **{one: one for one in intake.heading.headers[1:]}} | {
            one.header: one.column for one in intake.heading.mapping
        }

    def test_never_take_an_unknown_column_for_a_near_one(self):
        headers = [*HEADERS[:5], "紧急联系人电话", *HEADERS[6:]]
        intake, lines = read(text(row(), headers=headers))
        assert {one.header: one.column for one in intake.heading.mapping}["紧急联系人电话"] == ""
        assert lines[0].values == ROWS[0]

    def test_that_come_back_with_our_own_columns_are_passed_over_in_silence(self):
        content = text([*row(), "2", "created"], headers=[*HEADERS, "行号", "结果"])
        assert notes(content) == []

    def test_of_two_lines_are_read_in_a_workbook_with_merged_groups(self):
        def groups(book, sheet):
            sheet.merge_range(0, 0, 0, 3, "基本信息")

        upper = ["", "", "", "", "证件号码", "联系电话", "出发地", "出发时间", "预计到达时间", "座位号", "目的地地址"]
        lower = ["姓名", "性别", "出生日期", "证件类型", "", "", "", "", "", "", ""]
        assert values(workbook(lower, row(), headers=upper, more=groups)) == ROWS[:1]


class TestNobody:
    def test_is_taken_for_a_total_because_of_a_family_name(self):
        assert len(values(text(row(姓名="总参谋"), row(姓名="合计生", 证件号码=OTHER_ID)))) == 2

    def test_is_lost_among_numbered_empty_rows(self):
        lines = [[str(n), *([""] * 11)] for n in range(3, 40)]
        intake, found = read(text(["1", *row()], ["2", *second()], *lines, headers=["序号", *HEADERS]))
        assert [line.values[1:] for line in found] == ROWS
        assert [(note.code, note.names[-1]) for note in intake.notes if note.code == "row_only_numbered"] == [
            ("row_only_numbered", "+17")
        ]


class TestDates:
    def test_of_one_column_follow_its_own_order_not_that_of_another(self):
        content = text(
            row(出发时间="6/5/2022", 预计到达时间="20/6/2022"), second(出发时间="6/19/2022", 预计到达时间="6/6/2022")
        )
        first, last = values(content)
        assert (first[7], first[8]) == ("2022-06-05", "2022-06-20")
        assert (last[7], last[8]) == ("2022-06-19", "2022-06-06")

    def test_that_the_form_declares_are_never_turned_round(self):
        epi = [column.name for column in forms()[0].columns]
        content = text(["31/7/1961" if one == "DOB" else "" for one in epi], headers=epi)
        assert [(note.code, note.value) for note in notes(content)] == [("date_range", "31/7/1961")]

    def test_of_a_workbook_are_the_same_from_1900_and_from_1904(self):
        from datetime import datetime

        for counts_from_1904 in (False, True):

            def dated(book, sheet):
                shown = book.add_format({"num_format": "yyyy-mm-dd hh:mm"})
                sheet.write_datetime(1, 7, datetime(2022, 6, 19, 8, 30), shown)  # noqa: DTZ001

            content = workbook(row(), more=dated, date_1904=counts_from_1904)
            assert values(content)[0][7] == "2022-06-19 08:30"

    def test_left_as_day_numbers_are_read_by_the_system_of_the_workbook(self):
        since_1900 = workbook(list({**GOOD, "出发时间": 44731.5}.values()))
        since_1904 = workbook(list({**GOOD, "出发时间": 43269.5}.values()), date_1904=True)
        assert values(since_1900)[0][7] == values(since_1904)[0][7] == "2022-06-19 12:00"

    @pytest.mark.parametrize(
        ("written", "read_as"),
        [
            ("2022.6.19", "2022-06-19"),
            ("20220619", "2022-06-19"),
            ("202206190830", "2022-06-19 08:30"),
            ("2022年6月19日", "2022-06-19"),
            ("2022年6月19日8时5分", "2022-06-19 08:05"),
            ("2022年6月19日晚上12点", "2022-06-20 00:00"),
            ("2022年6月19号中午12点半", "2022-06-19 12:30"),
            ("2022年6月19日中午11点", "2022-06-19 11:00"),
            ("二〇二二年十二月三十一日", "2022-12-31"),
            ("2022-06-19T08:30:00+08:00", "2022-06-19 08:30+08:00"),
            ("January 31, 2020", "2020-01-31"),
            ("31-Jan-2020", "2020-01-31"),
        ],
    )
    def test_are_read_as_people_write_them(self, written: str, read_as: str):
        cell = f'"{written}"'
        assert values(text(row(出发时间=cell)))[0][7] == read_as


class TestNumbers:
    def test_of_passports_are_not_measured_as_resident_ids(self):
        (line,) = read(text(row(证件类型="护照", 证件号码="123456789012345")))[1]
        assert line.grade is None

    def test_kept_as_text_in_a_workbook_are_whole(self):
        (line,) = read(workbook(row()))[1]
        assert (line.values[4], line.grade) == (ID, None)

    def test_of_two_trips_of_one_person_are_no_defect(self):
        assert notes(text(row(), row(座位号="06车02B"))) == []


class TestLine:
    def test_is_as_grave_as_the_gravest_note_in_it(self):
        assert read(text(row(姓名="", 联系电话="12000000001")))[1][0].grade is Grade.REJECTED
        assert read(text(row(证件号码="", 联系电话="12000000001")))[1][0].grade is Grade.DOUBTFUL
        assert read(text(row(座位号=" 5 ")))[1][0].grade is Grade.REPAIRED

    def test_is_not_rejected_for_a_column_that_the_form_can_do_without(self):
        (line,) = read(text(row(联系电话="12345")))[1]
        assert [note.grade for note in line.notes] == [Grade.REJECTED]
        assert line.grade is Grade.TOLD

    def test_keeps_what_was_sent_beside_what_is_used(self):
        (line,) = read(text(row(姓名="张　三")))[1]
        assert (line.sent[0], line.values[0]) == ("张　三", "张三")


class TestPlan:
    def test_reads_a_kept_row_again_to_the_same_values(self):
        content = text(row(出发时间="6/5/2022"), second(出发时间="6/19/2022"))
        intake, lines = read(content)
        kept = Plan.of(json.loads(json.dumps(intake.plan.as_json())), forms())
        again = kept.read([(line.number, line.sent) for line in lines], ON)
        assert [(line.values, line.notes) for line in again] == [(line.values, line.notes) for line in lines]


class TestLargeFiles:
    def test_tell_twins_across_chunks(self, monkeypatch: pytest.MonkeyPatch):
        monkeypatch.setattr("bihuan.kernel.files.intakes.CHUNK_ROWS", 2)
        rows = [row(座位号=str(seat)) for seat in (1, 2, 3, 4, 1)]
        found = [note for note in notes(text(*rows)) if note.code == "row_repeated"]
        assert [(note.row, note.names) for note in found] == [(6, ("2",))]


class TestCharacters:
    def test_that_need_no_look_are_the_same_as_those_looked_at(self):
        for cell in [
            "张三",
            "a b",
            "",
            "ok",
            "１",
            " x",
            "a  b",
            "\u200bx",
            "x\n",
            "=1",
            "#N/A",
            "③",
            "\ufffd",
            "e\u0301",
        ]:
            if is_even([cell]):
                assert repaired(cell) == (cell, [])
                assert plain(cell) == cell

    def test_of_headers_do_not_count_where_nobody_sees_them(self):
        assert header_key("*身份证 号（必填）") == header_key("身份证号必填") != ""


class TestIntake:
    @pytest.mark.parametrize(
        "content", [b"", b"\0" * 50, b"PK\x03\x04", b"PK\x03\x04" + b"x" * 99, b"\xff\xfe", b",", b'"']
    )
    def test_refuses_what_is_no_file_of_rows(self, content: bytes):
        with pytest.raises(FileProblem):
            Intake(content, forms())


class TestRoundedNumbers:
    LOST = resident_ending("000")

    def test_that_fit_by_chance_are_doubtful_in_a_column_of_rounded_ones(self):
        rows = [row(证件号码=self.LOST), *(second(证件号码=f"4108021990010{n}{n}000") for n in range(1, 9))]
        codes = {note.row: note.code for note in notes(text(*rows)) if note.column == "证件号码"}
        assert codes[2] == "id_maybe_lost"
        assert set(codes.values()) == {"id_maybe_lost", "id_precision"}

    def test_are_believed_among_many_that_are_whole(self):
        rows = [row(证件号码=resident(f"41080219900101{n:03}")) for n in range(1, 41)]
        assert notes(text(*rows, second(证件号码=self.LOST))) == []
