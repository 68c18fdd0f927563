"""A witness is read back as it was written, goes on after a torn write, and may be a few notes in any text file."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from bihuan.kernel.ledger import Checkpoint, SigningKey, Unreadable
from bihuan.kernel.ledger.notes import Note
from bihuan.kernel.ledger.witnesses import append, entries, last, tag_of, written

AT = datetime(2022, 6, 20, 2, 0, tzinfo=UTC)
KEY = SigningKey.new()


def leaf(n: int) -> bytes:
    return n.to_bytes(32, "little")


def note(size: int) -> str:
    return Checkpoint(origin="lamps", size=size, root=leaf(size), at=AT).signed([KEY])


def piece(start: int, end: int) -> str:
    return written(start, [leaf(n) for n in range(start, end)], note(end))


@pytest.fixture
def witness(tmp_path: Path) -> Path:
    return tmp_path / "witness.txt"


class TestWitness:
    def test_gives_back_notes_and_tags_in_their_order(self, witness: Path) -> None:
        for start, end in ((0, 3), (3, 2500), (2500, 2501)):
            append(witness, piece(start, end))
        found = list(entries(witness))
        assert [entry.checkpoint.size for entry in found] == [3, 2500, 2501]
        assert found[1].tag(3) == tag_of(leaf(3))
        assert found[1].tag(2499) == tag_of(leaf(2499))
        assert found[1].tag(2) == found[1].tag(2500) == b""
        assert last(witness) == Note.read(note(2501))

    def test_that_is_not_there_knows_nothing(self, witness: Path) -> None:
        assert last(witness) is None
        assert not witness.exists()

    def test_finds_the_last_note_behind_many_tags(self, witness: Path) -> None:
        append(witness, piece(0, 30_000))
        assert last(witness) == Note.read(note(30_000))

    def test_is_read_as_far_as_it_reached_when_it_was_looked_at(self, witness: Path) -> None:
        append(witness, piece(0, 3))
        reached = witness.stat().st_size
        append(witness, piece(3, 5))
        assert [entry.checkpoint.size for entry in entries(witness, reached)] == [3]
        assert [entry.checkpoint.size for entry in entries(witness, reached + 40)] == [3]

    def test_goes_on_after_a_write_torn_anywhere(self, witness: Path) -> None:
        torn = piece(3, 5).encode()
        for kept in range(1, len(torn)):
            witness.unlink(missing_ok=True)
            append(witness, piece(0, 3))
            with witness.open("ab") as file:
                file.write(torn[:kept])
            assert [entry.checkpoint.size for entry in entries(witness)] in ([3], [3, 5])
            assert last(witness) == Note.read(note(3)), kept
            append(witness, piece(3, 5))
            assert last(witness) == Note.read(note(5)), kept
            assert [entry.checkpoint.size for entry in entries(witness)] == [3, 5], kept

    def test_may_be_a_few_notes_that_somebody_kept(self, witness: Path) -> None:
        witness.write_text(f"{note(3)}\n\n{note(9)}")
        assert [(entry.line, entry.checkpoint.size, entry.tags) for entry in entries(witness)] == [
            (1, 3, b""),
            (9, 9, b""),
        ]

    @pytest.mark.parametrize(
        "added",
        ["hello\n\nworld\n\n", "leaves x AAAA\n", "leaves 0 AAAAAAAA\nleaves 9 AAAAAAAA\n", "\x00\n\n— a b\n\n"],
    )
    def test_that_holds_anything_else_is_not_read(self, witness: Path, added: str) -> None:
        append(witness, piece(0, 3) + added + piece(3, 5))
        with pytest.raises(Unreadable):
            list(entries(witness))
