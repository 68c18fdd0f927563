"""A site's pages: what needs attention, its rooms, its round, whom it expects."""

from datetime import datetime
from urllib.parse import urlencode
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from bihuan.kernel import access, clock
from bihuan.kernel.refusals import NotFound
from bihuan.kernel.web import (
    Column,
    Filter,
    HappenedForm,
    Stat,
    Tab,
    Table,
    accepted,
    ids,
    page,
    render_table,
    request_key,
    trail,
)
from bihuan.modules.isolation import actions, queries
from bihuan.modules.isolation.forms import (
    CheckInForm,
    DayForm,
    FurnishingForm,
    OpeningForm,
    RoomForm,
    RoomsForm,
    SiteForm,
    ZoneChangeForm,
    ZoneForm,
)
from bihuan.modules.isolation.models import Site
from bihuan.modules.measures import queries as measures
from bihuan.modules.people import queries as people
from bihuan.modules.transfers import queries as transfers

from .doors import site_of

COLUMNS = [
    Column("name", _("Site"), kind="link"),
    Column("badge", _("State"), kind="badge", sortable=False),
    Column("usable_free", _("Rooms free"), kind="number"),
    Column("occupied", _("Rooms occupied"), kind="number"),
    Column("cleaning", _("To be disinfected"), kind="number"),
    Column("blocked", _("Blocked"), kind="number"),
    Column("total", _("Rooms"), kind="number"),
    Column("people", _("People"), kind="number"),
    Column("certificate_until", _("Certificate until"), kind="date", sortable=False),
    Column("phone", _("Telephone"), sortable=False),
]
FILTERS = [
    Filter("q", _("Name of the site")),
    Filter("state", _("State"), kind="choice", choices=Site.State.choices),
    Filter("free", _("With free rooms"), kind="flag"),
]


@access.require("isolation.read")
def listing(request: access.Request) -> HttpResponse:
    source = queries.SiteList(queries.rooms_by_site(request.scope, clock.now()))
    table = Table.from_request(request, COLUMNS, source, FILTERS, sort="name")
    may_enter = request.whole_scope.may("isolation.site")
    return render_table(
        request,
        "isolation/sites.html",
        table,
        {"may_enter": may_enter},
        export_name="sites",
        on_export=access.exporting(request.scope, "sites"),
    )


@access.require("isolation.read")
def today(request: access.Request) -> HttpResponse:
    """Straight to the site for those who work at one; the list for everybody else."""
    sites = queries.rooms_by_site(request.scope, clock.now())
    return redirect("sites:detail", sites[0].site_id) if len(sites) == 1 else redirect("sites:list")


def _tabs(request: access.Request, site: queries.SiteCard, active: str) -> list[Tab]:
    names = [
        ("detail", _("Needs attention")),
        ("round", _("Health round")),
        ("rooms", _("Rooms")),
        ("arrivals", _("On the way here")),
        ("day", _("The site's day")),
    ]
    tabs = [Tab(label, reverse(f"sites:{name}", args=[site.id]), active=name == active) for name, label in names]
    return [tab for tab in tabs if access.may_open(request.whole_scope, tab.url)]


@access.require("isolation.read")
def detail(request: access.Request, site_id: UUID) -> HttpResponse:
    """Exceptions only: whoever is well, checked and in time is not on this page."""
    site, now = site_of(request, site_id), clock.now()
    here = queries.residents(site_id, now=now)
    doors, findings = queries.round_list(here), queries.exceptions(site_id, here, now)
    expected = queries.coming(site.rooms.unit_id, now)
    access.listed(request.scope, "isolation.exceptions", [finding.person_id for finding in findings])
    rooms, at_door = site.rooms, sum(one.at_door is not None for one in expected)
    stats = [
        Stat(_("People"), rooms.people, url=reverse("sites:rooms", args=[site_id]), icon="users"),
        Stat(_("Rooms free"), rooms.usable_free, url=reverse("sites:rooms", args=[site_id]), icon="door"),
        Stat(
            _("Doors done on this round"),
            f"{sum(door.is_done for door in doors)} / {len(doors)}",
            url=reverse("sites:round", args=[site_id]),
            icon="clipboard-check",
        ),
        Stat(
            _("On the way here"),
            len(expected),
            url=reverse("sites:arrivals", args=[site_id]),
            note=gettext("at the door: %(count)s") % {"count": at_door} if at_door else "",
            tone="warn" if at_door else "neutral",
            icon="bus",
        ),
    ]
    may_set = request.whole_scope.may("isolation.site")
    context = {
        "site": site,
        "operation": queries.operation(site_id, now),
        "findings": findings,
        "stats": stats,
        "may_set": may_set,
        "tabs": _tabs(request, site, "detail"),
    }
    return page(request, "isolation/site.html", context)


