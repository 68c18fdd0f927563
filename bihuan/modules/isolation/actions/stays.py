"""A person is taken in at a site, given another room, and leaves."""

from collections.abc import Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import cast
from uuid import UUID

from django.db.backends.postgresql.psycopg_any import DateTimeTZRange
from django.utils.translation import gettext_lazy as _

from bihuan.kernel import custody
from bihuan.kernel.ledger import Actor, Json, derive, histories, record
from bihuan.kernel.loop import action, happened
from bihuan.modules.isolation import events, queries
from bihuan.modules.isolation.models import Check, Occupancy, Room, Site, Stay
from bihuan.modules.measures import events as orders
from bihuan.modules.testing import events as testing

from .checks import record_check
from .custody import take_over
from .refusals import NoBed, NoStay, NotOver, refusing

LETS_GO = frozenset({testing.RESULTED, orders.RETIMED, orders.ENDED, orders.LIFTED, orders.LAPSED})


@action
def check_in(
    order_id: UUID,
    *,
    room_id: UUID,
    identity_confirmed: bool,
    needs: str = "",
    exposure_on: date | None = None,
    temperature: Decimal | None = None,
    symptoms: Sequence[str] = (),
    at: datetime,
    by: Actor,
    key: UUID,
) -> UUID:
    """Take a person in under a live order, give them a room, and answer for them from now on."""
    order = queries.order_under(order_id)
    at = happened(at, order.approved_at, custody.moved_at(f"person:{order.person_id}"))
    room = Room.objects.select_related("site").get(pk=room_id)
    with refusing():
        stay: Stay = Stay.objects.create(
            order_id=order_id,
            person_id=order.person_id,
            site=room.site,
            during=DateTimeTZRange(at, None),
            exposure_on=exposure_on or order.counted_from,
            identity_confirmed=identity_confirmed,
            needs=needs.strip(),
        )
        _occupy(stay, room, at)
    take_over(order_id, order.person_id, room.site.subject, at=at, by=by, key=key)
    _record(
        stay,
        room.site,
        events.CHECKED_IN,
        {
            "room": room.number,
            "exposure_on": stay.exposure_on,
            "ends_at": order.central_ends_at,
            "needs": stay.needs,
        },
        at,
        by,
        key,
    )
    if temperature is not None or symptoms:
        record_check(
            f"order:{order_id}",
            person_id=order.person_id,
            place=Check.Place.SITE,
            contact=Check.Contact.VISIT,
            temperature=temperature,
            symptoms=symptoms,
            at=at,
            by=by,
            key=derive(key, "check"),
        )
    return stay.id


@action
def move_room(order_id: UUID, *, room_id: UUID, reason: str, at: datetime, by: Actor, key: UUID) -> UUID:
    """Give the person another room of the same site."""
    stay = _stay_under(order_id)
    room = _held(stay, room_id)
    left = _vacate(stay, at)
    if left.room_id == room.id:
        raise NoBed(_("The person already has this room."), _("Choose another room."))
    with refusing():
        _occupy(stay, room, at, reason.strip())
    payload: dict[str, Json] = {"room": room.number, "left": left.room.number, "reason": reason.strip()}
    _record(stay, stay.site, events.MOVED, payload, at, by, key)
    return stay.id


@action
def leave(order_id: UUID, *, to_unit_id: UUID | None = None, at: datetime, by: Actor, key: UUID) -> UUID | None:
    """Let the person go: home to the unit that looks after them there, or free when the order is over.

    While the order lives, the site lets nobody go before the central phase is over and its tests are negative; it
    answers for the person until the community has received them.
    """
    stay = _stay_under(order_id)
    at = happened(at, stay.during.lower, custody.moved_at(f"person:{stay.person_id}"), _could_leave_since(order_id))
    leaving = queries.leaving(order_id, at)
    if leaving.hindrances:
        raise NotOver(
            _("Central isolation cannot end yet: %(reasons)s")
            % {"reasons": "; ".join(str(reason) for reason in leaving.reasons)},
            _("Clear what is missing, then let the person go."),
        )
    if leaving.goes_home and to_unit_id is None:
        raise NotOver(
            _("The order goes on at home, and no community was named."),
            _("Name the community that receives the person."),
        )
    handover = None
    if leaving.goes_home:
        handover = custody.dispatch(
            [f"person:{stay.person_id}"],
            sender=stay.site.subject,
            receiver=f"unit:{to_unit_id}",
            key=derive(key, "dispatch"),
            at=at,
            by=by,
            via=f"order:{order_id}",
        )
    cause = Stay.Cause.PHASE_OVER if leaving.is_live else Stay.Cause.ORDER_OVER
    end_stay(stay, cause, handover=handover, home_unit=to_unit_id, at=at, by=by, key=key)
    return handover


