"""The Merkle tree over the facts (RFC 6962): numbering the leaves, the root of the first n, and what no longer agrees.

A fact gets its number before its transaction commits, so numbers are no order that could be signed. The sequencer
gives each committed fact its leaf afterwards, in a numbering without gaps that never changes.
"""

import hashlib

from django.db import connection, transaction

from bihuan.kernel.ledger.sql import statement

SEQUENCER = 0x6C656166  # "leaf": one sequencer at a time
EMPTY_ROOT = hashlib.sha256(b"").digest()


def sequence() -> int:
    """Give a leaf to every fact of a finished transaction that has none, and say how many there were."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [SEQUENCER])
        cursor.execute(statement("sequence"))
        return int(cursor.rowcount)


def root(size: int | None = None) -> bytes:
    """The tree hash over the first `size` leaves, by default over all there are."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT hash FROM ledger_leaf WHERE index < coalesce(%s, 9223372036854775807) ORDER BY index", [size]
        )
        leaves = [bytes(leaf) for (leaf,) in cursor.fetchall()]
    if size is not None and len(leaves) < size:
        raise ValueError(f"The tree has {len(leaves)} leaves, not {size}: run the sequencer first.")
    return root_of(leaves)


def root_of(leaves: list[bytes]) -> bytes:
    """RFC 6962 section 2.1 over leaf hashes, level by level; an odd node is carried up as it is."""
    if not leaves:
        return EMPTY_ROOT
    level = leaves
    while len(level) > 1:
        pairs = [hashlib.sha256(b"\x01" + level[i] + level[i + 1]).digest() for i in range(0, len(level) - 1, 2)]
        level = pairs + level[len(pairs) * 2 :]
    return level[0]


def breaks() -> int:
    """How many facts or leaves no longer agree with what was sealed. 0 unless somebody went round the ledger."""
    with connection.cursor() as cursor:
        cursor.execute(statement("breaks"))
        return int(cursor.fetchone()[0])
