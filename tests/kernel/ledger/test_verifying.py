"""Nine attacks, thousands of times: each is seen and the first bad fact is named; nothing whole is called broken."""

import os
from dataclasses import replace

import pytest
from django.db import connection, transaction

from bihuan.kernel.ledger import (
    Reason,
    SigningKey,
    Witness,
    evidence,
    publish,
    record_many,
    rotate,
    sign,
    verify,
    verifying,
)
from bihuan.kernel.ledger.checkpoints import latest, numbered
from tests.kernel.ledger import attacks

PROVE = os.environ.get("BIHUAN_PROVE") == "1"
SEED = int(os.environ.get("BIHUAN_SEED", "1"))
TIMES = 1_000 if PROVE else 25
A_LEDGER = 50  # so many attacks on one ledger, then another is grown
CHECKPOINTS = 7
FORGET_PAYLOADS = (
    "DELETE FROM ledger_payload WHERE fact IN "
    "(SELECT f.seq FROM ledger_fact f JOIN ledger_key k ON k.id = f.secret WHERE k.owner = 'person:1')"
)


def emptied(owner) -> None:
    owner.execute("SET session_replication_role = replica")
    for table in ("fact", "leaf", "payload", "key", "checkpoint"):
        owner.execute(f"DELETE FROM ledger_{table}")


def look(*paths):
    with transaction.atomic():
        return verify([Witness.seen(path) for path in paths])


@pytest.fixture
def ledger(transactional, tmp_path):
    return attacks.grown(attacks.source(SEED), tmp_path / "city", CHECKPOINTS)


class TestNineAttacks:
    @pytest.mark.parametrize("attack", attacks.NINE, ids=lambda attack: attack.__name__)
    def test_are_seen_and_the_first_bad_fact_is_named(self, transactional, owner, tmp_path, attack):
        for round_ in range(0, TIMES, A_LEDGER):
            emptied(owner)
            chance = attacks.source(f"{SEED} {attack.__name__} {round_}")
            ledger = attacks.grown(chance, tmp_path / str(round_), CHECKPOINTS)
            assert look(*ledger.witnesses).broken is None, "a clean ledger is called broken"
            for turn in range(min(A_LEDGER, TIMES - round_)):
                seed = f"{SEED} {attack.__name__} {round_} {turn}"
                rng = attacks.source(seed)
                known = rng.choice([ledger.witnesses, ledger.witnesses[:1]])
                with attacks.as_intruder():
                    first = attack(ledger, rng)
                    broken = look(*known).broken
                assert broken, f"not seen: seed {seed!r}"
                assert (broken.index, broken.last) == (first, None), f"{broken} instead of {first}: seed {seed!r}"
            assert look(*ledger.witnesses).broken is None, "an attack was not taken back"


