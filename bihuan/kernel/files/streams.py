"""The cells of a sheet read from its XML while it is unpacked, so that memory does not grow with its rows: the strings
that its cells share lie in a file beside them, and only those asked for lately are held.
"""

import re
import tempfile
import weakref
import zipfile
from array import array
from collections.abc import Iterator
from datetime import datetime, timedelta
from decimal import Decimal
from xml.etree import ElementTree
from xml.parsers import expat

CHUNK_BYTES = 1 << 18
BLOCK_STRINGS = 512
BLOCKS_HELD = 128
SPOOLED_BYTES = 4 << 20  # a small workbook needs no file
DAY_MILLISECONDS = 86_400_000
DAYS_BEFORE_1904 = 1462
EPOCH = datetime(1899, 12, 30)  # noqa: DTZ001 - a spreadsheet knows no zone
LEAP_DAY_THAT_NEVER_WAS = 60
DATE_FORMATS = frozenset([*range(14, 23), *range(27, 37), 45, 47, *range(50, 59)])
DURATION_FORMATS = frozenset([46])
NO_DATE_WORDS = re.compile(r'"[^"]*"|\\.|_.|\*.|\[(?![hms]+\])[^\]]*\]', re.IGNORECASE)
ELAPSED = re.compile(r"\[(?:h+|m+|s+)\]", re.IGNORECASE)
ESCAPED = re.compile(r"_x([0-9A-Fa-f]{4})_")
SEPARATOR = "\x00"  # XML has no such character


class Strings:
    """The shared strings of a workbook by their numbers, in blocks in a temporary file."""

    def __init__(self, archive: zipfile.ZipFile, part: str) -> None:
        self._file = tempfile.SpooledTemporaryFile(SPOOLED_BYTES)  # noqa: SIM115 - it goes with the workbook
        weakref.finalize(self, self._file.close)
        self._starts = array("q", [0])
        self.count = 0
        self._held: list[str] = []
        if part:
            reader = _StringReader(self)
            with archive.open(part) as file:
                while chunk := file.read(CHUNK_BYTES):
                    reader.parser.Parse(chunk)
            reader.parser.Parse(b"", True)
            let_go(reader.parser)
        self._flush()
        self._blocks: dict[int, list[str]] = {}

    def add(self, text: str) -> None:
        self.count += 1
        self._held.append(text)
        if len(self._held) == BLOCK_STRINGS:
            self._flush()

    def __getitem__(self, number: int) -> str:
        if not 0 <= number < self.count:
            raise ValueError(number)
        place = number // BLOCK_STRINGS
        block = self._blocks.get(place)
        if block is None:
            block = self._read_block(place)
            if len(self._blocks) >= BLOCKS_HELD:
                del self._blocks[next(iter(self._blocks))]  # the one read first; a needed one is read again
            self._blocks[place] = block
        return block[number % BLOCK_STRINGS]

    def _flush(self) -> None:
        if self._held:
            written = SEPARATOR.join(self._held).encode("utf-8", "surrogatepass")
            self._file.write(written)
            self._starts.append(self._starts[-1] + len(written))
            self._held.clear()

    def _read_block(self, number: int) -> list[str]:
        self._file.seek(self._starts[number])
        read = self._file.read(self._starts[number + 1] - self._starts[number])
        return read.decode("utf-8", "surrogatepass").split(SEPARATOR)


class _StringReader:
    """Reads the part of shared strings: the text of their runs, without how they are pronounced."""

    def __init__(self, strings: Strings) -> None:
        self.strings = strings
        self.text: list[str] = []
        self.is_spoken = False
        self.parser = expat.ParserCreate()
        self.parser.buffer_text = True
        self.parser.StartElementHandler = self._start
        self.parser.EndElementHandler = self._end

    def _start(self, tag: str, _attributes: dict[str, str]) -> None:
        name = tag.rpartition(":")[2]
        if name == "t" and not self.is_spoken:
            self.parser.CharacterDataHandler = self.text.append
        elif name == "rPh":
            self.is_spoken = True

    def _end(self, tag: str) -> None:
        name = tag.rpartition(":")[2]
        if name == "t":
            self.parser.CharacterDataHandler = None
        elif name == "si":
            self.strings.add(unescaped("".join(self.text)))
            self.text.clear()
        elif name == "rPh":
            self.is_spoken = False


class Styles:
    """What numbers are shown as, by the style of their cells: a date, a duration or themselves."""

    def __init__(self, root: ElementTree.Element | None) -> None:
        self.kinds: list[str] = []
        if root is None:
            return
        codes: dict[int, str] = {}
        for one in root.iter():
            if one.tag.endswith("}numFmt") and one.get("numFmtId", "").isdigit():
                codes[int(one.get("numFmtId", "0"))] = one.get("formatCode", "")
        listed = next((one for one in root.iter() if one.tag.endswith("}cellXfs")), None)
        for one in listed if listed is not None else ():
            number = int(one.get("numFmtId", "0") or 0)
            self.kinds.append(_kind(codes[number]) if number in codes else _usual_kind(number))

    def kind(self, style: str) -> str:
        return self.kinds[int(style)] if style and int(style) < len(self.kinds) else ""


def _usual_kind(number: int) -> str:
    return "date" if number in DATE_FORMATS else "duration" if number in DURATION_FORMATS else ""


