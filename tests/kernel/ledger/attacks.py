"""Nine ways to tamper with a signed ledger, each as its database's owner would do it, blunt or thorough.

An attack is handed a `Ledger` and a random source, changes rows, and returns the number of the first fact that is not
what was signed. It runs in a transaction that is taken back afterwards.
"""

import random
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID

from django.db import connection, transaction

from bihuan.kernel.ledger import NewFact, SigningKey, publish, record_many, sign
from bihuan.kernel.ledger.checkpoints import Signed, numbered
from bihuan.kernel.ledger.notes import Checkpoint
from bihuan.kernel.ledger.tree import Growth, leaves

AT = datetime(2022, 6, 20, 2, 0, tzinfo=UTC)
COLOURS = ["amber", "green", "red", "white"]


@dataclass
class Ledger:
    """A ledger that was signed as it grew: its key, its two witnesses, and its size at each checkpoint."""

    key: SigningKey
    witnesses: list[Path]
    sizes: list[int]

    @property
    def signed(self) -> int:
        return self.sizes[-1]

    def under(self, number: int) -> tuple[int, int]:
        """The facts that a checkpoint is the first to cover: from, up to."""
        return (self.sizes[number - 1] if number else 0), self.sizes[number]


def source(seed: object) -> random.Random:
    return random.Random(str(seed))  # noqa: S311 - what is attacked, not a secret


def some(rng: random.Random, number: int) -> list[NewFact]:
    return [
        NewFact(
            key=UUID(int=rng.getrandbits(128)),
            kind=rng.choice(["lamp.lit", "lamp.out"]),
            subject=f"lamp:{rng.randrange(5)}",
            about=rng.choice([None, "person:1", "person:2"]),
            unit=rng.choice([None, UUID(int=7)]),
            at=AT + timedelta(seconds=rng.randrange(10**6)),
            by="user:1",
            payload={"colour": rng.choice(COLOURS), "n": rng.random()},
        )
        for _ in range(number)
    ]


def add(facts: list[NewFact]) -> None:
    """Record facts and give them their leaves at once."""
    with transaction.atomic():
        record_many(facts)
        give_leaves()


def give_leaves() -> None:
    """What the sequencer does once nobody else on the server is writing; here within the same transaction."""
    run(
        "INSERT INTO ledger_leaf (index, fact, hash) SELECT (SELECT count(*) FROM ledger_leaf) - 1 + "
        "row_number() OVER (ORDER BY seq), seq, leaf_hash FROM ledger_fact "
        "WHERE NOT EXISTS (SELECT FROM ledger_leaf WHERE fact = seq)"
    )


def grown(rng: random.Random, folder: Path, checkpoints: int) -> Ledger:
    """A ledger of a few dozen facts."""
    ledger = Ledger(SigningKey.new(), [folder / "witness.txt", folder / "second.txt"], [])
    folder.mkdir(parents=True)
    size = 0
    for _ in range(checkpoints):
        added = rng.randrange(1, 12)
        add(some(rng, added))
        size += added
        assert sign([ledger.key], ledger.witnesses) == 1
        for witness in ledger.witnesses:
            publish(witness)
        ledger.sizes.append(size)
    return ledger


@contextmanager
def as_intruder(*, taken_back: bool = True):
    """The owner of the database, with the triggers out of the way."""
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("SET LOCAL ROLE NONE")
            cursor.execute("SET LOCAL session_replication_role = replica")
        yield
        transaction.set_rollback(taken_back)


def run(statement: str, *values: object) -> None:
    with connection.cursor() as cursor:
        cursor.execute(statement, values)


def fact_at(index: int) -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT fact FROM ledger_leaf WHERE index = %s", [index])
        return cursor.fetchone()[0]


def sealed_again(fact: int) -> None:
    """Make the seals of a fact agree with what now stands in its columns and payload."""
    run(
        "UPDATE ledger_fact f SET commitment = ledger_commitment(k.inner_pad, k.outer_pad, p.text) "
        "FROM ledger_payload p, ledger_key k WHERE p.fact = f.seq AND k.id = f.secret AND f.seq = %s",
        fact,
    )
    run("UPDATE ledger_fact f SET leaf_hash = ledger_leaf_hash(f) WHERE seq = %s", fact)
    run("UPDATE ledger_leaf SET hash = (SELECT leaf_hash FROM ledger_fact WHERE seq = fact) WHERE fact = %s", fact)


