"""One verb, one transaction, its facts, and the loops they move: what every write of a module goes through."""

import hashlib
import inspect
import json
from collections.abc import Callable, Iterable, Mapping
from contextvars import ContextVar
from dataclasses import fields, is_dataclass
from datetime import date, datetime, time
from decimal import Decimal
from enum import Enum
from functools import cache, wraps
from typing import Any, cast
from uuid import UUID

from django.conf import settings
from django.db import connection, transaction
from django.utils.module_loading import import_string

from bihuan.kernel import clock
from bihuan.kernel.ledger import Actor, claim, gathering, settle_claim
from bihuan.kernel.postgres import with_retry

GIVEN = ("at", "by", "key")
PLAIN = frozenset({type(None), bool, int, float, str})
ROUNDS_MAX = 10  # a reconcile may record facts that move further loops, but not for ever

_inside: ContextVar[bool] = ContextVar("inside_action", default=False)


def action[**P, R: UUID | None](verb: Callable[P, R]) -> Callable[P, R]:
    """Make a function with keyword-only `at`, `by` and `key` into an action.

    A call with a key that was answered before returns the first answer and does nothing; with other arguments it is
    `KeyReused`. `at` is left out of that comparison, for a repeated request comes later. The outermost action owns the
    transaction, retries it after a deadlock, and before it commits brings every loop up to date whose subject got a
    fact. An action called within another joins it and needs a key of its own: `key=derive(key, "…")`.
    """
    signature = inspect.signature(verb)
    for name in GIVEN:
        given = signature.parameters.get(name)
        assert given is not None, f"{verb.__qualname__} needs a keyword-only parameter `{name}`"
        assert given.kind is inspect.Parameter.KEYWORD_ONLY, f"`{name}` of {verb.__qualname__} must be keyword-only"
    name = f"{verb.__module__}.{verb.__qualname__}"

    def once(*args: P.args, **kwargs: P.kwargs) -> R:
        key = cast(UUID, kwargs["key"])
        answered = claim(key, name, _fingerprint(signature.bind(*args, **kwargs)))
        if not answered.fresh:
            return cast(R, answered.result)
        result = verb(*args, **kwargs)
        if result is not None:
            settle_claim(key, result)
        return result

    @wraps(verb)
    def wrapper(*args: P.args, **kwargs: P.kwargs) -> R:
        if _inside.get():
            with transaction.atomic(savepoint=False):
                return once(*args, **kwargs)
        _guard()(kwargs["by"])
        token = _inside.set(True)
        try:
            return _outermost(lambda: once(*args, **kwargs))
        finally:
            _inside.reset(token)

    return wrapper


@cache
def _guard() -> Callable[[Any], None]:
    """What the installation asks before anything is done: `settings.BEFORE_ACTION`."""
    return cast(Callable[[Any], None], import_string(settings.BEFORE_ACTION))


def _outermost[R](work: Callable[[], R]) -> R:
    def whole() -> R:
        with gathering() as subjects:
            result = work()
            _converge(subjects)
        return result

    if connection.in_atomic_block:  # the caller's transaction: repeating our half of it would not undo the other half
        with transaction.atomic():
            return whole()
    return with_retry(whole)


def _converge(subjects: set[str]) -> None:
    """Bring the loops of `subjects` up to date, and those that this moves in turn."""
    from bihuan.kernel.loop import reconcile  # its tables are not there yet when the package is first imported

    for _round in range(ROUNDS_MAX):
        if not subjects:
            return
        due = frozenset(subjects)
        subjects.clear()
        reconcile(due, clock.now())
    raise AssertionError(f"loops still move each other after {ROUNDS_MAX} rounds: {sorted(subjects)[:5]}")


def _fingerprint(bound: inspect.BoundArguments) -> bytes:
    """What was asked, without when: the same wish has the same fingerprint in every process."""
    bound.apply_defaults()
    asked = {name: _plain(value) for name, value in bound.arguments.items() if name not in ("at", "key")}
    return hashlib.sha256(json.dumps(asked, sort_keys=True, ensure_ascii=False).encode()).digest()


def _plain(value: Any) -> object:  # noqa: C901 - a line for each kind of value
    if type(value) in PLAIN or (isinstance(value, str | int | float) and not isinstance(value, Enum)):
        return value  # by its type first: most of what a large import asks is one of these
    if type(value) is tuple or type(value) is list:
        return [_plain(item) for item in value]
    if isinstance(value, Enum):
        return _plain(value.value)
    if isinstance(value, Actor):
        return value.id
    if isinstance(value, datetime | date | time):
        return value.isoformat()
    if isinstance(value, UUID):
        return str(value)
    if isinstance(value, Decimal):
        return str(value.normalize())
    if isinstance(value, bytes):
        return hashlib.sha256(value).hexdigest()
    if isinstance(value, Mapping):
        return {str(_plain(key)): _plain(item) for key, item in value.items()}
    if isinstance(value, set | frozenset):
        return sorted((_plain(item) for item in value), key=repr)
    if is_dataclass(value) and not isinstance(value, type):
        return {name: _plain(getattr(value, name)) for name in _names(type(value))}
    if isinstance(value, Iterable) and not hasattr(value, "__next__"):
        return [_plain(item) for item in value]
    raise TypeError(f"An action takes plain values, not {type(value).__name__}: pass an id or a frozen dataclass.")


@cache
def _names(kind: type) -> tuple[str, ...]:
    return tuple(item.name for item in fields(kind))
