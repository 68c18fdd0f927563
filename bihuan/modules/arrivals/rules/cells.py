"""What can be wrong with a cell, and how much it matters. Cells are read in kernel.files; what only the registers know
is found here. The words for a code are data.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from bihuan.kernel.files import Grade, Note

DECIDED_BY_REGISTER = "number_of_two"  # the register of people says whether two names are two people


class Severity(StrEnum):
    """Whether a bad cell stops its row. A wrong postcode must not lose a traveller; a wrong birth date could. What was
    repaired is kept to be told, and is no problem.
    """

    ERROR = "error"
    WARNING = "warning"
    DOUBT = "doubt"
    REPAIRED = "repaired"


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is wrong, where it stands in the file: row as a spreadsheet numbers it, column as its header is
    written. `became` is what a repaired cell was made, `names` what else it is about.
    """

    row: int
    column: str
    value: str
    code: str
    severity: Severity
    became: str = ""
    names: tuple[str, ...] = ()

    @classmethod
    def of(cls, entry: Mapping[str, Any]) -> "Problem":
        """A problem as it was kept beside its row."""
        return cls(
            entry["row"],
            entry["column"],
            entry["value"],
            entry["code"],
            Severity(entry["severity"]),
            entry.get("became", ""),
            tuple(entry.get("names", ())),
        )

    @classmethod
    def told(cls, note: Note) -> "Problem":
        """What reading found, by how much it matters to the row."""
        severity = Severity.REPAIRED
        if note.grade in (Grade.REJECTED, Grade.DOUBTFUL) and note.code != DECIDED_BY_REGISTER:
            stops = Severity.ERROR if note.grade is Grade.REJECTED else Severity.DOUBT
            severity = stops if note.stops else Severity.WARNING
        return cls(note.row, note.column, note.value, note.code, severity, note.became, note.names)

    def as_json(self) -> dict[str, object]:
        told = {"became": self.became} if self.became else {}
        named = {"names": list(self.names)} if self.names else {}
        return {
            "row": self.row,
            "column": self.column,
            "value": self.value,
            "code": self.code,
            "severity": self.severity.value,
            **told,
            **named,
        }


class Bad(ValueError):
    """A cell that the registers do not know; `code` says why, `severity` how much it matters where the form is strict
    (an error unless said).
    """

    def __init__(self, code: str, severity: Severity = Severity.ERROR) -> None:
        super().__init__(code)
        self.code, self.severity = code, severity
