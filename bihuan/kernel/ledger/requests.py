"""Requests already answered: a repeated call of an action is told what the first one made, and does nothing."""

from dataclasses import dataclass
from uuid import UUID

from django.db import connection

from bihuan.kernel import clock
from bihuan.kernel.ledger.fact import KeyReused


@dataclass(frozen=True, slots=True)
class Claim:
    """`fresh` when this call is the first with its key; else `result` is what the first one returned."""

    fresh: bool
    result: UUID | None = None


def claim(key: UUID, action: str, fingerprint: bytes) -> Claim:
    """Claim `key` for this call. A second caller waits here until the first has committed or given up."""
    assert connection.in_atomic_block, "a request is claimed in the transaction that answers it"
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO ledger_request (key, action, fingerprint, claimed_at) VALUES (%s, %s, %s, %s) "
            "ON CONFLICT (key) DO NOTHING",
            [key, action, fingerprint, clock.now()],
        )
        if cursor.rowcount == 1:
            return Claim(fresh=True)
        cursor.execute("SELECT action, fingerprint, result FROM ledger_request WHERE key = %s", [key])
        first_action, first_fingerprint, result = cursor.fetchone()
    if (first_action, bytes(first_fingerprint)) != (action, fingerprint):
        raise KeyReused(key)
    return Claim(fresh=False, result=result)


def settle_claim(key: UUID, result: UUID) -> None:
    """Keep what the claimed request made, for whoever repeats it."""
    with connection.cursor() as cursor:
        cursor.execute("UPDATE ledger_request SET result = %s WHERE key = %s", [result, key])
