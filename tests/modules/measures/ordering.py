"""A person and an order in a line each, for tests of what happens under orders."""

from datetime import date
from uuid import UUID

from bihuan.kernel import clock
from bihuan.kernel.db import uuid7
from bihuan.kernel.ledger import NewFact, record
from bihuan.kernel.loop import profile
from bihuan.kernel.loop.decisions import Decision
from bihuan.modules.measures import actions
from bihuan.modules.people import actions as people
from tests.world import World

EXPOSED = date(2022, 6, 20)


def person(world: World, name: str = "Zhang San") -> UUID:
    return people.register(
        name=name,
        birth_on=date(1980, 1, 1),
        phone=f"139{abs(hash(name)) % 10**8:08d}",
        unit=world.unit("410811001001").id,
        at=clock.now(),
        by=world.actor("gate_officer"),
        key=uuid7(),
    )


def evidence(person_id: UUID, kind: str = "arrival.landed") -> UUID:
    fact = NewFact(
        key=uuid7(),
        kind=kind,
        subject=f"arrival:{uuid7()}",
        about=f"person:{person_id}",
        at=clock.now(),
        by="system:test",
    )
    return record(key=fact.key, kind=fact.kind, subject=fact.subject, about=fact.about, at=fact.at, by=fact.by).key


def close_contact(on: date = EXPOSED) -> Decision:
    return profile.named("covid19-cn").decide("arrival", {"contact_kind": "close", "days_since_exposure": 0}, on=on)


def propose(world: World, person_id: UUID, *, counted_from: date = EXPOSED, key: UUID | None = None) -> UUID:
    return actions.propose(
        person_id,
        decision=close_contact(clock.now().astimezone(clock.CITY).date()),
        evidence=evidence(person_id),
        counted_from=counted_from,
        unit_id=world.unit("gate-rail").id,
        at=clock.now(),
        by=world.actor("gate_officer"),
        key=key or uuid7(),
    )


def live_order(world: World, name: str = "Zhang San", *, counted_from: date = EXPOSED) -> UUID:
    order_id = propose(world, person(world, name), counted_from=counted_from)
    actions.approve(order_id, at=clock.now(), by=world.actor("approver"), key=uuid7())
    return order_id
