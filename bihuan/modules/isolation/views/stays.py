"""A stay's pages: how the person is, where they sleep, and the way out."""

from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from bihuan.kernel import access, clock
from bihuan.kernel.web import Definition, Entry, accepted, page, request_key, trail
from bihuan.kernel.web.templatetags.bihuan import until
from bihuan.modules.isolation import actions, queries
from bihuan.modules.isolation.forms import CheckForm, LeaveForm, MoveForm, TicketForm
from bihuan.modules.isolation.models import Check
from bihuan.modules.people import queries as people
from bihuan.modules.testing import queries as testing

from .doors import stay_of


@access.require("isolation.read")
def detail(request: access.Request, order_id: UUID) -> HttpResponse:
    stay = stay_of(request, order_id)
    person, order = people.card(stay.person_id), queries.order_under(order_id)
    access.opened(request.scope, person.id, "isolation.stay")
    samples = testing.samples_of(order.subject)
    positive = next((one for one in samples if one.result == "positive"), None) if stay.until is None else None
    hospital = queries.referred_to([person.id]).get(person.id) if positive else None
    context = {
        "stay": stay,
        "positive": positive,
        "referral": queries.referral_words(hospital),
        "may_refer": hospital is None and request.whole_scope.may("testing.refer"),
        "person": person,
        "order": order,
        "leaving": queries.leaving(order_id, clock.now()) if stay.until is None else None,
        "definitions": [
            Definition(_("Room"), stay.room),
            Definition(_("Checked in at"), stay.since),
            Definition(_("Last exposure"), stay.exposure_on),
            Definition(_("At the site until"), until(order.central_ends_at)),
            Definition(_("Isolation order"), order.number, url=reverse("orders:detail", args=[order_id])),
            Definition(_("Telephone"), person.phone),
            Definition(_("Special needs"), stay.needs or "—"),
        ],
        "checks": queries.checks_of(order.subject),
        "samples": samples,
        "tickets": queries.tickets_of(order_id),
        "entries": [Entry(one.since, one.room, body=one.reason) for one in stay.rooms],
        "may": request.whole_scope,
        "crumbs": trail((stay.site_name, reverse("sites:detail", args=[stay.site_id]))),
    }
    return page(request, "isolation/stay.html", context)


@access.require("isolation.check")
def check(request: access.Request, order_id: UUID) -> HttpResponse:
    """One person's health check with its findings."""
    stay = stay_of(request, order_id)
    form = CheckForm(request.POST or None, since=stay.since)
    if request.method == "POST" and accepted(
        form,
        lambda: actions.record_check(
            f"order:{order_id}",
            person_id=stay.person_id,
            place=Check.Place.SITE,
            contact=Check.Contact.VISIT,
            **form.findings,
            at=form.moment,
            by=request.scope.actor,
            key=request_key(request),
        ),
    ):
        messages.success(request, _("The check is taken down."))
        return redirect("sites:round", stay.site_id)
    context = {"form": form, "stay": stay, "person": people.card(stay.person_id)}
    return page(request, "isolation/check.html", context)


@access.require("isolation.move")
def room(request: access.Request, order_id: UUID) -> HttpResponse:
    """Give the person another room."""
    stay = stay_of(request, order_id)
    rooms = queries.free_rooms(stay.site_id, queries.household_of(stay.person_id))
    form = MoveForm(request.POST or None, rooms=rooms)
    if request.method == "POST" and accepted(
        form,
        lambda: actions.move_room(
            order_id,
            room_id=UUID(form.cleaned_data["room"]),
            reason=form.cleaned_data["reason"],
            at=clock.now(),
            by=request.scope.actor,
            key=request_key(request),
        ),
    ):
        messages.success(request, _("The person has another room."))
        return redirect("stays:detail", order_id)
    context = {"form": form, "stay": stay, "person": people.card(stay.person_id)}
    return page(request, "isolation/move.html", context)


@access.require("isolation.leave")
def departure(request: access.Request, order_id: UUID) -> HttpResponse:
    """Let the person go, home to their community or free."""
    stay = stay_of(request, order_id)
    leaving, person = queries.leaving(order_id, clock.now()), people.card(stay.person_id)
    units = (
        [(str(unit.id), str(unit.name)) for unit in access.queries.units_of_kinds("community")]
        if leaving.goes_home
        else []
    )
    form = LeaveForm(request.POST or None, units=units, initial={"to_unit": person.unit_id}, since=stay.since)
    if request.method == "POST" and accepted(
        form,
        lambda: actions.leave(
            order_id,
            to_unit_id=UUID(form.cleaned_data["to_unit"]) if form.cleaned_data["to_unit"] else None,
            at=form.moment,
            by=request.scope.actor,
            key=request_key(request),
        ),
    ):
        messages.success(request, _("%(name)s has left the site.") % {"name": person.name})
        return redirect("sites:detail", stay.site_id)
    return page(request, "isolation/departure.html", {"form": form, "stay": stay, "person": person, "leaving": leaving})


@access.require("isolation.ticket")
def tickets(request: access.Request, order_id: UUID) -> HttpResponse:
    """Take down what the person needs."""
    stay = stay_of(request, order_id)
    form = TicketForm(request.POST or None)
    if request.method == "POST" and accepted(
        form,
        lambda: actions.open_ticket(
            order_id, **form.cleaned_data, at=clock.now(), by=request.scope.actor, key=request_key(request)
        ),
    ):
        messages.success(request, _("The ticket is open."))
        return redirect("stays:detail", order_id)
    context = {"form": form, "stay": stay, "person": people.card(stay.person_id)}
    return page(request, "isolation/ticket_new.html", context)