@access.require("isolation.read")
def rooms(request: access.Request, site_id: UUID) -> HttpResponse:
    """Every room with its state in colour and words; a room opens the stay in it."""
    site = site_of(request, site_id)
    cells = queries.room_grid(site_id, site_usable=site.rooms.is_usable)
    access.listed(request.scope, "isolation.rooms", [guest.person_id for cell in cells for guest in cell.guests])
    shown = request.GET.get("show", "")
    floors = queries.by_floor([cell for cell in cells if not shown or cell.counted_as == shown])
    may_set, may_prepare = request.whole_scope.may("isolation.site"), request.whole_scope.may("isolation.check_in")
    context = {
        "site": site,
        "stats": [
            Stat(_("All rooms"), site.rooms.total, "?", icon="door"),
            Stat(_("Rooms free"), site.rooms.usable_free, "?show=free", icon="bed"),
            Stat(_("Rooms occupied"), site.rooms.occupied, "?show=occupied", icon="users"),
            Stat(_("To be disinfected"), site.rooms.cleaning, "?show=cleaning"),
            Stat(_("Rooms blocked"), site.rooms.blocked, "?show=blocked"),
        ],
        "shown": shown,
        "floors": floors,
        "may_set": may_set,
        "may_prepare": may_prepare,
        "tabs": _tabs(request, site, "rooms"),
    }
    return page(request, "isolation/rooms.html", context)


@access.require("isolation.check_in")
def room(request: access.Request, site_id: UUID, room_id: UUID) -> HttpResponse:
    """Say that a room is disinfected, or block it."""
    site = site_of(request, site_id)
    cell = _room_of(site, room_id)
    form = RoomForm(request.POST or None, initial={"state": "ready", "reason": cell.reason})
    if request.method == "POST" and accepted(
        form,
        lambda: actions.set_room(
            room_id, **form.cleaned_data, at=clock.now(), by=request.scope.actor, key=request_key(request)
        ),
    ):
        messages.success(request, _("Room %(number)s is changed.") % {"number": cell.number})
        return redirect("sites:rooms", site_id)
    may_set = request.whole_scope.may("isolation.site")
    return page(request, "isolation/room.html", {"form": form, "site": site, "room": cell, "may_set": may_set})


def _room_of(site: queries.SiteCard, room_id: UUID) -> queries.RoomCell:
    cell = next((one for one in queries.room_grid(site.id, site_usable=True) if one.id == room_id), None)
    if cell is None:
        raise NotFound(_("There is no such room."))
    return cell


@access.require("isolation.check")
def round_(request: access.Request, site_id: UUID) -> HttpResponse:
    """The round, door by door: one tap for a room where everybody is well. One made earlier is entered as of then."""
    site = site_of(request, site_id)
    form = HappenedForm(request.POST or request.GET)
    now = form.moment if form.is_valid() else clock.now()
    if request.method == "POST" and form.is_valid():
        return _seen(request, site, now)
    doors = queries.round_list(queries.residents(site_id, now=now))
    access.listed(request.scope, "isolation.round", [one.person_id for door in doors for one in door.people])
    context = {
        "site": site,
        "floors": [
            (floor, behind, any(not door.is_done for door in behind)) for floor, behind in queries.by_floor(doors)
        ],
        "done": sum(door.is_done for door in doors),
        "all": len(doors),
        "form": form,
        "earlier": now if form.is_valid() and form["happened_at"].value() else None,
        "tabs": _tabs(request, site, "round"),
    }
    return page(request, "isolation/round.html", context)


