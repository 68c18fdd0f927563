"""An area is raised or lowered: people already here are re-evaluated, and newly bound or released at once."""

import json
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from uuid import UUID

from django.db import connection

from bihuan.kernel import clock
from bihuan.kernel.ledger import Actor, NewFact, derive, record_many
from bihuan.kernel.loop import action, profile
from bihuan.kernel.text import Text
from bihuan.modules.arrivals import events
from bihuan.modules.arrivals.models import Arrival, State
from bihuan.modules.arrivals.queries.classes import Classed, Decided, Origin, answer
from bihuan.modules.measures import actions as measures
from bihuan.modules.measures import queries as orders
from bihuan.modules.places import actions as places_actions
from bihuan.modules.places import queries as places

from .landing import RESTRICTING, class_payload, write_class

CLASS_FIELDS = ("profile", "policy", "rule", "class_code", "measure")
RECLASSIFIED = (Path(__file__).parent / "sql" / "reclassified.sql").read_text(encoding="utf-8")


@dataclass(frozen=True, slots=True)
class _Change:
    arrival: Arrival
    before: str
    found: Classed


@action
def approve_risk(risk_id: UUID, *, at: datetime, by: Actor, key: UUID) -> UUID:
    """Put a level in force, as the second person, and re-evaluate everybody it concerns in the same transaction."""
    places_actions.put_in_force(risk_id, at=at, by=by, key=derive(key, "in force"))
    reclassify(risk_id, at=at, by=by, key=derive(key, "reclassified"))
    return risk_id


@action
def reclassify(risk_id: UUID, *, at: datetime, by: Actor, key: UUID) -> None:
    """Re-evaluate people who came from the area of a line of the watch list: set by set, not one by one."""
    risk = places.risk(risk_id)
    changes = _changes(risk, at)
    if not changes:
        return
    for change in changes:
        write_class(change.arrival, change.found)
    record_many(_facts(changes, risk, at=at, by=by, key=key))
    standing = orders.open_order_ids({change.arrival.person_id for change in changes})
    for person in _release(changes, standing, at=at, by=by, key=key):
        del standing[person]
    linked = _bind(changes, standing, at=at, by=by, key=key)
    _save([change.arrival for change in changes])
    record_many(_links(linked, at=at, by=by, key=key))


def _save(arrivals: Sequence[Arrival]) -> None:
    """The classes and orders of many arrivals in one statement."""
    columns = [[str(one.id) for one in arrivals], *([getattr(one, name) for one in arrivals] for name in CLASS_FIELDS)]
    decisions, held = [json.dumps(one.decision) for one in arrivals], [one.order_id for one in arrivals]
    with connection.cursor() as cursor:
        cursor.execute(RECLASSIFIED, [*columns, decisions, held])


def _changes(risk: places.RiskRow, at: datetime) -> list[_Change]:
    """Everybody here from that area whose answer is another one now."""
    today = at.astimezone(clock.CITY).date()
    arrivals = list(
        Arrival.objects.select_for_update(of=("self",))
        .select_related("gate", "origin")
        .filter(places.within(risk.area.code), state__in=(State.LANDED, State.CLOSED), landed_at__gte=at - _reach(at))
        .order_by("id")
    )
    origins = {
        arrival.origin.code: Origin(arrival.origin.code, Text(zh=arrival.origin.name_zh, en=arrival.origin.name_en))
        for arrival in arrivals
        if arrival.origin
    }
    levels, active = places.levels_on(list(origins), today), profile.active()
    decided: Decided = {}
    found = []
    for arrival in arrivals:
        assert arrival.origin is not None
        code = arrival.origin.code
        now = answer(
            arrival,
            origins[code],
            levels.get(code),
            today,
            has_symptoms=bool(arrival.symptoms),
            rules=active,
            decided=decided,
        )
        if (now.decision.rule, now.decision.answer["measure"]) != (arrival.rule, arrival.measure):
            found.append(_Change(arrival, arrival.measure, now))
    return found


