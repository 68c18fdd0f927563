"""People under orders and buses with people in them, a line each, for journeys about what comes after."""

from collections.abc import Iterator
from contextlib import ExitStack
from datetime import timedelta
from uuid import UUID

import pytest

from bihuan.kernel import clock
from bihuan.modules.arrivals.models import Arrival
from bihuan.modules.isolation import actions as isolation
from bihuan.modules.measures import actions as measures
from bihuan.modules.measures.models import Order
from bihuan.modules.transfers import actions as transfers
from bihuan.modules.transfers.models import Driver, Request, Vehicle
from tests.browser import CityPage
from tests.journeys.city import LANZHOU, Journey, furnish, in_june, walks_in
from tests.world import world


@pytest.fixture
def before_the_change(server: str, city_page: CityPage) -> Iterator[Journey]:
    """The same city two days before the ninth edition comes into force."""
    with ExitStack() as stack:
        made = Journey(world(), city_page, stack)
        made.at(in_june(26))
        furnish(made)
        yield made


def ordered(city: Journey, number: int, name: str, *, origin: str = LANZHOU) -> Order:
    """Somebody who landed and whose order another unit has approved."""
    arrival = walks_in(city, number, name, origin=origin)
    order = Order.objects.get(person_id=Arrival.objects.get(pk=arrival).person_id)
    measures.approve(order.id, **city.by("approver"))
    return Order.objects.get(pk=order.id)


def asked(city: Journey, order: Order) -> UUID:
    return transfers.request(order.id, to_unit_id=city.unit("site-yuntai"), **city.by("gate_officer"))


def underway(city: Journey, *orders: Order) -> UUID:
    """A bus that has left the station with all of them aboard."""
    requests = [asked(city, order) for order in orders]
    trip = transfers.plan_trip(
        vehicle_id=Vehicle.objects.get().id,
        driver_id=Driver.objects.get().id,
        from_unit_id=city.unit("gate-rail"),
        to_unit_id=city.unit("site-yuntai"),
        departs_at=clock.now(),
        eta_at=clock.now() + timedelta(minutes=40),
        request_ids=requests,
        **city.by("dispatcher"),
    )
    transfers.open_boarding(trip, **city.by("driver"))
    for request in requests:
        transfers.board(request, **city.by("driver"))
    transfers.depart(trip, **city.by("driver"))
    return trip


def checked_in(city: Journey, order: Order, room: str) -> None:
    isolation.check_in(order.id, room_id=city.rooms[room], identity_confirmed=True, **city.by("site_staff"))


def request_of(order: Order) -> Request:
    return Request.objects.get(order=order)
