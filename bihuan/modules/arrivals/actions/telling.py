"""Who travels, and how an announced trip is told to the ledger, by whichever way it was announced."""

import secrets
from collections.abc import Mapping
from datetime import date, datetime
from typing import NotRequired, TypedDict
from uuid import UUID

from bihuan.kernel.ledger import Actor, Json, NewFact, derive
from bihuan.modules.arrivals import events
from bihuan.modules.arrivals.models import REFERENCE_LENGTH
from bihuan.modules.people import actions as people

REFERENCE_SIGNS = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ"  # thirty-two: no 0, 1, I, O, for it is read aloud
TOLD = ("expected_at", "departed_at", "origin_id", "origin_kind", "contact_kind", "carrier", "gate_id", "unit_id")


class Who(TypedDict):
    """A traveller as their document and their own word name them: what the register of people is asked with."""

    name: str
    id_type: str
    id_number: str
    birth_on: NotRequired[date | None]
    sex: NotRequired[str]
    phone: NotRequired[str]
    id_disputed: NotRequired[bool]
    doubts_wait: NotRequired[bool]


def registered(who: Who, destination: str, unit: UUID | None, *, at: datetime, by: Actor, key: UUID) -> UUID:
    """The person in the register, entered there with the address they travel to unless they are known."""
    return people.register(**who, address=destination, unit=unit, at=at, by=by, key=derive(key, "person"))


def new_reference() -> str:
    """A reference number: sixty bits, so nobody can guess another's."""
    return "".join(REFERENCE_SIGNS[byte % 32] for byte in secrets.token_bytes(REFERENCE_LENGTH))


def announcement(
    arrival: UUID,
    person: UUID,
    values: Mapping[str, Json],
    *,
    kind: str,
    unit: UUID | None,
    at: datetime,
    by: Actor,
    key: UUID,
    reference: str = "",
    batch: UUID | None = None,
) -> NewFact:
    """The fact that somebody is announced. `unit` is the gate that has to meet them, or whoever handed the list in."""
    return NewFact(
        key=key,
        kind=kind,
        subject=f"arrival:{arrival}",
        about=f"person:{person}",
        at=at,
        by=by,
        unit=unit,
        payload={name: values.get(name) for name in TOLD} | {"reference": reference, "batch": batch},
    )


def change(
    arrival: UUID,
    person: UUID,
    values: Mapping[str, Json],
    news: Mapping[str, Json],
    *,
    unit: UUID | None,
    at: datetime,
    by: Actor,
    key: UUID,
    batch: UUID | None = None,
) -> NewFact:
    """The fact that more is known of a trip. Another time or gate is a new announcement: somebody else must be there
    then.
    """
    if {"expected_at", "gate_id"} & set(news):
        return announcement(
            arrival, person, values, kind=events.EXPECTED, unit=unit, at=at, by=by, key=key, batch=batch
        )
    return NewFact(
        key=key,
        kind=events.CHANGED,
        subject=f"arrival:{arrival}",
        about=f"person:{person}",
        at=at,
        by=by,
        payload={**news, "batch": batch},
    )
