"""Checkpoints: the root over all leaves, signed, kept beside the facts and handed to the witnesses.

Signing reads the leaves since the checkpoint before and nothing older: what was signed once is continued, never worked
out again from rows that somebody may have changed since. `verifying` does that.
"""

from collections.abc import Collection, Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID

from django.db import connection, transaction

from bihuan.kernel import clock
from bihuan.kernel.ledger import witnesses
from bihuan.kernel.ledger.notes import Checkpoint, Note, PublicKey, SigningKey, Unreadable
from bihuan.kernel.ledger.tree import Growth, leaves, sequence
from bihuan.kernel.refusals import Refused

SIGNER = 0x7369676E  # "sign": one signer at a time
KEPT = "SELECT number, size, key, note, peaks FROM ledger_checkpoint"
FACTS_MAX = 100_000  # under one checkpoint more than under the one before


class WrongKey(Refused):
    """Whoever would sign holds none of the ledger's keys, or the last signature is not that key's."""


class Forgotten(Refused):
    """A witness knows a checkpoint that the ledger does not: facts were lost, or this is another ledger."""


@dataclass(frozen=True, slots=True)
class Signed:
    """A checkpoint as it is kept: `key` is the one in force after it, `peaks` the tree as it then stood."""

    number: int
    size: int
    key: str
    note: str
    peaks: bytes

    @property
    def checkpoint(self) -> Checkpoint:
        return Checkpoint.read(Note.read(self.note).text)

    def growth(self) -> Growth:
        return Growth(self.size, [self.peaks[n : n + 32] for n in range(0, len(self.peaks), 32)])

    def is_signed_by(self, *keys: PublicKey) -> bool:
        """Whether all of these keys have signed the note, and the note says what is kept beside it."""
        try:
            note = Note.read(self.note)
            checkpoint = Checkpoint.read(note.text)
        except Unreadable:
            return False
        agrees = (checkpoint.size, checkpoint.root) == (self.size, self.growth().root())
        return agrees and all(key.has_signed(note) for key in keys)


def sign(keys: Sequence[SigningKey], known_to: Iterable[Path]) -> int:
    """Sign all facts that have been committed; says how many checkpoints that made, none where nothing is new.

    `keys` are those that are held: the ledger's present one must be among them. The witnesses `known_to` must not know
    more than the ledger does.
    """
    sequence()
    made = 0
    while _sign_next(keys, known_to):
        made += 1
    return made


def rotate(keys: Sequence[SigningKey], new: SigningKey, known_to: Iterable[Path]) -> None:
    """Let another key take over: a checkpoint that names it and that both have signed."""
    sign(keys, known_to)
    with transaction.atomic():
        before = _locked()
        assert before, "a key takes over from one that has signed"
        _insert(before.number + 1, before.growth(), [_fitting(before, keys), new], before.checkpoint.origin, new)


def publish(witness: Path) -> int:
    """Append to a witness every checkpoint that it lacks, and say how many those were."""
    with transaction.atomic():
        _lock()
        known = _known(witness)
        start = known.size if known else 0
        done = known.number + 1 if known else 0
        first = done
        while signed := numbered(done):
            found = leaves(start, signed.size)
            witnesses.append(witness, witnesses.written(start, found, signed.note))
            start, done = signed.size, done + 1
        return done - first


def latest() -> Signed | None:
    """The newest checkpoint."""
    return next(_kept(f"{KEPT} ORDER BY number DESC LIMIT 1"), None)


def numbered(number: int) -> Signed | None:
    return next(_kept(f"{KEPT} WHERE number = %s", number), None)


def after(number: int, limit: int) -> list[Signed]:
    """The checkpoints that follow a number, in their order."""
    return list(_kept(f"{KEPT} WHERE number > %s ORDER BY number LIMIT %s", number, limit))


def covering(keys: Collection[UUID]) -> dict[UUID, int]:
    """The number of the first checkpoint that covers each of these facts; those that wait for one are left out."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT fact.key, (SELECT number FROM ledger_checkpoint WHERE size > leaf.index ORDER BY size, number "
            "LIMIT 1) FROM ledger_fact fact JOIN ledger_leaf leaf ON leaf.fact = fact.seq WHERE fact.key = ANY(%s)",
            [list(keys)],
        )
        return {key: number for key, number in cursor.fetchall() if number is not None}


def _sign_next(keys: Sequence[SigningKey], known_to: Iterable[Path]) -> bool:
    with transaction.atomic():
        before = _locked()
        for witness in known_to:
            with suppress(OSError, Unreadable):  # one that cannot be asked must not keep the facts unsigned
                _known(witness)
        growth = before.growth() if before else Growth()
        later = leaves(growth.size, growth.size + FACTS_MAX)
        if not later:
            return False
        for leaf in later:
            growth.add(leaf)
        if before:
            _insert(before.number + 1, growth, [_fitting(before, keys)], before.checkpoint.origin, None)
        else:
            _insert(0, growth, keys[:1], keys[0].name, keys[0])
    return True


def _insert(number: int, growth: Growth, keys: Sequence[SigningKey], origin: str, new: SigningKey | None) -> None:
    checkpoint = Checkpoint(
        origin=origin, size=growth.size, root=growth.root(), at=clock.now(), key=new.public if new else None
    )
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO ledger_checkpoint (number, size, key, note, peaks) VALUES (%s, %s, %s, %s, %s)",
            [number, growth.size, str(keys[-1].public), checkpoint.signed(keys), b"".join(growth.peaks)],
        )


def _fitting(before: Signed, keys: Sequence[SigningKey]) -> SigningKey:
    """The held key that goes on from a checkpoint, which must be whole and signed by that very key."""
    key = next((key for key in keys if str(key.public) == before.key), None)
    if key is None:
        raise WrongKey(
            f"Another key than this machine's signs this ledger: {before.key}.",
            "Give this machine that key in BIHUAN_SIGNING_KEY, or let the machine that holds it sign.",
        )
    if not before.is_signed_by(key.public):
        raise WrongKey(
            "The last checkpoint in the database is not the one that was signed, so nothing is signed after it.",
            "Keep the database as it is and run `bihuan verify`.",
        )
    return key


def _known(witness: Path) -> Signed | None:
    """The ledger's own checkpoint that a witness knows last."""
    note = witnesses.last(witness)
    if note is None:
        return None
    size = Checkpoint.read(note.text).size
    for signed in _kept(f"{KEPT} WHERE size = %s", size):
        if Note.read(signed.note) == note:
            return signed
    raise Forgotten(
        f"The witness {witness} knows a checkpoint that this ledger does not, so nothing is signed.",
        "Run `bihuan verify`. After a restore on purpose, see docs/operating/witness.md.",
    )


def _lock() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [SIGNER])


def _locked() -> Signed | None:
    _lock()
    return latest()


def _kept(statement: str, *values: int) -> Iterator[Signed]:
    with connection.cursor() as cursor:
        cursor.execute(statement, values)
        for number, size, key, note, peaks in cursor.fetchall():
            yield Signed(number, size, key, note, bytes(peaks))