def moved(start: int, by: int) -> None:
    """Shift the numbers of the leaves from `start` on."""
    run("UPDATE ledger_leaf SET index = -1 - index - %s WHERE index >= %s", by, start)
    run("UPDATE ledger_leaf SET index = -1 - index WHERE index < 0")


def signed_again(ledger: Ledger, key: SigningKey, sizes: list[int] | None = None) -> None:
    """Make every checkpoint in the database say what its facts now say, signed with `key`."""
    run("DELETE FROM ledger_checkpoint")
    growth, started = Growth(), AT
    for number, size in enumerate(sizes or ledger.sizes):
        for leaf in leaves(growth.size, size):
            growth.add(leaf)
        checkpoint = Checkpoint(
            origin=ledger.key.name,
            size=growth.size,
            root=growth.root(),
            at=started + timedelta(minutes=number),
            key=None if number else key.public,
        )
        put(number, growth, checkpoint.signed([key]), str(key.public))


def put(number: int, growth: Growth, note: str, key: str) -> None:
    run(
        "INSERT INTO ledger_checkpoint (number, size, key, note, peaks) VALUES (%s, %s, %s, %s, %s)",
        number,
        growth.size,
        key,
        note,
        b"".join(growth.peaks),
    )


def other_columns(rng: random.Random, fact: int) -> None:
    change = rng.choice(
        [
            "kind = 'lamp.stolen'",
            "subject = 'lamp:99'",
            "actor = 'user:2'",
            "about = 'person:9'",
            "unit = '00000000-0000-0000-0000-000000000063'",
            "happened_at = happened_at + interval '1 microsecond'",
            "recorded_at = recorded_at - interval '1 second'",
            "key = gen_random_uuid()",
        ]
    )
    run(f"UPDATE ledger_fact SET {change} WHERE seq = %s", fact)


def edit(ledger: Ledger, rng: random.Random) -> int:
    index = rng.randrange(ledger.signed)
    fact = fact_at(index)
    if rng.random() < 0.5:
        other_columns(rng, fact)
    else:
        run('UPDATE ledger_payload SET text = \'{"colour":"black"}\' WHERE fact = %s', fact)
    if rng.random() < 0.6:
        sealed_again(fact)
        if rng.random() < 0.5:  # and sign with a key of one's own
            signed_again(ledger, SigningKey.new(ledger.key.name))
    return index


def delete(ledger: Ledger, rng: random.Random) -> int:
    index = rng.randrange(ledger.signed)
    fact, thorough = fact_at(index), rng.randrange(3)
    run("DELETE FROM ledger_fact WHERE seq = %s", fact)
    run("DELETE FROM ledger_payload WHERE fact = %s", fact)
    if thorough:
        run("DELETE FROM ledger_leaf WHERE fact = %s", fact)
    if thorough > 1:
        moved(index + 1, -1)
    return index


def insert(ledger: Ledger, rng: random.Random) -> int:
    index = rng.randrange(ledger.signed)
    (forged,) = some(rng, 1)
    record_many([forged])
    moved(index, 1)
    run(
        "INSERT INTO ledger_leaf (index, fact, hash) SELECT %s, seq, leaf_hash FROM ledger_fact WHERE key = %s",
        index,
        forged.key,
    )
    if rng.random() < 0.3:
        signed_again(ledger, SigningKey.new(ledger.key.name))
    return index


def reorder(ledger: Ledger, rng: random.Random) -> int:
    one, other = sorted(rng.sample(range(ledger.signed), 2))
    columns = rng.choice(["fact", "fact, hash"]).split(", ")
    changed = ", ".join(f"{name} = other.{name}" for name in columns)
    run("ALTER TABLE ledger_leaf DROP CONSTRAINT IF EXISTS ledger_leaf_fact_key")
    run(
        f"UPDATE ledger_leaf leaf SET {changed} FROM ledger_leaf other "
        "WHERE (leaf.index, other.index) IN ((%s, %s), (%s, %s))",
        one,
        other,
        other,
        one,
    )
    return one


def cut(size: int, checkpoints_too: bool) -> None:
    run("DELETE FROM ledger_payload WHERE fact IN (SELECT fact FROM ledger_leaf WHERE index >= %s)", size)
    run("DELETE FROM ledger_fact WHERE seq IN (SELECT fact FROM ledger_leaf WHERE index >= %s)", size)
    run("DELETE FROM ledger_leaf WHERE index >= %s", size)
    if checkpoints_too:
        run("DELETE FROM ledger_checkpoint WHERE size > %s", size)


