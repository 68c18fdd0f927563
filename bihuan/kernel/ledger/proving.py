"""The proof that one fact is in the ledger: its leaf, the path to the root, and the checkpoint that signs the root.

Whoever holds a witness's note can follow the path with any implementation of RFC 6962, without this database.
"""

from dataclasses import dataclass
from uuid import UUID

from django.db import connection

from bihuan.kernel.ledger import checkpoints, evidence, tree
from bihuan.kernel.refusals import Refused


class NotProved(Refused):
    """The fact is not there, not signed yet, or no longer what was signed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Proof:
    """SHA-256 over 0x00 and `entry` is `leaf`; `path` leads from it to the root over `size` facts in `note`."""

    key: UUID
    kind: str
    subject: str
    index: int
    size: int
    entry: str
    leaf: bytes
    path: tuple[bytes, ...]
    checkpoint: int
    note: str


def prove(key: UUID) -> Proof:
    """The proof for the fact with this key under the first checkpoint that covers it."""
    number = checkpoints.covering([key]).get(key)
    signed = None if number is None else checkpoints.numbered(number)
    if signed is None:
        raise NotProved(
            f"No checkpoint covers a fact with the key {key}.",
            "Look at the key. What was recorded just now is signed within a minute, while a worker runs.",
        )
    index = _place(key)
    before = checkpoints.numbered(signed.number - 1)
    growth = before.growth() if before else tree.Growth()
    path = tree.path(index, growth, tree.leaves(growth.size, signed.size))
    (row,) = evidence.rows(index, index + 1)
    root = tree.root_of_path(row.leaf, index, signed.size, path)
    if not row.columns_agree or root != signed.checkpoint.root:
        raise NotProved(
            f"The fact {key} is not what checkpoint {signed.number} signed.",
            "Keep the database as it is and run `bihuan verify`.",
        )
    return Proof(
        key=key,
        kind=row.kind,
        subject=row.subject,
        index=index,
        size=signed.size,
        entry=row.entry.decode(),
        leaf=row.leaf,
        path=tuple(path),
        checkpoint=signed.number,
        note=signed.note,
    )


def _place(key: UUID) -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT index FROM ledger_leaf WHERE fact = (SELECT seq FROM ledger_fact WHERE key = %s)", [key])
        return int(cursor.fetchone()[0])
