"""Files as people send them, made in memory: tables of text, and workbooks with everything that hides in them."""

import io
import tomllib
import zipfile
from collections.abc import Callable, Sequence
from datetime import date, datetime
from functools import cache
from pathlib import Path

import xlsxwriter
from hypothesis import HealthCheck, settings

from bihuan.kernel.files import FileProblem, Form, Intake, Line, Note, form_of
from bihuan.kernel.files.numbers import check_character

STEADY = settings(deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow])
ON = date(2022, 6, 20)
FORMATS = Path(__file__).resolve().parents[3] / "bihuan" / "profiles" / "formats"
HEADERS = [
    "姓名",
    "性别",
    "出生日期",
    "证件类型",
    "证件号码",
    "联系电话",
    "出发地",
    "出发时间",
    "预计到达时间",
    "座位号",
    "目的地地址",
]


def resident(first17: str) -> str:
    return first17 + check_character(first17)


def resident_ending(end: str) -> str:
    """A resident ID that fits its check character and ends so."""
    middles = (f"4108021990{month:02}{day:02}" for month in range(1, 13) for day in range(1, 29))
    firsts = (f"{middle}{digit}00" for middle in middles for digit in range(10))
    return next(number for number in map(resident, firsts) if number.endswith(end))


ID = resident("41080219900101001")
OTHER_ID = resident("41080219900101003")
GOOD = {
    "姓名": "张三",
    "性别": "男",
    "出生日期": "1990-01-01",
    "证件类型": "身份证",
    "证件号码": ID,
    "联系电话": "13800000001",
    "出发地": "上海市",
    "出发时间": "2022-06-19",
    "预计到达时间": "2022-06-20 09:40",
    "座位号": "05车01A",
    "目的地地址": "太行社区1号楼",
}
SECOND = {**GOOD, "姓名": "李秀英", "证件号码": OTHER_ID, "联系电话": "13800000002"}


@cache
def forms() -> tuple[Form, ...]:
    """The forms that the city knows, machine-made ones first."""
    return tuple(
        form_of(tomllib.loads((FORMATS / f"{name}.toml").read_text("utf-8"))) for name in ("epi-x", "sdx", "arrivals")
    )


def row(**cells: str) -> list[str]:
    """A good row with some cells written otherwise."""
    assert set(cells) <= set(GOOD)
    return list({**GOOD, **cells}.values())


def second(**cells: str) -> list[str]:
    return list({**SECOND, **cells}.values())


def table(*rows: Sequence[str], headers: Sequence[str] = HEADERS, delimiter: str = ",", end: str = "\r\n") -> str:
    """A table of text with its headers."""
    return end.join(delimiter.join(cells) for cells in (headers, *rows)) + end


def text(*rows: Sequence[str], **how: object) -> bytes:
    return table(*rows, **how).encode()  # type: ignore[arg-type]


def workbook(
    *rows: Sequence[object],
    headers: Sequence[str] = HEADERS,
    more: "Callable[[xlsxwriter.Workbook, xlsxwriter.worksheet.Worksheet], None] | None" = None,
    **options: object,
) -> bytes:
    """A workbook with one sheet; `more` may add to it what it likes."""
    out = io.BytesIO()
    book = xlsxwriter.Workbook(out, {"in_memory": True, **options})
    book.set_properties({"created": datetime(2022, 6, 20)})  # noqa: DTZ001 (the same bytes in every run)
    sheet = book.add_worksheet("名单")
    for number, cells in enumerate((headers, *rows) if headers else rows):
        for column, cell in enumerate(cells):
            if isinstance(cell, str):
                sheet.write_string(number, column, cell)
            else:
                sheet.write(number, column, cell)
    if more:
        more(book, sheet)
    book.close()
    return out.getvalue()


def zipped(name: str) -> zipfile.ZipInfo:
    """A part of an archive, the same in every run."""
    info = zipfile.ZipInfo(name)
    info.compress_type = zipfile.ZIP_DEFLATED
    return info


def rezipped(content: bytes, change: Callable[[str, bytes], bytes]) -> bytes:
    """A workbook with some of its parts changed."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as old, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as new:
        for info in old.infolist():
            new.writestr(zipped(info.filename), change(info.filename, old.read(info)))
    return out.getvalue()


def read(content: bytes | Path, name: str = "", **how: object) -> tuple[Intake, list[Line]]:
    intake = Intake(content, forms(), name=name, **how)  # type: ignore[arg-type]
    return intake, list(intake.lines(ON))


def notes(content: bytes, name: str = "", **how: object) -> list[Note]:
    """Everything that is said of a file, refusals too."""
    try:
        intake, lines = read(content, name, **how)
    except FileProblem as problem:
        return [Note(problem.code, names=problem.names)]
    return [*intake.notes, *(note for line in lines for note in line.notes)]
