"""Vehicles, drivers and trips in a line each."""

from collections.abc import Sequence
from datetime import timedelta
from uuid import UUID

from bihuan.kernel import clock
from bihuan.kernel.db import uuid7
from bihuan.kernel.ledger import Actor
from bihuan.modules.transfers import actions
from tests.modules.measures.ordering import live_order
from tests.world import World


def by(city: World, who: str) -> dict[str, object]:
    return {"at": clock.now(), "by": city.actor(who), "key": uuid7()}


def system() -> Actor:
    return Actor.system("tests")


def vehicle(city: World, plate: str = "A-001", seats: int = 10) -> UUID:
    return actions.register_vehicle(
        plate=plate, unit_id=city.unit("fleet").id, kind="coach", seats=seats, **by(city, "dispatcher")
    )


def driver(city: World, who: str = "driver") -> UUID:
    return actions.register_driver(
        user_id=city.user(who).id,
        unit_id=city.unit("fleet").id,
        name=city.user(who).name,
        phone="13900000000",
        **by(city, "dispatcher"),
    )


def request(city: World, order: UUID) -> UUID:
    return actions.request(order, to_unit_id=city.unit("site-yuntai").id, **by(city, "gate_officer"))


def waiting(city: World, *names: str) -> list[UUID]:
    return [request(city, live_order(city, name)) for name in names]


def trip(
    city: World, requests: Sequence[UUID], *, of: UUID | None = None, driven_by: UUID | None = None, hours: float = 1
) -> UUID:
    return actions.plan_trip(
        vehicle_id=of or vehicle(city),
        driver_id=driven_by or driver(city),
        from_unit_id=city.unit("gate-rail").id,
        to_unit_id=city.unit("site-yuntai").id,
        departs_at=clock.now() + timedelta(hours=hours),
        eta_at=clock.now() + timedelta(hours=hours + 1),
        request_ids=requests,
        **by(city, "dispatcher"),
    )


def underway(city: World, *names: str, left_behind: Sequence[str] = ()) -> tuple[UUID, list[UUID]]:
    """A trip that has left with `names` aboard, and their requests; `left_behind` did not board."""
    requests = waiting(city, *names, *left_behind)
    going = trip(city, requests)
    actions.open_boarding(going, **by(city, "driver"))
    for one in requests[: len(names)]:
        actions.board(one, **by(city, "driver"))
    actions.depart(going, **by(city, "driver"))
    return going, requests
