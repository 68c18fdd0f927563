"""What a page, a command or a file says when something is refused: what happened, and what to do next."""

from collections.abc import Sequence

CHINESE_STOP = "\u3002"
ENDS = (".", "!", "?", ":", CHINESE_STOP, "\uff01", "\uff1f", "\uff1a")


class Refused(Exception):
    """An action that will not be done: `message` says what happened and why, `remedy` what to do (lazy or plain).
    `names` are what it is about, for a program: columns, codes.
    """

    names: Sequence[object] = ()

    def __init__(self, message: object, remedy: object = "") -> None:
        super().__init__(message, remedy)
        self.message = message
        self.remedy = remedy

    def __str__(self) -> str:
        said = [sentence(part) for part in (str(self.message), str(self.remedy)) if part]
        return ("" if said[0].endswith(CHINESE_STOP) else " ").join(said) if said else ""


class NotFound(Refused):
    """Not there, or not in the asker's scope: the two look alike."""


def sentence(text: str) -> str:
    """A text with its full stop, in the script it is written in."""
    if text.endswith(ENDS):
        return text
    return text + (CHINESE_STOP if text[-1] >= "\u2e80" else ".")
