"""Signing goes on from what was signed, refuses to sign over what was lost, and brings every witness up to date."""

import hashlib
from datetime import timedelta
from pathlib import Path
from uuid import uuid4

import pytest
from django.db import DatabaseError, connection, transaction
from django.test.utils import CaptureQueriesContext

from bihuan.kernel import clock
from bihuan.kernel.ledger import (
    Checkpoint,
    Forgotten,
    PublicKey,
    SigningKey,
    WrongKey,
    checkpoints,
    covering,
    facts,
    latest,
    prove,
    publish,
    root,
    rotate,
    sign,
)
from bihuan.kernel.ledger.notes import Note
from bihuan.kernel.ledger.proving import NotProved
from bihuan.kernel.ledger.tree import root_of_path
from bihuan.kernel.ledger.witnesses import entries
from tests.kernel.ledger import attacks

KEY = SigningKey.new()


def added(number: int, seed: object = 0):
    new = attacks.some(attacks.source(f"{seed} {number}"), number)
    attacks.add(new)
    return new


@pytest.fixture
def witness(tmp_path: Path) -> Path:
    return tmp_path / "witness.txt"


class TestSign:
    def test_signs_the_root_over_all_leaves(self, transactional, witness):
        added(5)
        assert sign([KEY], [witness]) == 1
        signed = latest()
        checkpoint = signed.checkpoint
        assert (checkpoint.origin, checkpoint.size, checkpoint.root) == (KEY.name, 5, root())
        assert checkpoint.at == clock.now()
        assert checkpoint.key == KEY.public
        assert KEY.public.has_signed(Note.read(signed.note))

    def test_signs_nothing_where_nothing_is_new(self, transactional):
        assert sign([KEY], []) == 0
        added(5)
        assert (sign([KEY], []), sign([KEY], [])) == (1, 0)

    def test_reads_nothing_older_than_the_checkpoint_before(self, transactional, owner):
        """What was signed is continued: a leaf that was changed since does not come into a later root."""
        added(5)
        sign([KEY], [])
        added(3, "more")
        whole = root()
        owner.execute("SET session_replication_role = replica")
        owner.execute("UPDATE ledger_leaf SET hash = sha256('') WHERE index = 2")
        sign([KEY], [])
        assert latest().checkpoint.root == whole != root()

    def test_takes_a_great_backlog_in_pieces(self, transactional, monkeypatch):
        monkeypatch.setattr(checkpoints, "FACTS_MAX", 4)
        added(10)
        assert sign([KEY], []) == 3
        assert latest().checkpoint.root == root()

    def test_is_refused_without_the_ledgers_key(self, transactional):
        added(5)
        sign([KEY], [])
        added(1, "more")
        with pytest.raises(WrongKey, match="Another key"):
            sign([SigningKey.new(KEY.name)], [])

    @pytest.mark.parametrize("change", ["peaks = sha256('')", "note = replace(note, 'time 2', 'time 1')", "note = ''"])
    def test_is_refused_after_a_checkpoint_that_was_altered(self, transactional, owner, change):
        added(5)
        sign([KEY], [])
        added(1, "more")
        owner.execute("SET session_replication_role = replica")
        owner.execute(f"UPDATE ledger_checkpoint SET {change}")
        with pytest.raises(WrongKey, match="not the one that was signed"):
            sign([KEY], [])

    def test_is_refused_when_a_witness_knows_more(self, transactional, owner, witness):
        """A database set back to yesterday is not signed on, whoever runs the worker."""
        added(5)
        sign([KEY], [witness])
        publish(witness)
        added(2, "lost")
        sign([KEY], [witness])
        publish(witness)
        owner.execute("SET session_replication_role = replica")
        owner.execute("DELETE FROM ledger_checkpoint WHERE number = 1")
        owner.execute("DELETE FROM ledger_leaf WHERE index >= 5")
        added(9, "instead")
        with pytest.raises(Forgotten, match=str(witness)):
            sign([KEY], [witness])
        with pytest.raises(Forgotten):
            publish(witness)
        assert latest().number == 0

    def test_is_not_held_up_by_a_witness_out_of_reach(self, transactional, tmp_path):
        added(5)
        assert sign([KEY], [tmp_path]) == 1, "a folder can be no witness"

    def test_the_application_may_not_change_what_was_signed(self, transactional, owner):
        added(5)
        sign([KEY], [])
        for statement in ("UPDATE ledger_checkpoint SET note = ''", "DELETE FROM ledger_checkpoint"):
            with pytest.raises(DatabaseError, match="permission denied"), transaction.atomic():
                connection.cursor().execute(statement)
            with pytest.raises(Exception, match="append-only"):
                owner.execute(statement)


