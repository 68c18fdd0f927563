"""Vehicles, and the counties' pick-up plans."""

from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_POST

from bihuan.kernel import access, clock
from bihuan.kernel.ledger import history
from bihuan.kernel.refusals import NotFound
from bihuan.kernel.web import Column, Definition, Filter, Table, accepted, page, render_table, request_key, trail
from bihuan.modules.transfers import actions, queries
from bihuan.modules.transfers.forms import DisinfectionForm, DriverForm, PlanForm, PromiseForm, RemarkForm, VehicleForm
from bihuan.modules.transfers.models import PlanState, VehicleState
from bihuan.modules.transfers.views.words import entries

VEHICLE_COLUMNS = [
    Column("plate", _("Number plate"), kind="link"),
    Column("kind", _("Kind"), sortable=False),
    Column("model", _("Model"), sortable=False),
    Column("seats", _("Seats"), kind="number"),
    Column("unit", _("Fleet"), sortable=False),
    Column("badge", _("State"), kind="badge", sortable=False),
    Column("disinfected_at", _("Disinfected"), kind="moment"),
]
VEHICLE_FILTERS = [
    Filter("q", _("Number plate")),
    Filter("kind", _("Kind"), kind="choice", choices=list(queries.vehicle_kinds().items())),
    Filter("state", _("State"), kind="choice", choices=VehicleState.choices),
]
PLAN_COLUMNS = [
    Column("unit", _("County"), sortable=False, kind="link"),
    Column("begins_on", _("From"), kind="date"),
    Column("ends_on", _("Until"), kind="date", sortable=False),
    Column("seats_wanted", _("Seats wanted"), kind="number"),
    Column("seats", _("Seats promised"), kind="number", sortable=False),
    Column("eta_minutes", _("Minutes to the gate"), kind="number", sortable=False),
    Column("badge", _("State"), kind="badge", sortable=False),
]
PLAN_FILTERS = [
    Filter("state", _("State"), kind="choice", choices=PlanState.choices),
    Filter("on", _("In force on"), kind="day"),
]


DISINFECTING = frozenset({"transfers.vehicles", "transfers.drive"})


@access.require("transfers.vehicles")
def vehicles(request: access.Request) -> HttpResponse:
    table = Table.from_request(
        request, VEHICLE_COLUMNS, queries.VehicleList(request.scope), VEHICLE_FILTERS, sort="plate"
    )
    return render_table(
        request,
        "transfers/vehicles.html",
        table,
        export_name="vehicles",
        on_export=access.exporting(request.scope, "vehicles"),
    )


@access.require("transfers.vehicles")
def new_vehicle(request: access.Request) -> HttpResponse:
    fleets = [(unit.id, unit.name) for unit in access.queries.units(request.scope, kinds=("fleet", "district"))]
    form = VehicleForm(request.POST or None, fleets=fleets, kinds=list(queries.vehicle_kinds().items()))
    if request.method == "POST" and accepted(
        form,
        lambda: actions.register_vehicle(
            **form.cleaned_data, at=clock.now(), by=request.scope.actor, key=request_key(request)
        ),
    ):
        messages.success(request, _("The vehicle is registered."))
        return redirect("vehicles:list")
    return page(request, "transfers/vehicle_new.html", {"form": form})


@access.require("transfers.vehicles")
def drivers(request: access.Request) -> HttpResponse:
    return page(request, "transfers/drivers.html", {"drivers": queries.drivers(request.scope)})


@access.require("transfers.vehicles")
def new_driver(request: access.Request) -> HttpResponse:
    """Enter somebody who holds a driver's post; naming the same account again corrects telephone and fleet."""
    posts = queries.driver_posts(request.scope)
    units = access.queries.names([post.unit for post in posts.values()])
    form = DriverForm(
        request.POST or None, holders=[(user, f"{post.name} · {units[post.unit]}") for user, post in posts.items()]
    )
    if request.method == "POST" and accepted(
        form, lambda: enter_driver(request, posts[form.cleaned_data["user_id"]], form.cleaned_data["phone"])
    ):
        messages.success(request, _("The driver is registered."))
        return redirect("vehicles:drivers")
    return page(request, "transfers/driver_new.html", {"form": form, "posts": posts})


@access.require("transfers.vehicles")
@require_POST
def dismissal(request: access.Request, driver_id: UUID) -> HttpResponse:
    """A driver who drives no more; entered again, they drive again."""
    queries.driver(request.scope, driver_id)
    actions.dismiss_driver(driver_id, at=clock.now(), by=request.scope.actor, key=request_key(request))
    messages.success(request, _("The driver gets no more trips."))
    return redirect("vehicles:drivers")


def enter_driver(request: access.Request, post: access.queries.Post, phone: str) -> UUID:
    return actions.register_driver(
        user_id=post.user,
        unit_id=post.unit,
        name=post.name,
        phone=phone,
        at=clock.now(),
        by=request.scope.actor,
        key=request_key(request),
    )


