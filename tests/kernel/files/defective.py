"""One file for each class of defect: bytes in, and where the note must stand."""

import io
import zipfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from tests.kernel.files.sheets import (
    GOOD,
    HEADERS,
    ID,
    OTHER_ID,
    forms,
    resident,
    resident_ending,
    rezipped,
    row,
    second,
    table,
    text,
    workbook,
    zipped,
)

type More = Callable[[Any, Any], None]


@dataclass(frozen=True)
class Case:
    """A file that shows a class of defect; the row and the column where it is told, and what the cell became."""

    content: bytes
    row: int = 0
    column: str = ""
    became: str | None = None
    name: str = ""
    learnt: Mapping[str, str] = field(default_factory=dict)


def cell(column: str, value: str, became: str | None = None) -> Case:
    """A text table whose only row has a bad cell."""
    return Case(text(row(**{column: value})), 2, column, became)


def abroad(column: str, value: str, became: str | None = None) -> Case:
    """The same in the form of another country."""
    headers = [one.name for one in forms()[0].columns]
    return Case(text([value if one == column else "" for one in headers], headers=headers), 2, column, became)


def number_cell(column: str, value: object, became: str | None = None) -> Case:
    """A workbook whose only row has a bad cell."""
    return Case(workbook(list({**GOOD, column: value}.values())), 2, column, became)


def hidden(book: Any, sheet: Any) -> None:
    sheet.set_row(1, None, None, {"hidden": True})
    sheet.set_column(9, 9, None, None, {"hidden": True})


def formula(value: object) -> More:
    return lambda book, sheet: sheet.write_formula(1, 9, "=1+1", None, value)


def without_values(name: str, content: bytes) -> bytes:
    return content.replace(b"</f><v>0</v>", b"</f>") if name.endswith("sheet1.xml") else content


def other_sheet(*rows: Sequence[str], hide_first: bool = False) -> More:
    def more(book: Any, sheet: Any) -> None:
        another = book.add_worksheet("其他")
        for number, cells in enumerate(rows):
            for column, value in enumerate(cells):
                another.write_string(number, column, value)
        if hide_first:
            another.activate()
            another.set_first_sheet()
            sheet.hide()

    return more


def merged(column: int, value: str) -> More:
    return lambda book, sheet: sheet.merge_range(1, column, 2, column, value)


def archive(**parts: bytes) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as file:
        for name, content in parts.items():
            file.writestr(zipped(name.replace("_", ".")), content)
    return out.getvalue()


def far_cell(name: str, content: bytes) -> bytes:
    """A sheet of two rows that claims a cell in the last row and the last column there are."""
    if not name.endswith("sheet1.xml"):
        return content
    return content.replace(b"</sheetData>", b'<row r="1048576"><c r="XFD1048576"><v>1</v></c></row></sheetData>')


def too_many(name: str, content: bytes) -> bytes:
    if not name.endswith("sheet1.xml"):
        return content
    return content.replace(b"</sheetData>", b"<row>" + b"<c><v>1</v></c>" * 200 + b"</row></sheetData>")


def wide(*cells: str) -> bytes:
    return text(row(), [*second(), *cells])


FIFTEEN = "410802900101001"
TITLE = "某县返乡人员登记表"
PRIVATE = "\ue5e5"

