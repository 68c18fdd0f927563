"""Trips: planned at the desk, driven by a driver with a phone."""

from collections.abc import Callable
from datetime import datetime, timedelta
from urllib.parse import urlencode
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_POST

from bihuan.kernel import access, clock
from bihuan.kernel.refusals import NotFound
from bihuan.kernel.web import Column, Filter, HappenedForm, Table, accepted, ids, page, render_table, request_key, trail
from bihuan.modules.transfers import actions, queries
from bihuan.modules.transfers.forms import TripForm, WordsForm
from bihuan.modules.transfers.models import TripState

COLUMNS = [
    Column("number", _("Trip"), kind="link"),
    Column("plate", _("Vehicle"), sortable=False),
    Column("driver", _("Driver"), sortable=False),
    Column("from_unit", _("From where"), sortable=False),
    Column("to_unit", _("Where to"), sortable=False),
    Column("departs_at", _("Departs"), kind="moment"),
    Column("riders", _("People"), sortable=False),
    Column("badge", _("State"), kind="badge", sortable=False),
]
FILTERS = [
    Filter("vehicle", _("Number plate")),
    Filter("state", _("State"), kind="choice", choices=TripState.choices),
    Filter("plan", _("Plan")),
]
CREW = frozenset({"transfers.drive", "transfers.assign"})
READERS = CREW | {"transfers.read"}


def of_crew(request: access.Request, trip_id: UUID, powers: frozenset[str] = CREW) -> queries.TripRow:
    """The trip, for somebody who drives it or dispatches it."""
    if not powers & request.scope.powers:
        raise NotFound(_("There is no such trip."))
    return queries.trip(request.scope, trip_id)


@access.require("transfers.read")
def listing(request: access.Request) -> HttpResponse:
    table = Table.from_request(request, COLUMNS, queries.TripList(request.scope), FILTERS, sort="-departs_at")
    return render_table(
        request, "transfers/trips.html", table, export_name="trips", on_export=access.exporting(request.scope, "trips")
    )


@access.require("transfers.drive")
def mine(request: access.Request) -> HttpResponse:
    """What a driver has before them."""
    return page(request, "transfers/mine.html", {"trips": queries.my_trips(request.scope.user.id)})


@access.signed_in
def detail(request: access.Request, trip_id: UUID) -> HttpResponse:
    """The list of who rides, one tap a person; the driver's page and the dispatcher's alike."""
    return show(request, trip_id, HappenedForm(request.GET))


def show(request: access.Request, trip_id: UUID, form: HappenedForm) -> HttpResponse:
    """The page of now, or of the moment named: what is tapped on it is taken down as done then."""
    trip = of_crew(request, trip_id, READERS)
    riders = queries.riders(trip_id)
    access.listed(request.scope, "trips.riders", [rider.person_id for rider in riders])
    context = {
        "trip": trip,
        "riders": riders,
        "aboard": sum(rider.is_aboard for rider in riders),
        "may_cancel": request.scope.may("transfers.assign"),
        "may_act": bool(CREW & request.scope.powers),
        "form": form,
        "earlier": form.moment if form.is_valid() and form["happened_at"].value() else None,
    }
    return page(request, "transfers/trip.html", context, status=422 if form.errors else 200)


def on_the_trip(
    request: access.Request, trip_id: UUID, act: Callable[[datetime], None], said: object = ""
) -> HttpResponse:
    """Do it as of now or of the moment named, and stay at that moment: the next tap is of the same hour."""
    form = HappenedForm(request.POST)
    if not form.is_valid():
        return show(request, trip_id, form)
    act(form.moment)
    if said:
        messages.success(request, str(said))
    here, earlier = reverse("trips:detail", args=[trip_id]), request.POST.get("happened_at", "")
    return redirect(f"{here}?{urlencode({'happened_at': earlier})}" if earlier else here)


