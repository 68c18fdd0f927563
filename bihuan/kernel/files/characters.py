"""The characters of a cell: what nobody sees is dropped, what is full-width is made narrow, and each is told."""

import re
import unicodedata
from functools import cache

from .defects import words

UNIT = "\x1f"  # stands between the cells of a column while they are looked at together
CELL_LENGTH_MAX = 32_767  # of a spreadsheet
NUL = "\x00"

INVISIBLE = r"\x00-\x08\x0b\x0c\x0e-\x1e\x7f-\x9f\xad\u061c\u180e\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufeff"
BLANKS = r"\xa0\u1680\u2000-\u200a\u202f\u205f\u3000"
HOME_MADE = r"\ue000-\uf8ff\U000f0000-\U0010fffd"
ODD = re.compile(
    rf"[{INVISIBLE}{BLANKS}{HOME_MADE}\t\n\r\u2028\u2029\ufffd\uff01-\uff5e]|  |(?:^|{UNIT})[ '=#\"]| (?:$|{UNIT})"
)
UNSEEN = re.compile(rf"[{INVISIBLE}]")
FORMATTING = re.compile(  # everything of the Unicode category Cf
    "[\xad\u0600-\u0605\u061c\u06dd\u070f\u0890\u0891\u08e2\u180e\u200b-\u200f\u202a-\u202e\u2060-\u2064"
    "\u2066-\u206f\ufeff\ufff9-\ufffb\U000110bd\U000110cd\U00013430-\U0001343f\U0001bca0-\U0001bca3"
    "\U0001d173-\U0001d17a\U000e0001\U000e0020-\U000e007f]"
)
BREAKS = re.compile(r"[\r\n\u2028\u2029\x0b\x0c]+")
PRIVATE = re.compile(rf"[{HOME_MADE}]")
WIDE = re.compile(r"[\uff10-\uff19\uff21-\uff3a\uff41-\uff5a]")
GUARD = re.compile(r"""=\s*"((?:[^"]|"")*)"|'(.*(?<!'))""", re.DOTALL)
FORMULA = re.compile(r"=\s*[A-Za-z(+\-@0-9\"$']")
ERRORS = re.compile(
    r"#(?:N/?A|REF!?|VALUE!?|NAME\?|DIV/0!?|NUM!?|NULL!?|SPILL!?|CALC!?|GETTING_DATA|BLOCKED!?|UNKNOWN!?)|#{2,}", re.I
)


def plain(text: str) -> str:
    """Full-width characters made narrow, invisible ones dropped, runs of white space made one blank."""
    if text.isascii() and text.isprintable() and "  " not in text:
        return text.strip()
    return " ".join(FORMATTING.sub("", unicodedata.normalize("NFKC", text)).split())


def is_even(cells: list[str]) -> bool:
    """Whether nothing in these cells needs a closer look. One search over all of them instead of one each."""
    together = UNIT.join(cells)
    if ODD.search(together) or together.count(UNIT) >= len(cells):
        return False
    if len(together) > CELL_LENGTH_MAX and max(map(len, cells)) > CELL_LENGTH_MAX:
        return False
    if together.isascii():
        return True
    return unicodedata.is_normalized("NFKC", together) and not _wrecks().search(together)


def repaired(cell: str) -> tuple[str, list[str]]:
    """A cell without what does not belong in it, and the codes of what was found."""
    found: list[str] = []
    if len(cell) > CELL_LENGTH_MAX:
        return "", ["cell_too_long"]
    text = cell
    if "\ufffd" in text or _wrecks().search(text):
        return "", ["text_wrecked"]
    if UNSEEN.search(text):
        found.append("invisible")
        text = UNSEEN.sub("", text)
    text = text.replace(UNIT, "")
    stripped = text.strip()
    if guard := GUARD.fullmatch(stripped):
        found.append("text_guard")
        text = (guard[1].replace('""', '"') if guard[1] is not None else guard[2]) or ""
        stripped = text.strip()
    elif FORMULA.match(stripped):
        return "", [*found, "formula_text"]
    if ERRORS.fullmatch(stripped):
        return "", [*found, "cell_error"]
    if BREAKS.search(stripped):
        found.append("line_break")
    if WIDE.search(text):
        found.append("full_width")
    if PRIVATE.search(text):
        found.append("private_character")
    narrow = plain(text)
    if _blanks_changed(text, narrow) and "line_break" not in found:
        found.append("spaces")
    return narrow, found


def _blanks_changed(before: str, after: str) -> bool:
    return before != before.strip() or len(re.findall(r"\s", before)) != after.count(" ") or "\u3000" in before


@cache
def _wrecks() -> re.Pattern[str]:
    return re.compile("|".join(map(re.escape, words()["wrecks"])))
