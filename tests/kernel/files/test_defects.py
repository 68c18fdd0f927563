"""Every class of defect is found where it is, and told in both languages."""

from pathlib import Path

import pytest

from bihuan.kernel.files import Grade, defects
from bihuan.kernel.files.__main__ import described
from tests.kernel.files.defective import CASES, Case
from tests.kernel.files.sheets import notes

PAGE = Path(__file__).resolve().parents[3] / "docs" / "reference" / "intake.md"


class TestEveryClass:
    def test_has_a_file_that_shows_it(self):
        assert set(CASES) == set(defects())
        assert len(CASES) >= 40

    @pytest.mark.parametrize("code", CASES)
    def test_is_found_where_it_is(self, code: str, monkeypatch: pytest.MonkeyPatch):
        if code == "file_too_large":
            monkeypatch.setattr("bihuan.kernel.files.workbooks.CELLS_MAX", 100)
        case: Case = CASES[code]
        found = notes(case.content, case.name, learnt=case.learnt)
        there = [(note.row, note.column) for note in found if note.code == code]
        assert (case.row, case.column) in there, found
        if case.became:
            assert case.became in [note.became for note in found if note.code == code]

    @pytest.mark.parametrize("code", CASES)
    def test_is_told_in_both_languages_with_nothing_left_open(self, code: str, monkeypatch: pytest.MonkeyPatch):
        if code == "file_too_large":
            monkeypatch.setattr("bihuan.kernel.files.workbooks.CELLS_MAX", 100)
        case = CASES[code]
        for note in notes(case.content, case.name, learnt=case.learnt):
            for language in ("zh", "en"):
                told = note.reason(language) + note.remedy(language)
                assert "{" not in told
                assert "“”" not in told, (note, told)

    @pytest.mark.parametrize("code", [code for code, one in defects().items() if one.grade is Grade.REFUSED])
    def test_that_refuses_a_file_says_nothing_else(self, code: str, monkeypatch: pytest.MonkeyPatch):
        if code == "file_too_large":
            monkeypatch.setattr("bihuan.kernel.files.workbooks.CELLS_MAX", 100)
        assert [note.code for note in notes(CASES[code].content, CASES[code].name)] == [code]

    def test_stands_in_the_reference(self):
        remedy = "run `python -m bihuan.kernel.files docs/reference/intake.md`"
        assert PAGE.read_text("utf-8") == described(), remedy
