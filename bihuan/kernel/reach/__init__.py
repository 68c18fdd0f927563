"""The second wall: what the database lets the asker read, said anew with every statement and gone with its transaction.

Rows that name a person stand behind policies of PostgreSQL (decision 27). The application's role sees those of the
units that `units()` names, or of the one person of a personal link; without either it sees nobody. Whoever works for
the city as a whole, an action, the worker, a command, says `whole()` and acts in a role for which there is no wall.

This package is also the database engine that puts these words before each statement: see `base.py`. It never decides
who may see whom: `access` does.
"""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from uuid import UUID

APP_ROLE = "bihuan_app"
WHOLE_ROLE = "bihuan_whole"

NOBODY = f"SET LOCAL ROLE {APP_ROLE}; SET LOCAL bihuan.units = ''; SET LOCAL bihuan.person = ''; "
EVERYBODY = f"SET LOCAL ROLE {WHOLE_ROLE}; "

_words: ContextVar[str] = ContextVar("reach", default=NOBODY)


def words() -> str:
    """What is put before a statement."""
    return _words.get()


@contextmanager
def whole() -> Iterator[None]:
    """Inside, no wall: for what is done by the city itself and not for the eyes of one officer."""
    with _saying(EVERYBODY):
        yield


@contextmanager
def nobody() -> Iterator[None]:
    with _saying(NOBODY):
        yield


@contextmanager
def units(ids: Iterable[UUID]) -> Iterator[None]:
    """Inside, only people who have to do with one of these units."""
    named = ",".join(sorted(str(UUID(str(one))) for one in ids))
    with _saying(f"SET LOCAL ROLE {APP_ROLE}; SET LOCAL bihuan.units = '{{{named}}}'; SET LOCAL bihuan.person = ''; "):
        yield


@contextmanager
def person(person_id: UUID) -> Iterator[None]:
    """Inside, only this one person."""
    with _saying(
        f"SET LOCAL ROLE {APP_ROLE}; SET LOCAL bihuan.units = ''; SET LOCAL bihuan.person = '{UUID(str(person_id))}'; "
    ):
        yield


def kept[C](content: Iterable[C]) -> Iterator[C]:
    """An answer that is sent piece by piece, after its request is over: each piece is made in the reach of now."""
    return _said_for_each(_words.get(), iter(content))


def _said_for_each[C](said: str, pieces: Iterator[C]) -> Iterator[C]:
    end = object()
    while True:
        with _saying(said):
            piece = next(pieces, end)
        if piece is end:
            return
        yield piece  # type: ignore[misc]


@contextmanager
def _saying(said: str) -> Iterator[None]:
    token = _words.set(said)
    try:
        yield
    finally:
        _words.reset(token)
