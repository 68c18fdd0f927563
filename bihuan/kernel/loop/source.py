"""Reading a profile's TOML: every complaint names the file, the line and the remedy.

Python's tomllib forgets where a value stood, so `lines_of` walks the text once more and remembers the line of every
key. A `Table` is one table of the file being read: it hands out typed values, notes what was asked for and complains of
what nobody asked for, so that a misspelt key is an error and not a silent default.
"""

import difflib
import re
import tomllib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from pathlib import Path
from typing import Any, NamedTuple

type Where = tuple[str | int, ...]

_BARE = re.compile(r"[A-Za-z0-9_-]+")
_SKIP = re.compile(r"(?:[ \t\r\n]|#[^\n]*)*")
_SCALAR = re.compile(r"[^,\]}\n#]+")
_DURATION = re.compile(r"(?P<sign>-?)(?:(?P<days>\d+) ?d)? ?(?:(?P<hours>\d+) ?h)? ?(?:(?P<minutes>\d+) ?min)?")


class Words(NamedTuple):
    """A name in both languages."""

    zh: str
    en: str


@dataclass(frozen=True, slots=True, order=True)
class Problem:
    """What is wrong in a profile, where, and what to do about it."""

    file: str
    line: int
    message: str
    remedy: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: {self.message} {self.remedy}"


class ProfileError(Exception):
    """A profile cannot be used. Carries every problem found, not only the first."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = tuple(sorted(set(problems)))
        super().__init__("\n".join(map(str, self.problems)))


class _Walker:
    """Walks a TOML text that tomllib has already accepted, and notes the line of every key and array element."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.at = 0
        self.lines: dict[Where, int] = {(): 1}
        self.counts: dict[Where, int] = {}

    def walk(self) -> dict[Where, int]:
        table: Where = ()
        while self.skip():
            if self.text.startswith("[[", self.at):
                self.at += 2
                table = self.header("]]", is_array=True)
            elif self.text[self.at] == "[":
                self.at += 1
                table = self.header("]", is_array=False)
            else:
                self.pair(table)
        return self.lines

    def skip(self) -> bool:
        match = _SKIP.match(self.text, self.at)
        assert match is not None
        self.at = match.end()
        return self.at < len(self.text)

    def note(self, where: Where) -> None:
        self.lines.setdefault(where, self.text.count("\n", 0, self.at) + 1)

    def header(self, end: str, *, is_array: bool) -> Where:
        names = self.key()
        where = self.resolved(names[:-1]) + names[-1:]
        if is_array:
            number = self.counts.get(where, -1) + 1
            self.counts[where] = number
            self.note(where)
            where = (*where, number)
        else:
            where = self.resolved(names)
        for depth in range(1, len(where) + 1):
            self.note(where[:depth])
        self.at = self.text.index(end, self.at) + len(end)
        return where

    def resolved(self, names: Where) -> Where:
        """`step.repeat` under [[step]] means the repeat of the last step."""
        where: Where = ()
        for name in names:
            where = (*where, name)
            if where in self.counts:
                where = (*where, self.counts[where])
        return where

    def key(self) -> Where:
        names: list[str | int] = []
        while True:
            self.skip()
            if self.text[self.at] in "\"'":
                start = self.at
                self.string()
                names.append(self.text[start + 1 : self.at - 1])
            else:
                match = _BARE.match(self.text, self.at)
                assert match is not None
                names.append(match.group())
                self.at = match.end()
            self.skip()
            if self.text[self.at] != ".":
                return tuple(names)
            self.at += 1

    def pair(self, table: Where) -> None:
        start = self.at
        names = self.key()
        for depth in range(1, len(names) + 1):
            after, self.at = self.at, start
            self.note(table + names[:depth])
            self.at = after
        self.at = self.text.index("=", self.at) + 1
        self.skip()
        self.value(table + names)

    def value(self, where: Where) -> None:
        self.note(where)
        opening = self.text[self.at]
        if opening in "\"'":
            self.string()
        elif opening in "[{":
            self.at += 1
            self.members(where, "]" if opening == "[" else "}")
        else:
            match = _SCALAR.match(self.text, self.at)
            assert match is not None
            self.at = match.end()

    def members(self, where: Where, closing: str) -> None:
        number = 0
        while self.skip() and self.text[self.at] != closing:
            if self.text[self.at] == ",":
                self.at += 1
            elif closing == "]":
                self.value((*where, number))
                number += 1
            else:
                self.pair(where)
        self.at += 1

    def string(self) -> None:
        quote = self.text[self.at]
        fence = quote * 3 if self.text.startswith(quote * 3, self.at) else quote
        self.at += len(fence)
        while not self.text.startswith(fence, self.at):
            self.at += 2 if quote == '"' and self.text[self.at] == "\\" else 1
        self.at += len(fence)
        while len(fence) == 3 and self.text.startswith(quote, self.at):
            self.at += 1


