"""The one refusal of this package."""

from collections.abc import Sequence


class FileProblem(Exception):
    """The file as a whole cannot be taken in. `code` says why, `names` which columns or what else it is about."""

    def __init__(self, code: str, names: Sequence[str] = ()) -> None:
        super().__init__(code, tuple(names))
        self.code = code
        self.names = tuple(names)
