"""What a page, a command or a file says when something is refused: what happened, and what to do next."""


class Refused(Exception):
    """An action that will not be done: `message` says what happened and why, `remedy` what to do (lazy or plain)."""

    def __init__(self, message: object, remedy: object = "") -> None:
        super().__init__(message, remedy)
        self.message = message
        self.remedy = remedy

    def __str__(self) -> str:
        return f"{self.message} {self.remedy}".strip()


class NotFound(Refused):
    """Not there, or not in the asker's scope: the two look alike."""
