"""The personal link: given on approval, given anew when it went to the wrong hands."""

import secrets
from datetime import datetime
from uuid import UUID

from bihuan.kernel.ledger import Actor, derive, record
from bihuan.kernel.loop import action
from bihuan.modules.measures import events
from bihuan.modules.measures.models import Link, Order

TOKEN_BYTES = 32


@action
def give_link(order_id: UUID, *, at: datetime, by: Actor, key: UUID) -> None:
    """Give the person a new link. An earlier one stops working at once."""
    person_id = Order.objects.select_for_update().values_list("person_id", flat=True).get(pk=order_id)
    Link.objects.filter(order=order_id, revoked_at=None).update(revoked_at=at)
    serial = Link.objects.filter(order=order_id).count()
    Link.objects.create(order_id=order_id, token=secrets.token_urlsafe(TOKEN_BYTES), made_at=at)
    record(
        key=derive(key, "link"),
        kind=events.LINKED,
        subject=f"order:{order_id}",
        about=f"person:{person_id}",
        at=at,
        by=by,
        payload={"serial": serial},
    )


@action
def revoke_link(order_id: UUID, *, at: datetime, by: Actor, key: UUID) -> None:
    """Stop the link; the page is gone for whoever holds it. Without a valid link nothing happens."""
    person_id = Order.objects.select_for_update().values_list("person_id", flat=True).get(pk=order_id)
    if not Link.objects.filter(order=order_id, revoked_at=None).update(revoked_at=at):
        return
    record(
        key=derive(key, "revoked"),
        kind=events.LINK_REVOKED,
        subject=f"order:{order_id}",
        about=f"person:{person_id}",
        at=at,
        by=by,
    )
