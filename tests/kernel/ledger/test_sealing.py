"""The commitment is plain HMAC-SHA256, whatever form its key is kept in."""

import hashlib
import hmac

from hypothesis import given
from hypothesis import strategies as st

from bihuan.kernel.ledger.sealing import BLOCK_BYTES, Secret, new_pads


class TestCommitment:
    @given(st.text(st.characters(exclude_categories=["Cs"])))
    def test_is_hmac_sha256(self, text: str) -> None:
        inner, outer = new_pads()
        key = bytes(byte ^ 0x36 for byte in inner)
        assert key == bytes(byte ^ 0x5C for byte in outer)
        assert len(key) == BLOCK_BYTES
        assert Secret(1, inner, outer).commit(text) == hmac.new(key, text.encode(), hashlib.sha256).digest()

    def test_differs_from_key_to_key(self) -> None:
        assert Secret(1, *new_pads()).commit("same") != Secret(2, *new_pads()).commit("same")