@action
def let_out(order_id: UUID, *, at: datetime, by: Actor, key: UUID) -> None:
    """The order is over: a stay under it that is still open ends now. A step that the system does (`departure`)."""
    stays = Stay.objects.filter(order_id=order_id)
    was_there = stays.filter(during__upper_inf=True).exists()
    if was_there:
        leave(order_id, at=at, by=by, key=derive(key, "leave"))
    order = queries.order_under(order_id)
    record(
        key=derive(key, "settled"),
        kind=events.SETTLED,
        subject=f"order:{order_id}",
        about=f"person:{order.person_id}",
        at=at,
        by=by,
        unit=order.unit_id,
        payload={"was_there": was_there},
    )


def open_stay(order_id: UUID) -> Stay | None:
    """The stay that goes on under an order, locked."""
    return (
        Stay.objects.select_for_update(of=("self",))
        .select_related("site")
        .filter(order_id=order_id, during__upper_inf=True)
        .first()
    )


def end_stay(
    stay: Stay,
    cause: Stay.Cause,
    *,
    handover: UUID | None = None,
    home_unit: UUID | None = None,
    at: datetime,
    by: Actor,
    key: UUID,
) -> None:
    """The person is out of their room and of the site."""
    room = _vacate(stay, at).room
    stay.during = DateTimeTZRange(stay.during.lower, at)
    stay.cause = cause
    stay.save(update_fields=["during", "cause"])
    payload: dict[str, Json] = {
        "room": room.number,
        "phase": "central",
        "cause": cause,
        "handover": handover,
        "home_unit": home_unit,
    }
    _record(stay, stay.site, events.ENDED, payload, at, by, key, unit=home_unit if handover else None)


def _stay_under(order_id: UUID) -> Stay:
    stay = open_stay(order_id)
    if stay is None:
        raise NoStay(_("This person does not stay at a site."), _("Look at the person's page for where they are."))
    return stay


def _could_leave_since(order_id: UUID) -> datetime | None:
    """When the last of what lets somebody go came: a result, also of a linked contact; a new end; the end."""
    subject = f"order:{order_id}"
    told = histories([subject])[subject]
    proposed = next((fact.payload for fact in told if fact.kind == orders.PROPOSED), {})
    links = [str(link) for link in cast("Sequence[str]", proposed.get("links") or ())]
    others = [fact for one in histories(links).values() for fact in one if fact.kind == testing.RESULTED]
    came = [fact.happened_at for fact in (*told, *others) if fact.kind in LETS_GO]
    return max(came, default=None)


def _occupy(stay: Stay, room: Room, at: datetime, reason: str = "") -> None:
    Occupancy.objects.create(
        stay=stay,
        room=room,
        household=queries.household_of(stay.person_id),
        during=DateTimeTZRange(at, None),
        reason=reason,
    )


def _held(stay: Stay, room_id: UUID) -> Room:
    """The new room, locked with the one that is left, in one order for all: two who change places wait in no circle."""
    left = Occupancy.objects.filter(stay=stay, during__upper_inf=True).values_list("room_id", flat=True)
    rooms = Room.objects.select_for_update(of=("self",)).filter(pk__in=[room_id, *left]).order_by("pk")
    found: dict[UUID, Room] = {room.pk: room for room in rooms}
    return found[room_id]


def _vacate(stay: Stay, at: datetime) -> Occupancy:
    """End the stay's time in its room. The last one out leaves a room that must be disinfected."""
    occupancy: Occupancy = (
        Occupancy.objects.select_for_update(of=("self",)).select_related("room").get(stay=stay, during__upper_inf=True)
    )
    if at <= occupancy.during.lower:
        raise NoStay(_("Nobody leaves a room before they came."), _("Check the time."))
    occupancy.during = DateTimeTZRange(occupancy.during.lower, at)
    occupancy.save(update_fields=["during"])
    if not Occupancy.objects.filter(room=occupancy.room, during__upper_inf=True).exists():
        Room.objects.filter(pk=occupancy.room_id).update(state=Room.State.CLEANING)
    return occupancy


def _record(
    stay: Stay,
    site: Site,
    kind: str,
    payload: dict[str, Json],
    at: datetime,
    by: Actor,
    key: UUID,
    *,
    unit: UUID | None = None,
) -> None:
    record(
        key=derive(key, "fact"),
        kind=kind,
        subject=f"order:{stay.order_id}",
        about=f"person:{stay.person_id}",
        at=at,
        by=by,
        unit=unit or site.unit_id,
        payload={"stay": stay.id, "site": site.unit_id} | payload,
    )
