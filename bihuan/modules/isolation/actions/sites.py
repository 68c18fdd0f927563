"""Sites, zones and rooms are set up and kept."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from uuid import UUID

from django.utils.translation import gettext_lazy as _

from bihuan.kernel.ledger import Actor, Json, derive, record
from bihuan.kernel.loop import action
from bihuan.modules.isolation import events
from bihuan.modules.isolation.models import Occupancy, Room, Site, Zone

from .operation import keep_service
from .refusals import EnteredAlready, NoBed


@action
def open_site(
    unit_id: UUID,
    *,
    address: str,
    phone: str,
    planned_rooms: int = 0,
    certificate_until: date | None = None,
    inspected_on: date | None = None,
    state: str = Site.State.OPEN,
    at: datetime,
    by: Actor,
    key: UUID,
) -> UUID:
    """Enter a site for the unit (of kind site) that runs it."""
    if Site.objects.filter(unit_id=unit_id).exists():
        raise EnteredAlready(_("This unit is entered as a site already."), _("Open it from the list of sites."))
    site: Site = Site.objects.create(
        unit_id=unit_id,
        address=address,
        phone=phone,
        planned_rooms=planned_rooms,
        certificate_until=certificate_until,
        inspected_on=inspected_on,
        state=state,
    )
    _record(site, events.SITE_CHANGED, _values(site), at, by, key)
    keep_service(site, certificate_until, at=at, by=by, key=derive(key, "service"))
    return site.id


@action
def change_site(
    site_id: UUID,
    *,
    state: str,
    phone: str,
    certificate_until: date | None,
    inspected_on: date | None,
    at: datetime,
    by: Actor,
    key: UUID,
) -> None:
    """Open or close a site, renew its certificate, enter a passed inspection. Who is there stays."""
    site = Site.objects.select_for_update().get(pk=site_id)
    was_certified = site.certificate_until
    site.state, site.phone = state, phone
    site.certificate_until, site.inspected_on = certificate_until, inspected_on
    site.save(update_fields=["state", "phone", "certificate_until", "inspected_on"])
    _record(site, events.SITE_CHANGED, _values(site), at, by, key)
    keep_service(site, was_certified, at=at, by=by, key=derive(key, "service"))


def _values(site: Site) -> dict[str, Json]:
    return {
        "state": site.state,
        "phone": site.phone,
        "certificate_until": site.certificate_until,
        "inspected_on": site.inspected_on,
    }


@action
def add_zone(site_id: UUID, *, kind: str, name: str, at: datetime, by: Actor, key: UUID) -> UUID:
    """Add a functional zone to a site."""
    site = Site.objects.select_for_update().get(pk=site_id)
    if Zone.objects.filter(site=site, name=name).exists():
        raise EnteredAlready(_("The site has a zone of this name already."), _("Choose another name."))
    zone: Zone = Zone.objects.create(site=site, kind=kind, name=name)
    _record(site, events.SITE_CHANGED, {"zone": name, "zone_kind": kind}, at, by, key)
    return zone.id


@action
def add_rooms(
    zone_id: UUID,
    *,
    numbers: Sequence[str],
    floor: int,
    capacity: int = 1,
    barrier_free: bool = False,
    at: datetime,
    by: Actor,
    key: UUID,
) -> None:
    """Add a floor's rooms to a zone, all alike."""
    zone = Zone.objects.select_for_update().select_related("site").get(pk=zone_id)
    there = Room.objects.filter(site=zone.site, number__in=numbers).order_by("number").values_list("number", flat=True)
    if there:
        raise EnteredAlready(
            _("The site has these rooms already: %(rooms)s.") % {"rooms": ", ".join(there)},
            _("Name only rooms that are not entered yet."),
        )
    Room.objects.bulk_create(
        Room(site=zone.site, zone=zone, number=number, floor=floor, capacity=capacity, barrier_free=barrier_free)
        for number in numbers
    )
    payload: dict[str, Json] = {"zone": zone.name, "rooms": list(numbers), "floor": floor, "capacity": capacity}
    _record(zone.site, events.SITE_CHANGED, payload, at, by, key)


@action
def change_zone(
    zone_id: UUID, *, kind: str, name: str, blocked_for: str = "", at: datetime, by: Actor, key: UUID
) -> None:
    """Call a zone something else, and block all its rooms if there is a reason to. Nobody may stay in them then."""
    zone = Zone.objects.select_for_update(of=("self",)).select_related("site").get(pk=zone_id)
    if Zone.objects.filter(site=zone.site, name=name).exclude(pk=zone_id).exists():
        raise EnteredAlready(_("The site has a zone of this name already."), _("Choose another name."))
    reason = blocked_for.strip()
    if reason:
        rooms = list(Room.objects.select_for_update().filter(zone=zone).order_by("pk").values_list("pk", flat=True))
        if Occupancy.objects.filter(room__in=rooms, during__upper_inf=True).exists():
            raise NoBed(_("Somebody stays in this zone."), _("Give the people in it rooms of another zone first."))
        Room.objects.filter(pk__in=rooms).update(state=Room.State.BLOCKED, reason=reason)
    zone.kind, zone.name = kind, name
    zone.save(update_fields=["kind", "name"])
    _record(zone.site, events.SITE_CHANGED, {"zone": name, "zone_kind": kind, "blocked_for": reason}, at, by, key)


@action
def change_room(
    room_id: UUID,
    *,
    zone_id: UUID,
    floor: int,
    capacity: int,
    barrier_free: bool,
    at: datetime,
    by: Actor,
    key: UUID,
) -> None:
    """Correct what is entered of a room. It never has fewer beds than people."""
    room = Room.objects.select_for_update(of=("self",)).select_related("site").get(pk=room_id)
    zone = Zone.objects.get(pk=zone_id, site=room.site_id)
    if Occupancy.objects.filter(room=room, during__upper_inf=True).count() > capacity:
        raise NoBed(_("More people than that stay in this room."), _("Give some of them another room first."))
    room.zone, room.floor, room.capacity, room.barrier_free = zone, floor, capacity, barrier_free
    room.save(update_fields=["zone", "floor", "capacity", "barrier_free"])
    payload: dict[str, Json] = {
        "room": room.number,
        "zone": zone.name,
        "floor": floor,
        "capacity": capacity,
        "barrier_free": barrier_free,
    }
    _record(room.site, events.SITE_CHANGED, payload, at, by, key)


@action
def set_room(room_id: UUID, *, state: str, reason: str = "", at: datetime, by: Actor, key: UUID) -> None:
    """Block a room with a reason, or say that it is disinfected and ready. An occupied room is left as it is."""
    room = Room.objects.select_for_update(of=("self",)).select_related("site").get(pk=room_id)
    if Occupancy.objects.filter(room=room, during__upper_inf=True).exists():
        raise NoBed(_("Somebody stays in this room."), _("Give the people in it another room first."))
    if state == Room.State.BLOCKED and not reason.strip():
        raise NoBed(_("A room is blocked only for a reason."), _("Say why nobody may use it."))
    room.state, room.reason = state, reason.strip()
    room.save(update_fields=["state", "reason"])
    payload: dict[str, Json] = {"room": room.number, "state": state, "reason": room.reason}
    _record(room.site, events.ROOM_CHANGED, payload, at, by, key)


def _record(site: Site, kind: str, payload: Mapping[str, Json], at: datetime, by: Actor, key: UUID) -> None:
    record(
        key=derive(key, "fact"),
        kind=kind,
        subject=site.subject,
        at=at,
        by=by,
        unit=site.unit_id,
        payload=payload,
    )
