"""Whatever bytes come in, they are read or refused; nothing else ever happens. A failing seed is printed."""

import gc
import io
import os
import random
import tracemalloc
import zipfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bihuan.kernel.files import FileProblem, Grade, Intake, Note
from bihuan.kernel.files.cells import ColumnReader
from bihuan.kernel.files.dates import Order
from tests.kernel.files.defective import CASES
from tests.kernel.files.sheets import ON, STEADY, forms, read, rezipped, row, second, table, text, workbook

KINDS = sorted({column.kind for form in forms() for column in form.columns})
SEEDS = [case.content for case in CASES.values() if len(case.content) < 40_000]
BITS = [b'"', b"'", b"\0", b"\r", b"\xff\xfe", b",", b"=", b"9" * 20, b"\xef\xbf\xbd", b"-", b"/", b"<", b"&#x1F;"]
ROUNDS = int(os.environ.get("BIHUAN_FUZZ_ROUNDS", "600"))


def mutated(chance: random.Random, content: bytes) -> bytes:
    """The bytes with a few of them changed, dropped, doubled or put in."""
    for _change in range(chance.choice([1, 1, 2, 4, 16])):
        at = chance.randrange(len(content) + 1)
        before, after = content[:at], content[at:]
        content = chance.choice(
            [
                before,
                before + bytes([chance.randrange(256)]) + after[1:],
                before + after[chance.randrange(1, 64) :],
                before + chance.randbytes(chance.randrange(1, 16)) + after,
                before + after[: chance.randrange(1, 200)] + after,
                before + chance.choice(BITS) + after,
            ]
        )
    return content


def mutated_inside(chance: random.Random, content: bytes) -> bytes:
    """A workbook one of whose parts is mutated."""
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        part = chance.choice(archive.namelist())
    return rezipped(content, lambda name, old: mutated(chance, old) if name == part else old)


def taken(content: bytes) -> bool:
    """Whether a file was read; False where it was refused."""
    try:
        _intake, lines = read(content)
    except FileProblem:
        return False
    for line in lines:
        assert len(line.sent) >= len(line.values)
        for note in line.notes:
            assert note.grade in Grade
            assert note.reason("zh")
            assert note.remedy("en")
    return True


class TestAnyBytes:
    @given(st.binary(max_size=400))
    @settings(STEADY, max_examples=300)
    def test_are_read_or_refused(self, content: bytes):
        taken(content)

    @given(st.text(max_size=200), st.sampled_from(["utf-8", "gb18030", "utf-16", "big5"]))
    @settings(STEADY, max_examples=200)
    def test_after_good_headers_are_read_or_refused(self, rest: str, encoding: str):
        taken((table(row()) + rest).encode(encoding, "replace"))

    def test_of_files_with_faults_put_in_are_read_or_refused(self):
        seed = int(os.environ.get("BIHUAN_FUZZ_SEED", "20220620"))
        chance = random.Random(seed)  # noqa: S311 (mutations, no secrets)
        outcomes = {True: 0, False: 0}
        for number in range(ROUNDS):
            content = chance.choice(SEEDS)
            is_book = zipfile.is_zipfile(io.BytesIO(content)) and chance.random() < 0.6
            faulty = mutated_inside(chance, content) if is_book else mutated(chance, content)
            try:
                outcomes[taken(faulty)] += 1
            except Exception as error:
                raise AssertionError(f"seed {seed}, round {number}: {error!r}") from error
        assert min(outcomes.values()) > ROUNDS // 10, outcomes


class TestAnyCell:
    @pytest.mark.parametrize("kind", KINDS)
    @given(cell=st.one_of(st.text(max_size=40), st.from_regex(r"[0-9年月日:./\- Ee+Xx]{1,20}", fullmatch=True)))
    @settings(STEADY, max_examples=60)
    def test_is_a_value_or_a_note(self, kind: str, cell: str):
        form = forms()[-1]
        column = next(column for one in forms() for column in one.columns if column.kind == kind)
        notes: list[list[Note]] = [[]]
        (value,) = ColumnReader(form, column, "列", Order(), ON).read([2], [cell], {}, None, notes)
        assert value or not cell.strip() or notes[0] or cell.casefold().strip() in form.blanks or not value.strip()
        assert value == value.strip()
        assert "\n" not in value


