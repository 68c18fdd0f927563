"""A traveller announces a trip, or calls it off."""

from datetime import date, datetime
from typing import Unpack
from uuid import UUID

from django.utils.translation import gettext_lazy as _

from bihuan.kernel import clock, custody
from bihuan.kernel.db import uuid7
from bihuan.kernel.ledger import Actor, Json, derive, record, record_many
from bihuan.kernel.loop import action
from bihuan.kernel.refusals import NotFound
from bihuan.modules.arrivals import events
from bihuan.modules.arrivals.actions.telling import Who, announcement, change, new_reference, registered
from bihuan.modules.arrivals.models import Arrival, Gate, OriginKind, State
from bihuan.modules.arrivals.queries.cards import reference_plain
from bihuan.modules.arrivals.queries.gates import units_of_gates
from bihuan.modules.places import queries as places

from .refused import NoArrival, NoGate, NoSuchTrip, NotExpected


@action
def declare(
    *,
    mode: str,
    origin_code: str,
    expected_at: datetime | None,
    destination: str,
    at: datetime,
    by: Actor,
    key: UUID,
    carrier: str = "",
    seat: str = "",
    departed_at: datetime | None = None,
    gate_unit: UUID | None = None,
    unit: UUID | None = None,
    last_exposure_on: date | None = None,
    reference: str = "",
    form: UUID | None = None,
    **who: Unpack[Who],
) -> UUID:
    """Announce a trip before it is made. Announcing the same day again changes what was said before, and so does
    whatever day is named under its reference number or on the form it was first written on.

    Whose number the register holds under another name is taken in like everybody else: who declares learns nothing of
    anybody, and the gate, which has the document before it, settles whose it is.
    """
    person = registered({**who, "doubts_wait": True}, destination, unit, at=at, by=by, key=key)
    told: dict[str, Json] = {
        "mode": mode,
        "carrier": carrier,
        "seat": seat,
        "departed_at": departed_at,
        "expected_at": expected_at,
        "gate_id": gate_of(gate_unit).id if gate_unit else None,
        "destination": destination,
        "unit_id": unit,
        "last_exposure_on": last_exposure_on,
        **origin_of(origin_code),
    }
    known = _said_before(person, expected_at, reference, form)
    if known:
        return _change(known, told, at=at, by=by, key=key)
    if form and (mistaken := Arrival.objects.select_for_update().filter(id=form).first()):
        form = None
        if mistaken.state == State.EXPECTED:
            words = "Declared again for another person on the same form."
            end_before_landing(
                mistaken, State.CANCELLED, events.CANCELLED, words, at=at, by=by, key=derive(key, "form")
            )
    arrival: Arrival = Arrival.objects.create(
        id=form or uuid7(), reference=new_reference(), person_id=person, registered_at=at, **told
    )
    fact = announcement(
        arrival.id,
        person,
        told,
        kind=events.EXPECTED,
        unit=gate_unit or by.unit or unit,
        at=at,
        by=by,
        key=derive(key, "expected"),
        reference=arrival.reference,
    )
    record_many([fact])
    return arrival.id


@action
def cancel(arrival_id: UUID, *, at: datetime, by: Actor, key: UUID, reason: str = "") -> None:
    """Call a trip off before it is made."""
    arrival = expected(arrival_id)
    end_before_landing(arrival, State.CANCELLED, events.CANCELLED, reason, at=at, by=by, key=key)


def end_before_landing(
    arrival: Arrival, state: State, kind: str, reason: str, *, at: datetime, by: Actor, key: UUID
) -> None:
    """End an arrival that will not land, in its file's reckoning too."""
    arrival.state = state
    arrival.save(update_fields=["state"])
    record(
        key=derive(key, kind),
        kind=kind,
        subject=arrival.subject,
        about=f"person:{arrival.person_id}",
        at=at,
        by=by,
        unit=by.unit,
        payload={"reason": reason},
    )
    settle(arrival, state.value, at=at, by=by, key=key)


def settle(arrival: Arrival, outcome: str, *, at: datetime, by: Actor, key: UUID) -> None:
    """Say in the reckoning of the file an arrival was announced in what became of it."""
    if arrival.batch_id:
        custody.settle(f"batch:{arrival.batch_id}", arrival.subject, outcome, key=derive(key, "settled"), at=at, by=by)


def expected(arrival_id: UUID) -> Arrival:
    """An arrival that is still expected, locked."""
    arrival: Arrival | None = Arrival.objects.select_for_update().filter(id=arrival_id).first()
    if arrival is None:
        raise NoArrival
    if arrival.state != State.EXPECTED:
        raise NotExpected
    return arrival


def gate_of(unit: UUID) -> Gate:
    """The gate at a unit."""
    gate: Gate | None = Gate.objects.filter(unit_id=unit).first()
    if gate is None:
        raise NoGate
    return gate


def origin_of(code: str) -> dict[str, Json]:
    """The area a person comes from, by its code, and whether it lies overseas."""
    if not code:
        return {"origin_id": None, "origin_kind": OriginKind.UNKNOWN.value}
    area = places.area(code)
    if area is None:
        raise NotFound(_("There is no area with this code."))
    return {
        "origin_id": area.id,
        "origin_kind": (OriginKind.OVERSEAS if area.is_overseas else OriginKind.DOMESTIC).value,
    }


def _said_before(person: UUID, expected_at: datetime | None, reference: str, form: UUID | None) -> Arrival | None:
    """The trip of this person that is meant: named by its number, written on the same form, or else of the same day."""
    own = Arrival.objects.select_for_update().filter(person_id=person, state=State.EXPECTED)
    if reference:
        named: Arrival | None = own.filter(reference=reference_plain(reference)).first()
        if named is None:
            raise NoSuchTrip
        return named
    day = expected_at.astimezone(clock.CITY).date() if expected_at else None
    return own.filter(id=form).first() or own.filter(expected_at__date=day).first()


def _change(arrival: Arrival, told: dict[str, Json], *, at: datetime, by: Actor, key: UUID) -> UUID:
    news: dict[str, Json] = {
        name: value for name, value in told.items() if value not in (None, "") and getattr(arrival, name) != value
    }
    for name, value in news.items():
        setattr(arrival, name, value)
    if news:
        arrival.save(update_fields=list(news))
        values = {name: getattr(arrival, name) for name in told}
        unit = units_of_gates().get(arrival.gate_id, by.unit)
        fact = change(arrival.id, arrival.person_id, values, news, unit=unit, at=at, by=by, key=derive(key, "changed"))
        record_many([fact])
    return arrival.id
