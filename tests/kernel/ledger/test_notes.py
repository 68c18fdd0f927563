"""Notes and keys have the published forms, and nothing that was altered passes for signed."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bihuan.kernel.ledger import Checkpoint, PublicKey, SigningKey, Unreadable
from bihuan.kernel.ledger.notes import Note

# The example that the signed-note format is published with.
SECRET = "PRIVATE+KEY+PeterNeumann+c74f20a3+AYEKFALVFGyNhPJEMzD1QIDr+Y7hfZx09iUvxdXHKDFz"
PUBLIC = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"
TEXT = "If you think cryptography is the answer to your problem,\nthen you don't know what your problem is.\n"
SIGNATURE = (
    "— PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n"
)
AT = datetime(2022, 6, 20, 2, 0, tzinfo=UTC)


def a_checkpoint(**changed: object) -> Checkpoint:
    return Checkpoint(**{"origin": "lamps", "size": 7, "root": b"\7" * 32, "at": AT} | changed)


class TestPublishedExample:
    def test_reads_both_keys(self) -> None:
        key = SigningKey.read(SECRET)
        assert (str(key.public), key.secret) == (PUBLIC, SECRET)
        assert PublicKey.read(PUBLIC) == key.public

    def test_signs_and_verifies_the_note(self) -> None:
        assert SigningKey.read(SECRET).signature(TEXT) == SIGNATURE
        assert PublicKey.read(PUBLIC).has_signed(Note.read(f"{TEXT}\n{SIGNATURE}"))


class TestKey:
    def test_is_never_shown_by_repr(self) -> None:
        key = SigningKey.new()
        assert key.secret not in repr(key)
        assert key.secret.rpartition("+")[2] not in repr(key)

    @pytest.mark.parametrize(
        "text",
        [
            "",
            "PRIVATE+KEY+",
            "PRIVATE+KEY+a+00000000+AQ==",
            SECRET.replace("c74f20a3", "c74f20a4"),
            f"{SECRET}\n",
            PUBLIC,
        ],
    )
    def test_that_is_none_is_not_read(self, text: str) -> None:
        with pytest.raises(Unreadable):
            SigningKey.read(text)


class TestCheckpoint:
    @given(
        size=st.integers(0, 2**62),
        root=st.binary(min_size=32, max_size=32),
        at=st.datetimes(min_value=datetime(2000, 1, 1), timezones=st.just(UTC)),  # noqa: DTZ001 - with the zone beside it
        brings_key=st.booleans(),
    )
    def test_is_read_as_it_was_written(self, size: int, root: bytes, at: datetime, brings_key: bool) -> None:
        key = SigningKey.read(SECRET)
        one = a_checkpoint(size=size, root=root, at=at, key=key.public if brings_key else None)
        note = Note.read(one.signed([key]))
        assert Checkpoint.read(note.text) == one
        assert key.public.has_signed(note)

    @given(st.data())
    def test_is_not_signed_once_a_character_differs(self, data: st.DataObject) -> None:
        key = SigningKey.read(SECRET)
        whole = a_checkpoint().signed([key])
        place = data.draw(st.integers(0, len(whole) - 2))
        altered = (
            whole[:place]
            + data.draw(st.characters(codec="utf-8").filter(lambda one: one != whole[place]))
            + whole[place + 1 :]
        )
        try:
            note = Note.read(altered)
            checkpoint = Checkpoint.read(note.text)
        except Unreadable:
            return
        assert not key.public.has_signed(note) or checkpoint == a_checkpoint()

    @pytest.mark.parametrize(
        "text",
        [
            "",
            "lamps\n",
            "lamps\n7\n",
            a_checkpoint().text().replace("\n7\n", "\n07\n"),
            a_checkpoint().text().replace("\n7\n", "\n-7\n"),
            a_checkpoint(root=b"\7" * 31).text(),
            a_checkpoint().text() + "more\n",
            a_checkpoint().text() + f"key {PUBLIC}\nmore\n",
        ],
    )
    def test_that_is_none_is_not_read(self, text: str) -> None:
        with pytest.raises(Unreadable):
            Checkpoint.read(text)
