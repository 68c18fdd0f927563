"""What comes twice in one file: the same row, or the same number of a document under another name."""

from array import array
from collections.abc import Sequence
from itertools import pairwise

from .characters import plain
from .defects import Note
from .lines import Line


def number_hash(text: str) -> int:
    """A document's number as it is compared within a file."""
    return hash(text if text.isalnum() and text.isascii() else plain(text))


class Met:
    """What was met before, by its hash: eight bytes each, and no more than what came twice is kept to the end."""

    def __init__(self) -> None:
        self._parts = [array("q") for _part in range(256)]

    def add(self, hashed: int) -> None:
        self._parts[hashed & 255].append(hashed)

    def repeated(self) -> frozenset[int]:
        twice: set[int] = set()
        for part in self._parts:
            ordered = sorted(part)
            twice.update(one for one, next_ in pairwise(ordered) if one == next_)
        return frozenset(twice)


class Repeated:
    """Tells of rows that came before, and of document numbers that came before under another name."""

    def __init__(self, rows: frozenset[int], numbers: frozenset[int], number_at: int, names_at: Sequence[int]) -> None:
        self.rows, self.numbers, self.number_at, self.names_at = rows, numbers, number_at, names_at
        self.first_row: dict[int, int] = {}
        self.first_name: dict[str, tuple[int, str]] = {}

    def with_notes(self, line: Line, cut: Note | None) -> Line:
        found = [cut] if cut else []
        if self.rows and (hashed := hash(line.sent[: len(line.values)])) in self.rows:
            first = self.first_row.setdefault(hashed, line.number)
            if first != line.number:
                found.append(Note("row_repeated", line.number, names=(str(first),)))
        if self.numbers and self.number_at >= 0 and not found:
            found += self._number(line)
        return Line(line.number, line.sent, line.values, (*line.notes, *found)) if found else line

    def _number(self, line: Line) -> list[Note]:
        sent = line.sent[self.number_at] if self.number_at < len(line.sent) else ""
        number = line.values[self.number_at]
        if not number or number_hash(sent) not in self.numbers:
            return []
        name = " ".join(line.values[position] for position in self.names_at).casefold().strip()
        row, first = self.first_name.setdefault(number, (line.number, name))
        if row == line.number or name == first or not name or not first:
            return []
        return [Note("number_of_two", line.number, value=sent, names=(str(row),))]