def _reach(at: datetime) -> timedelta:
    """How far back a landing can still matter: the longest that anything about an area lasts, and the look-back
    before it.
    """
    active = profile.active()
    on = at.astimezone(clock.CITY).date()
    names = ("area_look_back_days", "high_area.central_days", "high_area.home_days", "medium_area.home_days")
    return timedelta(days=sum(int(active.value(name, on=on).value or 0) for name in names) + 1)


def _facts(changes: Sequence[_Change], risk: places.RiskRow, *, at: datetime, by: Actor, key: UUID) -> list[NewFact]:
    return [
        NewFact(
            key=_fact_key(key, change.arrival),
            kind=events.RECLASSIFIED,
            subject=change.arrival.subject,
            about=f"person:{change.arrival.person_id}",
            at=at,
            by=by,
            unit=_unit_of(change.arrival),
            payload={**class_payload(change.found), "before": change.before, "cause": risk.subject},
        )
        for change in changes
    ]


def _release(
    changes: Sequence[_Change], standing: Mapping[UUID, UUID], *, at: datetime, by: Actor, key: UUID
) -> list[UUID]:
    """Lift what no longer has a ground, and say whose. An order that rests on another rule than the area's stays."""
    freed = [
        change
        for change in changes
        if change.before in RESTRICTING
        and change.found.decision.answer["measure"] != change.before
        and change.arrival.order_id is not None
        and standing.get(change.arrival.person_id) == change.arrival.order_id
    ]
    by_reason: dict[Text, dict[UUID, UUID]] = defaultdict(dict)
    for change in freed:
        assert change.arrival.order_id is not None
        by_reason[change.found.decision.reason][change.arrival.order_id] = _fact_key(key, change.arrival)
        change.arrival.order_id = None
    for reason, grounds in by_reason.items():
        measures.lift_many(grounds, reason=reason, at=at, by=by, key=derive(key, "lifted", reason.en))
    return [change.arrival.person_id for change in freed]


def _bind(
    changes: Sequence[_Change], standing: Mapping[UUID, UUID], *, at: datetime, by: Actor, key: UUID
) -> list[_Change]:
    """Propose what the rule asks for now, and say who has an order by it. Somebody under an order keeps that one."""
    bound = {
        change.arrival.person_id: change for change in changes if change.found.decision.answer["measure"] in RESTRICTING
    }
    measures.propose_many(
        [
            measures.Proposal(
                person,
                change.found.decision,
                _fact_key(key, change.arrival),
                change.found.counted_from,
                _unit_of(change.arrival),
                home_unit_id=change.arrival.unit_id,
            )
            for person, change in bound.items()
            if person not in standing
        ],
        at=at,
        by=by,
        key=derive(key, "orders"),
    )
    binding = orders.open_order_ids(set(bound))
    linked = [change for person, change in bound.items() if person in binding]
    for change in linked:
        change.arrival.order_id = binding[change.arrival.person_id]
    return linked


def _links(linked: Sequence[_Change], *, at: datetime, by: Actor, key: UUID) -> list[NewFact]:
    return [
        NewFact(
            key=derive(key, "linked", str(change.arrival.id)),
            kind=events.ORDER_LINKED,
            subject=change.arrival.subject,
            about=f"person:{change.arrival.person_id}",
            at=at,
            by=by,
            unit=_unit_of(change.arrival),
            payload={"order": change.arrival.order_id},
        )
        for change in linked
    ]


def _fact_key(key: UUID, arrival: Arrival) -> UUID:
    return derive(key, "reclassified", str(arrival.id))


def _unit_of(arrival: Arrival) -> UUID:
    """Where the person is: the unit that accepted them, their destination, or the gate."""
    unit = arrival.accepted_unit_id or arrival.unit_id or (arrival.gate.unit_id if arrival.gate else None)
    assert unit is not None, "somebody who landed has a gate or was found by a community"
    return unit
