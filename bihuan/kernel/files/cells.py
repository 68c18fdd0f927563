"""Columns of cells read by their kind: each value as it is used from here on, and a note for everything that was not as
it should be. Columns are read many rows at a time; what is as it should be costs a search and nothing more.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from datetime import date
from functools import cache

from . import numbers
from .characters import CELL_LENGTH_MAX, is_even, repaired
from .dates import Bad, Order, day_of, moment_of
from .defects import Note, words
from .forms import Column, Form

MEMORY_CELLS_MAX = 20_000  # values of one column that are remembered with their outcome
VALUE_SHOWN_MAX = 200
VALUE_LENGTH_MAX = 200  # of a name, a number, a date; text may be as long as a spreadsheet bears
DATES = ("date", "birth", "moment")
IDENTITY = ("id_number", "name")
NAME_DOTS = re.compile(
    "[\u2022\u30fb\u2027\u22c5\u2219\uff65\u0387\u2024]|(?<=[\u4e00-\u9fff])[.\uff0e](?=[\u4e00-\u9fff])"
)
NAME_DOT = "\u00b7"
NAME_REMARK = re.compile(r"\s*[(\[\u3010].*?[)\]\u3011]\s*")
HAN = "\u3400-\u4dbf\u4e00-\u9fff\U00020000-\U0003ffff"
HAN_SPACED = re.compile(rf"[{HAN}]( [{HAN}])+")
SEVERAL_NAMES = re.compile(rf"[{HAN}]{{2,4}}(?:\s*[,/;\u3001]\s*[{HAN}]{{2,4}})+")
AGE_YEARS_MAX = 130

type Reading = tuple[str, list[str]]


class ColumnReader:
    """Reads one column of a file. `order` is how the column writes its dates; `on` the day as of which it is read,
    `loses_digits` whether its document numbers show that a spreadsheet rounded them.
    """

    def __init__(
        self, form: Form, column: Column, header: str, order: Order, on: date, *, loses_digits: bool = False
    ) -> None:
        self.loses_digits = loses_digits
        self.form, self.column, self.header, self.order, self.on = form, column, header, order, on
        self.is_foreign = bool(form.defaults.get("country"))
        self.last = ""
        self._memory: dict[tuple[str, str], Reading] = {}
        kinds: dict[str, Callable[[str], Reading]] = {
            "name": self._name,
            "city": lambda text: (_worded(text), []),
            "date": lambda text: day_of(text, order),
            "birth": self._birth,
            "moment": lambda text: moment_of(text, order),
            "phone": lambda text: numbers.phone(text, self.is_foreign),
            "phone_us": numbers.phone_us,
            "postal": lambda text: numbers.postal(text, self.is_foreign),
            "email": lambda text: (numbers.email(text), []),
            "digits": numbers.digits,
        }
        self._read_kind = kinds.get(column.kind)

    def read(
        self,
        rows: Sequence[int],
        cells: list[str],
        marks: Mapping[int, str],
        documents: Sequence[str] | None,
        notes: list[list[Note]],
    ) -> list[str]:
        """The values of some cells of this column; notes are added to those of their rows. `marks` says by position
        what a workbook knows of a cell, `documents` which kind of document each row names.
        """
        values = self._characters(rows, cells, marks, notes)
        if self.column.kind == "id_number":
            return [
                self._value(row, cell, value, documents[at] if documents else "", notes[at]) if value else ""
                for at, (row, cell, value) in enumerate(zip(rows, cells, values, strict=True))
            ]
        if self._read_kind is None:
            return values
        return [
            self._value(row, cell, value, "", notes[at]) if value else ""
            for at, (row, cell, value) in enumerate(zip(rows, cells, values, strict=True))
        ]

    def _characters(
        self, rows: Sequence[int], cells: list[str], marks: Mapping[int, str], notes: list[list[Note]]
    ) -> list[str]:
        blanks, dittos = self.form.blanks, _dittos()
        values = cells
        if not is_even(cells):
            values = [
                cell if not cell or is_even([cell]) else self._mended(row, cell, found)
                for row, cell, found in zip(rows, cells, notes, strict=True)
            ]
        if blanks:
            values = ["" if len(value) < 12 and value.casefold() in blanks else value for value in values]
        if dittos.isdisjoint(values):
            self.last = next((value for value in reversed(values) if value), self.last)
        else:
            values = [self._above(*one) for one in zip(rows, cells, values, notes, strict=True)]
        for at, code in marks.items():
            values[at] = self._marked(rows[at], cells[at], values[at], code, notes[at])
        return values

    def _mended(self, row: int, cell: str, notes: list[Note]) -> str:
        value, codes = repaired(cell)
        notes.extend(self._note(code, row, cell, value) for code in codes)
        return value

    def _above(self, row: int, cell: str, value: str, notes: list[Note]) -> str:
        if value not in _dittos():
            self.last = value or self.last
            return value
        if self.column.kind in IDENTITY:
            notes.append(self._note("ditto_identity", row, cell))
            return ""
        notes.append(self._note("ditto", row, cell, self.last))
        return self.last

    def _marked(self, row: int, cell: str, value: str, code: str, notes: list[Note]) -> str:
        if code == "cell_error":
            return value  # the text of the error is in the cell and was told
        if code == "merged" and self.column.kind in IDENTITY:
            code = "merged_identity"
        if code == "formula_without_value" or value or code == "merged_identity":
            notes.append(self._note(code, row, cell, value))
        return "" if code == "formula_without_value" else value

    def _value(self, row: int, cell: str, text: str, document: str, notes: list[Note]) -> str:
        known = self._memory.get((text, document))
        if known is None:
            known = self._read(text, document)
            if len(self._memory) >= MEMORY_CELLS_MAX:
                self._memory.clear()
            self._memory[text, document] = known
        value, codes = known
        if codes:
            notes.extend(self._note(code, row, cell, value) for code in codes)
        return value

    def _read(self, text: str, document: str) -> Reading:
        if len(text) > VALUE_LENGTH_MAX:
            return "", ["cell_too_long"]
        try:
            if self._read_kind is None:
                return self._document_number(text, document)
            return self._read_kind(text)
        except Bad as bad:
            return "", [bad.code]

    def _document_number(self, text: str, document: str) -> Reading:
        value, codes = numbers.document_number(text, document, self.on, self.is_foreign)
        return value, codes if self.loses_digits else [code for code in codes if code != "id_maybe_lost"]

    def _note(self, code: str, row: int, sent: str, became: str = "") -> Note:
        most = CELL_LENGTH_MAX if self.column.kind == "text" else VALUE_LENGTH_MAX
        names = (str(most),) if code == "cell_too_long" else ()
        return Note(code, row, self.header, sent[:VALUE_SHOWN_MAX], became, names, stops=self.column.is_strict)

    def _name(self, text: str) -> Reading:
        codes: list[str] = []
        if NAME_REMARK.search(text) and (bare := NAME_REMARK.sub(" ", text).strip()):
            text = bare
            codes.append("name_remark")
        if not text.isascii():
            if NAME_DOTS.search(text):
                text = NAME_DOTS.sub(NAME_DOT, text)
                codes.append("name_dot")
            if HAN_SPACED.fullmatch(text):
                text = text.replace(" ", "")
                codes.append("name_spaced")
            elif SEVERAL_NAMES.fullmatch(text):
                raise Bad("several_names")
        if text.casefold() in _nobodies():
            raise Bad("name_of_nobody")
        if any(sign.isdigit() for sign in _worded(text)) and not text.isascii():
            codes.append("name_digits")
        return text, codes

    def _birth(self, text: str) -> Reading:
        value, codes = day_of(text, self.order)
        if value > self.on.isoformat():
            raise Bad("birth_future")
        if self.on.year - int(value[:4]) > AGE_YEARS_MAX:
            raise Bad("birth_too_long_ago")
        return value, codes


def documents_of(form: Form, cells: Sequence[str]) -> list[str]:
    """Which kind of document each of these cells names: the form's own where it names none, nothing where it names one
    that the form does not know.
    """
    listed, usual = form.words.get("document", {}), form.defaults.get("id_type", "")
    return [listed.get(cell.casefold(), "") if cell else usual for cell in cells]


def _worded(text: str) -> str:
    if not any(sign.isalpha() for sign in text):
        raise Bad("no_letters")
    return text


@cache
def _dittos() -> frozenset[str]:
    return frozenset(words()["dittos"])


@cache
def _nobodies() -> frozenset[str]:
    return frozenset(words()["nobodies"])