def truncate(ledger: Ledger, rng: random.Random) -> int:
    size = rng.randrange(ledger.signed)
    cut(size, rng.random() < 0.5)
    return size


def back_to(ledger: Ledger, rng: random.Random) -> int:
    size = rng.choice([0, *ledger.sizes[:-1]])
    cut(size, checkpoints_too=True)
    return size


def rollback(ledger: Ledger, rng: random.Random) -> int:
    """An older copy of the database put in its place."""
    return back_to(ledger, rng)


def fork(ledger: Ledger, rng: random.Random) -> int:
    """An older copy that goes another way, signed by the right key on another machine."""
    size = back_to(ledger, rng)
    for _ in range(rng.randrange(1, 4)):
        add(some(rng, rng.randrange(1, 25)))
        sign([ledger.key], [])
    return size


def swapped_checkpoint(ledger: Ledger, rng: random.Random) -> int:
    number = rng.randrange(len(ledger.sizes))
    here = numbered(number)
    other = numbered(rng.choice([n for n in range(len(ledger.sizes)) if n != number]))
    assert here
    assert other
    return rng.choice([whole_row, only_note, another_root, another_key, taken_out, another_place])(ledger, here, other)


def whole_row(ledger: Ledger, here: Signed, other: Signed) -> int:
    run("UPDATE ledger_checkpoint SET number = -1 WHERE number = %s", here.number)
    run("UPDATE ledger_checkpoint SET number = %s WHERE number = %s", here.number, other.number)
    run("UPDATE ledger_checkpoint SET number = %s WHERE number = -1", other.number)
    return ledger.under(min(here.number, other.number))[0]


def only_note(ledger: Ledger, here: Signed, other: Signed) -> int:
    run("UPDATE ledger_checkpoint SET note = %s WHERE number = %s", other.note, here.number)
    return ledger.under(here.number)[0]


def another_root(ledger: Ledger, here: Signed, other: Signed) -> int:
    """The signature stays, the root under it does not."""
    mine, theirs = here.note.split("\n"), other.note.split("\n")
    mine[2] = theirs[2]
    run("UPDATE ledger_checkpoint SET note = %s WHERE number = %s", "\n".join(mine), here.number)
    return ledger.under(here.number)[0]


def another_key(ledger: Ledger, here: Signed, other: Signed) -> int:
    key = SigningKey.new(ledger.key.name)
    run("UPDATE ledger_checkpoint SET note = %s WHERE number = %s", here.checkpoint.signed([key]), here.number)
    return ledger.under(here.number)[0]


def taken_out(ledger: Ledger, here: Signed, other: Signed) -> int:
    run("DELETE FROM ledger_checkpoint WHERE number = %s", here.number)
    run("UPDATE ledger_checkpoint SET number = -number WHERE number > %s", here.number)
    run("UPDATE ledger_checkpoint SET number = -1 - number WHERE number < 0")
    return ledger.under(here.number)[0]


def another_place(ledger: Ledger, here: Signed, other: Signed) -> int:
    """Peaks of another tree, from which the next checkpoint would be signed."""
    run("UPDATE ledger_checkpoint SET peaks = %s WHERE number = %s", b"\1" * 32, here.number)
    return ledger.under(here.number)[0]


def stolen_key(ledger: Ledger, rng: random.Random) -> int:
    """The facts changed, and everything in the database signed again with the right key."""
    index = rng.randrange(ledger.signed)
    fact = fact_at(index)
    if rng.random() < 0.5:
        other_columns(rng, fact)
        sealed_again(fact)
        signed_again(ledger, ledger.key)
    elif rng.random() < 0.5 and ledger.signed > 1:
        run("DELETE FROM ledger_leaf WHERE fact = %s", fact)
        run("DELETE FROM ledger_fact WHERE seq = %s", fact)
        moved(index + 1, -1)
        signed_again(ledger, ledger.key, [size for size in ledger.sizes if size < ledger.signed])
    else:
        cut(index, checkpoints_too=True)
        add(some(rng, ledger.signed - index))
        signed_again(ledger, ledger.key)
    return index


NINE = [edit, delete, insert, reorder, truncate, fork, rollback, swapped_checkpoint, stolen_key]
