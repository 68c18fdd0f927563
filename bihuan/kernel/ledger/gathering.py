"""Which subjects got facts: the outermost action gathers them to bring their loops up to date before it commits."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar

_subjects: ContextVar[set[str] | None] = ContextVar("ledger_subjects", default=None)


@contextmanager
def gathering() -> Iterator[set[str]]:
    """Within the block every subject that gets a new fact is added to the set that is handed out."""
    subjects: set[str] = set()
    token = _subjects.set(subjects)
    try:
        yield subjects
    finally:
        _subjects.reset(token)


def gather(subjects: Iterable[str]) -> None:
    gathered = _subjects.get()
    if gathered is not None:
        gathered.update(subjects)