@access.signed_in
def vehicle(request: access.Request, vehicle_id: UUID) -> HttpResponse:
    """A vehicle, its last disinfections, and the form for the next one."""
    held = queries.vehicle(request.scope, vehicle_id)
    may_disinfect = bool(DISINFECTING & request.scope.powers)
    form = DisinfectionForm(request.POST or None)
    if request.method == "POST" and not may_disinfect:
        raise NotFound(_("There is no such vehicle."))
    if request.method == "POST" and accepted(
        form,
        lambda: actions.disinfect(
            vehicle_id, **form.cleaned_data, at=clock.now(), by=request.scope.actor, key=request_key(request)
        ),
    ):
        messages.success(request, _("The vehicle is ready for its next trip."))
        return redirect("vehicles:detail", vehicle_id)
    context = {
        "vehicle": held,
        "form": form if may_disinfect else None,
        "definitions": [
            Definition(_("Fleet"), held.unit),
            Definition(_("Kind"), held.kind),
            Definition(_("Seats"), held.seats),
            Definition(_("Model"), held.model or "—"),
        ],
        "entries": entries(history(f"vehicle:{vehicle_id}")[::-1]),
        "may_change": request.scope.may("transfers.vehicles"),
    }
    return page(request, "transfers/vehicle.html", context)


@access.require("transfers.vehicles")
@require_POST
def service(request: access.Request, vehicle_id: UUID) -> HttpResponse:
    """Out of service, or back."""
    queries.vehicle(request.scope, vehicle_id)
    out = "out" in request.POST
    actions.set_vehicle_state(
        vehicle_id, out_of_service=out, at=clock.now(), by=request.scope.actor, key=request_key(request)
    )
    return redirect("vehicles:detail", vehicle_id)


@access.require("transfers.read")
def plans(request: access.Request) -> HttpResponse:
    table = Table.from_request(request, PLAN_COLUMNS, queries.PlanList(request.scope), PLAN_FILTERS, sort="-begins_on")
    return render_table(
        request,
        "transfers/plans.html",
        table,
        {"may_plan": request.whole_scope.may("transfers.plan")},
        export_name="plans",
        on_export=access.exporting(request.scope, "plans"),
    )


@access.require("transfers.plan")
def new_plan(request: access.Request) -> HttpResponse:
    counties = [(unit.id, unit.name) for unit in access.queries.units(request.scope, kinds=("district", "fleet"))]
    form = PlanForm(request.POST or None, counties=counties)
    made: list[UUID] = []
    if request.method == "POST" and accepted(
        form,
        lambda: made.append(
            actions.draft_plan(**form.cleaned_data, at=clock.now(), by=request.scope.actor, key=request_key(request))
        ),
    ):
        messages.success(request, _("The plan is drafted: add its vehicles and drivers."))
        return redirect("plans:detail", made[0])
    return page(request, "transfers/plan_new.html", {"form": form})


@access.require("transfers.read")
def plan(request: access.Request, plan_id: UUID) -> HttpResponse:
    """The plan with its vehicles: the county completes it, the city decides."""
    held = queries.plan(request.scope, plan_id)
    context = {
        "plan": held,
        "remark_form": RemarkForm(),
        "vehicles": queries.plan_vehicles(plan_id),
        "definitions": plan_definitions(held),
        "entries": entries(history(f"plan:{plan_id}")[::-1]),
        "may_plan": request.whole_scope.may("transfers.plan"),
        "may_decide": request.whole_scope.may("transfers.approve_plan"),
        "crumbs": trail((_("Pick-up plans"), reverse("plans:list"))),
    }
    return page(request, "transfers/plan.html", context)


def promise_form(request: access.Request) -> PromiseForm:
    return PromiseForm(
        request.POST or None,
        vehicles=[(one.id, one.label) for one in queries.vehicles(request.scope)],
        drivers=[(one.id, one.name) for one in queries.drivers(request.scope)],
    )


@access.require("transfers.plan")
def promise(request: access.Request, plan_id: UUID) -> HttpResponse:
    """One more vehicle with its driver."""
    held = queries.plan(request.scope, plan_id)
    form = promise_form(request)
    if request.method == "POST" and accepted(
        form,
        lambda: actions.add_to_plan(
            plan_id, **form.cleaned_data, at=clock.now(), by=request.scope.actor, key=request_key(request)
        ),
    ):
        return redirect("plans:detail", plan_id)
    return page(request, "transfers/promise.html", {"form": form, "plan": held})


def plan_definitions(held: queries.PlanRow) -> list[Definition]:
    return [
        Definition(_("Days"), f"{held.begins_on} – {held.ends_on}"),
        Definition(_("Seats wanted on the busiest day"), held.seats_wanted),
        Definition(_("Seats promised"), held.seats),
        Definition(_("Minutes from the call to the gate"), held.eta_minutes),
        Definition(_("Who is called"), f"{held.contact_name} {held.contact_phone}"),
        Definition(_("Remark"), held.remark or "—"),
    ]


@access.require("transfers.plan")
@require_POST
def submission(request: access.Request, plan_id: UUID) -> HttpResponse:
    queries.plan(request.scope, plan_id)
    actions.submit_plan(plan_id, at=clock.now(), by=request.scope.actor, key=request_key(request))
    messages.success(request, _("The plan is with the city."))
    return redirect("plans:detail", plan_id)


@access.require("transfers.approve_plan")
@require_POST
def plan_decision(request: access.Request, plan_id: UUID) -> HttpResponse:
    """The city approves the plan or returns it."""
    queries.plan(request.scope, plan_id)
    act = actions.return_plan if "return" in request.POST else actions.approve_plan
    remark = request.POST.get("remark", "")
    act(plan_id, remark=remark, at=clock.now(), by=request.scope.actor, key=request_key(request))
    messages.success(request, _("The plan is decided."))
    return redirect("plans:detail", plan_id)
