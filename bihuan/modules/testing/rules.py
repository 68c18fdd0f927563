"""Codes of samples and what a line of a laboratory's list says. Pure."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
CODE_LENGTH = 11  # without the check character
_FULLWIDTH = {code: code - 0xFEE0 for code in range(0xFF01, 0xFF5F)}
_SEPARATORS = re.compile(r"[\s,;:|\u3000\u3001\uff0c]+")


def check_character(body: str) -> str:
    """The ISO 7064 MOD 37,36 check character of `body`: it catches every wrong character and every swap."""
    product = 36
    for character in body:
        total = (product + ALPHABET.index(character)) % 36 or 36
        product = total * 2 % 37
    return ALPHABET[(37 - product) % 36]


def is_code(text: str) -> bool:
    """Whether `text` is a sample code as printed on a tube: letters and digits closed by their check character."""
    body, check = text[:-1], text[-1:]
    return len(body) >= 4 and all(c in ALPHABET for c in text) and check_character(body) == check


def code_from(number: int) -> str:
    """The code of the sample with this (large, random) number."""
    digits = []
    for _ in range(CODE_LENGTH):
        number, digit = divmod(number, 36)
        digits.append(ALPHABET[digit])
    body = "".join(digits)
    return body + check_character(body)


def tidy(text: str) -> str:
    """A code as typed, scanned or pasted: full-width characters, lower case, spaces and hyphens are forgiven."""
    return re.sub(r"[\s-]+", "", text.translate(_FULLWIDTH)).upper()


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a pasted list: the code, the word for the result if there was one, and where it stood."""

    number: int
    code: str
    word: str


def lines_of(text: str) -> Iterable[Line]:
    """Read a pasted list: one sample a line, the code first, then perhaps a word for its result."""
    for number, raw in enumerate(text.splitlines(), start=1):
        parts = [part for part in _SEPARATORS.split(raw.translate(_FULLWIDTH).strip()) if part]
        if parts:
            yield Line(number, tidy(parts[0]), " ".join(parts[1:]).lower())


def outcome_of(word: str, names: Mapping[str, str], otherwise: str) -> str | None:
    """The outcome a laboratory's word stands for; no word means `otherwise`, an unknown word means None."""
    return names.get(word) if word else otherwise


def day_of(occurrence: str) -> int | None:
    """The day of the test plan in the name of a repeating duty's occurrence ("2022-06-27 d3"); None outside a plan."""
    found = re.search(r" d(\d+)$", occurrence)
    return int(found[1]) if found else None
