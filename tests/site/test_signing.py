"""What was recorded is signed by itself, `bihuan verify` says what became of it, and a key can be replaced."""

import hashlib
import json
import os
import stat
import threading
import time
import uuid
from datetime import timedelta
from itertools import pairwise
from pathlib import Path

import pytest
from click.testing import CliRunner

from bihuan.kernel.ledger import Checkpoint, PublicKey, SigningKey, latest
from bihuan.kernel.ledger.notes import Note
from bihuan.kernel.ledger.tree import root_of_path
from bihuan.kernel.ledger.witnesses import entries
from bihuan.site import signing
from bihuan.site.cli import main
from tests.kernel.ledger import attacks

PROVE = os.environ.get("BIHUAN_PROVE") == "1"


@pytest.fixture
def home(monkeypatch, tmp_path) -> Path:
    monkeypatch.setenv("BIHUAN_HOME", str(tmp_path))
    monkeypatch.delenv("BIHUAN_SIGNING_KEY", raising=False)
    monkeypatch.delenv("BIHUAN_WITNESSES", raising=False)
    return tmp_path


@pytest.fixture
def run(transactional, home, monkeypatch):
    """Run a command against the test database."""
    monkeypatch.setenv("BIHUAN_DATABASE_URL", "the test database is open already")

    def run(*words: str, code: int = 0):
        result = CliRunner().invoke(main, list(words), prog_name="bihuan")
        assert result.exit_code == code, f"{result.output}{result.exception!r}"
        return result.output

    return run


@pytest.fixture
def signed(run, home):
    """A city with a key, five facts, and a checkpoint."""
    signing.make_key(home)
    facts = attacks.some(attacks.source("city"), 5)
    attacks.add(facts)
    signing.sign_now(home)
    return facts


class TestKeys:
    def test_are_made_once_and_readable_by_nobody_else(self, home):
        signing.make_key(home)
        (first,) = signing.held_keys(home)
        signing.make_key(home)
        assert signing.held_keys(home) == [first]
        assert stat.S_IMODE((home / signing.KEY).stat().st_mode) == 0o600

    def test_that_are_given_are_not_made(self, home, monkeypatch):
        given = SigningKey.new()
        monkeypatch.setenv("BIHUAN_SIGNING_KEY", given.secret)
        signing.make_key(home)
        assert signing.held_keys(home) == [given]
        assert not (home / signing.KEY).exists()


