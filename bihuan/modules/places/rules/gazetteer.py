"""Reading the name of a place as people write it: from the province down, short or in full, in one run or with commas.

Pure. What could mean two places means none: a place is never guessed.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

BETWEEN = re.compile("[\\s,\uff0c\u3001;\uff1b/\\\\>\xb7\\-\u2014|]+")
APART = re.compile("\\s*[,\uff0c;\uff1b/|]\\s*")
CODE = re.compile(r"\d{6}")
SHORT_MIN = 2
WORD_MIN = 4  # in a run of words without commas shorter ones are no names: "at" is not Austria
KNOWN_TEXTS_MAX = 4096


@dataclass(frozen=True, slots=True)
class Entry:
    """A line of the register: GB/T 2260 code, or ISO 3166 code of a country, and every name it has there, the one in
    full first.
    """

    code: str
    names: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Place:
    """What was read: the smallest area that was named, and whether the text says more than that."""

    code: str
    is_whole: bool


@dataclass(frozen=True, slots=True)
class Words:
    """How names may be shortened; see profiles/registers/places.toml."""

    ends: tuple[str, ...]
    home: tuple[str, ...]
    unsaid: frozenset[str]
    unclear: frozenset[str]
    peoples: "re.Pattern[str]"
    street: "re.Pattern[str]"
    ends_en: tuple[str, ...]

    @classmethod
    def of(cls, data: Mapping[str, Sequence[str]]) -> "Words":
        people, autonomous = re.escape(str(data["people"])), _any(data["autonomous"])
        return cls(
            ends=tuple(data["ends"]),
            home=tuple(data["home"]),
            unsaid=frozenset(data["unsaid"]),
            unclear=frozenset(data["unclear"]),
            peoples=re.compile(f"(.{{{SHORT_MIN},}}?)(?:{_any(data['peoples'])}{people}?)+{autonomous}"),
            street=re.compile(f"{_any(data['directions'])}?{_any(data['street'])}"),
            ends_en=tuple(data["ends_en"]),
        )

    def forms(self, name: str) -> Iterator[str]:
        """A name and its shorter forms."""
        yield name
        if found := self.peoples.fullmatch(name):
            yield from (found[1], found[1] + name[-1])
        end = next((end for end in (*self.ends, *(f" {one}" for one in self.ends_en)) if name.endswith(end)), "")
        if end and len(name) - len(end) >= SHORT_MIN:
            yield name.removesuffix(end)


class Gazetteer:
    """All areas by every way they are written."""

    def __init__(self, entries: Iterable[Entry], words: Words) -> None:
        self.words = words
        self.full: set[str] = set()
        self.codes: dict[str, set[str]] = {}
        for entry in entries:
            self.full.add(entry.names[0])
            for name in (name.casefold() for name in entry.names if name and name not in words.unsaid):
                for form in words.forms(name):
                    self.codes.setdefault(form, set()).add(entry.code)
            self.codes.setdefault(entry.code.casefold(), set()).add(entry.code)
        self.longest = max((len(name) for name in self.codes), default=0)
        self.find = lru_cache(KNOWN_TEXTS_MAX)(self._find)

    def candidates(self, text: str) -> list[str]:
        """The codes of all areas that have exactly this name, whether it is clear which is meant or not."""
        return sorted(self.codes.get(self._without_home(text.strip().casefold()), ()))

    def _find(self, text: str) -> Place | None:
        """The place that `text` names, or None."""
        plain = text.strip().casefold()
        code = CODE.match(plain)
        if code and code[0] in self.codes:
            return Place(code[0], is_whole=True)
        plain = self._without_home(plain)
        if known := self._meant(plain, ""):
            return Place(known, is_whole=True)
        return self._in_one_run(BETWEEN.sub("", plain)) or self._in_parts(plain)

    def _without_home(self, plain: str) -> str:
        home = next((one for one in self.words.home if plain.startswith(one) and len(plain) > len(one)), "")
        return BETWEEN.sub("", plain.removeprefix(home), count=1) if home and plain not in self.codes else plain

    def _in_one_run(self, rest: str) -> Place | None:
        """From the largest area down, each beginning where the one before it ends."""
        read = ""
        while rest:
            step = self._next(rest, read)
            if step is None:
                break
            read, rest = step
        return Place(read, is_whole=not rest) if read else None

    def _next(self, rest: str, above: str) -> tuple[str, str] | None:
        for length in range(min(len(rest), self.longest), SHORT_MIN - 1, -1):
            name, left = rest[:length], rest[length:]
            if name.isascii() and left[:1].isascii() and left[:1].isalnum():
                continue  # in the middle of a word
            if any(_lies_in(code, above) for code in self.codes.get(name, ())):
                code = self._meant(name, above)
                is_street = name not in self.full and self.words.street.match(left)
                return None if code is None or is_street else (code, left)
        return None

    def _in_parts(self, plain: str) -> Place | None:
        """With commas, the smallest first ("Xuhui District, Shanghai") or last."""
        parts = APART.split(plain)
        if len(parts) == 1:
            parts = [word if len(word) >= WORD_MIN else "" for word in plain.split()]
        parts = [part for part in parts if part not in self.words.home]
        found = [self._of_parts(parts[::-1]), self._of_parts(parts)]
        return max((one for one in found if one), key=lambda one: one.is_whole, default=None)

    def _of_parts(self, parts: Sequence[str]) -> Place | None:
        read, unread = "", 0
        for part in parts:
            code = self._meant(part, read)
            read, unread = (code, unread) if code else (read, unread + 1)
        return Place(read, is_whole=not unread) if read else None

    def _meant(self, name: str, above: str) -> str | None:
        """The area in `above` with this name; of several the one of the highest level, None where two are of it."""
        codes = [code for code in self.codes.get(name, ()) if _lies_in(code, above)]
        highest = min(map(_level, codes), default=0)
        found = [code for code in codes if _level(code) == highest]
        return found[0] if len(found) == 1 and (above or name not in self.words.unclear) else None


def _level(code: str) -> int:
    """Countries and provinces 0, prefectures 1, counties 2."""
    return 0 if not code.isdigit() or code.endswith("0000") else 1 if code.endswith("00") else 2


def _lies_in(code: str, above: str) -> bool:
    if not above:
        return True
    stem = above[: 2 * (1 + _level(above))]
    return above.isdigit() and code != above and _level(above) < 2 and code.startswith(stem)


def _any(words: Iterable[str]) -> str:
    return "(?:" + "|".join(re.escape(one) for one in sorted(words, key=len, reverse=True)) + ")"
