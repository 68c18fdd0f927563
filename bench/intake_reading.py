"""What reading a file costs: every check on every cell, against Python's own csv reader on the same bytes in the same
run, as the file grows; and how much memory it takes.

    python -m bench.intake_reading [--sizes 1000 10000 100000 1000000] [--workbook 10000 100000] [--bad 20] [--json]

Twelve columns a row, one row in `--bad` with a defect. Each size runs in a process of its own, so that its peak is its
own; "grown" is how far the peak rose while the rows were read. Ratios are of the processor's seconds, so that other
work on the machine does not count. Nothing here needs a database.
"""

import argparse
import csv
import json
import multiprocessing
import tempfile
import time
import tomllib
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from datetime import date
from pathlib import Path

import xlsxwriter

from bihuan.kernel.files import Form, Intake, form_of
from bihuan.kernel.files.numbers import check_character

FORM = Path(__file__).resolve().parents[1] / "bihuan" / "profiles" / "formats" / "arrivals.toml"
ON = date(2022, 6, 20)
HEADERS = [
    *("姓名", "性别", "出生日期", "证件类型", "证件号码", "联系电话"),
    *("交通方式", "车次航班", "座位号", "出发时间", "预计到达时间", "目的地地址"),
]
FAMILIES, GIVEN = "王李张刘陈杨黄赵吴周", "伟芳娜敏静丽强磊军洋勇艳杰娟涛明超秀霞平"
DEFECTS = ("19900230", "１３８００００００01", "44731", "三月五日", "  太行 社区 ", "4.10802E+17")


def rows(number: int, bad: int) -> Iterator[list[str]]:
    """Travellers with resident IDs that pass their check; one in `bad` with something wrong."""
    for n in range(number):
        born = date.fromordinal(date(1940, 1, 1).toordinal() + n % 25_000)
        first = f"410802{born:%Y%m%d}{n // 25_000 + 1:03}"
        row = [
            FAMILIES[n % 10] + GIVEN[n % 20] + GIVEN[n // 20 % 20],
            "男女"[n % 2],
            born.isoformat(),
            "身份证",
            first + check_character(first),
            f"13{n % 1_000_000_000:09}",
            "高铁",
            f"G{n % 900}",
            f"{n % 16 + 1:02}车{n % 20 + 1:02}A",
            f"2022-06-{n % 19 + 1:02} 08:{n % 60:02}",
            f"2022/6/{n % 19 + 1} 14:{n % 60:02}",
            f"太行社区{n % 90}号楼{n % 6}单元{n % 1200}室",
        ]
        if bad and n % bad == 0:
            at = (2, 5, 9, 10, 11, 4)[n // bad % 6]
            row[at] = DEFECTS[n // bad % 6]
        yield row


def write_csv(path: Path, number: int, bad: int) -> None:
    with path.open("w", encoding="gb18030", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(HEADERS)
        writer.writerows(rows(number, bad))


def write_workbook(path: Path, number: int, bad: int) -> None:
    book = xlsxwriter.Workbook(path, {"constant_memory": True})
    sheet = book.add_worksheet()
    for at, row in enumerate((HEADERS, *rows(number, bad))):
        for column, cell in enumerate(row):
            sheet.write_string(at, column, cell)
    book.close()


def megabytes() -> float:
    """The most that this process has held; `ru_maxrss` would count what its parent held when it was started."""
    [line] = [line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith("VmHWM")]
    return int(line.split()[1]) / 1024


def bare(path: Path) -> float:
    """Seconds of the processor in which Python's csv reader goes through the file and keeps nothing."""
    start = time.process_time()
    with path.open(encoding="gb18030", newline="") as file:
        for _row in csv.reader(file):
            pass
    return time.process_time() - start


def measured(path: Path, form: Form) -> dict[str, object]:
    seconds_bare = bare(path) if path.suffix == ".csv" else None
    before = megabytes()
    start, start_cpu = time.perf_counter(), time.process_time()
    intake = Intake(path, (form,), name=path.name)
    looked = time.process_time() - start_cpu
    grades: Counter[str] = Counter()
    for line in intake.lines(ON):
        grades[line.grade.value if line.grade else "clean"] += 1
    seconds, cpu = time.perf_counter() - start, time.process_time() - start_cpu
    return {
        "file": path.suffix[1:],
        "rows": intake.rows,
        "seconds": round(seconds, 2),
        "cpu_seconds": round(cpu, 2),
        "looked_through_cpu": round(looked, 2),
        "rows_per_cpu_second": round(intake.rows / cpu),
        "times_bare_csv": round(cpu / seconds_bare, 1) if seconds_bare else None,
        "peak_mb": round(megabytes()),
        "grown_mb": round(megabytes() - before),
        "outcomes": dict(sorted(grades.items())),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sizes", type=int, nargs="+", default=[1_000, 10_000, 100_000, 1_000_000])
    parser.add_argument("--workbook", type=int, nargs="*", default=[10_000, 100_000], help="rows of workbooks")
    parser.add_argument("--bad", type=int, default=20, help="one row in so many has a defect, 0 for none")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    form = form_of(tomllib.loads(FORM.read_text("utf-8")))
    context = multiprocessing.get_context("spawn")
    found: list[dict[str, object]] = []
    with tempfile.TemporaryDirectory() as folder:
        jobs = [("csv", size) for size in options.sizes] + [("xlsx", size) for size in options.workbook]
        for kind, size in jobs:
            path = Path(folder) / f"rows.{kind}"
            (write_csv if kind == "csv" else write_workbook)(path, size, options.bad)
            with ProcessPoolExecutor(1, mp_context=context) as own:
                found.append(own.submit(measured, path, form).result())
            if not options.json:
                print(found[-1])  # noqa: T201
    if options.json:
        print(json.dumps(found, ensure_ascii=False))  # noqa: T201


if __name__ == "__main__":
    main()