def lines_of(text: str) -> dict[Where, int]:
    """The line (from 1) on which each key, table and array element of a valid TOML text stands."""
    return _Walker(text).walk()


@dataclass(slots=True)
class Source:
    """One TOML file: what it says, where each thing stands, and what is wrong with it."""

    file: str
    data: dict[str, Any]
    lines: dict[Where, int]
    problems: list[Problem] = field(default_factory=list)

    @classmethod
    def read(cls, path: Path, shown: str = "") -> "Source":
        """Read a file; one that is missing or no TOML raises at once, for nothing more can be said of it."""
        name = shown or str(path)
        try:
            return cls.parse(path.read_text(encoding="utf-8"), name)
        except OSError as error:
            raise ProfileError(
                [Problem(name, 1, f"The file cannot be read: {error.strerror}.", "Add it, or allow reading.")]
            ) from error
        except UnicodeDecodeError as error:
            line = error.object.count(b"\n", 0, error.start) + 1
            raise ProfileError([Problem(name, line, "The file is not UTF-8.", "Save it as UTF-8.")]) from error

    @classmethod
    def parse(cls, text: str, file: str) -> "Source":
        """Read a text."""
        try:
            data = tomllib.loads(text)
        except tomllib.TOMLDecodeError as error:
            found = re.search(r"line (\d+)", str(error))
            line = int(found.group(1)) if found else text.count("\n") + 1
            raise ProfileError([Problem(file, line, f"This is not TOML: {error}.", "Correct the syntax.")]) from error
        return cls(file, data, lines_of(text))

    def line(self, where: Where) -> int:
        """The line of the nearest thing that stands in the text."""
        while where not in self.lines:
            where = where[:-1]
        return self.lines[where]

    def complain(self, where: Where, message: str, remedy: str) -> None:
        """Remember a problem; reading goes on, so that one run names them all."""
        self.problems.append(Problem(self.file, self.line(where), message, remedy))

    def table(self) -> "Table":
        """The whole file as a table."""
        return Table(self, (), self.data)


