"""The classes of defect: every code that reading can give, how grave it is and how it is told in both languages. The
words are data (profiles/intake/defects.toml).
"""

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from pathlib import Path

from .problems import FileProblem

INTAKE = Path(__file__).resolve().parents[2] / "profiles" / "intake"
LANGUAGES = ("zh", "en")


class Grade(StrEnum):
    """What a defect does to what it is found in."""

    REFUSED = "refused"
    REJECTED = "rejected"
    DOUBTFUL = "doubtful"
    REPAIRED = "repaired"
    TOLD = "told"


@dataclass(frozen=True, slots=True)
class Defect:
    """A class of defect and its words by language. {value}, {became} and {names} stand for what a note holds."""

    code: str
    grade: Grade
    reason: Mapping[str, str]
    remedy: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Note:
    """One defect where it was found. Row 0 is the file itself; `column` is the header as it was written; `value` what
    was sent, `became` what it was made. A note that does not stop its row is of a column that the row can do without.
    """

    code: str
    row: int = 0
    column: str = ""
    value: str = ""
    became: str = ""
    names: tuple[str, ...] = ()
    stops: bool = True

    @property
    def grade(self) -> Grade:
        return defects()[self.code].grade

    def reason(self, language: str) -> str:
        return self._filled(defects()[self.code].reason[language])

    def remedy(self, language: str) -> str:
        return self._filled(defects()[self.code].remedy[language])

    def _filled(self, words: str) -> str:
        return words.format(value=self.value.strip(), became=self.became, names=", ".join(self.names))


@cache
def defects() -> Mapping[str, Defect]:
    """Every class of defect by its code, in the order of the file."""
    return {
        code: Defect(
            code=code,
            grade=Grade(entry["grade"]),
            reason={language: entry[language] for language in LANGUAGES},
            remedy={language: entry[f"fix_{language}"] for language in LANGUAGES},
        )
        for code, entry in tomllib.loads((INTAKE / "defects.toml").read_text("utf-8")).items()
    }


@cache
def words() -> Mapping[str, Sequence[str]]:
    """The words by which rows and cells are told apart (profiles/intake/words.toml)."""
    return tomllib.loads((INTAKE / "words.toml").read_text("utf-8"))


def returned_headers() -> Mapping[str, Sequence[str]]:
    """How the columns are headed that are added to a file given back, by language: row, outcome, reason, remedy,
    reference.
    """
    return words()["returned"]  # type: ignore[return-value]


def refusal(problem: FileProblem) -> Note:
    """A refused file as a note, so that it is told like everything else."""
    return Note(problem.code, names=problem.names)