CASES: dict[str, Case] = {
    # the whole file
    "file_empty": Case(b"\xef\xbb\xbf\r\n"),
    "file_unreadable": Case(rezipped(workbook(row()), lambda name, part: b"<a" if name == "xl/workbook.xml" else part)),
    "file_truncated": Case(workbook(row(), second())[:-400]),
    "file_encrypted": Case(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 512 + "EncryptedPackage".encode("utf-16-le")),
    "file_old_workbook": Case(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 2048, name="名单.xls"),
    "file_web_page": Case(b"<html><table><tr><td>x</td></tr></table></html>", name="名单.xls"),
    "file_archive": Case(archive(a_csv=text(row()))),
    "file_kind": Case(b"%PDF-1.7\n" + b"x" * 100),
    "file_bomb": Case(rezipped(workbook(row()), far_cell)),
    "file_too_large": Case(rezipped(workbook(row()), too_many)),
    "line_too_long": Case(table(row()).encode() + b"x" * (2 << 20)),
    "quote_unclosed": Case(text(row(), ['"张三', *second()[1:]], second())),
    "header_unknown": Case("甲,乙,丙\r\n1,2,3\r\n".encode()),
    "columns_missing": Case("证件号码,联系电话\r\n1,13800000001\r\n".encode()),
    "columns_missing_no_rows": Case("证件号码,联系电话\r\n".encode()),
    "no_rows": Case(text()),
    "extension_wrong": Case(workbook(row()), name="名单.csv"),
    "encoding_named": Case(table(row()).encode("gb18030")),
    "encoding_big5": Case("姓名,性別,證件號碼\r\n陳建國,男,A123456789\r\n".encode("big5")),
    "encoding_guessed": Case("Name,Phone,Destination\r\nJosé Müller,13800000001,Bahnhofstraße 1\r\n".encode("cp1252")),
    "bytes_undecodable": Case(table(row()).encode("gb18030") + "王".encode("gb18030") + b"\xff,,,,,,,,,,\r\n"),
    "nul_bytes": Case(table(row()).encode().replace("男".encode(), "男\0".encode())),
    "delimiter_other": Case(text(row(), delimiter=";")),
    "quotes_single": Case(text([f"'{one}'" for one in row()], headers=[f"'{one}'" for one in HEADERS])),
    "line_ends_mixed": Case(table(row()).encode() + ",".join(second()).encode() + b"\n"),
    "line_ends_old": Case(text(row(), end="\r")),
    "title_rows": Case(text(HEADERS, row(), headers=[TITLE])),
    "header_two_lines": Case(
        text(
            ["", "", "", "类型", "号码", "", "", "时间", "", "", ""],
            row(),
            headers=[
                "姓名",
                "性别",
                "出生日期",
                "证件",
                "",
                "联系电话",
                "出发地",
                "出发",
                "预计到达时间",
                "座位号",
                "目的地",
            ],
        ),
        row=2,
    ),
    "header_remark": Case(text(row(), headers=["姓名（必填）", *HEADERS[1:]]), 1, "姓名（必填）"),
    "header_learnt": Case(text(row(), headers=["谁", *HEADERS[1:]]), 1, "谁", learnt={"谁": "姓名"}),
    "header_twice": Case(text([*row(), "x"], headers=[*HEADERS, "手机"]), 1, "手机"),
    "header_empty": Case(text([*row(), "x", "y"], headers=[*HEADERS, "", "座位"]), 1),
    "column_unknown": Case(text([*row(), "x"], headers=[*HEADERS, "备用"]), 1, "备用"),
    "column_left_out": Case(text([*row(), "x"], headers=[*HEADERS, "备用"]), 1, "备用", learnt={"备用": ""}),
    "columns_hidden": Case(workbook(row(), more=hidden)),
    "rows_hidden": Case(workbook(row(), more=hidden)),
    "sheet_chosen": Case(workbook(row(), more=other_sheet(["填表说明"]))),
    "sheets_more_fit": Case(workbook(row(), more=other_sheet(HEADERS, second()))),
    "sheet_hidden": Case(workbook(row(), more=other_sheet(["说明"], hide_first=True))),
    "dates_from_1904": Case(workbook(row(), date_1904=True)),
    "date_order_decided": Case(text(row(出发时间="6/19/2022"), second(出发时间="6/5/2022")), column="出发时间"),
    # rows that are nobody's
    "header_repeated": Case(text(row(), HEADERS, second()), 3),
    "total_row": Case(text(row(), ["合 计", "1人"]), 3),
    "footnote_row": Case(text(row(), ["填表人：王某", "", "审核：李某"]), 3),
    "example_row": Case(text(["例：张三", *row()[1:]], second()), 2),
    "row_only_numbered": Case(text(["1", *row()], ["2"], headers=["序号", *HEADERS]), 3),
    # rows
    "row_repeated": Case(text(row(), second(), row()), 4),
    "number_of_two": Case(text(row(), second(证件号码=ID)), 3),
    "too_many_cells": Case(wide("3单元"), 3),
    "row_cut": Case(table(row()).encode() + "李秀英,女,19".encode(), 3),
    # any cell
    "missing": cell("姓名", ""),
    "spaces": cell("目的地地址", "  太行社区  1号楼", ""),
    "invisible": cell("目的地地址", "太行\u200b社区", "太行社区"),
    "full_width": cell("座位号", "０５Ａ", "05A"),
    "line_break": cell("目的地地址", '"太行社区\n1号楼"', "太行社区 1号楼"),
    "text_guard": cell("证件号码", f"'{ID}", ID),
    "text_wrecked": cell("目的地地址", "锟斤拷锟斤拷"),
    "private_character": cell("姓名", f"王{PRIVATE}"),
    "cell_too_long": cell("目的地地址", "长" * 33_000),
    "cell_error": number_cell("座位号", "#REF!"),
    "formula_value": Case(workbook(row(), more=formula("05A")), 2, "座位号", "05A"),
    "formula_without_value": Case(rezipped(workbook(row(), more=formula(0)), without_values), 2, "座位号"),
    "formula_text": cell("目的地地址", "=HYPERLINK(A1)"),
    "ditto": Case(text(row(), second(目的地地址="同上")), 3, "目的地地址", GOOD["目的地地址"]),
    "ditto_identity": Case(text(row(), second(姓名="同上")), 3, "姓名"),
    "merged": Case(workbook(row(), second(), more=merged(10, "太行社区")), 3, "目的地地址", "太行社区"),
    "merged_identity": Case(workbook(row(), second(), more=merged(4, ID)), 3, "证件号码"),
    "several_values": cell("证件号码", f"{ID}/{OTHER_ID}"),
    # names
    "no_letters": cell("姓名", "123"),
    "name_spaced": cell("姓名", "张　三", "张三"),
    "name_dot": cell("姓名", "买买提•阿不都", "买买提·阿不都"),
    "name_remark": cell("姓名", "张三（户主）", "张三"),
    "name_digits": cell("姓名", "张三2", "张三2"),
    "name_of_nobody": cell("姓名", "测试"),
    "several_names": cell("姓名", "张三、李四"),
    # numbers of documents
    "id_precision": number_cell("证件号码", 410802199001011234),
    "id_scientific": cell("证件号码", "4.10802E+17"),
    "id_maybe_lost": cell("证件号码", resident_ending("000")),
    "id_fifteen": cell("证件号码", FIFTEEN, resident("41080219900101001")),
    "id_letter_x": cell("证件号码", resident_ending("X").lower(), resident_ending("X")),
    "id_separated": cell("证件号码", f"{ID[:6]} {ID[6:14]}-{ID[14:]}", ID),
    "id_letters_for_digits": cell("证件号码", ID.replace("0", "O"), ID),
    "id_length": cell("证件号码", ID[:17]),
    "id_characters": cell("证件号码", "4108021990Z1010011"),
    "id_birth": cell("证件号码", resident("41080219901301001")),
    "id_checksum": cell("证件号码", ID[:17] + ("1" if ID[17] != "1" else "2")),
    "id_province": cell("证件号码", resident("99080219900101001")),
    "id_form": Case(text(row(证件类型="护照", 证件号码="E12_34")), 2, "证件号码"),
    # telephones, codes
    "number_scientific": cell("联系电话", "1.38E+10"),
    "number_decimal": cell("联系电话", "13800000001.0", "13800000001"),
    "phone_zero_lost": cell("联系电话", "3913567890", "03913567890"),
    "phone_prefix": cell("联系电话", "+86 138-0000-0001", "13800000001"),
    "phones_several": cell("联系电话", "13800000001/13900000002", "13800000001"),
    "phone_no_mobile": cell("联系电话", "12000000001", "12000000001"),
    "phone_form": cell("联系电话", "无法联系上"),
    "phone_length": cell("联系电话", "12345"),
    "phone_area_code": abroad("Perm_Home_Telephone", "111-222-3333"),
    "email_form": abroad("Perm_Email", "a.b.c"),
    "postal_form": abroad("Perm_Postal_Code", "none"),
    "zero_lost": abroad("Perm_Postal_Code", "2139", "02139"),
    "not_digits": abroad("CDCCaseID", "A1"),
    # dates and times
    "date_serial": cell("出发时间", "44731", "2022-06-19"),
    "date_words": cell("出发时间", "二〇二二年六月十九日下午3点半", "2022-06-19 15:30"),
    "date_order_read": Case(text(row(出发时间="6/19/2022"), second(出发时间="6/5/2022")), 3, "出发时间", "2022-06-05"),
    "date_order": cell("出发时间", "6/5/2022", "2022-06-05"),
    "date_mixed": Case(
        text(row(出发时间="6/19/2022"), second(出发时间="19/6/2022"), row(出发时间="5/6/2022")),
        4,
        "出发时间",
        "2022-05-06",
    ),
    "date_form": cell("出发时间", "昨天"),
    "date_range": cell("出发时间", "2022-02-30"),
    "date_short_year": cell("出发时间", "22-6-19"),
    "date_no_year": cell("出发时间", "6月19日"),
    "date_zero": cell("出发时间", "1900-01-00"),
    "time_range": cell("出发时间", "2022-06-19 25:00"),
    "time_midnight": cell("出发时间", "2022-06-19 24:00", "2022-06-20 00:00"),
    "time_zone": cell("出发时间", "2022-06-19 4:00 PST", "2022-06-19 04:00"),
    "birth_future": cell("出生日期", "2023-01-01"),
    "birth_too_long_ago": cell("出生日期", "1850-01-01"),
}
