"""How a fact is sealed: canonical payload, keyed commitment, leaf hash. `ledger_leaf_hash()` in SQL says the same.

The leaf hash covers every column of a fact that has a meaning outside this database, and the payload only through its
commitment. Destroying the key therefore makes a payload unprovable and unguessable while the hash stays what it was.
"""

import hashlib
import json
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from uuid import UUID

type Json = bool | int | float | str | date | UUID | Decimal | Sequence[Json] | Mapping[str, Json] | None

BLOCK_BYTES = 64  # of SHA-256, as HMAC (RFC 2104) pads its key
INNER, OUTER = (bytes(byte ^ pad for byte in range(256)) for pad in (0x36, 0x5C))
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def _as_text(value: object) -> object:
    if isinstance(value, datetime | date):
        return value.isoformat()
    if isinstance(value, UUID | Decimal):
        return str(value)
    if isinstance(value, Mapping):
        return dict(value)
    raise TypeError(f"A payload cannot hold {type(value).__name__}: give text, numbers, dates, lists and mappings.")


PAYLOAD = json.JSONEncoder(ensure_ascii=False, sort_keys=True, separators=(",", ":"), allow_nan=False, default=_as_text)
COLUMNS = json.JSONEncoder(ensure_ascii=False)


def canonical(payload: Mapping[str, Json]) -> str:
    """One text for one payload: sorted keys, no spaces. Dates, UUIDs and decimals are kept as their text."""
    return PAYLOAD.encode(payload)


@dataclass(frozen=True, slots=True)
class Secret:
    """An HMAC-SHA256 key, kept as its two pads so that the database's own sha256() can recompute a commitment."""

    id: int
    inner_pad: bytes
    outer_pad: bytes

    def commit(self, text: str) -> bytes:
        inner = hashlib.sha256(self.inner_pad + text.encode()).digest()
        return hashlib.sha256(self.outer_pad + inner).digest()


def new_pads() -> tuple[bytes, bytes]:
    key = secrets.token_bytes(32).ljust(BLOCK_BYTES, b"\0")
    return key.translate(INNER), key.translate(OUTER)


def leaf_hash(
    *,
    key: UUID,
    kind: str,
    subject: str,
    about: str | None,
    unit: UUID | None,
    happened_at: datetime,
    recorded_at: datetime,
    actor: str,
    commitment: bytes,
) -> bytes:
    """The RFC 6962 leaf hash of a fact: SHA-256 over 0x00 and its columns as a JSON array, as PostgreSQL writes one."""
    columns = [
        str(key),
        kind,
        subject,
        about,
        str(unit) if unit else None,
        _microseconds(happened_at),
        _microseconds(recorded_at),
        actor,
        commitment.hex(),
    ]
    return hashlib.sha256(b"\0" + COLUMNS.encode(columns).encode()).digest()


def _microseconds(moment: datetime) -> int:
    """Since 1970, exactly: a float of seconds would round."""
    return (moment - EPOCH) // timedelta(microseconds=1)