class Table:
    """One table of a file being read."""

    def __init__(self, source: Source, where: Where, data: dict[str, Any]) -> None:
        self.source = source
        self.where = where
        self.data = data
        self.asked: set[str] = set()

    def __contains__(self, key: str) -> bool:
        self.asked.add(key)
        return key in self.data

    def complain(self, key: str, message: str, remedy: str) -> None:
        self.source.complain((*self.where, key) if key else self.where, message, remedy)

    def raw(self, key: str, default: Any = None) -> Any:
        self.asked.add(key)
        return self.data.get(key, default)

    def typed[T](self, key: str, kind: type[T], default: T | None, example: str) -> T:
        """The value of `key`; without a default it must be there."""
        value = self.raw(key)
        if value is None:
            if default is None:
                self.complain("", f"`{key}` is missing.", f"Add it, for example: {key} = {example}")
                return kind()
            return default
        if not isinstance(value, kind) or (kind is int and isinstance(value, bool)):
            self.complain(key, f"`{key}` is {value!r}.", f"Write it like this: {key} = {example}")
            return kind() if default is None else default
        return value

    def string(self, key: str, default: str | None = None, example: str = '"…"') -> str:
        return self.typed(key, str, default, example)

    def integer(self, key: str, default: int | None = None) -> int:
        return self.typed(key, int, default, "1")

    def truth(self, key: str) -> bool:
        return self.typed(key, bool, False, "true")

    def strings(self, key: str, default: Sequence[str] | None = None, example: str = '["…"]') -> tuple[str, ...]:
        """A list of strings; a single string is a list of one."""
        value = self.raw(key)
        if isinstance(value, str):
            return (value,)
        if value is None and default is not None:
            return tuple(default)
        if isinstance(value, list) and value and all(isinstance(item, str) for item in value):
            return tuple(value)
        said = f"`{key}` is missing or empty." if not value else f"`{key}` is {value!r}."
        self.complain(key if key in self.data else "", said, f"Write it like this: {key} = {example}")
        return ()

    def among(self) -> tuple[Any, ...]:
        """What something may be; nothing said is no limit, an empty list would be a value that cannot exist."""
        value = self.raw("among")
        if value is None:
            return ()
        if isinstance(value, list) and value:
            return tuple(value)
        self.complain("among", f"`among` is {value!r}.", 'List what it may be: among = ["…"], or leave the line out.')
        return ()

    def words(self, key: str, default: Words | None = None) -> Words:
        """A text in both languages."""
        value = self.raw(key)
        if value is None and default is not None:
            return default
        if isinstance(value, dict) and set(value) == {"zh", "en"} and all(value.values()):
            return Words(str(value["zh"]), str(value["en"]))
        said = f"`{key}` must be said in both languages." if value is not None else f"`{key}` is missing."
        self.complain(key if key in self.data else "", said, f'Write it like this: {key} = {{ zh = "…", en = "…" }}')
        return Words("", "")

    def day(self, key: str) -> date | None:
        value = self.raw(key)
        if value is None:
            return None
        if isinstance(value, date):
            return value
        self.complain(key, f"`{key}` is {value!r}.", f"Write a date without quotes: {key} = 2022-06-28")
        return None

    def duration(self, key: str, default: timedelta | None = None) -> timedelta:
        value = self.raw(key)
        if value is None and default is not None:
            return default
        found = duration(value)
        if found is None:
            self.complain(
                key if key in self.data else "",
                f"`{key}` is missing." if value is None else f"`{key}` is {value!r}, which is no duration.",
                f'Write days, hours and minutes: {key} = "1 d", "2 h 30 min", "45 min" or "0 min".',
            )
            return timedelta()
        return found

    def table(self, key: str) -> "Table | None":
        """A table inside this one, if it is there."""
        value = self.raw(key)
        if value is None:
            return None
        if isinstance(value, dict):
            return Table(self.source, (*self.where, key), value)
        self.complain(key, f"`{key}` is {value!r}.", f"Write a table: {key} = {{ … }} or [{key}].")
        return None

    def named_tables(self) -> Iterator[tuple[str, "Table"]]:
        """Every table in this one, with its name."""
        for key in self.data:
            table = self.table(key)
            if table is not None:
                yield key, table

    def tables(self, key: str) -> Iterator["Table"]:
        """A list of tables: [[key]] or key = [{ … }, { … }]."""
        value = self.raw(key, [])
        if not isinstance(value, list):
            self.complain(key, f"`{key}` is {value!r}.", f"Write [[{key}]] above each of them.")
            return
        for number, item in enumerate(value):
            if isinstance(item, dict):
                yield Table(self.source, (*self.where, key, number), item)
            else:
                self.source.complain(
                    (*self.where, key, number), f"`{item!r}` is no table.", "Write it in braces: { … }."
                )

    def finish(self) -> None:
        """Complain of every key nobody asked for."""
        for key in self.data:
            if key not in self.asked:
                near = difflib.get_close_matches(key, self.asked, n=1)
                remedy = f"Did you mean `{near[0]}`?" if near else f"Known here: {', '.join(sorted(self.asked))}."
                self.complain(key, f"`{key}` is not a word of this language.", remedy)


def duration(text: object) -> timedelta | None:
    """The length of "1 d", "2 h 30 min", "-45 min"; None if it is not one."""
    match = _DURATION.fullmatch(text.strip()) if isinstance(text, str) else None
    if match is None or not any(match.group("days", "hours", "minutes")):
        return None
    days, hours, minutes = (int(part or 0) for part in match.group("days", "hours", "minutes"))
    length = timedelta(days=days, hours=hours, minutes=minutes)
    return -length if match.group("sign") else length
