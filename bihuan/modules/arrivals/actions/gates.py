"""The catalogue of gates and the daily checklist of each."""

from datetime import date, datetime
from uuid import UUID

from bihuan.kernel.ledger import Actor, derive, record
from bihuan.kernel.loop import action
from bihuan.modules.arrivals import events
from bihuan.modules.arrivals.models import Gate, GateCheck

from .announcing import gate_of


@action
def open_gate(
    unit: UUID, *, kind: str, capacity_per_hour: int, waiting_capacity: int, at: datetime, by: Actor, key: UUID
) -> UUID:
    """Enter a first landing point, or change what it can bear."""
    gate: Gate
    gate, _made = Gate.objects.update_or_create(
        unit_id=unit,
        defaults={"kind": kind, "capacity_per_hour": capacity_per_hour, "waiting_capacity": waiting_capacity},
    )
    record(
        key=derive(key, "opened"),
        kind=events.GATE_OPENED,
        subject=f"unit:{unit}",
        at=at,
        by=by,
        unit=unit,
        payload={"kind": kind, "capacity_per_hour": capacity_per_hour, "waiting_capacity": waiting_capacity},
    )
    return gate.id


@action
def check_gate(unit: UUID, *, item: str, on: date, evidence: str, at: datetime, by: Actor, key: UUID) -> None:
    """Do a line of a gate's checklist for a day, with its evidence. A line is done once a day; a later word replaces
    it.
    """
    GateCheck.objects.update_or_create(
        gate=gate_of(unit), item=item, on=on, defaults={"evidence": evidence, "by": by.id, "at": at}
    )
    record(
        key=derive(key, "checked"),
        kind=events.GATE_CHECKED,
        subject=f"unit:{unit}",
        at=at,
        by=by,
        unit=unit,
        payload={"item": item, "on": on, "evidence": evidence},
    )
