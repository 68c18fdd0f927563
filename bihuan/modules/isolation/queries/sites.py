"""Sites and their rooms: what is free, who is where, and why a site's rooms do not count."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from itertools import groupby
from typing import Protocol
from uuid import UUID

from django.db.models import Count, Exists, OuterRef, QuerySet
from django.urls import reverse
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from bihuan.kernel import clock
from bihuan.kernel.access import Scope
from bihuan.kernel.text import Text
from bihuan.kernel.web import Badge
from bihuan.kernel.web.parts import Tone
from bihuan.modules.isolation import rules
from bihuan.modules.isolation.models import Occupancy, Room, Site, Stay
from bihuan.modules.people import queries as people

UNUSABLE = {
    rules.Unusable.NOT_OPEN: _("not open"),
    rules.Unusable.NOT_INSPECTED: _("inspection not passed"),
    rules.Unusable.NO_CERTIFICATE: _("no valid safety certificate"),
}
ROOM_STATES = {
    rules.RoomState.FREE: _("Room free"),
    rules.RoomState.PARTLY: _("Bed free for the household"),
    rules.RoomState.OCCUPIED: _("Occupied"),
    rules.RoomState.CLEANING: _("To be disinfected"),
    rules.RoomState.BLOCKED: _("Blocked"),
    rules.RoomState.UNUSABLE: _("Not to be used"),
}


ROOM_TONES: dict[rules.RoomState, Tone] = {
    rules.RoomState.FREE: "good",
    rules.RoomState.PARTLY: "info",
    rules.RoomState.OCCUPIED: "info",
    rules.RoomState.CLEANING: "warn",
    rules.RoomState.BLOCKED: "bad",
    rules.RoomState.UNUSABLE: "neutral",
}


class HasFloor(Protocol):
    @property
    def floor(self) -> int: ...


@dataclass(frozen=True, slots=True)
class SiteRooms:
    """A site's rooms by what can be done with them: total = free + occupied + cleaning + blocked."""

    site_id: UUID
    unit_id: UUID
    name: Text
    phone: str
    state: str
    state_name: str
    planned: int
    total: int
    free: int
    occupied: int
    cleaning: int
    blocked: int
    people: int
    certificate_until: date | None
    why_not: tuple[rules.Unusable, ...]

    @property
    def is_usable(self) -> bool:
        return not self.why_not

    @property
    def url(self) -> str:
        return reverse("sites:detail", args=[self.site_id])

    @property
    def reasons(self) -> tuple[object, ...]:
        """Why its rooms do not count, in words."""
        return tuple(UNUSABLE[reason] for reason in self.why_not)

    @property
    def badge(self) -> Badge:
        if self.is_usable:
            return Badge(self.state_name, "good")
        return Badge(
            " · ".join(str(reason) for reason in self.reasons),
            "warn" if self.state == "preparing" else "neutral" if self.state == "closed" else "bad",
        )

    @property
    def usable_free(self) -> int:
        """Rooms that can be given to somebody now: none at a site that has not passed its gates."""
        return self.free if self.is_usable else 0


def rooms_by_site(scope: Scope, now: datetime) -> tuple[SiteRooms, ...]:
    """The rooms of every site in the scope, in three queries."""
    return _rooms(scope.rows(Site.objects.order_by("unit__code"), "unit"), now)


def _rooms(sites: QuerySet[Site], now: datetime) -> tuple[SiteRooms, ...]:
    """Rooms and people are counted apart from the sites and from each other: each count reads one index."""
    rows = list(sites.select_related("unit"))
    there = [site.id for site in rows]
    rooms: dict[UUID, Counter[tuple[str, bool]]] = {site: Counter() for site in there}
    lived_in = Occupancy.objects.filter(room=OuterRef("pk"), during__upper_inf=True)
    counted = Room.objects.filter(site__in=there).annotate(taken=Exists(lived_in)).values_list("site", "state", "taken")
    for site, state, taken, count in counted.annotate(count=Count("pk")):
        rooms[site][state, taken] = count
    people = dict(
        Stay.objects.filter(site__in=there, during__upper_inf=True).values_list("site").annotate(count=Count("pk"))
    )
    today = now.astimezone(clock.CITY).date()
    return tuple(_counted(site, rooms[site.id], people.get(site.id, 0), today) for site in rows)


def _counted(site: Site, rooms: Mapping[tuple[str, bool], int], people: int, today: date) -> SiteRooms:
    return SiteRooms(
        site_id=site.id,
        unit_id=site.unit_id,
        name=site.unit.name,
        phone=site.phone,
        state=site.state,
        state_name=site.get_state_display(),
        planned=site.planned_rooms,
        total=sum(rooms.values()),
        free=rooms.get((Room.State.READY, False), 0),
        occupied=sum(count for (_state, taken), count in rooms.items() if taken),
        cleaning=rooms.get((Room.State.CLEANING, False), 0),
        blocked=rooms.get((Room.State.BLOCKED, False), 0),
        people=people,
        certificate_until=site.certificate_until,
        why_not=rules.unusable(site.state, site.inspected_on, site.certificate_until, today),
    )


@dataclass(frozen=True, slots=True)
class ZoneRow:
    id: UUID
    name: str
    kind: str
    kind_code: str


