"""From the gate onward, for whoever needs no order: handed over, accepted by the destination, closed."""

from datetime import datetime
from uuid import UUID

from bihuan.kernel import custody
from bihuan.kernel.ledger import Actor, derive, record
from bihuan.kernel.loop import action
from bihuan.modules.arrivals import events
from bihuan.modules.arrivals.models import Arrival, State
from bihuan.modules.measures import queries as orders

from .landing import landed, let_go, send
from .refused import NoArrival, NotHandedOver


@action
def hand_over(arrival_id: UUID, *, unit: UUID, at: datetime, by: Actor, key: UUID) -> UUID:
    """Send somebody on to the unit of their destination. The gate answers for them until that unit accepts."""
    arrival = landed(arrival_id)
    _refuse_under_order(arrival)
    return send(arrival, unit, at=at, by=by, key=key)


@action
def accept(arrival_id: UUID, *, unit: UUID, at: datetime, by: Actor, key: UUID) -> None:
    """Take over somebody at their destination. From here on this unit answers for what their class asks for."""
    arrival = landed(arrival_id)
    _refuse_under_order(arrival)
    item = f"person:{arrival.person_id}"
    on_the_way = custody.on_the_way([item]).get(item)
    keeper = arrival.found_unit_id or (arrival.gate.unit_id if arrival.gate else None)
    if on_the_way is None and keeper != unit and custody.holder_of(item) == f"unit:{keeper}":
        on_the_way = hand_over(arrival_id, unit=unit, at=at, by=by, key=derive(key, "handed over"))
    if on_the_way:
        custody.receive(on_the_way, received=[item], key=derive(key, "received"), at=at, by=by)
    arrival.accepted_at, arrival.accepted_unit_id, arrival.unit_id = at, unit, unit
    arrival.save(update_fields=["accepted_at", "accepted_unit", "unit"])
    record(
        key=derive(key, "accepted"),
        kind=events.ACCEPTED,
        subject=arrival.subject,
        about=f"person:{arrival.person_id}",
        at=at,
        by=by,
        unit=unit,
        payload={"unit": unit},
    )


@action
def close(arrival_id: UUID, *, at: datetime, by: Actor, key: UUID) -> None:
    """Close an arrival whose steps are all done. Called by the loop; closing twice changes nothing."""
    arrival = Arrival.objects.select_for_update().filter(id=arrival_id).first()
    if arrival is None:
        raise NoArrival
    if arrival.state == State.CLOSED:
        return
    arrival.state = State.CLOSED
    arrival.save(update_fields=["state"])
    record(
        key=derive(key, "closed"),
        kind=events.CLOSED,
        subject=arrival.subject,
        about=f"person:{arrival.person_id}",
        at=at,
        by=by,
    )
    let_go(arrival, at=at, by=by, key=key)


def _refuse_under_order(arrival: Arrival) -> None:
    if orders.open_order_of(arrival.person_id) is not None:
        raise NotHandedOver