class TestPublish:
    def test_brings_a_witness_up_to_date_whenever_it_comes_back(self, transactional, witness, tmp_path):
        late = tmp_path / "late.txt"
        for number in range(1, 5):
            added(number)
            sign([KEY], [witness])
            publish(witness)
        assert publish(late) == 4
        assert publish(late) == 0
        assert late.read_bytes() == witness.read_bytes()
        assert [entry.checkpoint.size for entry in entries(late)] == [1, 3, 6, 10]

    def test_asks_little_when_nothing_is_new(self, transactional, witness):
        added(5)
        sign([KEY], [witness])
        publish(witness)
        with CaptureQueriesContext(connection) as queries:
            publish(witness)
        assert len(queries) <= 6


class TestRotate:
    def test_is_a_checkpoint_that_both_keys_have_signed(self, transactional):
        added(5)
        sign([KEY], [])
        new = SigningKey.new(KEY.name)
        rotate([KEY], new, [])
        note = Note.read(latest().note)
        assert Checkpoint.read(note.text).key == new.public
        assert KEY.public.has_signed(note)
        assert new.public.has_signed(note)
        assert PublicKey.read(latest().key) == new.public

    def test_leaves_the_old_key_without_a_say(self, transactional):
        added(5)
        new = SigningKey.new(KEY.name)
        rotate([KEY], new, [])
        added(1, "more")
        with pytest.raises(WrongKey):
            sign([KEY], [])
        assert sign([KEY, new], []) == 1


class TestCovering:
    def test_is_the_first_checkpoint_over_a_fact(self, transactional):
        first = added(3)
        sign([KEY], [])
        second = added(4)
        sign([KEY], [])
        waiting = added(2)
        found = covering([fact.key for fact in (*first, *second, *waiting)])
        assert found == {fact.key: 0 for fact in first} | {fact.key: 1 for fact in second}


class TestProve:
    def test_leads_from_every_fact_to_a_signed_root(self, transactional):
        keys = []
        for number in (1, 6, 2, 9):
            keys += [fact.key for fact in added(number)]
            sign([KEY], [])
        for key in keys:
            proof = prove(key)
            note = Note.read(proof.note)
            assert KEY.public.has_signed(note)
            assert hashlib.sha256(b"\0" + proof.entry.encode()).digest() == proof.leaf
            assert root_of_path(proof.leaf, proof.index, proof.size, proof.path) == Checkpoint.read(note.text).root
            assert str(key) in proof.entry

    def test_is_refused_for_a_fact_that_no_checkpoint_covers(self, transactional):
        (fact,) = added(1)
        for key in (fact.key, uuid4()):
            with pytest.raises(NotProved, match="No checkpoint"):
                prove(key)

    def test_is_refused_for_a_fact_that_was_changed(self, transactional, owner):
        (fact, *_) = added(3)
        sign([KEY], [])
        assert facts([fact.key])[fact.key].happened_at == fact.at
        owner.execute("SET session_replication_role = replica")
        owner.execute("UPDATE ledger_fact SET happened_at = happened_at + interval '1 day' WHERE key = %s", [fact.key])
        with pytest.raises(NotProved, match="not what checkpoint 0 signed"):
            prove(fact.key)
        assert facts([fact.key])[fact.key].happened_at == fact.at + timedelta(days=1)
