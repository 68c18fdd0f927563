"""Somebody who is in the city and passed no gate: the community finds them, and the class follows as at landing."""

from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Unpack
from uuid import UUID

from django.db.models import Q

from bihuan.kernel import clock, custody
from bihuan.kernel.ledger import Actor, derive, record
from bihuan.kernel.loop import action, happened
from bihuan.modules.arrivals import events
from bihuan.modules.arrivals.actions.telling import Who, new_reference, registered
from bihuan.modules.arrivals.models import Arrival, State
from bihuan.modules.arrivals.queries.classes import Classed, classed
from bihuan.modules.arrivals.rules import Trip, found_trip, is_past

from .announcing import origin_of, settle
from .landing import RESTRICTING, class_payload, propose, write_class
from .refused import AlreadyLanded, NotYetArrived

FOUND = "found"  # as which whoever was announced, came unseen and was found is reckoned in the file


@action
def find_later(
    *,
    origin_code: str,
    arrived_on: date,
    unit: UUID,
    at: datetime,
    by: Actor,
    key: UUID,
    mode: str = "other",
    carrier: str = "",
    destination: str = "",
    last_exposure_on: date | None = None,
    temperature: Decimal | None = None,
    symptoms: str = "",
    **who: Unpack[Who],
) -> UUID:
    """Register somebody who arrived on an earlier day and whom no gate received. Class and policy are those of the
    day of arrival; what is over by now opens nothing. A trip of theirs that nobody saw end is the one that is found.
    """
    at = happened(at)
    today = at.astimezone(clock.CITY).date()
    if arrived_on > today:
        raise NotYetArrived
    person = registered(who, destination, unit, at=at, by=by, key=key)
    _refuse_landed(person, arrived_on)
    announced = _announced(person, arrived_on)
    is_pending = announced is not None and announced.state == State.EXPECTED
    arrival = announced if announced and is_pending else Arrival(reference=new_reference(), registered_at=at)
    arrival.person_id = person
    arrival.mode, arrival.carrier = mode, carrier or arrival.carrier
    arrival.destination, arrival.unit_id = destination, unit
    arrival.last_exposure_on = last_exposure_on or arrival.last_exposure_on
    for field, value in origin_of(origin_code).items():
        setattr(arrival, field, value)
    arrival.arrived_on, arrival.found_at, arrival.found_unit_id = arrived_on, at, unit
    arrival.temperature, arrival.symptoms = temperature, symptoms
    found = classed(arrival, at=datetime.combine(arrived_on, time(12), clock.CITY), has_symptoms=bool(symptoms))
    write_class(arrival, found)
    arrival.state, arrival.landed_at = State.LANDED, at
    if arrival.measure not in RESTRICTING:
        arrival.accepted_at, arrival.accepted_unit_id = at, unit
    arrival.save()
    earlier = announced if announced and not is_pending else None
    evidence = derive(key, "found")
    record(
        key=evidence,
        kind=events.FOUND,
        subject=arrival.subject,
        about=f"person:{person}",
        at=at,
        by=by,
        unit=unit,
        payload={
            **class_payload(found),
            "sample": False,
            "happened_on": arrived_on.isoformat(),
            "mode": mode,
            "days_late": (today - arrived_on).days,
            "temperature": temperature,
            "symptoms": symptoms,
            "announced": earlier.id if earlier else None,
        },
    )
    if earlier:
        earlier.found_as = arrival
        earlier.save(update_fields=["found_as"])
    settle(earlier or arrival, FOUND, at=at, by=by, key=key)
    order = propose(arrival, found, evidence, unit, at=at, by=by, key=key)
    if is_past(arrival.measure, _last_day(found, arrived_on), today) or (
        arrival.measure in RESTRICTING and order is None
    ):
        _close_as_history(arrival, at=at, by=by, key=key)
    else:
        _take(arrival, unit, at=at, by=by, key=key)
    return arrival.id


def _last_day(found: Classed, arrived_on: date) -> date:
    """The last day of tests or monitoring that the rule asked for."""
    answer = found.decision.answer
    if answer["measure"] == "tests":
        return arrived_on + timedelta(days=max(answer["tests"], default=0))
    return found.counted_from + timedelta(days=int(answer["days"]))


def _refuse_landed(person: UUID, arrived_on: date) -> None:
    """Whoever a gate received on that day or later, or who was found before, is known already."""
    since = datetime.combine(arrived_on, time(), clock.CITY)
    known = (
        Arrival.objects.filter(person_id=person)
        .filter(Q(state=State.LANDED) | Q(landed_at__gte=since) | Q(arrived_on=arrived_on))
        .order_by("-registered_at")
        .first()
    )
    if known:
        raise AlreadyLanded(known.reference, known.id)


def _announced(person: UUID, arrived_on: date) -> Arrival | None:
    rows = {
        str(one.id): one
        for one in Arrival.objects.select_for_update().filter(
            person_id=person, state__in=[State.EXPECTED, State.NOT_ON_BOARD], found_as__isnull=True
        )
    }
    trips = [
        Trip(
            name,
            one.expected_at.astimezone(clock.CITY).date() if one.expected_at else None,
            one.carrier,
            one.state == State.EXPECTED,
            (),
        )
        for name, one in rows.items()
    ]
    trip = found_trip(arrived_on, trips)
    return rows[trip.arrival] if trip else None


def _take(arrival: Arrival, unit: UUID, *, at: datetime, by: Actor, key: UUID) -> None:
    """The community that found somebody answers for them from then on."""
    item = f"person:{arrival.person_id}"
    if custody.holder_of(item) == "self":
        custody.take([item], holder=f"unit:{unit}", key=derive(key, "held"), at=at, by=by)
    if arrival.accepted_at:
        record(
            key=derive(key, "accepted"),
            kind=events.ACCEPTED,
            subject=arrival.subject,
            about=item,
            at=at,
            by=by,
            unit=unit,
            payload={"unit": unit},
        )


def _close_as_history(arrival: Arrival, *, at: datetime, by: Actor, key: UUID) -> None:
    arrival.state, arrival.landed_at = State.HISTORY, None
    arrival.accepted_at = arrival.accepted_unit_id = None
    arrival.save(update_fields=["state", "landed_at", "accepted_at", "accepted_unit"])
    record(
        key=derive(key, "history"),
        kind=events.HISTORY,
        subject=arrival.subject,
        about=f"person:{arrival.person_id}",
        at=at,
        by=by,
        unit=arrival.found_unit_id,
        payload={"reference": arrival.reference, "origin_id": arrival.origin_id, "origin_kind": arrival.origin_kind},
    )
