"""A site with four rooms in the small city, and people under live orders."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from uuid import UUID, uuid4

import pytest

from bihuan.kernel import clock
from bihuan.kernel.ledger import Actor, record
from bihuan.kernel.loop import action, profile
from bihuan.modules.isolation import actions
from bihuan.modules.isolation.models import Room, Site
from bihuan.modules.measures import actions as measures
from bihuan.modules.people import actions as people
from tests.world import World, world

NOW = datetime(2022, 7, 5, 10, 0, tzinfo=clock.CITY)  # the ninth edition is in force
TODAY = NOW.date()
CLOSE = {"contact_kind": "close"}  # seven days at a site, three at home
HIGH = {"origin_kind": "domestic", "area_level": "high"}  # seven days at a site
MEDIUM = {"origin_kind": "domestic", "area_level": "medium"}  # seven days at home


@action
def landed(person_id: UUID, evidence: UUID, *, at, by: Actor, key: UUID) -> None:
    """The evidence an order needs: somebody came from an area of risk."""
    record(key=evidence, kind="arrival.landed", subject=f"arrival:{uuid4()}", about=f"person:{person_id}", at=at, by=by)


@dataclass
class Isolation:
    world: World
    site_id: UUID
    rooms: dict[str, UUID]

    def actor(self, name: str) -> Actor:
        return self.world.actor(name)

    def unit(self, code: str) -> UUID:
        return self.world.unit(code).id

    def do(self, verb, *args, by: str = "site_staff", **kwargs):
        return verb(*args, at=clock.now(), by=self.actor(by), key=kwargs.pop("key", None) or uuid4(), **kwargs)

    def person(self, name: str = "Li Ming", household: UUID | None = None) -> UUID:
        unit = self.unit("410811001001")
        return self.do(
            people.register, by="gate_officer", name=name, unit=unit, household=household, address="Taihang 1-1-101"
        )

    def proposed(self, person_id: UUID, *, facts: dict[str, str] = HIGH, counted_from: date = TODAY) -> UUID:
        evidence = uuid4()
        self.do(landed, person_id, evidence, by="gate_officer")
        decision = profile.active().decide("arrival", facts, on=counted_from)
        return self.do(
            measures.propose,
            person_id,
            by="gate_officer",
            decision=decision,
            evidence=evidence,
            counted_from=counted_from,
            unit_id=self.unit("gate-rail"),
            deciding_unit_id=self.unit("410811"),
        )

    def order(self, person_id: UUID, **kwargs) -> UUID:
        order_id = self.proposed(person_id, **kwargs)
        self.do(measures.approve, order_id, by="approver")
        return order_id

    def resident(self, room: str = "101", name: str = "Li Ming", **kwargs) -> UUID:
        """The order of somebody who is taken in."""
        order_id = self.order(self.person(name), **kwargs)
        self.check_in(order_id, room)
        return order_id

    def check_in(self, order_id: UUID, room: str = "101", **kwargs) -> UUID:
        return self.do(actions.check_in, order_id, room_id=self.rooms[room], identity_confirmed=True, **kwargs)


@pytest.fixture
def isolation(db) -> Iterator[Isolation]:
    with clock.given(NOW):
        yield furnished(world())


def furnished(made: World) -> Isolation:
    given = {"at": clock.now(), "by": made.actor("site_head")}
    site_id = actions.open_site(
        made.unit("site-yuntai").id,
        address="Yuntai Road 1",
        phone="0391-1234567",
        certificate_until=TODAY + timedelta(days=200),
        inspected_on=TODAY - timedelta(days=20),
        key=uuid4(),
        **given,
    )
    zone = actions.add_zone(site_id, kind="observation", name="A", key=uuid4(), **given)
    actions.add_rooms(zone, numbers=["101", "102"], floor=1, key=uuid4(), **given)
    actions.add_rooms(zone, numbers=["201", "202"], floor=2, capacity=2, key=uuid4(), **given)
    return Isolation(
        made, site_id, dict(Room.objects.filter(site=Site.objects.get(pk=site_id)).values_list("number", "id"))
    )