class TestWholeLedgers:
    def test_are_never_called_broken(self, transactional, owner, tmp_path):
        """Facts come, are signed, forgotten, published late or not yet, keys take over: all of it is whole."""
        for round_ in range(TIMES // 10):
            emptied(owner)
            owner.execute("SET session_replication_role = origin")
            seed = f"{SEED} whole {round_}"
            rng = attacks.source(seed)
            ledger = attacks.grown(rng, tmp_path / f"whole{round_}", rng.randrange(1, 5))
            keys = [ledger.key]
            for _ in range(rng.randrange(12)):
                step = rng.choice(["add", "sign", "publish", "rotate", "shred", "look"])
                if step == "add":
                    attacks.add(attacks.some(rng, rng.randrange(1, 30)))
                elif step == "sign":
                    sign(keys, ledger.witnesses)
                elif step == "publish":
                    publish(rng.choice(ledger.witnesses))
                elif step == "rotate":
                    new = SigningKey.new(ledger.key.name)
                    rotate(keys, new, ledger.witnesses)
                    keys = [*keys, new]
                elif step == "shred":
                    owner.execute(FORGET_PAYLOADS)
                    owner.execute("DELETE FROM ledger_key WHERE owner = 'person:1'")
                verdict = look(*rng.choice([[], ledger.witnesses[:1], ledger.witnesses]))
                assert verdict.broken is None, f"{verdict.broken} after {step}: seed {seed!r}"

    def test_may_have_facts_that_wait_for_their_leaf(self, ledger):
        with transaction.atomic():
            record_many(attacks.some(attacks.source(0), 3))
        verdict = look(*ledger.witnesses)
        assert (verdict.broken, verdict.unsigned, verdict.facts) == (None, 3, ledger.signed + 3)

    def test_may_have_nothing_signed_yet(self, transactional, tmp_path):
        attacks.add(attacks.some(attacks.source(0), 3))
        verdict = look(tmp_path / "witness.txt")
        assert (verdict.broken, verdict.unsigned, verdict.key) == (None, 3, "")


BLUNT = {
    "UPDATE ledger_fact SET leaf_hash = sha256('') WHERE seq = %s": Reason.CHANGED,
    "UPDATE ledger_leaf SET hash = sha256('') WHERE fact = %s": Reason.CHANGED,
    "UPDATE ledger_payload SET text = '{}' WHERE fact = %s": Reason.PAYLOAD,
    "DELETE FROM ledger_payload WHERE fact = %s": Reason.PAYLOAD,
    "DELETE FROM ledger_key WHERE id = (SELECT secret FROM ledger_fact WHERE seq = %s)": Reason.PAYLOAD,
    "DELETE FROM ledger_leaf WHERE fact = %s": Reason.MISSING,
    "DELETE FROM ledger_fact WHERE seq = %s": Reason.MISSING,
}


class TestBluntTampering:
    """Somebody who knows of no seal, and a ledger with no witness at all."""

    @pytest.mark.parametrize("statement", BLUNT)
    def test_is_named(self, ledger, statement):
        with attacks.as_intruder():
            attacks.run(statement, attacks.fact_at(0))
            broken = look().broken
        assert (broken.reason, broken.index) == (BLUNT[statement], 0)

    @pytest.mark.parametrize("statement", list(BLUNT)[:1] + list(BLUNT)[2:4])
    def test_is_named_in_facts_that_have_no_leaf_yet(self, ledger, statement):
        with transaction.atomic():
            record_many(attacks.some(attacks.source(0), 1))
        with attacks.as_intruder(), connection.cursor() as cursor:
            cursor.execute("SELECT max(seq) FROM ledger_fact")
            cursor.execute(statement, cursor.fetchone())
            broken = look().broken
        assert (broken.index, broken.reason) == (
            ledger.signed,
            Reason.PAYLOAD if "payload" in statement else Reason.CHANGED,
        )

    def test_is_named_where_a_long_stretch_behind_the_last_checkpoint_is_gone(self, ledger, monkeypatch):
        monkeypatch.setattr(verifying, "ROWS_AT_ONCE", 4)
        attacks.add(attacks.some(attacks.source(0), 20))
        first = ledger.signed + 2
        with attacks.as_intruder():
            attacks.run(
                "DELETE FROM ledger_fact WHERE seq IN (SELECT fact FROM ledger_leaf WHERE index BETWEEN %s AND %s)",
                first,
                first + 9,
            )
            attacks.run("DELETE FROM ledger_leaf WHERE index BETWEEN %s AND %s", first, first + 9)
            broken = look().broken
        assert (broken.reason, broken.index) == (Reason.MISSING, first)

    def test_is_named_where_a_fact_is_slipped_in_behind_the_sequencer(self, ledger):
        (forged,) = attacks.some(attacks.source(0), 1)
        with attacks.as_intruder():
            record_many([forged])
            attacks.run("UPDATE ledger_fact SET transaction = '1'::xid8 WHERE key = %s", forged.key)
            broken = look().broken
        assert (broken.reason, broken.key) == (Reason.PASSED_OVER, forged.key)


class TestCheckpointsHere:
    """Rows of the checkpoints themselves, with no witness to compare them with."""

    @pytest.mark.parametrize(
        "statement",
        [
            "DELETE FROM ledger_checkpoint WHERE number = 3",
            "UPDATE ledger_checkpoint SET key = (SELECT key || 'x' FROM ledger_checkpoint LIMIT 1) WHERE number = 3",
            "UPDATE ledger_checkpoint SET peaks = sha256('') WHERE number = 3",
            "UPDATE ledger_checkpoint SET note = '' WHERE number = 3",
            "UPDATE ledger_checkpoint SET note = replace(note, 'time 2', 'time 1') WHERE number = 3",
            "UPDATE ledger_checkpoint SET size = 1 WHERE number = 3",
        ],
    )
    def test_that_were_altered_are_named(self, ledger, statement):
        with attacks.as_intruder():
            attacks.run(statement)
            broken = look().broken
        assert (broken.reason, broken.checkpoint, broken.index) == (Reason.CHECKPOINT, 3, ledger.sizes[2])

    @pytest.mark.parametrize("signers", [["old"], ["new"], ["new", "new"]])
    def test_let_no_key_take_over_that_only_one_has_signed(self, ledger, signers):
        keys = {"old": ledger.key, "new": SigningKey.new(ledger.key.name)}
        last = latest()
        checkpoint = replace(last.checkpoint, key=keys["new"].public)
        with attacks.as_intruder():
            note = checkpoint.signed([keys[name] for name in signers])
            attacks.put(last.number + 1, last.growth(), note, str(keys["new"].public))
            broken = look().broken
        assert (broken.reason, broken.checkpoint) == (Reason.CHECKPOINT, last.number + 1)


class TestWithoutAWitness:
    """The database against itself: blunt attacks show, and who holds the key and the database can do anything."""

    def test_a_changed_column_is_named(self, ledger):
        with attacks.as_intruder():
            attacks.run("UPDATE ledger_fact SET actor = 'user:2' WHERE seq = %s", attacks.fact_at(3))
            broken = look().broken
        assert (broken.reason, broken.index, broken.subject[:5]) == (Reason.CHANGED, 3, "lamp:")

    def test_a_resealed_fact_is_known_to_lie_under_the_first_checkpoint_that_disagrees(self, ledger):
        with attacks.as_intruder():
            fact = attacks.fact_at(ledger.signed - 1)
            attacks.run("UPDATE ledger_fact SET actor = 'user:2' WHERE seq = %s", fact)
            attacks.sealed_again(fact)
            broken = look().broken
        assert broken.reason == Reason.REWRITTEN
        assert (broken.index, broken.last) == (ledger.sizes[-2], ledger.signed - 1)

    def test_a_stolen_key_hides_everything(self, ledger):
        """What a witness is for."""
        with attacks.as_intruder():
            fact = attacks.fact_at(0)
            attacks.run("UPDATE ledger_fact SET actor = 'user:2' WHERE seq = %s", fact)
            attacks.sealed_again(fact)
            attacks.signed_again(ledger, ledger.key)
            assert look().broken is None
            assert look(ledger.witnesses[0]).broken.index == 0


class TestWitnessFiles:
    def test_with_a_few_kept_notes_still_tell_between_which_the_first_bad_fact_lies(self, ledger, tmp_path):
        kept = tmp_path / "mailed.txt"
        kept.write_text("".join(numbered(number).note + "\n" for number in (2, 5)))
        assert look(kept).broken is None
        with attacks.as_intruder():
            fact = attacks.fact_at(ledger.sizes[4])
            attacks.run("UPDATE ledger_fact SET actor = 'user:2' WHERE seq = %s", fact)
            attacks.sealed_again(fact)
            attacks.signed_again(ledger, ledger.key)
            broken = look(kept).broken
        assert (broken.index, broken.last) == (ledger.sizes[2], ledger.sizes[5] - 1)

    def test_of_another_ledger_are_told_as_such(self, ledger, owner, tmp_path):
        emptied(owner)
        other = attacks.grown(attacks.source("other"), tmp_path / "other", 2)
        broken = look(other.witnesses[0], ledger.witnesses[0]).broken
        assert (broken.reason, broken.witness) == (Reason.ANOTHER_LEDGER, str(ledger.witnesses[0]))

    def test_that_are_gone_are_missed(self, ledger):
        ledger.witnesses[1].unlink()
        assert look(*ledger.witnesses).broken.reason == Reason.WITNESS_GONE

    def test_that_were_altered_are_told_from_altered_facts(self, ledger):
        text = ledger.witnesses[1].read_text()
        root = numbered(3).note.split("\n")[2]
        ledger.witnesses[1].write_text(text.replace(root, numbered(4).note.split("\n")[2]))
        broken = look(*ledger.witnesses).broken
        assert (broken.reason, broken.witness) == (Reason.WITNESS, str(ledger.witnesses[1]))

    def test_that_cannot_be_read_are_named(self, ledger):
        with ledger.witnesses[0].open("a") as file:
            file.write("somebody wrote here\n\nand here\n\n")
        broken = look(*ledger.witnesses).broken
        assert (broken.reason, broken.witness) == (Reason.WITNESS, str(ledger.witnesses[0]))


class TestMemory:
    def test_holds_one_batch_of_rows_however_long_the_ledger(self, ledger, monkeypatch):
        asked = []
        rows = evidence.rows
        monkeypatch.setattr(verifying, "ROWS_AT_ONCE", 4)
        monkeypatch.setattr(evidence, "rows", lambda start, end: asked.append(end - start) or rows(start, end))
        assert look(*ledger.witnesses).broken is None
        assert max(asked) <= 4
