"""Whoever takes a person in answers for them from that moment: the hand-over on the way is received, or one is made."""

from datetime import datetime
from uuid import UUID

from bihuan.kernel import custody
from bihuan.kernel.ledger import Actor, derive
from bihuan.modules.transfers import actions as transfers


def take_over(order_id: UUID, person_id: UUID, receiver: str, *, at: datetime, by: Actor, key: UUID) -> None:
    """Make `receiver` the one who answers for the person.

    A trip's hand-over is closed by `transfers`, a site's by us. A person who came without one, on foot or brought by
    somebody else, is dispatched and received at once, so that the former holder's custody ends with a hand-over too;
    so is somebody whom a community received for one of its grids.
    """
    item = f"person:{person_id}"
    transfers.arrive_person(order_id, at=at, by=by, key=derive(key, "arrive"))
    if handover := custody.on_the_way([item]).get(item):
        custody.receive(handover, received=[item], key=derive(key, "receive"), at=at, by=by)
    holder = custody.holder_of(item)
    if holder == receiver:
        return
    onward = custody.dispatch(
        [item],
        sender=holder,
        receiver=receiver,
        key=derive(key, "dispatch"),
        at=at,
        by=by,
        via=f"order:{order_id}",
    )
    custody.receive(onward, received=[item], key=derive(key, "onward"), at=at, by=by)
