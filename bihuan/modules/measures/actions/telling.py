"""How what becomes of an order is told to the ledger."""

from collections.abc import Mapping
from datetime import datetime
from typing import NotRequired, TypedDict, Unpack
from uuid import UUID

from bihuan.kernel.ledger import Actor, Json, NewFact, record_many
from bihuan.modules.measures.models import Appeal, Order


def fact_of(
    order: Order,
    kind: str,
    payload: Mapping[str, Json],
    *,
    of: Appeal | None = None,
    unit: UUID | None = None,
    at: datetime,
    by: Actor,
    key: UUID,
) -> NewFact:
    """A fact of the order, or of the appeal against it, about the person it binds. `unit` is who must act on it."""
    return NewFact(
        key=key,
        kind=kind,
        subject=(of or order).subject,
        about=f"person:{order.person_id}",
        at=at,
        by=by,
        unit=unit,
        payload=payload,
    )


class Said(TypedDict):
    """Who says it, when, under which key, and what `fact_of()` may be told besides."""

    of: NotRequired[Appeal]
    unit: NotRequired[UUID | None]
    at: datetime
    by: Actor
    key: UUID


def tell(order: Order, kind: str, payload: Mapping[str, Json], **said: Unpack[Said]) -> None:
    """Record `fact_of()`."""
    record_many([fact_of(order, kind, payload, **said)])
