"""The first landing point: an officer finds somebody, confirms who it is, and the class follows from a published
rule.
"""

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Unpack
from uuid import UUID

from django.db import IntegrityError, transaction
from django.db.models import Q

from bihuan.kernel import clock, custody
from bihuan.kernel.ledger import Actor, Json, derive, record
from bihuan.kernel.loop import action, happened
from bihuan.kernel.loop import queries as loop
from bihuan.kernel.loop.decisions import Decision
from bihuan.modules.arrivals import events
from bihuan.modules.arrivals.actions.telling import Who, new_reference, registered
from bihuan.modules.arrivals.models import Arrival, Gate, State
from bihuan.modules.arrivals.queries.classes import Classed, classed
from bihuan.modules.measures import actions as measures
from bihuan.modules.measures import queries as orders
from bihuan.modules.people import actions as people_actions
from bihuan.modules.people import queries as people
from bihuan.modules.testing import actions as testing

from .announcing import end_before_landing, expected, gate_of, origin_of, settle
from .refused import AlreadyLanded, IdentityNotConfirmed, NameNeeded, NoArrival, NotLanded

RESTRICTING = ("central", "home")
LOOKED_AFTER_AT_HOME = ("tests", "monitor")


@dataclass(frozen=True, slots=True)
class Check:
    """What the officer found: who it is, how they are, whether a sample was taken (with the tube's code, if it has
    one).
    """

    temperature: Decimal | None = None
    symptoms: str = ""
    sample_taken: bool = False
    sample_code: str = ""
    identity_confirmed: bool = True
    name: str = ""


@action
def land(
    arrival_id: UUID,
    *,
    gate_unit: UUID,
    at: datetime,
    by: Actor,
    key: UUID,
    temperature: Decimal | None = None,
    symptoms: str = "",
    sample_taken: bool = False,
    sample_code: str = "",
    identity_confirmed: bool = True,
    name: str = "",
) -> UUID | None:
    """Receive an expected person at a gate. Returns the order proposed for them, if the rule asks for one."""
    check = Check(temperature, symptoms, sample_taken, sample_code, identity_confirmed, name)
    return _receive(expected(arrival_id), gate_of(gate_unit), check, at=at, by=by, key=key)


@action
def walk_in(
    *,
    gate_unit: UUID,
    origin_code: str,
    at: datetime,
    by: Actor,
    key: UUID,
    mode: str = "other",
    carrier: str = "",
    seat: str = "",
    departed_at: datetime | None = None,
    destination: str = "",
    unit: UUID | None = None,
    last_exposure_on: date | None = None,
    temperature: Decimal | None = None,
    symptoms: str = "",
    sample_taken: bool = False,
    sample_code: str = "",
    **who: Unpack[Who],
) -> UUID:
    """Register and receive somebody whom nobody announced. An announced trip of the same person today is used
    instead.
    """
    person = registered(who, destination, unit, at=at, by=by, key=key)
    gate = gate_of(gate_unit)
    announced = _announced_today(person, at)
    if announced is None:
        _refuse_landed(person, gate, at)
    arrival = announced or Arrival.objects.create(
        reference=new_reference(),
        person_id=person,
        mode=mode,
        carrier=carrier,
        seat=seat,
        departed_at=departed_at,
        expected_at=at,
        gate=gate,
        destination=destination,
        unit_id=unit,
        last_exposure_on=last_exposure_on,
        registered_at=at,
        **origin_of(origin_code),
    )
    check = Check(temperature, symptoms, sample_taken, sample_code)
    _receive(arrival, gate, check, at=at, by=by, key=key)
    return arrival.id


@action
def not_on_board(arrival_id: UUID, *, at: datetime, by: Actor, key: UUID, reason: str = "") -> None:
    """Say that somebody who was announced did not come."""
    end_before_landing(expected(arrival_id), State.NOT_ON_BOARD, events.NOT_ON_BOARD, reason, at=at, by=by, key=key)


