"""Forms: which columns a file may have, how they are headed, what their cells hold. Forms are data (profiles)."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache

from .characters import plain

HEADER_LENGTH_MAX = 200
REMARK = re.compile(r"\(.*?\)|\[.*?\]|\u3010.*?\u3011")


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a form: how it may be headed, what kind of cell it holds, which field it fills (if any)."""

    headers: tuple[str, ...]
    kind: str
    field: str = ""
    is_needed: bool = False
    is_strict: bool = True

    @property
    def name(self) -> str:
        return self.headers[0]


@dataclass(frozen=True, slots=True)
class Form:
    """A form of file. A machine-made form (`is_whole`) must come with every column that its issuer declares. Where
    `date_order` is YMD nothing is declared about dates with slashes, and each column shows its order by itself.
    """

    code: str
    columns: tuple[Column, ...]
    date_order: str
    is_whole: bool = False
    signature: tuple[str, ...] = ()
    blanks: frozenset[str] = frozenset()
    defaults: Mapping[str, str] = field(default_factory=dict)
    words: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    any_of: tuple[tuple[str, ...], ...] = ()


@lru_cache(maxsize=4096)
def header_key(text: str) -> str:
    """A header as it is compared: case, blanks, stars and punctuation do not count. A long text is no header."""
    if len(text) > HEADER_LENGTH_MAX:
        return ""
    return re.sub(r"[\s_*:.\-()/]", "", plain(text)).casefold()


def without_remark(text: str) -> str:
    """A header without what it says in brackets."""
    return REMARK.sub("", plain(text[: HEADER_LENGTH_MAX + 1]))


def form_of(data: Mapping[str, object]) -> Form:
    """A form as its file in profiles describes it."""
    columns = data["columns"]
    words = data.get("words", {})
    assert isinstance(columns, list)
    assert isinstance(words, Mapping)
    return Form(
        code=str(data["code"]),
        columns=tuple(
            Column(
                headers=tuple(column["headers"]),
                kind=column["kind"],
                field=column.get("field", ""),
                is_needed=column.get("needed", False),
                is_strict=column.get("strict", True),
            )
            for column in columns
        ),
        date_order=str(data["date_order"]),
        is_whole=bool(data.get("whole", False)),
        signature=tuple(data.get("signature", ())),  # type: ignore[arg-type]
        blanks=frozenset(str(blank).casefold() for blank in data.get("blanks", ())),  # type: ignore[attr-defined]
        defaults=data.get("defaults", {}),  # type: ignore[arg-type]
        words={
            kind: {word.casefold(): value for value, listed in entries.items() for word in listed}
            for kind, entries in words.items()
        },
        any_of=tuple(tuple(group) for group in data.get("any_of", ())),  # type: ignore[attr-defined]
    )
