"""The dispatcher's desk: both sides of the trade-off on one screen, and one person's transfer."""

from datetime import timedelta
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from bihuan.kernel import access, clock
from bihuan.kernel.web import Stat, accepted, page, request_key, trail
from bihuan.modules.measures import queries as measures
from bihuan.modules.people import queries as people
from bihuan.modules.transfers import actions, queries
from bihuan.modules.transfers.forms import FoundForm, RequestForm, WordsForm
from bihuan.modules.transfers.models import RequestState

SHOWN = 50  # of each list on the desk; the rest is a page away


def spelled(waiting: timedelta) -> str:
    """A wait as people say it."""
    hours, minutes = divmod(int(waiting.total_seconds()) // 60, 60)
    return gettext("%(hours)d h %(minutes)d min") % {"hours": hours, "minutes": minutes}


def longest(waiting: timedelta) -> str:
    """The longest wait of several; nothing while nobody waits."""
    return gettext("longest %(wait)s") % {"wait": spelled(waiting)} if waiting else ""


@access.require("transfers.read")
def desk(request: access.Request) -> HttpResponse:
    """Who waits, and what was sent and not accepted: pushing one side down pushes the other up."""
    now, scope = clock.now(), request.scope
    forgotten, handed = queries.unrequested(scope), queries.unaccepted(scope, now)
    late = queries.stranded(scope, now, forgotten)
    both = queries.sides(late, handed)
    waiting = queries.waiting([one.id for one in late.at_the_start[:SHOWN] if one.id], now)
    unrequested = forgotten.rows({}, "", 0, SHOWN)
    access.listed(
        scope, "transfers.desk", [*(row.person_id for row in waiting), *(row.person_id for row in unrequested)]
    )
    context = {
        "stats": stats(both),
        "both": both,
        "groups": queries.ways(waiting),
        "waiting_more": both.waiting > len(waiting),
        "unrequested": unrequested,
        "unrequested_all": forgotten.count({}),
        "unaccepted": handed.rows({}, "", 0, SHOWN),
        "trips": queries.TripList(scope).rows({"open": "1"}, "departs_at", 0, SHOWN),
        "may_assign": request.whole_scope.may("transfers.assign"),
        "may_request": request.whole_scope.may("transfers.request"),
    }
    return page(request, "transfers/desk.html", context)


def stats(both: queries.BothSides) -> list[Stat]:
    return [
        Stat(
            _("Waiting to leave"),
            both.waiting,
            url=reverse("transfers:waiting"),
            note=longest(both.longest_wait),
            icon="users",
        ),
        Stat(
            _("Handed over, not accepted"),
            both.unaccepted,
            url=reverse("transfers:unaccepted"),
            note=longest(both.longest_unaccepted),
            tone="warn" if both.unaccepted else "good",
            icon="exchange",
        ),
        Stat(
            _("Stranded"),
            both.stranded,
            url=reverse("transfers:stranded"),
            tone="bad" if both.stranded else "good",
            icon="clock-exclamation",
        ),
        Stat(
            _("Missing"),
            both.missing,
            url=f"{reverse('transfers:waiting')}?state={RequestState.MISSING}",
            tone="bad" if both.missing else "good",
            icon="alert-triangle",
        ),
    ]


@access.require("transfers.request")
def request_of(request: access.Request, order_id: UUID) -> HttpResponse:
    """Ask for a vehicle for somebody whose order is in force."""
    order = measures.in_reach(request.scope, order_id)
    sites = [(unit.id, unit.name) for unit in access.queries.units_of_kinds("site")]
    starts = [(order.unit_id, order.unit)]
    form = RequestForm(request.POST or None, sites=sites, starts=starts)
    if request.method == "POST" and accepted(
        form,
        lambda: actions.request(
            order_id, **form.cleaned_data, at=clock.now(), by=request.scope.actor, key=request_key(request)
        ),
    ):
        messages.success(request, _("The vehicle is asked for."))
        return redirect("orders:detail", order_id)
    access.opened(request.scope, order.person_id, "transfer")
    context = {
        "form": form,
        "order": order,
        "card": people.card(order.person_id),
        "crumbs": trail((order.number, reverse("orders:detail", args=[order_id]))),
    }
    return page(request, "transfers/request.html", context)


@access.require("transfers.assign")
def cancellation(request: access.Request, request_id: UUID) -> HttpResponse:
    rider = queries.request_row(request.scope, request_id)
    form = WordsForm(request.POST or None)
    if request.method == "POST" and accepted(
        form,
        lambda: actions.cancel_request(
            request_id, **form.cleaned_data, at=clock.now(), by=request.scope.actor, key=request_key(request)
        ),
    ):
        messages.success(request, _("The transfer is cancelled."))
        return redirect("transfers:desk")
    return page(request, "transfers/cancellation.html", {"form": form, "rider": rider})


@access.require("transfers.read")
def finding(request: access.Request, request_id: UUID) -> HttpResponse:
    """A missing person is found: say where, and the search is over."""
    rider = queries.request_row(request.scope, request_id)
    units = [(unit.id, unit.name) for unit in access.queries.units_of_kinds("gate", "site", "community")]
    form = FoundForm(request.POST or None, units=units, initial={"unit_id": rider.from_unit_id})
    if request.method == "POST" and accepted(
        form,
        lambda: actions.found(
            request_id, **form.cleaned_data, at=clock.now(), by=request.scope.actor, key=request_key(request)
        ),
    ):
        messages.success(request, _("Found. The transfer starts again from there."))
        return redirect("transfers:desk")
    access.opened(request.scope, rider.person_id, "search")
    return page(request, "transfers/finding.html", {"form": form, "rider": rider})