class TestVerify:
    def test_ends_with_0_when_all_is_whole(self, run, signed, home):
        told = json.loads(run("verify", "--json"))
        assert (told["whole"], told["facts"], told["checkpoints"], told["unsigned"]) == (True, 5, 1, 0)
        assert told["witnesses"] == [{"witness": str(home / signing.WITNESS), "checkpoints": 1, "facts": 5}]
        assert run("verify").endswith("Whole.\n")

    def test_ends_with_1_and_names_the_first_bad_fact(self, run, signed, owner):
        owner.execute("SET session_replication_role = replica")
        owner.execute("UPDATE ledger_fact SET actor = 'user:2' WHERE key = %s", [signed[3].key])
        told = json.loads(run("verify", "--json", code=1))
        index = told["broken"]["index"]
        assert (told["whole"], told["broken"]["key"]) == (False, str(signed[3].key))
        assert f"BROKEN at fact {index} ({signed[3].kind}, {signed[3].subject}" in run("verify", code=1)

    def test_takes_any_witness(self, run, signed, tmp_path):
        kept = tmp_path / "mailed.txt"
        kept.write_text(latest().note)
        assert json.loads(run("verify", "--witness", str(kept), "--json"))["witnesses"][0]["checkpoints"] == 1
        run("verify", "--witness", str(tmp_path / "nowhere.txt"), code=2)

    def test_tells_what_nobody_witnessed(self, run, signed, tmp_path):
        (tmp_path / "empty.txt").touch()
        assert "No witness was asked" in run("verify", "--witness", str(tmp_path / "empty.txt"))

    def test_prints_the_public_key(self, run, signed):
        key = PublicKey.read(run("verify", "--key").strip())
        assert key.has_signed(Note.read(latest().note))

    def test_prints_the_public_key_before_anything_is_signed(self, run, home):
        run("verify", "--key", code=1)
        signing.make_key(home)
        assert run("verify", "--key").strip() == str(signing.held_keys(home)[0].public)

    def test_proves_one_fact_so_that_others_can_follow(self, run, signed):
        told = json.loads(run("verify", "--fact", str(signed[2].key), "--json"))
        leaf = hashlib.sha256(b"\0" + told["entry"].encode()).digest()
        assert leaf.hex() == told["leaf"]
        path = [bytes.fromhex(node) for node in told["path"]]
        root = root_of_path(leaf, told["index"], told["size"], path)
        assert root == Checkpoint.read(Note.read(told["note"]).text).root
        assert f"under checkpoint {told['checkpoint']}" in run("verify", "--fact", str(signed[2].key))
        run("verify", "--fact", str(uuid.uuid4()), code=1)

    def test_refuses_questions_that_exclude_each_other(self, run, signed):
        run("verify", "--key", "--fact", str(signed[0].key), code=2)

    @pytest.mark.parametrize("attack", attacks.NINE, ids=lambda attack: attack.__name__)
    def test_ends_with_1_after_each_of_nine_attacks(self, run, home, owner, attack):
        """Committed, through the real command; thousands of them are in tests/kernel/ledger/test_verifying.py."""
        ledger = attacks.grown(attacks.source("command"), home / "city", 6)
        with attacks.as_intruder(taken_back=False):
            first = attack(ledger, attacks.source(f"command {attack.__name__}"))
        owner.execute("ALTER TABLE ledger_leaf DROP CONSTRAINT IF EXISTS ledger_leaf_fact_key")
        owner.execute("SET session_replication_role = replica")
        try:
            told = json.loads(run("verify", "--witness", str(ledger.witnesses[0]), "--json", code=1))
        finally:
            owner.execute("DELETE FROM ledger_leaf")
            owner.execute("ALTER TABLE ledger_leaf ADD CONSTRAINT ledger_leaf_fact_key UNIQUE (fact)")
        assert told["broken"]["index"] == first


class TestRotateKey:
    def test_lets_a_new_key_sign_from_now_on(self, run, signed, home):
        (old,) = signing.held_keys(home)
        run("rotate-key")
        (new,) = signing.held_keys(home)
        note = Note.read(latest().note)
        assert old.public.has_signed(note)
        assert new.public.has_signed(note)
        attacks.add(attacks.some(attacks.source("more"), 1))
        signing.sign_now(home)
        assert new.public.has_signed(Note.read(latest().note))
        assert not old.public.has_signed(Note.read(latest().note))
        assert run("verify").endswith("Whole.\n")

    def test_goes_on_where_the_plug_was_pulled(self, run, signed, home, monkeypatch):
        """The new key has signed already and lies under its provisional name."""
        with monkeypatch.context() as patched:
            patched.setattr(signing, "adopt_next_key", lambda home: None)
            run("rotate-key")
        attacks.add(attacks.some(attacks.source("more"), 1))
        assert signing.sign_now(home) == 1
        between = latest().key
        run("rotate-key")
        assert latest().key != between
        assert len(signing.held_keys(home)) == 1
        assert run("verify").endswith("Whole.\n")

    def test_is_refused_before_anything_is_signed(self, run, home):
        assert "no signing key" in run("rotate-key", code=1)
        signing.make_key(home)
        assert "Nothing has been signed" in run("rotate-key", code=1)


@pytest.fixture
def kept_signing(transactional, home):
    """The worker's thread while the block runs."""
    signing.make_key(home)
    stopping = threading.Event()
    thread = threading.Thread(target=signing.keep_signing, args=(home, stopping))
    thread.start()
    yield
    stopping.set()
    thread.join()