@access.require("transfers.assign")
def planning(request: access.Request) -> HttpResponse:
    """Vehicle, driver and times for the people selected at the desk."""
    chosen = ids(request.GET.getlist("request"))
    riders = queries.requests(request.scope, chosen)
    if not riders:
        messages.warning(request, _("Nobody was selected."))
        return redirect("transfers:desk")
    form = TripForm(request.POST or None, initial=usual_times(), **choices(request.scope))
    if request.method == "POST" and accepted(
        form,
        lambda: actions.plan_trip(
            **form.cleaned_data,
            from_unit_id=riders[0].from_unit_id,
            to_unit_id=riders[0].to_unit_id,
            request_ids=[rider.request_id for rider in riders],
            at=clock.now(),
            by=request.scope.actor,
            key=request_key(request),
        ),
    ):
        messages.success(request, _("The trip is planned; the driver sees it."))
        return redirect("transfers:desk")
    context = {"form": form, "riders": riders, "crumbs": trail((_("Transfer desk"), reverse("transfers:desk")))}
    return page(request, "transfers/planning.html", context)


def usual_times() -> dict[str, datetime]:
    """What a dispatcher most often means: soon, and half an hour on the road."""
    departs_at = clock.now() + timedelta(minutes=20)
    return {"departs_at": departs_at, "eta_at": departs_at + timedelta(minutes=30)}


def choices(scope: access.Scope) -> dict[str, list[tuple[UUID, str]]]:
    plans = queries.plans_in_force(scope, clock.now().astimezone(clock.CITY).date())
    return {
        "vehicles": [(one.id, one.label) for one in queries.vehicles(scope)],
        "drivers": [(one.id, f"{one.name} {one.phone}") for one in queries.drivers(scope)],
        "plans": [(one.id, f"{one.unit} {one.begins_on}") for one in plans],
    }


@access.signed_in
@require_POST
def boarding(request: access.Request, trip_id: UUID) -> HttpResponse:
    """The vehicle stands at the door."""
    of_crew(request, trip_id)
    key = request_key(request)
    return on_the_trip(
        request, trip_id, lambda at: actions.open_boarding(trip_id, at=at, by=request.scope.actor, key=key)
    )


@access.signed_in
@require_POST
def rider(request: access.Request, trip_id: UUID, request_id: UUID) -> HttpResponse:
    """One tap: this person is aboard."""
    of_crew(request, trip_id)
    if request_id not in {one.request_id for one in queries.riders(trip_id)}:
        raise NotFound(_("This person is not on the list of this trip."))
    key = request_key(request)
    return on_the_trip(request, trip_id, lambda at: actions.board(request_id, at=at, by=request.scope.actor, key=key))


@access.signed_in
@require_POST
def departure(request: access.Request, trip_id: UUID) -> HttpResponse:
    of_crew(request, trip_id)
    key = request_key(request)
    return on_the_trip(
        request,
        trip_id,
        lambda at: actions.depart(trip_id, at=at, by=request.scope.actor, key=key),
        _("Departed. Who did not board stays with the gate."),
    )


@access.signed_in
@require_POST
def arrival(request: access.Request, trip_id: UUID) -> HttpResponse:
    """The vehicle is at the door; ticked people are not there."""
    of_crew(request, trip_id)
    missing, key = ids(request.POST.getlist("missing")), request_key(request)
    return on_the_trip(
        request,
        trip_id,
        lambda at: actions.arrive(trip_id, missing=missing, at=at, by=request.scope.actor, key=key),
        _("Arrived. Disinfect the vehicle before its next trip."),
    )


@access.require("transfers.assign")
def cancellation(request: access.Request, trip_id: UUID) -> HttpResponse:
    trip = queries.trip(request.scope, trip_id)
    form = WordsForm(request.POST or None)
    if request.method == "POST" and accepted(
        form,
        lambda: actions.cancel_trip(
            trip_id, **form.cleaned_data, at=clock.now(), by=request.scope.actor, key=request_key(request)
        ),
    ):
        messages.success(request, _("The trip is cancelled; its people wait for another seat."))
        return redirect("transfers:desk")
    return page(request, "transfers/trip_cancellation.html", {"form": form, "trip": trip})