def _kind(code: str) -> str:
    bare = NO_DATE_WORDS.sub("", code.partition(";")[0])
    if ELAPSED.search(bare):
        return "duration"
    bare = re.sub(r"\[[^\]]*\]|general", "", bare, flags=re.IGNORECASE)
    return "date" if re.search(r"[dmyhs]", bare, re.IGNORECASE) else ""


class Names(dict[str, str]):
    """The names of elements without the prefix of their namespace."""

    def __missing__(self, tag: str) -> str:
        name = self[tag] = tag.rpartition(":")[2]
        return name


class SheetReader:
    """Reads a sheet: rows in the order of the file, each with its number and its cells by column."""

    def __init__(self, strings: Strings, styles: Styles, width: int, *, counts_from_1904: bool) -> None:
        self.strings, self.styles, self.width, self.counts_from_1904 = strings, styles, width, counts_from_1904
        self.rows: list[tuple[int, list[str]]] = []
        self.row, self.cells = 0, [""] * width
        self.column, self.kind, self.style = -1, "", ""
        self.text: list[str] = []
        self.value = ""
        self.letters: dict[str, int] = {}
        self.names = Names()
        self.is_spoken = False
        self.parser = expat.ParserCreate()
        self.parser.buffer_text = True
        self.parser.StartElementHandler = self._start
        self.parser.EndElementHandler = self._end
        self.parser.CharacterDataHandler = self.text.append

    def read(self, chunk: bytes, *, is_last: bool = False) -> list[tuple[int, list[str]]]:
        """The rows that end in this piece of the file."""
        self.parser.Parse(chunk, is_last)
        found, self.rows = self.rows, []
        return found

    def _start(self, tag: str, attributes: dict[str, str]) -> None:
        name = self.names[tag]
        if name == "c":
            self.kind, self.style, self.value = attributes.get("t", ""), attributes.get("s", ""), ""
            reference = attributes.get("r", "")
            if reference:
                letters = reference.rstrip("0123456789")
                column = self.letters.get(letters)
                self.column = self.letters.setdefault(letters, column_number(letters)) if column is None else column
            else:
                self.column += 1
        elif name == "v" or name == "t":
            self.text.clear()
        elif name == "row":
            self.row = int(attributes["r"]) if "r" in attributes else self.row + 1
            self.column = -1
        elif name == "rPh":
            self.is_spoken = True

    def _end(self, tag: str) -> None:
        name = self.names[tag]
        if name == "v" or name == "t":
            if not self.is_spoken:
                self.value += "".join(self.text)
        elif name == "c":
            if self.value and self.column < self.width:
                self.cells[self.column] = self._shown()
        elif name == "row":
            self.rows.append((self.row, self.cells))
            self.cells = [""] * self.width
        elif name == "rPh":
            self.is_spoken = False

    def _shown(self) -> str:
        """The value of a cell as it would be typed."""
        kind, value = self.kind, self.value
        if kind == "s":
            return self.strings[int(value)]
        if kind in ("inlineStr", "str"):
            return unescaped(value)
        if kind == "b":
            return "TRUE" if value in ("1", "true") else "FALSE"
        if kind in ("e", "d"):
            return "" if kind == "e" else value
        number = float(value)
        shown_as = self.styles.kind(self.style) if self.style else ""
        try:
            if shown_as == "date":
                return moment(number, counts_from_1904=self.counts_from_1904)
            if shown_as == "duration":
                return str(timedelta(milliseconds=round(number * DAY_MILLISECONDS)))
        except OverflowError:  # no day of the calendar, whatever it is shown as
            pass
        return plain_number(number)


def let_go(parser: expat.XMLParserType) -> None:
    """A parser and what it calls hold each other; a large file would leave much for the collector of garbage."""
    parser.StartElementHandler = parser.EndElementHandler = parser.CharacterDataHandler = None


def plain_number(number: float) -> str:
    """Whole numbers without a decimal point. Fifteen digits are kept; the rest of a longer number is lost and shows as
    zeros.
    """
    return format(Decimal(f"{number:.15g}"), "f")


def moment(number: float, *, counts_from_1904: bool) -> str:
    """A day number as a date, year first; below one it is a time of day. Raises OverflowError: no such day."""
    days = number + DAYS_BEFORE_1904 if counts_from_1904 else number
    days = days if days >= LEAP_DAY_THAT_NEVER_WAS else days + 1
    found = EPOCH + timedelta(milliseconds=round(days * DAY_MILLISECONDS))
    if number < 1:
        return found.time().isoformat()
    is_day = (found.hour, found.minute, found.second) == (0, 0, 0)
    return found.date().isoformat() if is_day else found.isoformat(" ", "seconds")


def unescaped(text: str) -> str:
    """Characters that XML cannot hold are written by their number."""
    if "_x" not in text:
        return text
    return ESCAPED.sub(lambda found: chr(int(found[1], 16)), text)


def column_number(letters: str) -> int:
    """The place of a column, from 0."""
    number = 0
    for sign in letters:
        if not "A" <= sign <= "Z":
            raise ValueError(letters)
        number = number * 26 + ord(sign) - 64
    if not 0 < number <= 16_384:
        raise ValueError(letters)
    return number - 1


def chunks(archive: zipfile.ZipFile, part: str) -> Iterator[bytes]:
    """A part piece by piece; an empty piece is its end."""
    with archive.open(part) as file:
        while chunk := file.read(CHUNK_BYTES):
            yield chunk
    yield b""
