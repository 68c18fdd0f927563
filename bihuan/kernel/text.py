"""Bilingual content. What a profile or a register says is data in two languages, never a gettext message."""

from collections.abc import Mapping
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
        return self.zh if (get_language() or "zh").startswith("zh") else self.en
