"""Quantities in double entry: whatever leaves one account arrives in another, so that totals agree by construction."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from uuid import UUID

from django.db import IntegrityError, connection, transaction

from bihuan.kernel.custody.events import QUANTITY_POSTED
from bihuan.kernel.custody.refusals import NotBalanced, NotEnough
from bihuan.kernel.ledger import Actor, derive, record

FLOOR = "balance_not_below_zero"  # the constraint that keeps an account from giving what it has not


@dataclass(frozen=True, slots=True)
class Entry:
    """`quantity` in whole smallest units: positive into the account, negative out of it."""

    account: str
    commodity: str
    quantity: int


def open_account(account: str, *, may_be_negative: bool = False) -> None:
    """Make `account` if it is not there. Only one that stands for the world outside may go below zero."""
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO custody_account (account, may_be_negative) VALUES (%s, %s) ON CONFLICT (account) DO NOTHING",
            [account, may_be_negative],
        )


def post(entries: Sequence[Entry], *, key: UUID, at: datetime, by: Actor | str, note: str = "") -> UUID:
    """Post `entries`, which sum to zero for every commodity, and give the posting's id."""
    assert entries, "a posting moves something"
    rest: Counter[str] = Counter()
    for entry in entries:
        rest[entry.commodity] += entry.quantity
    if any(rest.values()):
        raise NotBalanced([commodity for commodity, quantity in rest.items() if quantity])
    posting = derive(key, "posting")
    fact = record(
        key=key,
        kind=QUANTITY_POSTED,
        subject=f"posting:{posting}",
        at=at,
        by=by,
        payload={"entries": [asdict(entry) for entry in entries], "note": note},
    )
    if fact.new:
        _enter(posting, entries, at)
    return posting


def _enter(posting: UUID, entries: Sequence[Entry], at: datetime) -> None:
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(
                "INSERT INTO custody_entry (posting, account, commodity, quantity, posted_at) "
                "SELECT %s, account, commodity, quantity, %s "
                "FROM unnest(%s::text[], %s::text[], %s::bigint[]) AS entry (account, commodity, quantity)",
                [
                    posting,
                    at,
                    [entry.account for entry in entries],
                    [entry.commodity for entry in entries],
                    [entry.quantity for entry in entries],
                ],
            )
    except IntegrityError as error:
        if FLOOR not in str(error):
            raise
        raise NotEnough({entry.account for entry in entries if entry.quantity < 0}) from error


def balance(account: str, commodity: str) -> int:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT quantity FROM custody_balance WHERE account = %s AND commodity = %s", [account, commodity]
        )
        row = cursor.fetchone()
    return int(row[0]) if row else 0
