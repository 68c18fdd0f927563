"""Rows that are nobody's: totals, footnotes, examples, repeated headers, and empty lines of a form that only have their
number.
"""

import re

from .characters import plain
from .defects import words
from .forms import header_key
from .headers import Heading

EXAMPLE_ROWS = 3
NUMBER = re.compile(r"\d{6}|\d{4}\D\d")


class Asides:
    """Tells rows of somebody from totals, footnotes, repeated headers and empty forms."""

    def __init__(self, heading: Heading) -> None:
        self.positions = [position for position, _column in heading.places]
        self.identity = [
            position for position, column in heading.places if column.kind in ("id_number", "phone", "birth")
        ]
        self.headers = {
            position: {header_key(text) for text in (*column.headers, heading.headers[position])}
            for position, column in heading.places
        }
        self.quick = {
            text for position, column in heading.places for text in (*column.headers, heading.headers[position])
        }
        self.totals, self.footnotes, self.examples = (
            tuple(word.replace(" ", "") for word in words()[kind]) for kind in ("totals", "footnotes", "examples")
        )

    def of(self, cells: tuple[str, ...], before: int) -> str:
        """The code of a row that is nobody's, or nothing."""
        width = len(cells)
        filled = [cells[position] for position in self.positions if position < width and cells[position]]
        if not filled or not any(cell.strip() for cell in filled):
            return self._aside(cells) or "row_only_numbered"
        if filled[0] in self.quick and self._is_header(cells):
            return "header_repeated"
        if before < EXAMPLE_ROWS and any(_bare(cell).startswith(self.examples) for cell in cells if cell):
            return "example_row"
        if len(filled) * 2 <= len(self.positions) and not any(
            NUMBER.search(cells[position]) for position in self.identity if position < width
        ):
            return self._aside(cells)
        return ""

    def _aside(self, cells: tuple[str, ...]) -> str:
        first = _bare(next(cell for cell in cells if cell.strip()))
        if first.startswith(self.totals):
            return "total_row"
        return "footnote_row" if first.startswith(self.footnotes) else ""

    def _is_header(self, cells: tuple[str, ...]) -> bool:
        filled = [position for position in self.positions if position < len(cells) and cells[position].strip()]
        same = sum(header_key(cells[position]) in self.headers[position] for position in filled)
        return same >= 2 and same * 2 >= len(filled)


def _bare(text: str) -> str:
    return plain(text).replace(" ", "").casefold()