def wait_for(size: int, witness: Path, seconds: float = 240) -> list[int]:
    end = time.monotonic() + seconds
    sizes: list[int] = []
    while time.monotonic() < end:
        sizes = [entry.checkpoint.size for entry in entries(witness)] if witness.exists() else []
        if sizes and sizes[-1] == size:
            return sizes
        time.sleep(0.05)
    raise AssertionError(f"the witness knows {sizes[-1:]}, not {size}")


class TestKeepSigning:
    @pytest.fixture(autouse=True)
    def soon(self, monkeypatch):
        monkeypatch.setattr(signing, "EVERY_SECONDS", 0.05)

    def test_signs_what_comes_and_stays_quiet_when_nothing_does(self, kept_signing, home):
        attacks.add(attacks.some(attacks.source(1), 4))
        wait_for(4, home / signing.WITNESS)
        attacks.add(attacks.some(attacks.source(2), 3))
        sizes = wait_for(7, home / signing.WITNESS)
        time.sleep(0.3)
        assert [entry.checkpoint.size for entry in entries(home / signing.WITNESS)] == sizes

    def test_hands_it_to_a_second_witness_once_that_is_there(self, monkeypatch, transactional, home):
        second = home / "mount" / "second.txt"
        monkeypatch.setenv("BIHUAN_WITNESSES", str(second))
        signing.make_key(home)
        attacks.add(attacks.some(attacks.source(1), 4))
        with pytest.raises(FileNotFoundError):
            signing.sign_now(home)
        assert [entry.checkpoint.size for entry in entries(home / signing.WITNESS)] == [4]
        second.parent.mkdir()
        signing.sign_now(home)
        assert second.read_bytes() == (home / signing.WITNESS).read_bytes()

    def test_outlives_what_keeps_it_from_signing(self, transactional, home, caplog, monkeypatch):
        stopping, tries = threading.Event(), []

        def fails_thrice(home: Path) -> int:
            tries.append(home)
            if len(tries) <= 3:
                raise OSError("no such mount")
            stopping.set()
            return 0

        monkeypatch.setattr(signing, "sign_now", fails_thrice)
        signing.keep_signing(home, stopping)
        assert len(tries) == 4
        assert [record.message for record in caplog.records if "could not be signed" in record.message] == [
            "What was recorded could not be signed or handed to a witness; trying again."
        ], "what stays the same is said once"

    def test_makes_one_chain_out_of_two_workers(self, transactional, home):
        signing.make_key(home)
        stopping = threading.Event()
        workers = [threading.Thread(target=signing.keep_signing, args=(home, stopping)) for _ in range(2)]
        for worker in workers:
            worker.start()
        total = 0
        for turn in range(12):
            attacks.add(attacks.some(attacks.source(turn), 3))
            total += 3
        sizes = wait_for(total, home / signing.WITNESS)
        stopping.set()
        for worker in workers:
            worker.join()
        assert sizes == sorted(set(sizes)), "a checkpoint stands in the witness twice"


@pytest.mark.slow
@pytest.mark.skipif(not PROVE, reason="scripts/prove")
class TestEveryMinute:
    def test_a_checkpoint_is_signed_while_facts_arrive(self, kept_signing, home):
        """In real time: two minutes of facts, no two checkpoints further apart than a minute, the last covers all."""
        began, total = time.monotonic(), 0
        while time.monotonic() - began < 120:
            attacks.add(attacks.some(attacks.source(total), 2))
            total += 2
            time.sleep(1)
        wait_for(total, home / signing.WITNESS, 60)
        moments = [entry.checkpoint.at for entry in entries(home / signing.WITNESS)]
        gaps = [later - earlier for earlier, later in pairwise(moments)]
        assert max(gaps) <= timedelta(seconds=60)
