"""The facts under the leaves as they lie here now, with what they were sealed by, and whether the two agree."""

import hashlib
from collections.abc import Iterator
from typing import NamedTuple
from uuid import UUID

import psycopg
from django.db import connection

from bihuan.kernel.ledger.sql import statement

ROWS_AT_ONCE = 5_000


class Row(NamedTuple):
    """The leaf at a place and its fact: None in its fields where it is gone, in the last three where shredded."""

    place: int
    leaf: bytes
    key: UUID | None
    kind: str
    subject: str
    leaf_hash: bytes
    commitment: bytes
    entry: bytes
    payload: bytes | None
    inner_pad: bytes | None
    outer_pad: bytes | None

    @property
    def columns_agree(self) -> bool:
        return hashlib.sha256(b"\0" + self.entry).digest() == self.leaf == self.leaf_hash

    @property
    def payload_agrees(self) -> bool:
        if self.payload is None or self.inner_pad is None or self.outer_pad is None:
            return self.payload is self.inner_pad is self.outer_pad
        inner = hashlib.sha256(self.inner_pad + self.payload).digest()
        return hashlib.sha256(self.outer_pad + inner).digest() == self.commitment


def rows(start: int, end: int) -> list[Row]:
    """The rows of the leaves from `start` up to `end`. Bytes come over the wire as bytes, not as digits to be read."""
    connection.ensure_connection()
    with psycopg.Cursor(connection.connection) as cursor:
        cursor.execute(statement("seals"), [start, end], binary=True)
        return [Row._make(row) for row in cursor.fetchall()]


def unnumbered() -> Iterator[tuple[bool, Row]]:
    """The facts without a leaf, each with whether the sequencer has passed it over; those not passed wait for it."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT (SELECT count(*) FROM ledger_fact) <> (SELECT coalesce(max(index) + 1, 0) FROM ledger_leaf)"
        )
        if not cursor.fetchone()[0]:
            return
    with psycopg.ServerCursor(connection.connection, "unnumbered") as cursor:
        cursor.itersize = ROWS_AT_ONCE
        cursor.execute(statement("unnumbered"), binary=True)
        for passed_over, *row in cursor:
            yield passed_over, Row._make(row)


def reach() -> int:
    """One more than the highest number of a leaf."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT coalesce(max(index) + 1, 0) FROM ledger_leaf")
        return int(cursor.fetchone()[0])
