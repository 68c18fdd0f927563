"""Bilingual content. What a profile or a register says is data in two languages, never a gettext message."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from django.utils.translation import get_language


@dataclass(frozen=True, slots=True)
class Text:
    zh: str
    en: str

    @classmethod
    def of(cls, value: "Mapping[str, str] | Text") -> "Text":
        return value if isinstance(value, Text) else cls(zh=value["zh"], en=value["en"])

    def filled(self, **values: object) -> "Text":
        return Text(zh=self.zh.format(**values), en=self.en.format(**values))

    def as_json(self) -> dict[str, str]:
        return {"zh": self.zh, "en": self.en}

    def __str__(self) -> str:
        return self.zh if is_chinese() else self.en


def is_chinese() -> bool:
    """Whether the reader reads Chinese."""
    return (get_language() or "zh").startswith("zh")


def listed(parts: Iterable[object]) -> str:
    """Several remarks in a row, with the stops of the reader's script."""
    return ("\uff1b" if is_chinese() else "; ").join(str(part) for part in parts)


def labelled(label: object, value: object) -> str:
    """A label and what it says, with the colon of the reader's script."""
    return f"{label}{'\uff1a' if is_chinese() else ': '}{value}"
