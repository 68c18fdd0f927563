"""Recomputing all that was signed from the rows as they lie here, and naming the first fact that is not what it was.

Nothing that the database says of itself is believed: leaves are worked out from columns and payloads, roots from
leaves, and both are held against the checkpoints in the database and in the witnesses. Facts stream by in the order of
their leaves; what is kept is the path of the tree, one batch, and one checkpoint of each source.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from enum import StrEnum
from pathlib import Path
from typing import Any, Never
from uuid import UUID

from django.db import connection, transaction

from bihuan.kernel.ledger import checkpoints, evidence, witnesses
from bihuan.kernel.ledger.evidence import ROWS_AT_ONCE, Row
from bihuan.kernel.ledger.notes import Note, PublicKey, Unreadable
from bihuan.kernel.ledger.tree import Growth

CHECKPOINTS_AT_ONCE = 200


class Reason(StrEnum):
    CHANGED = "changed"
    PAYLOAD = "payload"
    MISSING = "missing"
    PASSED_OVER = "passed over"
    REWRITTEN = "rewritten"
    CHECKPOINT = "checkpoint"
    CHECKPOINT_GONE = "checkpoint gone"
    WITNESS = "witness"
    WITNESS_GONE = "witness gone"
    ANOTHER_LEDGER = "another ledger"


@dataclass(frozen=True, slots=True, kw_only=True)
class Broken:
    """The first thing that is not what it was. Facts are counted from 0; all before `index` agree with what was signed.

    `last` is there where only the stretch from `index` on is known. `key`, `kind` and `subject` are of the fact that
    stands there now, if one does.
    """

    reason: Reason
    index: int
    last: int | None = None
    key: UUID | None = None
    kind: str = ""
    subject: str = ""
    checkpoint: int | None = None
    witness: str = ""
    line: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """What a witness said: how many checkpoints, and how many facts the last of them covers."""

    witness: str
    checkpoints: int
    facts: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """`facts` and `checkpoints` were found whole; `unsigned` of the facts are newer than the last checkpoint."""

    facts: int
    checkpoints: int
    unsigned: int
    key: str
    witnesses: tuple[Known, ...]
    broken: Broken | None = None


@dataclass(frozen=True, slots=True)
class Witness:
    """A witness file as far as it reached when the look was taken."""

    path: Path
    bytes: int

    @classmethod
    def seen(cls, path: Path) -> "Witness":
        return cls(path, path.stat().st_size if path.exists() else -1)


@contextmanager
def snapshot() -> Iterator[None]:
    """One unmoving view of the database. Witnesses must have been seen before: what they know, it then knows too."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        yield


def verify(seen: Sequence[Witness], told: Callable[[int], None] = lambda facts: None) -> Verdict:
    """Hold every fact against its seal, and every root against the checkpoints here and in the witnesses."""
    assert connection.in_atomic_block, "what moves cannot be held against a witness: see snapshot()"
    return _Verification(seen, told).verdict()


class _Stop(Exception):
    def __init__(self, broken: Broken) -> None:
        self.broken = broken


class _Here:
    """The checkpoints in the database, one at a time; what is wrong with one is found when its facts have passed."""

    def __init__(self) -> None:
        self.count, self.size = 0, 0
        self.pending: checkpoints.Signed | None = None
        self.fault: Broken | None = None
        self.origin = ""
        self.key: PublicKey | None = None
        self.keys: set[PublicKey] = set()
        self._found: list[checkpoints.Signed] = []

    def advance(self) -> None:
        if not self._found:
            self._found = checkpoints.after(self.count - 1, CHECKPOINTS_AT_ONCE)[::-1]
        following = self._found.pop() if self._found else None
        if following and (following.number != self.count or following.size < self.size):
            self.fault = Broken(reason=Reason.CHECKPOINT, index=self.size, checkpoint=self.count)
            following = None
        if following and not self.origin:
            self.origin = following.note.partition("\n")[0]
        self.pending = following

    def passed(self, size: int) -> list[checkpoints.Signed]:
        """The checkpoints of exactly this many facts."""
        found = []
        while self.pending and self.pending.size == size:
            found.append(self.pending)
            self.count, self.size = self.count + 1, size
            self.advance()
        return found

    def is_signed(self, signed: checkpoints.Signed) -> bool:
        """Whether the note is signed by the key in force, and a new key by both. Then the new one is in force."""
        try:
            new = signed.checkpoint.key
        except Unreadable:
            return False
        signers = [key for key in (self.key, new) if key]
        if not (signers and signed.is_signed_by(*signers)):
            return False
        self.key = signers[-1]
        self.keys.add(self.key)
        return str(self.key) == signed.key


