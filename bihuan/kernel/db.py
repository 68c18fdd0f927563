"""What every table shares: time-ordered keys, a model that refuses lazy queries, and lists read page by page or in one
pass. COPY and retry are re-exported.
"""

import os
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from itertools import islice
from typing import Any, ClassVar, Literal
from uuid import UUID

from django.core.exceptions import EmptyResultSet
from django.db import models

from bihuan.kernel.postgres import copy_rows, with_retry

__all__ = ["AnyOf", "Manager", "Model", "copy_rows", "cut", "in_one_pass", "uuid7", "with_retry"]


def uuid7() -> UUID:
    """A UUID of version 7 (RFC 9562): 48 bits of milliseconds, then random. New rows land at the end of the index."""
    milliseconds = time.time_ns() // 1_000_000
    value = (milliseconds << 80) | int.from_bytes(os.urandom(10), "big")
    value = (value & ~(0xF << 76)) | (0x7 << 76)
    value = (value & ~(0x3 << 62)) | (0x2 << 62)
    return UUID(int=value)


class Manager[M: models.Model](models.Manager[M]):
    """Touching a relation that was not loaded raises instead of querying: no page hides a query per row."""

    def get_queryset(self) -> models.QuerySet[M]:
        return super().get_queryset().fetch_mode(models.FETCH_RAISE)


class Model(models.Model):
    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)

    objects: ClassVar[Manager] = Manager()  # type: ignore[type-arg]

    class Meta:
        abstract = True


class AnyOf(models.Value):
    """`field=AnyOf(ids)`: one of these ids. A single parameter however many, whose statistics the planner sees."""

    def __init__(self, values: Iterable[object], kind: Literal["uuid", "text"] = "uuid") -> None:
        super().__init__(list(values))
        self.kind = kind

    def as_sql(self, compiler: Any, connection: Any) -> Any:
        return f"ANY (%s::{self.kind}[])", (self.value,)


@dataclass(slots=True)
class _Pass:
    rows: Iterator[Any]
    offset: int


_passes: ContextVar[dict[tuple[object, ...], _Pass] | None] = ContextVar("passes", default=None)


@contextmanager
def in_one_pass() -> Iterator[None]:
    """Inside, pages of a list that are `cut` one after another come from one cursor of the server: the last page costs
    what the first does, and all of them see the same moment.
    """
    token = _passes.set({})
    try:
        yield
    finally:
        _passes.reset(token)


def cut[R](rows: "models.QuerySet[Any, R]", offset: int, limit: int) -> list[R]:
    """One page of a list."""
    passes = _passes.get()
    if passes is None:
        return list(rows[offset : offset + limit])
    try:
        text, values = rows.query.sql_with_params()
    except EmptyResultSet:
        return []
    known = passes.get(name := (text, repr(values)))
    if known is None or known.offset != offset:
        known = passes[name] = _Pass(rows[offset:].iterator(chunk_size=limit), offset)
    found = list(islice(known.rows, limit))
    known.offset += len(found)
    return found