@dataclass(frozen=True, slots=True)
class SiteCard:
    """One site with its figures, its zones and what its pages need."""

    rooms: SiteRooms
    address: str
    inspected_on: date | None
    zones: tuple[ZoneRow, ...]
    unit_path: str

    @property
    def id(self) -> UUID:
        return self.rooms.site_id


def site_card(scope: Scope, site_id: UUID, now: datetime) -> SiteCard | None:
    """The site, if it is in the scope."""
    site = scope.rows(Site.objects.select_related("unit"), "unit").filter(pk=site_id).first()
    if site is None:
        return None
    [rooms] = _rooms(Site.objects.filter(pk=site.pk), now)
    zones = tuple(
        ZoneRow(zone.id, zone.name, zone.get_kind_display(), zone.kind) for zone in site.zones.order_by("kind", "name")
    )
    return SiteCard(rooms, site.address, site.inspected_on, zones, site.unit.path)


@dataclass(frozen=True, slots=True)
class Guest:
    order_id: UUID
    person_id: UUID
    name: str


@dataclass(frozen=True, slots=True)
class RoomCell:
    """One room of the grid."""

    id: UUID
    number: str
    floor: int
    zone: str
    zone_id: UUID
    capacity: int
    barrier_free: bool
    state: rules.RoomState
    reason: str
    guests: tuple[Guest, ...]

    @property
    def beds_left(self) -> int:
        return self.capacity - len(self.guests)

    @property
    def state_name(self) -> object:
        return ROOM_STATES[self.state]

    @property
    def counted_as(self) -> str:
        """The figure of `SiteRooms` that counts this room."""
        return "occupied" if self.guests else self.state.value

    @property
    def tone(self) -> Tone:
        return ROOM_TONES[self.state]

    @property
    def label(self) -> str:
        """What a clerk must know to give the room away."""
        beds = ngettext("%(count)s bed free", "%(count)s beds free", self.beds_left) % {"count": self.beds_left}
        extras = [gettext("with the household")] if self.guests else []
        extras += [gettext("barrier-free")] if self.barrier_free else []
        return " · ".join([self.number, self.zone, beds, *extras])


def by_floor[Row: HasFloor](rows: Iterable[Row]) -> list[tuple[int, list[Row]]]:
    """Rooms or doors under their floors, as one walks."""
    return [(floor, list(found)) for floor, found in groupby(rows, key=lambda row: row.floor)]


def room_grid(site_id: UUID, *, site_usable: bool) -> tuple[RoomCell, ...]:
    """Every room of a site with who is in it, floor by floor, in two queries."""
    guests: dict[UUID, list[Guest]] = {}
    for occupancy in (
        Occupancy.objects.filter(room__site=site_id, during__upper_inf=True)
        .order_by("stay__person__name_key")
        .values("room_id", "stay__order_id", "stay__person_id", "stay__person__name")
    ):
        guest = Guest(occupancy["stay__order_id"], occupancy["stay__person_id"], occupancy["stay__person__name"])
        guests.setdefault(occupancy["room_id"], []).append(guest)
    return tuple(
        RoomCell(
            id=room.id,
            number=room.number,
            floor=room.floor,
            zone=room.zone.name,
            zone_id=room.zone_id,
            capacity=room.capacity,
            barrier_free=room.barrier_free,
            state=rules.room_state(
                state=room.state,
                people=len(guests.get(room.id, ())),
                capacity=room.capacity,
                site_usable=site_usable,
            ),
            reason=room.reason,
            guests=tuple(guests.get(room.id, ())),
        )
        for room in Room.objects.filter(site=site_id).select_related("zone").order_by("floor", "number")
    )


def free_rooms(site_id: UUID, household: UUID) -> tuple[RoomCell, ...]:
    """Rooms this household could be given now: empty and ready ones, but first those where it has somebody."""
    mine = set(
        Occupancy.objects.filter(room__site=site_id, household=household, during__upper_inf=True).values_list(
            "room_id", flat=True
        )
    )
    cells = room_grid(site_id, site_usable=True)
    shared = [cell for cell in cells if cell.id in mine and cell.state is rules.RoomState.PARTLY]
    return (*shared, *(cell for cell in cells if cell.state is rules.RoomState.FREE))


def household_of(person_id: UUID) -> UUID:
    """Who may share a room: the person's household, or nobody else where none is known."""
    return people.card(person_id).household_id or person_id


@dataclass(frozen=True, slots=True)
class SiteList:
    """Source of the list of sites: those of a scope, counted once."""

    sites: tuple[SiteRooms, ...]

    def count(self, filters: Mapping[str, str]) -> int:
        return len(self._kept(filters))

    def rows(self, filters: Mapping[str, str], sort: str, offset: int, limit: int) -> Sequence[SiteRooms]:
        found = self._kept(filters)
        name = sort.removeprefix("-")
        if name:
            found.sort(
                key=lambda site: str(getattr(site, name)) if name == "name" else getattr(site, name),
                reverse=sort.startswith("-"),
            )
        return found[offset : offset + limit]

    def _kept(self, filters: Mapping[str, str]) -> list[SiteRooms]:
        return [
            site
            for site in self.sites
            if filters.get("q", "").lower() in f"{site.name.zh} {site.name.en}".lower()
            and (not filters.get("state") or site.state == filters["state"])
            and (not filters.get("free") or site.usable_free)
        ]


def sites_by_unit() -> dict[UUID, UUID]:
    """Every site by the unit that it is."""
    return dict(Site.objects.values_list("unit_id", "id"))