class _There:
    """The entries of one witness, one at a time."""

    def __init__(self, seen: Witness) -> None:
        self.name = str(seen.path)
        self.count, self.size = 0, 0
        self.pending: witnesses.Entry | None = None
        self.fault: Broken | None = None
        self.is_gone = seen.bytes < 0
        self._entries = iter(()) if self.is_gone else witnesses.entries(seen.path, seen.bytes)

    def advance(self) -> None:
        self.pending = None
        try:
            following = next(self._entries, None)
        except Unreadable:
            self.fault = Broken(reason=Reason.WITNESS, index=self.size, witness=self.name)
            return
        if following and following.checkpoint.size < self.size:
            self.fault = Broken(reason=Reason.WITNESS, index=self.size, witness=self.name, line=following.line)
            return
        self.pending = following

    def passed(self, size: int) -> Iterator[witnesses.Entry]:
        """The entries of exactly this many facts. Each stays pending, with its tags, until the next is asked for."""
        while self.pending and self.pending.checkpoint.size == size:
            yield self.pending
            self.count, self.size = self.count + 1, size
            self.advance()


class _Verification:
    """One look. A fact that is not what it was ends it; a checkpoint or a witness that is not is told if no fact is."""

    def __init__(self, seen: Sequence[Witness], told: Callable[[int], None]) -> None:
        self.told = told
        self.growth = Growth()
        self.vouched = 0  # so many facts stand under a root that was signed and agrees
        self.here = _Here()
        self.there = [_There(witness) for witness in seen]
        self.unnumbered = 0
        self.fault: Broken | None = None

    def verdict(self) -> Verdict:
        try:
            self._look()
            broken = self.fault
        except _Stop as stop:
            broken = stop.broken
        facts = self.growth.size + self.unnumbered
        return Verdict(
            facts=facts,
            checkpoints=self.here.count,
            unsigned=facts - self.here.size,
            key=str(self.here.key or ""),
            witnesses=tuple(Known(witness=one.name, checkpoints=one.count, facts=one.size) for one in self.there),
            broken=broken,
        )

    def _look(self) -> None:
        self.here.advance()
        for witness in self.there:
            witness.advance()
        while self._pass(self._stop()):
            self._settle()
        self._end()
        self._look_at_unnumbered()

    def _stop(self) -> int | None:
        """How many facts the next checkpoint is of."""
        sizes = [one.pending.checkpoint.size for one in self.there if one.pending]
        if self.here.pending:
            sizes.append(self.here.pending.size)
        return min(sizes, default=None)

    def _pass(self, stop: int | None) -> bool:
        """Let the facts pass up to a stop; False where they end before it, or where there is none."""
        growth = self.growth
        while stop is None or growth.size < stop:
            start = growth.size
            end = start + ROWS_AT_ONCE if stop is None else min(stop, start + ROWS_AT_ONCE)
            for row in evidence.rows(start, end):
                reason = Reason.MISSING if row.place != growth.size else unsealed(row)
                if reason:
                    self._end_at(_named(Broken(reason=reason, index=growth.size), row))
                growth.add(row.leaf)
            self.told(growth.size)
            if growth.size == start:
                if evidence.reach() > start:
                    self._end_at(Broken(reason=Reason.MISSING, index=start))
                return False
        return True

    def _settle(self) -> None:
        """All facts up to here have their seals: now their root against everything that was signed of them."""
        size, root = self.growth.size, self.growth.root()
        here = self.here.passed(size)
        signed = [one for one in here if self.here.is_signed(one)]
        own = {Note.read(one.note) for one in signed}
        is_vouched = False
        for witness in self.there:
            for entry in witness.passed(size):
                self._compare(witness, entry, here, own)
                is_vouched = is_vouched or entry.checkpoint.root == root
        for one in here:
            if one in signed and one.checkpoint.root == root:
                is_vouched = True
            elif one in signed and not is_vouched:
                self._end_rewritten(self.vouched, checkpoint=one.number)
            else:
                self._note(Broken(reason=Reason.CHECKPOINT, index=self.vouched, checkpoint=one.number))
        self._note(self.here.fault, *(witness.fault for witness in self.there))
        if is_vouched:
            self.vouched = size

    def _compare(
        self, witness: _There, entry: witnesses.Entry, here: Sequence[checkpoints.Signed], own: set[Note]
    ) -> None:
        """A witness's word against the facts, then against the checkpoints here."""
        root = self.growth.root()
        if entry.note in own and entry.checkpoint.root == root:
            return
        found = Broken(
            reason=Reason.CHECKPOINT_GONE,
            index=witness.size,
            checkpoint=here[0].number if here else None,
            witness=witness.name,
            line=entry.line,
        )
        if self.here.origin and entry.checkpoint.origin != self.here.origin:
            raise _Stop(replace(found, reason=Reason.ANOTHER_LEDGER, index=0))
        is_ours = not self.here.keys or any(key.has_signed(entry.note) for key in self.here.keys)
        if entry.checkpoint.root == root:
            self._note(found)
        elif is_ours or self._first_otherwise(self.growth.size):
            self._end_rewritten(witness.size, witness=witness.name, line=entry.line)
        else:
            self._note(replace(found, reason=Reason.WITNESS))

    def _end(self) -> None:
        """No more facts. Whoever signed more than there are knows that some are gone."""
        size = self.growth.size
        for witness in self.there:
            if witness.pending:
                found = Broken(reason=Reason.MISSING, index=size, witness=witness.name, line=witness.pending.line)
                self._end_at(found)
        if self.here.pending:
            self._end_at(Broken(reason=Reason.MISSING, index=size, checkpoint=self.here.pending.number))
        self._note(self.here.fault, *(witness.fault for witness in self.there))
        for witness in self.there:
            if witness.is_gone and self.here.count:
                self._note(Broken(reason=Reason.WITNESS_GONE, index=size, witness=witness.name))

    def _look_at_unnumbered(self) -> None:
        for passed_over, row in evidence.unnumbered():
            reason = Reason.PASSED_OVER if passed_over else unsealed(row)
            if reason:
                raise _Stop(_named(Broken(reason=reason, index=self.growth.size + self.unnumbered), row))
            self.unnumbered += 1

    def _note(self, *faults: Broken | None) -> None:
        """Keep the first fault that is none of a fact."""
        for fault in faults:
            if fault and not self.fault:
                rows = evidence.rows(fault.index, fault.index + 1)
                self.fault = _named(fault, rows[0]) if rows else fault

    def _end_at(self, found: Broken) -> Never:
        """With what was found, unless a witness's tags tell of an earlier fact."""
        row = self._first_otherwise(found.index)
        raise _Stop(self._otherwise(found, row) if row else found)

    def _end_rewritten(self, start: int, **where: Any) -> Never:
        found = Broken(reason=Reason.REWRITTEN, index=start, last=self.growth.size - 1, **where)
        row = self._first_otherwise(self.growth.size)
        raise _Stop(self._otherwise(found, row) if row else found)

    def _otherwise(self, found: Broken, row: Row) -> Broken:
        return _named(replace(found, reason=Reason.REWRITTEN, index=row.place, last=None), row)

    def _first_otherwise(self, end: int) -> Row | None:
        """The first fact before `end` whose leaf a witness has seen otherwise, since the last note of each."""
        talking = [witness for witness in self.there if witness.pending]
        begin = min((witness.size for witness in talking), default=end)
        for start in range(begin, end, ROWS_AT_ONCE):
            for row in evidence.rows(start, min(end, start + ROWS_AT_ONCE)):
                for witness in talking:
                    tag = witness.pending.tag(row.place) if witness.pending else b""
                    if tag and tag != witnesses.tag_of(row.leaf):
                        return row
        return None


def unsealed(row: Row) -> Reason | None:
    """What is wrong between a row and its seals, if anything is."""
    if row.key is None:
        return Reason.MISSING
    if not row.columns_agree:
        return Reason.CHANGED
    return None if row.payload_agrees else Reason.PAYLOAD


def _named(found: Broken, row: Row) -> Broken:
    if row.key is None or row.place not in (None, found.index):
        return found
    return replace(found, key=row.key, kind=row.kind, subject=row.subject)
