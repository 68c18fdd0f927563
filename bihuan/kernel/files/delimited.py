"""Text tables: by what their cells are parted, and their rows one after the other, however large the file."""

import csv
import io
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from .characters import NUL
from .encodings import Encoding
from .problems import FileProblem
from .sources import Source, opened

DELIMITERS = (",", "\t", ";", "|", "\uff0c", "\uff1b")
SAMPLE_LINES = 60
SAMPLE_CHARACTERS = 1 << 17
LINE_LENGTH_MAX = 1 << 20
END = f"{NUL}\n"  # a line that no text holds: NULs are dropped before
ANNOUNCED = re.compile(r"\ufeff?\"?sep=(.)\"?[\r\n]+", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Dialect:
    """How a text table is written. `is_announced`: its first line only says by what cells are parted."""

    delimiter: str
    quote: str = '"'
    is_announced: bool = False


@dataclass(slots=True)
class Seen:
    """What was met while the lines of a file were read."""

    nuls: int = 0
    undecodable: int = 0
    ends_in_line_break: bool = True


def sample_of(source: Source, encoding: Encoding) -> str:
    """The beginning of a text, as it is."""
    with opened(source) as file:
        text = io.TextIOWrapper(file, encoding.codec, errors="replace", newline="")
        return text.read(SAMPLE_CHARACTERS)


def dialect_of(sample: str, score: Callable[[Sequence[Sequence[str]]], float]) -> Dialect:
    """The delimiter under which most headers are known; among equals the one that gives the evenest rows."""
    if announced := ANNOUNCED.match(sample):
        return Dialect(announced[1], is_announced=True)
    return max(
        (Dialect(delimiter, _quote(sample, delimiter)) for delimiter in DELIMITERS),
        key=lambda dialect: _fitness(sample, dialect, score),
    )


def line_ends_of(sample: str) -> list[str]:
    """The kinds of line end in a text, those inside quoted cells left out."""
    bare = re.sub(r'"[^"]*"', "", sample)
    crlf = bare.count("\r\n")
    kinds = {"CRLF": crlf, "LF": bare.count("\n") - crlf, "CR": bare.count("\r") - crlf}
    return [kind for kind, count in kinds.items() if count]


def rows_of(source: Source, encoding: Encoding, dialect: Dialect, seen: Seen) -> Iterator[tuple[str, ...]]:
    """Every row, empty ones too, with bounded memory. Raises FileProblem where rows cannot be told apart."""
    with opened(source) as file:
        text = io.TextIOWrapper(file, encoding.codec, errors="replace", newline="")
        if dialect.is_announced:
            text.readline()
        reader = csv.reader(_lines(text, seen), delimiter=dialect.delimiter, quotechar=dialect.quote, strict=False)
        held: list[str] | None = None
        before = begun = 0
        try:
            for row in reader:
                if held is not None:
                    yield tuple(held)
                held, before, begun = row, begun, reader.line_num
        except csv.Error:
            raise FileProblem("quote_unclosed", [str(begun + 1)]) from None
        if held == [NUL]:
            return
        raise FileProblem("quote_unclosed", [str(before + 1)])


def _lines(text: io.TextIOWrapper, seen: Seen) -> Iterator[str]:
    number = 0
    line = ""
    while more := text.readline(LINE_LENGTH_MAX):
        line = more
        number += 1
        if len(line) == LINE_LENGTH_MAX:
            raise FileProblem("line_too_long", [str(number)])
        if NUL in line:
            seen.nuls += line.count(NUL)
            line = line.replace(NUL, "")
        if "\ufffd" in line:
            seen.undecodable += line.count("\ufffd")
        yield line
    seen.ends_in_line_break = line.endswith(("\n", "\r"))
    yield END


def _quote(sample: str, delimiter: str) -> str:
    first = re.split(r"[\r\n]", sample.lstrip("\ufeff"), maxsplit=1)[0].split(delimiter)
    is_single = all(len(cell) > 1 and cell[0] == cell[-1] == "'" for cell in first)
    return "'" if is_single else '"'


def _fitness(
    sample: str, dialect: Dialect, score: Callable[[Sequence[Sequence[str]]], float]
) -> tuple[float, float, int]:
    lines = sample.splitlines(keepends=True)[:SAMPLE_LINES]
    try:
        rows = [row for row in csv.reader(lines, delimiter=dialect.delimiter, quotechar=dialect.quote) if any(row)]
    except csv.Error:
        return (0.0, 0.0, 0)
    widths = [len(row) for row in rows]
    usual = max(set(widths), key=widths.count, default=0)
    return (score(rows), widths.count(usual) / len(widths) if usual > 1 else 0.0, -DELIMITERS.index(dialect.delimiter))