def _seen(request: access.Request, site: queries.SiteCard, now: datetime) -> HttpResponse:
    """These people are well: answer with their door, or with the whole round where there is no script."""
    orders = ids(request.POST.getlist("order"))
    actions.record_round(site.id, order_ids=orders, at=now, by=request.scope.actor, key=request_key(request))
    earlier = request.POST.get("happened_at", "")
    if request.headers.get("HX-Request") != "true":
        here = reverse("sites:round", args=[site.id])
        return redirect(f"{here}?{urlencode({'happened_at': earlier})}" if earlier else here)
    doors = queries.round_list(queries.residents(site.id, now=now))
    door = next((door for door in doors if door.people[0].order_id in orders), None)
    if door is None:
        raise NotFound(_("There is no such stay."))
    return page(request, "isolation/round.html#door", {"site": site, "door": door, "earlier": earlier and now})


@access.require("isolation.read")
def arrivals(request: access.Request, site_id: UUID) -> HttpResponse:
    """Who is on the way to this site, or at its door."""
    site = site_of(request, site_id)
    expected = queries.coming(site.rooms.unit_id, clock.now())
    access.listed(request.scope, "isolation.expected", [one.person_id for one in expected])
    may = request.whole_scope.may("isolation.check_in")
    context = {"site": site, "expected": expected, "may_check_in": may, "tabs": _tabs(request, site, "arrivals")}
    return page(request, "isolation/arrivals.html", context)


@access.require("isolation.check_in")
def check_in(request: access.Request, site_id: UUID, order_id: UUID) -> HttpResponse:
    """Take one person in: identity, last exposure, needs, room."""
    site, order = site_of(request, site_id), measures.order(order_id)
    expected = next((one for one in transfers.expected_at(site.rooms.unit_id) if one.order_id == order_id), None)
    stay = queries.stay_of(order_id) if expected is None else None
    if stay is not None and stay.site_id == site_id and stay.until is None:
        return redirect("stays:detail", order_id)  # sent once more by somebody who waited for the first answer
    if order is None or expected is None:
        raise NotFound(_("This person is not expected at this site."))
    person = people.card(order.person_id)
    rooms = queries.free_rooms(site_id, queries.household_of(person.id))
    known = {"exposure_on": order.counted_from, "needs": expected.needs}
    form = CheckInForm(request.POST or None, rooms=rooms, initial=known, since=order.approved_at)
    if request.method == "POST" and accepted(form, lambda: take_in(request, order_id, form)):
        messages.success(request, _("%(name)s is taken in.") % {"name": person.name})
        return redirect("stays:detail", order_id)
    access.opened(request.scope, person.id, "isolation.check_in")
    context = {"form": form, "site": site, "order": order, "person": person, "rooms": rooms}
    context["crumbs"] = trail((site.rooms.name, reverse("sites:arrivals", args=[site_id])))
    return page(request, "isolation/check_in.html", context)


def take_in(request: access.Request, order_id: UUID, form: CheckInForm) -> UUID:
    found = form.findings
    return actions.check_in(
        order_id,
        room_id=UUID(found.pop("room")),
        **found,
        at=form.moment,
        by=request.scope.actor,
        key=request_key(request),
    )


@access.require("isolation.check_in")
def day(request: access.Request, site_id: UUID) -> HttpResponse:
    """Enter what the site did today; the days before stand below."""
    site, now = site_of(request, site_id), clock.now()
    form = DayForm(request.POST or None)
    if request.method == "POST" and accepted(
        form,
        lambda: actions.log_day(site_id, **form.cleaned_data, at=now, by=request.scope.actor, key=request_key(request)),
    ):
        messages.success(request, _("The day is entered."))
        return redirect("sites:detail", site_id)
    operation, days = queries.operation(site_id, now), queries.days(site_id)
    context = {"form": form, "site": site, "operation": operation, "days": days, "tabs": _tabs(request, site, "day")}
    return page(request, "isolation/day.html", context)


@access.require("isolation.read")
def service(request: access.Request, service_id: UUID) -> HttpResponse:
    """The site to which a duty of its operation belongs."""
    site_id = queries.site_of_service(request.scope, service_id)
    if site_id is None:
        raise NotFound(_("There is no such site."))
    return redirect("sites:detail", site_id)


