"""One pass over the rows of a table before they are read: which are nobody's, how each column writes its dates, what
comes twice, how many there are.
"""

from collections.abc import Sequence

from .asides import Asides
from .cells import DATES
from .dates import Evidence, Order
from .defects import Note
from .delimited import Seen
from .headers import Heading
from .lines import Row, fitted
from .repeats import Met, number_hash
from .workbooks import Marks

NUMBERS_TOLD_MAX = 20
THOUSANDS_SHARE_MAX = 0.2  # of rounded numbers nearly all end so, of others one in a thousand


class Look:
    """What the rows of a table show as a whole. Sees them in their order."""

    def __init__(self, heading: Heading, marks: Marks, *, is_text: bool) -> None:
        self.heading, self.marks, self.is_text = heading, marks, is_text
        self.rows = self.last = self.titles = self.hidden = 0
        self.passed: dict[int, str] = {}
        self.rows_met, self.numbers_met = Met(), Met()
        self.number_at = next((position for position, column in heading.places if column.kind == "id_number"), -1)
        self.names_at = [position for position, column in heading.places if column.kind == "name"]
        self.evidence = [(position, Evidence()) for position, column in heading.places if column.kind in DATES]
        self._asides = Asides(heading)
        self._width = len(heading.headers)
        self._unnamed = {position for position, header in enumerate(heading.headers) if not header}
        self._written_in: set[int] = set()
        self._shortest, self._last_width = 1 << 30, 0
        self._numbers = self._thousands = 0

    def see(self, row: Row) -> None:
        number, cells, _marks = row
        if number <= self.heading.rows[-1]:
            self.titles += number < self.heading.rows[0]
            return
        if code := self._asides.of(cells, self.rows):
            self.passed[number] = code
            return
        if self.rows and self._last_width < self._shortest:
            self._shortest = self._last_width
        width = self._last_width = len(cells)
        self.rows += 1
        self.last = number
        self.hidden += number in self.marks.hidden_rows
        self.rows_met.add(hash(fitted(cells, self._width)))
        if 0 <= self.number_at < width and (text := cells[self.number_at]):
            self.numbers_met.add(number_hash(text))
            self._numbers += 1
            self._thousands += text.endswith("000")
        for position, evidence in self.evidence:
            if position < width:
                evidence.see(cells[position])
        if self._unnamed or (width > self._width and not self.is_text):
            self._written_in.update(
                position
                for position, cell in enumerate(cells)
                if cell and (position in self._unnamed or position >= self._width)
            )

    def orders(self, counts_from_1904: bool) -> dict[int, Order]:
        """How each column of dates is to be read."""
        declared = self.heading.form.date_order
        return {position: evidence.order(declared, counts_from_1904) for position, evidence in self.evidence}

    @property
    def loses_digits(self) -> bool:
        """Whether so many document numbers end in 000 that a spreadsheet must have rounded the column."""
        return self._thousands > THOUSANDS_SHARE_MAX * self._numbers

    def cut(self, seen: Seen) -> Note | None:
        """The last row, where it is shorter than every other and the file ends within it."""
        is_short = self._last_width < self._width <= self._shortest
        return Note("row_cut", self.last) if self.rows > 1 and is_short and not seen.ends_in_line_break else None

    def notes(self, orders: dict[int, Order]) -> list[Note]:
        """What is to be said of the table."""
        heading = self.heading
        found = [Note("title_rows", names=(str(self.titles),))] if self.titles else []
        found += heading.notes
        found += [Note("header_empty", heading.rows[-1], names=(str(one + 1),)) for one in sorted(self._written_in)]
        if self.hidden:
            found.append(Note("rows_hidden", names=(str(self.hidden),)))
        for code in dict.fromkeys(self.passed.values()):
            numbers = [number for number, passed in self.passed.items() if passed == code]
            found.append(Note(code, numbers[0], names=_told(numbers)))
        for position, order in orders.items():
            if order.pattern and not order.is_declared and not order.is_mixed:
                header = heading.headers[position]
                found.append(Note("date_order_decided", column=header, value=header, names=(order.pattern,)))
        return found


def _told(numbers: Sequence[int]) -> tuple[str, ...]:
    more = len(numbers) - NUMBERS_TOLD_MAX
    told = tuple(str(number) for number in numbers[:NUMBERS_TOLD_MAX])
    return (*told, f"+{more}") if more > 0 else told
