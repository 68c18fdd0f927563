"""A record as it is compared: everything that writing can vary without meaning anything is folded away, once."""

import re
import tomllib
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from importlib.resources import files

from pypinyin import lazy_pinyin

HAN = re.compile(r"[\u3400-\u4dbf\u4e00-\u9fff]")
GENERATIONS = frozenset({"jr", "sr", "ii", "iii", "iv", "v"})
BLOCK_MAX = 20  # a key that more records than this share tells nothing: 王芳 is no ground for a suspicion


@dataclass(frozen=True, slots=True)
class Record:
    """What is known of somebody. Empty or None is not known. Numbers of two kinds of document are not compared."""

    name: str = ""
    birth_on: date | None = None
    sex: str = ""
    number: str = ""
    phone: str = ""
    address: str = ""
    kind: str = ""


@dataclass(frozen=True, slots=True)
class Prepared:
    """A record folded for comparison. `sounds` are the ways in which its name can be cut into family and given name,
    `sounding` the ordinary one, `reading` the syllables as they are written, by which it is looked for.
    """

    name: str
    parts: tuple[str, ...]
    generation: str
    sounds: frozenset[str]
    sounding: str
    reading: str
    birth_on: date | None
    born: str
    sex: str
    number: str
    kind: str
    phone: str
    address: str
    address_words: str
    address_digits: tuple[str, ...]

    @property
    def is_han(self) -> bool:
        return bool(HAN.match(self.name))


@lru_cache(maxsize=1)
def _register() -> tuple[dict[int, str], frozenset[str]]:
    told = tomllib.loads(files("bihuan.profiles").joinpath("registers", "names.toml").read_text("utf-8"))
    return {ord(pair[0]): pair[1] for pair in told["variants"].split()}, frozenset(told["unknown"])


def prepare(record: Record) -> Prepared:
    """Fold a record."""
    variants, unknown = _register()
    words = _words(record.name, variants)
    generation = next((word for word in words if word in GENERATIONS), "") if len(words) > 2 else ""
    parts = tuple(word for word in words if word != generation)
    if " ".join(parts) in unknown or set(parts) <= unknown:
        parts = ()
    name = "".join(parts)
    address = " ".join(_words(record.address, variants))
    phone = re.sub(r"[^0-9]", "", record.phone)
    sounds = sound(name) if HAN.match(name) else (_sorted(parts),) if parts else ()
    return Prepared(
        name=name,
        parts=parts,
        generation=generation,
        sounds=frozenset(sounds),
        sounding=sounds[0] if sounds else "",
        reading=" ".join(lazy_pinyin(" ".join(parts))),
        birth_on=record.birth_on,
        born=record.birth_on.strftime("%Y%m%d") if record.birth_on else "",
        sex=record.sex if record.sex in ("male", "female") else "",
        number=re.sub(r"[^0-9A-Z]", "", unicodedata.normalize("NFKC", record.number).upper()),
        kind=record.kind,
        phone=phone[-11:] if len(phone) > 11 else phone,
        address=address.replace(" ", ""),
        address_words=re.sub(r"[0-9 ]", "", address),
        address_digits=tuple(re.findall(r"[0-9]+", address)),
    )


@lru_cache(maxsize=65536)
def sound(name: str) -> tuple[str, ...]:
    """Every way in which a Chinese name can sound, cut after its first character and, of three or more, after its
    second; the order of family and given name does not count.
    """
    syllables = lazy_pinyin(name)
    cuts = range(1, min(len(syllables), 3)) if len(syllables) > 1 else range(1, 2)
    return tuple(_sorted(("".join(syllables[:cut]), "".join(syllables[cut:]))) for cut in cuts)


def _sorted(parts: Iterable[str]) -> str:
    return " ".join(sorted(part for part in parts if part))


def _words(text: str, variants: dict[int, str]) -> list[str]:
    plain = unicodedata.normalize("NFKC", text).translate(variants).casefold()
    bare = "".join(sign for sign in unicodedata.normalize("NFD", plain) if not unicodedata.combining(sign))
    return re.findall(r"[^\W_]+", re.sub(r"['’\-·]", "", bare))


def keys(record: Prepared) -> Iterator[tuple[str, ...]]:
    """By what a record is looked for: records that share a key are compared."""
    if record.number:
        yield "number", record.number
    if record.phone:
        yield "phone", record.phone
    if record.born and record.reading:
        yield "birth", record.born, record.reading[:1]
    if record.reading:
        yield "name", record.reading


def candidates(records: Sequence[Prepared], block_max: int = BLOCK_MAX) -> set[tuple[int, int]]:
    """Which records of a set are worth comparing, as pairs of positions, the lower first. Keys that more than
    `block_max` records share are passed over.
    """
    blocks: dict[tuple[str, ...], list[int]] = {}
    for place, record in enumerate(records):
        for key in keys(record):
            blocks.setdefault(key, []).append(place)
    return {
        (one, other)
        for block in blocks.values()
        if 1 < len(block) <= block_max
        for index, one in enumerate(block)
        for other in block[index + 1 :]
    }
