"""Rows made values: column by column, many rows at a time, and the same for one row that was kept."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from .cells import ColumnReader, documents_of
from .dates import Order
from .defects import Grade, Note
from .forms import Column, Form

type Row = tuple[int, tuple[str, ...], Mapping[int, str]]


@dataclass(frozen=True, slots=True)
class Line:
    """One row: its number as a spreadsheet shows it, its cells as they were sent (more than there are headers, where
    there were), the same cells as they are to be used (of a cell that was rejected, nothing), and everything found.
    """

    number: int
    sent: tuple[str, ...]
    values: tuple[str, ...]
    notes: tuple[Note, ...]

    @property
    def grade(self) -> Grade | None:
        """What the row comes to: rejected, doubtful, repaired, told, or nothing."""
        grades = {Grade.TOLD if note.grade is Grade.REJECTED and not note.stops else note.grade for note in self.notes}
        return next((grade for grade in Grade if grade in grades), None)


@dataclass(frozen=True, slots=True)
class Plan:
    """How the rows of a file are to be read, worked out from the whole of it. Kept beside the rows, it lets one of them
    be read again and come out the same.
    """

    form: Form
    headers: tuple[str, ...]
    places: tuple[tuple[int, Column], ...]
    orders: Mapping[int, Order] = field(default_factory=dict)
    loses_digits: bool = False

    def as_json(self) -> dict[str, object]:
        return {
            "form": self.form.code,
            "headers": list(self.headers),
            "places": [[position, column.name] for position, column in self.places],
            "orders": [
                [position, order.pattern, order.is_mixed, order.is_declared, order.counts_from_1904]
                for position, order in self.orders.items()
            ],
            "loses_digits": self.loses_digits,
        }

    @classmethod
    def of(cls, data: Mapping[str, object], forms: Iterable[Form]) -> "Plan":
        form = next(form for form in forms if form.code == data["form"])
        columns = {column.name: column for column in form.columns}
        places: list[tuple[int, str]] = data["places"]  # type: ignore[assignment]
        orders: list[list[Any]] = data["orders"]  # type: ignore[assignment]
        return cls(
            form=form,
            headers=tuple(data["headers"]),  # type: ignore[arg-type]
            places=tuple((position, columns[name]) for position, name in places if name in columns),
            orders={position: Order(*rest) for position, *rest in orders},
            loses_digits=bool(data["loses_digits"]),
        )

    def read(self, rows: Iterable[tuple[int, Sequence[str]]], on: date) -> list[Line]:
        """Read rows that were kept as they were sent."""
        lines = Lines(self, on)
        return lines.read([(number, tuple(cells), {}) for number, cells in rows])


class Lines:
    """Reads rows in chunks, column by column."""

    def __init__(self, plan: Plan, on: date, *, is_text: bool = True) -> None:
        self.plan, self.width, self.is_text = plan, len(plan.headers), is_text
        self.needed = [position for position, column in plan.places if column.is_needed]
        self.readers = [
            (
                position,
                ColumnReader(
                    plan.form,
                    column,
                    plan.headers[position],
                    plan.orders.get(position, Order()),
                    on,
                    loses_digits=plan.loses_digits,
                ),
            )
            for position, column in sorted(plan.places, key=lambda place: place[1].kind != "document")
        ]

    def read(self, rows: Sequence[Row]) -> list[Line]:
        if not rows:
            return []
        width = self.width
        sent = [fitted(cells, width) for _number, cells, _marks in rows]
        numbers = [number for number, _cells, _marks in rows]
        marked: dict[int, dict[int, str]] = {}
        for at, (_number, _cells, marks) in enumerate(rows):
            for position, code in marks.items():
                marked.setdefault(position, {})[at] = code
        notes: list[list[Note]] = [[] for _row in rows]
        columns = list(zip(*sent, strict=True))
        documents: list[str] | None = None
        for position, reader in self.readers:
            cells = list(columns[position])
            read = reader.read(numbers, cells, marked.get(position, {}), documents, notes)
            columns[position] = tuple(read)
            if reader.column.kind == "document":
                documents = documents_of(self.plan.form, read)
        self._check_rows(rows, columns, notes)
        return [
            Line(number, cells if len(cells) > width else fit, values, tuple(found))
            for (number, cells, _marks), fit, values, found in zip(
                rows, sent, zip(*columns, strict=True), notes, strict=True
            )
        ]

    def _check_rows(self, rows: Sequence[Row], columns: Sequence[Sequence[str]], notes: list[list[Note]]) -> None:
        for position in self.needed:
            header = self.plan.headers[position]
            for at, value in enumerate(columns[position]):
                if not value and not any(note.column == header and note.grade is Grade.REJECTED for note in notes[at]):
                    notes[at].append(Note("missing", rows[at][0], header, stops=True))
        if self.is_text:
            for at, (number, cells, _marks) in enumerate(rows):
                if len(cells) > self.width and (more := "".join(cells[self.width :]).strip()):
                    notes[at].append(Note("too_many_cells", number, value=more[:200]))
        order = {header: position for position, header in enumerate(self.plan.headers)}
        for found in notes:
            if len(found) > 1:
                found.sort(key=lambda note: order.get(note.column, -1))


def fitted(cells: tuple[str, ...], width: int) -> tuple[str, ...]:
    return cells if len(cells) == width else (*cells, *[""] * (width - len(cells)))[:width]