@action
def leave(arrival_id: UUID, *, at: datetime, by: Actor, key: UUID, reason: str = "") -> None:
    """Say that somebody who landed travelled on without staying in the city. Nobody under an order can."""
    arrival = landed(arrival_id)
    arrival.state = State.LEFT
    arrival.save(update_fields=["state"])
    record(
        key=derive(key, "left"),
        kind=events.LEFT,
        subject=arrival.subject,
        about=f"person:{arrival.person_id}",
        at=at,
        by=by,
        unit=by.unit,
        payload={"reason": reason},
    )
    let_go(arrival, at=at, by=by, key=key)


def landed(arrival_id: UUID) -> Arrival:
    """An arrival that has landed and whom a gate still holds or somebody still looks after, locked."""
    arrival: Arrival | None = (
        Arrival.objects.select_for_update(of=("self",)).select_related("gate").filter(id=arrival_id).first()
    )
    if arrival is None:
        raise NoArrival
    if arrival.state != State.LANDED and not (arrival.state == State.CLOSED and is_held_at_gate(arrival)):
        raise NotLanded
    return arrival


def is_held_at_gate(arrival: Arrival) -> bool:
    """Whether the gate still answers for somebody, as after an order that was proposed and then rejected."""
    gate = arrival.gate
    return gate is not None and custody.holder_of(f"person:{arrival.person_id}") == f"unit:{gate.unit_id}"


def send(arrival: Arrival, unit: UUID, *, at: datetime, by: Actor, key: UUID) -> UUID:
    """Send somebody without an order on to the unit of their destination; until it accepts, the sender answers."""
    item = f"person:{arrival.person_id}"
    arrival.unit_id = unit
    arrival.save(update_fields=["unit"])
    handover = custody.dispatch(
        [item],
        sender=custody.holder_of(item),
        receiver=f"unit:{unit}",
        key=derive(key, "dispatched"),
        at=at,
        by=by,
    )
    record(
        key=derive(key, "fact"),
        kind=events.SENT,
        subject=arrival.subject,
        about=item,
        at=at,
        by=by,
        unit=unit,
        payload={"unit": unit, "handover": handover},
    )
    return handover


def let_go(arrival: Arrival, *, at: datetime, by: Actor, key: UUID) -> None:
    """Nobody answers for a free person any more. Somebody under an order stays with whoever holds them."""
    item = f"person:{arrival.person_id}"
    holder = custody.holder_of(item)
    if holder != "self" and orders.open_order_of(arrival.person_id) is None:
        custody.let_go([item], holder=holder, key=derive(key, "let go"), at=at, by=by)


def write_class(arrival: Arrival, found: Classed) -> None:
    """Keep the answer of the rule beside the arrival."""
    decision = found.decision
    arrival.profile, arrival.policy, arrival.rule = decision.profile, decision.policy.code, decision.rule
    arrival.class_code, arrival.measure = decision.answer["class_code"], decision.answer["measure"]
    arrival.decision = {**decision.as_json(), "counted_from": found.counted_from.isoformat()}


def class_payload(found: Classed) -> dict[str, Json]:
    """The answer as the loop reads it."""
    answer = found.decision.answer
    return {
        "profile": found.decision.profile,
        "policy": found.decision.policy.code,
        "rule": found.decision.rule,
        "class_code": answer["class_code"],
        "measure": answer["measure"],
        "sample": answer["sample"],
        "days": answer["days"],
        "tests": answer["tests"],
        "counted_from": found.counted_from.isoformat(),
        "decision": found.decision.as_json(),
    }


def propose(
    arrival: Arrival, found: Classed, evidence: UUID, unit: UUID, *, at: datetime, by: Actor, key: UUID
) -> UUID | None:
    """Propose the order that the rule asks for, and link it. Somebody under an order already keeps that one."""
    if found.decision.answer["measure"] not in RESTRICTING:
        return None
    standing = orders.open_order_of(arrival.person_id)
    order_id = (
        standing.id
        if standing
        else _proposed(arrival, found.decision, found.counted_from, evidence, unit, at=at, by=by, key=key)
    )
    if order_id is None:
        return None
    arrival.order_id = order_id
    arrival.save(update_fields=["order"])
    record(
        key=derive(key, "linked"),
        kind=events.ORDER_LINKED,
        subject=arrival.subject,
        about=f"person:{arrival.person_id}",
        at=at,
        by=by,
        unit=unit,
        payload={"order": order_id},
    )
    return order_id