@access.require("isolation.site")
def settings(request: access.Request, site_id: UUID) -> HttpResponse:
    """Open or close the site; enter its certificate and inspection."""
    site = site_of(request, site_id)
    given = {
        "state": site.rooms.state,
        "phone": site.rooms.phone,
        "certificate_until": site.rooms.certificate_until,
        "inspected_on": site.inspected_on,
    }
    form = SiteForm(request.POST or None, initial=given)
    if request.method == "POST" and accepted(
        form,
        lambda: actions.change_site(
            site_id, **form.cleaned_data, at=clock.now(), by=request.scope.actor, key=request_key(request)
        ),
    ):
        messages.success(request, _("The site is changed."))
        return redirect("sites:detail", site_id)
    return page(request, "isolation/settings.html", {"form": form, "site": site})


@access.require("isolation.site")
def opening(request: access.Request) -> HttpResponse:
    """Enter a site for a unit of that kind that has none yet."""
    entered = queries.sites_by_unit()
    units = [unit for unit in access.queries.units(request.scope, kinds=("site",)) if unit.id not in entered]
    form = OpeningForm(request.POST or None, units=[(unit.id, unit.name) for unit in units])
    made: list[UUID] = []
    if request.method == "POST" and accepted(
        form,
        lambda: made.append(
            actions.open_site(**form.cleaned_data, at=clock.now(), by=request.scope.actor, key=request_key(request))
        ),
    ):
        messages.success(request, _("The site is entered: add its zones and rooms."))
        return redirect("sites:new_zone", made[0])
    return page(request, "isolation/opening.html", {"form": form, "units": units})


@access.require("isolation.site")
def new_zone(request: access.Request, site_id: UUID) -> HttpResponse:
    """Add a zone; the next step is its rooms."""
    site = site_of(request, site_id)
    form = ZoneForm(request.POST or None)
    if request.method == "POST" and accepted(
        form,
        lambda: actions.add_zone(
            site_id, **form.cleaned_data, at=clock.now(), by=request.scope.actor, key=request_key(request)
        ),
    ):
        messages.success(request, _("The zone is added."))
        return redirect("sites:new_rooms", site_id)
    return page(request, "isolation/new_zone.html", {"form": form, "site": site})


@access.require("isolation.site")
def zone(request: access.Request, site_id: UUID, zone_id: UUID) -> HttpResponse:
    """Rename a zone, or take all its rooms out of use."""
    site = site_of(request, site_id)
    row = next((one for one in site.zones if one.id == zone_id), None)
    if row is None:
        raise NotFound(_("There is no such zone."))
    form = ZoneChangeForm(request.POST or None, initial={"kind": row.kind_code, "name": row.name})
    if request.method == "POST" and accepted(
        form,
        lambda: actions.change_zone(
            zone_id, **form.cleaned_data, at=clock.now(), by=request.scope.actor, key=request_key(request)
        ),
    ):
        messages.success(request, _("The zone is changed."))
        return redirect("sites:rooms", site_id)
    return page(request, "isolation/zone.html", {"form": form, "site": site, "zone": row})


@access.require("isolation.site")
def furnishing(request: access.Request, site_id: UUID, room_id: UUID) -> HttpResponse:
    """Correct what is entered of a room: its zone, floor, beds."""
    site = site_of(request, site_id)
    cell = _room_of(site, room_id)
    given = {
        "zone_id": cell.zone_id,
        "floor": cell.floor,
        "capacity": cell.capacity,
        "barrier_free": cell.barrier_free,
    }
    form = FurnishingForm(request.POST or None, zones=site.zones, initial=given)
    if request.method == "POST" and accepted(
        form,
        lambda: actions.change_room(
            room_id, **form.cleaned_data, at=clock.now(), by=request.scope.actor, key=request_key(request)
        ),
    ):
        messages.success(request, _("Room %(number)s is changed.") % {"number": cell.number})
        return redirect("sites:rooms", site_id)
    return page(request, "isolation/room.html", {"form": form, "site": site, "room": cell})


@access.require("isolation.site")
def new_rooms(request: access.Request, site_id: UUID) -> HttpResponse:
    """Add rooms to a zone, a range at once."""
    site = site_of(request, site_id)
    if not site.zones:
        return redirect("sites:new_zone", site_id)
    form = RoomsForm(request.POST or None, zones=site.zones)
    if request.method == "POST" and accepted(
        form,
        lambda: actions.add_rooms(
            **form.cleaned_data, at=clock.now(), by=request.scope.actor, key=request_key(request)
        ),
    ):
        messages.success(request, _("The rooms are added."))
        return redirect("sites:rooms", site_id)
    return page(request, "isolation/new_rooms.html", {"form": form, "site": site})
