"""Isolation at home: who comes home, whose door is next, what was found there."""

from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from bihuan.kernel import access, clock
from bihuan.kernel.loop import queries as loop
from bihuan.kernel.refusals import NotFound
from bihuan.kernel.web import accepted, page, request_key, trail
from bihuan.modules.isolation import actions, queries
from bihuan.modules.isolation.forms import HomeForm, MonitorForm, VisitForm
from bihuan.modules.isolation.models import Check
from bihuan.modules.people import queries as people
from bihuan.modules.testing import queries as testing


def _home_of(request: access.Request, order_id: UUID) -> queries.HomeCard:
    home = queries.home_of(order_id)
    if home is None or not request.scope.covers(home.unit_path):
        raise NotFound(_("There is no isolation at home under this order."))
    return home


@access.require("isolation.home")
def listing(request: access.Request) -> HttpResponse:
    """The day's doors: who must be received, whose contact is still due, who was reached."""
    now = clock.now()
    awaited, doors = queries.awaited_homes(request.scope, now), queries.homes_today(request.scope, now)
    access.listed(
        request.scope, "isolation.homes", [*(one.person_id for one in awaited), *(one.person_id for one in doors)]
    )
    context = {
        "awaited": awaited,
        "due": [door for door in doors if not door.is_done],
        "done": [door for door in doors if door.is_done],
    }
    return page(request, "isolation/homes.html", context)


@access.require("isolation.home")
def detail(request: access.Request, order_id: UUID) -> HttpResponse:
    home, order = _home_of(request, order_id), queries.order_under(order_id)
    access.opened(request.scope, home.person_id, "isolation.home")
    context = {
        "home": home,
        "order": order,
        "person": people.card(home.person_id),
        "checks": queries.checks_of(order.subject),
        "samples": testing.samples_of(order.subject),
        "tickets": queries.tickets_of(order_id),
        "crumbs": trail((_("At home"), reverse("homes:list"))),
    }
    return page(request, "isolation/home.html", context)


@access.require("isolation.home")
def beginning(request: access.Request, order_id: UUID) -> HttpResponse:
    """Receive a person at home with a named team."""
    awaited = next((one for one in queries.awaited_homes(request.scope, clock.now()) if one.order_id == order_id), None)
    if awaited is None:
        return redirect("homes:detail", _home_of(request, order_id).order_id)  # received already, sent once more
    person = people.card(awaited.person_id)
    known = {"address": awaited.address, "unit": str(person.unit_id or "")}
    form = HomeForm(request.POST or None, units=looking_after(request.scope), initial=known)
    if request.method == "POST" and accepted(
        form,
        lambda: actions.begin_home(
            order_id,
            unit_id=form.cleaned_data["unit"],
            address=form.cleaned_data["address"],
            team=[
                actions.Member(
                    role.code, form.cleaned_data[f"{role.code}_name"], form.cleaned_data[f"{role.code}_phone"]
                )
                for role in queries.team_roles()
            ],
            at=clock.now(),
            by=request.scope.actor,
            key=request_key(request),
        ),
    ):
        messages.success(request, _("%(name)s is received at home.") % {"name": awaited.name})
        return redirect("homes:detail", order_id)
    access.opened(request.scope, awaited.person_id, "isolation.home")
    return page(request, "isolation/beginning.html", {"form": form, "awaited": awaited})


def looking_after(scope: access.Scope) -> list[tuple[str, str]]:
    """The units that can answer for a home: grids first, then the community for want of one."""
    found = access.queries.units(scope, kinds=("grid", "community"))
    return [(str(unit.id), str(unit.name)) for unit in sorted(found, key=lambda one: one.kind != "grid")]


@access.require("isolation.home")
def visit(request: access.Request, order_id: UUID) -> HttpResponse:
    """The day's contact with a person at home."""
    home = _home_of(request, order_id)
    form = VisitForm(request.POST or None, since=home.begun_at)
    if request.method == "POST" and accepted(
        form,
        lambda: actions.visit_home(
            order_id, **form.findings, at=form.moment, by=request.scope.actor, key=request_key(request)
        ),
    ):
        messages.success(request, _("The contact is taken down."))
        return redirect("homes:list")
    context = {"form": form, "home": home, "person": people.card(home.person_id)}
    return page(request, "isolation/visit.html", context)


@access.require("isolation.check")
def monitored(request: access.Request, arrival_id: UUID) -> HttpResponse:
    """The day's check of somebody who is free and only monitored."""
    doors = queries.homes_today(request.scope, clock.now())
    door = next((one for one in doors if one.subject == f"arrival:{arrival_id}"), None)
    if door is None:
        raise NotFound(_("Nobody is monitored under this arrival."))
    form = MonitorForm(request.POST or None, since=loop.opened_at(door.subject))
    if request.method == "POST" and accepted(
        form,
        lambda: actions.record_check(
            door.subject,
            person_id=door.person_id,
            place=Check.Place.MONITOR,
            **form.findings,
            at=form.moment,
            by=request.scope.actor,
            key=request_key(request),
        ),
    ):
        messages.success(request, _("The check is taken down."))
        return redirect("homes:list")
    return page(request, "isolation/monitored.html", {"form": form, "door": door})