def _proposed(
    arrival: Arrival,
    decision: Decision,
    counted_from: date,
    evidence: UUID,
    unit: UUID,
    *,
    at: datetime,
    by: Actor,
    key: UUID,
) -> UUID | None:
    try:
        with transaction.atomic():
            return measures.propose(
                arrival.person_id,
                decision=decision,
                evidence=evidence,
                counted_from=counted_from,
                unit_id=unit,
                home_unit_id=arrival.unit_id,
                at=at,
                by=by,
                key=derive(key, "order"),
            )
    except measures.NothingLeft:
        return None


def _receive(arrival: Arrival, gate: Gate, check: Check, *, at: datetime, by: Actor, key: UUID) -> UUID | None:
    if not check.identity_confirmed:
        raise IdentityNotConfirmed
    at = happened(at, loop.opened_at(arrival.subject))
    _complete_name(arrival, check.name, at=at, by=by, key=key)
    found = classed(arrival, at=at, has_symptoms=bool(check.symptoms))
    write_class(arrival, found)
    arrival.state, arrival.landed_at, arrival.gate = State.LANDED, at, gate
    arrival.temperature, arrival.symptoms = check.temperature, check.symptoms
    _save_once(arrival)
    evidence = derive(key, "landed")
    record(
        key=evidence,
        kind=events.LANDED,
        subject=arrival.subject,
        about=f"person:{arrival.person_id}",
        at=at,
        by=by,
        unit=gate.unit_id,
        payload={
            "gate": gate.unit_id,
            "temperature": check.temperature,
            "symptoms": check.symptoms,
            "identity_confirmed": True,
            **class_payload(found),
        },
    )
    item = f"person:{arrival.person_id}"
    if custody.holder_of(item) == "self":
        custody.take([item], holder=f"unit:{gate.unit_id}", key=derive(key, "held"), at=at, by=by)
    settle(arrival, State.LANDED.value, at=at, by=by, key=key)
    if arrival.measure in LOOKED_AFTER_AT_HOME and arrival.unit_id and orders.open_order_of(arrival.person_id) is None:
        send(arrival, arrival.unit_id, at=at, by=by, key=derive(key, "sent"))
    if check.sample_taken or check.sample_code:
        testing.take_sample(
            arrival.subject,
            person_id=arrival.person_id,
            unit_id=gate.unit_id,
            purpose="landing",
            code=check.sample_code,
            at=at,
            by=by,
            key=derive(key, "sample"),
        )
    return propose(arrival, found, evidence, gate.unit_id, at=at, by=by, key=key)


def _complete_name(arrival: Arrival, name: str, *, at: datetime, by: Actor, key: UUID) -> None:
    if people.card(arrival.person_id).name:
        return
    if not name:
        raise NameNeeded
    people_actions.correct(
        arrival.person_id,
        changes={"name": name},
        reason="read from the document at the gate",
        at=at,
        by=by,
        key=derive(key, "name"),
    )


def _refuse_landed(person: UUID, gate: Gate, at: datetime) -> None:
    """Whoever is here, or landed at this gate on that day, is known: a form sent again after going back, or from a
    second tab, must not make a second arrival, however far the first has got.
    """
    that_day = Arrival.objects.filter(person_id=person, landed_at__date=at.astimezone(clock.CITY).date())
    known = that_day.filter(Q(state=State.LANDED) | Q(gate=gate)).order_by("-landed_at").first()
    if known:
        raise AlreadyLanded(known.reference, known.id)


def _save_once(arrival: Arrival) -> None:
    """Save a landing; of two walk-ins entered in the same moment the database keeps one."""
    try:
        with transaction.atomic():
            arrival.save()
    except IntegrityError:
        if arrival.gate and arrival.landed_at:
            _refuse_landed(arrival.person_id, arrival.gate, arrival.landed_at)
        raise


def _announced_today(person: UUID, at: datetime) -> Arrival | None:
    today = at.astimezone(clock.CITY).date()
    announced = Arrival.objects.select_for_update().filter(person_id=person, state=State.EXPECTED)
    return next(
        (one for one in announced if one.expected_at is None or one.expected_at.astimezone(clock.CITY).date() == today),
        None,
    )