class TestBombs:
    def test_are_refused_by_what_they_unpack_to_not_by_what_they_state(self):
        """A part that states a small size and unpacks to a large one."""
        content = workbook(row(), second())
        swollen = rezipped(content, lambda name, old: old + b" " * 300_000 if name.endswith("sheet1.xml") else old)
        size = next(
            info.file_size
            for info in zipfile.ZipFile(io.BytesIO(swollen)).infolist()
            if info.filename.endswith("sheet1.xml")
        )
        lying = swollen.replace(size.to_bytes(4, "little"), (1000).to_bytes(4, "little"))
        assert lying != swollen
        with pytest.raises(FileProblem) as problem:
            Intake(lying, forms())
        assert problem.value.code == "file_bomb"

    def test_that_repeat_themselves_are_refused(self, monkeypatch: pytest.MonkeyPatch):
        monkeypatch.setattr("bihuan.kernel.files.workbooks.RATIO_FREE_BYTES", 100_000)
        content = rezipped(workbook(row()), lambda name, old: old + b" " * 500_000 if "sheet1" in name else old)
        with pytest.raises(FileProblem) as problem:
            Intake(content, forms())
        assert problem.value.code == "file_bomb"

    def test_of_entities_are_not_unfolded(self):
        laughs = b'<!DOCTYPE w [<!ENTITY a "ha"><!ENTITY b "' + b"&a;" * 50 + b'"><!ENTITY c "' + b"&b;" * 50
        laughs += b'"><!ENTITY d "' + b"&c;" * 50 + b'"><!ENTITY e "' + b"&d;" * 50 + b'">]>'
        content = rezipped(
            workbook(row()),
            lambda name, old: (
                old.replace(b"<worksheet", laughs + b"<worksheet", 1).replace(b"<v>0</v>", b"<v>&e;</v>")
                if "sheet1" in name
                else old
            ),
        )
        with pytest.raises(FileProblem):
            list(Intake(content, forms()).lines(ON))

    def test_do_not_hide_in_other_archives(self):
        out = io.BytesIO()
        with zipfile.ZipFile(out, "w") as archive:
            archive.writestr("inner.zip", workbook(row()))
        with pytest.raises(FileProblem) as problem:
            Intake(out.getvalue(), forms())
        assert (problem.value.code, problem.value.names) == ("file_archive", ("inner.zip",))


class TestMemory:
    def test_grows_by_a_few_bytes_a_row_however_many_there_are(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
        monkeypatch.setattr("bihuan.kernel.files.intakes.CHUNK_ROWS", 200)
        peaks = []
        for rows in (3_000, 9_000):
            path = tmp_path / f"{rows}.csv"
            path.write_bytes(text(*(row(座位号=str(number)) for number in range(rows))))
            tracemalloc.start()
            assert sum(1 for _line in Intake(path, forms()).lines(ON)) == rows
            peaks.append(tracemalloc.get_traced_memory()[1])
            tracemalloc.stop()
        assert peaks[1] - peaks[0] < 6_000 * 60, peaks

    def test_does_not_grow_with_the_rows_of_a_workbook(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
        monkeypatch.setattr("bihuan.kernel.files.intakes.CHUNK_ROWS", 200)
        monkeypatch.setattr("bihuan.kernel.files.streams.SPOOLED_BYTES", 10_000)
        monkeypatch.setattr("bihuan.kernel.files.streams.BLOCKS_HELD", 4)
        peaks = []
        for rows in (3_000, 9_000):
            path = tmp_path / f"{rows}.xlsx"
            path.write_bytes(workbook(*(row(座位号=f"座{number}") for number in range(rows))))
            gc.collect()
            tracemalloc.start()
            assert sum(1 for _line in Intake(path, forms()).lines(ON)) == rows
            peaks.append(tracemalloc.get_traced_memory()[1])
            tracemalloc.stop()
        assert peaks[1] - peaks[0] < 6_000 * 100, peaks  # the cells of a row would take six times as much


class TestOtherFiles:
    @pytest.mark.parametrize(
        ("part", "kind"), [("content.xml", "ODS"), ("xl/workbook.bin", "XLSB"), ("word/document.xml", "DOCX")]
    )
    def test_that_are_archives_too_are_called_by_their_names(self, part: str, kind: str):
        out = io.BytesIO()
        with zipfile.ZipFile(out, "w") as archive:
            archive.writestr(part, b"x")
        with pytest.raises(FileProblem) as problem:
            Intake(out.getvalue(), forms())
        assert (problem.value.code, problem.value.names) == ("file_kind", (kind,))
