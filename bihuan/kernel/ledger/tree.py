"""The Merkle tree over the facts (RFC 6962): numbering the leaves, roots, paths that prove one leaf, and what no longer
agrees.

A fact gets its number before its transaction commits, so numbers are no order that could be signed. The sequencer
gives each committed fact its leaf afterwards, in a numbering without gaps that never changes.
"""

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from django.db import connection, transaction

from bihuan.kernel.ledger.sql import statement

SEQUENCER = 0x6C656166  # "leaf": one sequencer at a time
LEAVES_AT_ONCE = 50_000
LEAVES_MAX = 2**62
EMPTY_ROOT = hashlib.sha256(b"").digest()


def sequence() -> int:
    """Give a leaf to every fact of a finished transaction that has none, and say how many there were."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [SEQUENCER])
        cursor.execute(statement("sequence"))
        return int(cursor.rowcount)


def root(size: int | None = None) -> bytes:
    """The tree hash over the first `size` leaves, by default over all there are."""
    growth, end = Growth(), LEAVES_MAX if size is None else size
    while growth.size < end:
        found = leaves(growth.size, min(end, growth.size + LEAVES_AT_ONCE))
        if not found:
            break
        for leaf in found:
            growth.add(leaf)
    if size is not None and growth.size < size:
        raise ValueError(f"The tree has {growth.size} leaves, not {size}: run the sequencer first.")
    return growth.root()


def leaves(start: int, end: int) -> list[bytes]:
    """The leaf hashes from `start` up to `end`, as far as there are any."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT hash FROM ledger_leaf WHERE index >= %s AND index < %s ORDER BY index", [start, end])
        return [bytes(leaf) for (leaf,) in cursor.fetchall()]


def root_of(leaves: Iterable[bytes]) -> bytes:
    """The root over these leaf hashes (RFC 6962 section 2.1)."""
    growth = Growth()
    for leaf in leaves:
        growth.add(leaf)
    return growth.root()


@dataclass(slots=True)
class Growth:
    """A tree as far as it has grown, kept as the roots of its full subtrees: enough to go on, and to say its root."""

    size: int = 0
    peaks: list[bytes] = field(default_factory=list)

    def add(self, leaf: bytes) -> None:
        self.size += 1
        node, full = leaf, self.size
        while not full & 1:
            node = _parent(self.peaks.pop(), node)
            full >>= 1
        self.peaks.append(node)

    def root(self) -> bytes:
        if not self.peaks:
            return EMPTY_ROOT
        node = self.peaks[-1]
        for peak in reversed(self.peaks[:-1]):
            node = _parent(peak, node)
        return node

    def nodes(self) -> dict[tuple[int, int], bytes]:
        """The full subtrees by the leaves they stand for: from, up to."""
        found, start = {}, 0
        heights = [height for height in range(self.size.bit_length(), -1, -1) if self.size >> height & 1]
        for peak, height in zip(self.peaks, heights, strict=True):
            found[start, start + (1 << height)] = peak
            start += 1 << height
        return found


def path(index: int, growth: Growth, later: Sequence[bytes]) -> list[bytes]:
    """The audit path (RFC 6962 section 2.1.1) of leaf `index` in the tree of `growth` and the leaves `later` after it.

    The leaf must be one of the later ones: then what stands before them is needed only as whole subtrees.
    """
    size = growth.size + len(later)
    assert growth.size <= index < size, "a path leads to a leaf that was added after the growth"
    known = growth.nodes()
    known |= {(growth.size + n, growth.size + n + 1): leaf for n, leaf in enumerate(later)}
    return _path(index, 0, size, known)


def root_of_path(leaf: bytes, index: int, size: int, path: Iterable[bytes]) -> bytes | None:
    """The root that a path leads to, or None where it is too short or too long (RFC 9162 section 2.1.3.2)."""
    if not 0 <= index < size:
        return None
    place, last, node = index, size - 1, leaf
    for beside in path:
        if last == 0:
            return None
        if place & 1 or place == last:
            node = _parent(beside, node)
            while not place & 1 and place:
                place, last = place >> 1, last >> 1
        else:
            node = _parent(node, beside)
        place, last = place >> 1, last >> 1
    return node if last == 0 else None


def _path(index: int, start: int, end: int, known: Mapping[tuple[int, int], bytes]) -> list[bytes]:
    if end - start == 1:
        return []
    middle = start + _split(end - start)
    if index < middle:
        return [*_path(index, start, middle, known), _node(middle, end, known)]
    return [*_path(index, middle, end, known), _node(start, middle, known)]


def _node(start: int, end: int, known: Mapping[tuple[int, int], bytes]) -> bytes:
    if (start, end) in known:
        return known[start, end]
    middle = start + _split(end - start)
    return _parent(_node(start, middle, known), _node(middle, end, known))


def _split(size: int) -> int:
    """The largest power of two below `size`."""
    return 1 << (size - 1).bit_length() - 1


def _parent(left: bytes, right: bytes) -> bytes:
    return hashlib.sha256(b"\x01" + left + right).digest()


def breaks() -> int:
    """How many facts or leaves no longer agree with what was sealed. 0 unless somebody went round the ledger."""
    with connection.cursor() as cursor:
        cursor.execute(statement("breaks"))
        return int(cursor.fetchone()[0])
