"""The list of arrivals, one arrival with its class explained, and what an officer does with it."""

from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from django.contrib import messages
from django.forms import BaseForm
from django.http import HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from bihuan.kernel import access, clock, ledger
from bihuan.kernel.loop import queries as loop
from bihuan.kernel.refusals import NotFound
from bihuan.kernel.text import Text
from bihuan.kernel.web import (
    Column,
    Definition,
    Entry,
    Filter,
    Step,
    Table,
    accepted,
    page,
    render_table,
    request_key,
    trail,
)
from bihuan.modules.arrivals import actions, queries
from bihuan.modules.arrivals.forms import AcceptForm, FindForm, FoundForm, ReasonForm, SendForm, WalkInForm
from bihuan.modules.arrivals.views.words import (
    LeakLine,
    class_choices,
    fact_words,
    found_row,
    measure_badge,
    state_badge,
    trip_row,
)
from bihuan.modules.measures import queries as measures
from bihuan.modules.people import queries as people
from bihuan.modules.people.actions import IdTaken
from bihuan.modules.places import queries as places

COLUMNS = [
    Column("name", gettext_lazy("Name"), kind="link"),
    Column("origin", gettext_lazy("Coming from")),
    Column("carrier", gettext_lazy("Train or flight")),
    Column("expected", gettext_lazy("Expected"), kind="moment", sortable=False),
    Column("landed_at", gettext_lazy("Landed"), kind="moment"),
    Column("gate", gettext_lazy("Gate")),
    Column("unit", gettext_lazy("Community")),
    Column("measure", gettext_lazy("Measure"), kind="badge"),
    Column("state", gettext_lazy("State"), kind="badge"),
]
FOUND_COLUMNS = [
    Column("name", gettext_lazy("Name"), kind="link"),
    Column("origin", gettext_lazy("Coming from")),
    Column("mode", gettext_lazy("Came by"), sortable=False),
    Column("arrived_on", gettext_lazy("Arrived on, as declared"), kind="date"),
    Column("found_at", gettext_lazy("Found later"), kind="moment"),
    Column("unit", gettext_lazy("Community")),
    Column("measure", gettext_lazy("Measure"), kind="badge"),
    Column("state", gettext_lazy("State"), kind="badge"),
]
FACTS = {
    "arrival.expected": gettext_lazy("Expected"),
    "arrival.changed": gettext_lazy("Announcement changed"),
    "arrival.history": gettext_lazy("Taken in as history"),
    "arrival.landed": gettext_lazy("Landed"),
    "arrival.found": gettext_lazy("Found later"),
    "arrival.reclassified": gettext_lazy("Class changed"),
    "order.linked": gettext_lazy("Order proposed"),
    "arrival.not_on_board": gettext_lazy("Not on board"),
    "arrival.cancelled": gettext_lazy("Trip cancelled"),
    "arrival.left": gettext_lazy("Travelled on"),
    "arrival.accepted": gettext_lazy("Accepted at the destination"),
    "arrival.sent": gettext_lazy("Sent on to the destination"),
    "arrival.closed": gettext_lazy("Arrival closed"),
    "sample.taken": gettext_lazy("Sample taken"),
    "test.resulted": gettext_lazy("Test result"),
    "check.recorded": gettext_lazy("Health check"),
    "duty.breached": gettext_lazy("A duty was not done in time"),
    "flow.settled": gettext_lazy("Reckoned in its batch"),
}


def filters(request: access.Request) -> list[Filter]:
    return [
        Filter("q", _("Name, ID number, phone or reference")),
        Filter("state", _("State"), kind="choice", choices=list(queries.state_names().items())),
        Filter("measure", _("Measure"), kind="choice", choices=list(queries.measure_names().items())),
        Filter("gate", _("Gate"), kind="choice", choices=queries.gate_units()),
        Filter("outcome", _("Reckoned as"), kind="choice", choices=reckonings()),
        Filter("on", _("Expected on"), kind="day"),
        Filter("landed_on", _("Landed on"), kind="day"),
        Filter("undated", _("Without a date"), kind="flag"),
        Filter("class", _("Class"), kind="choice", choices=class_choices()),
        Filter("origin", _("Coming from"), kind="choice", choices=origins(request)),
        Filter("unit", _("Community"), kind="choice", choices=communities(request)),
        Filter("batch", _("Announced in"), kind="choice", choices=batches(request)),
    ]


def reckonings() -> list[tuple[str, object]]:
    """What can have become of somebody announced in a file."""
    return [("pending", _("Pending")), *queries.reckoning_names().items(), ("other", _("Other ends"))]


def origins(request: access.Request) -> list[tuple[str, object]]:
    """The areas of today's watch list, and the one that is asked for."""
    today = clock.now().astimezone(clock.CITY).date()
    found = {row.area.code: row.area.name for row in places.watch_list(today)}
    if (asked := request.GET.get("origin", "")) and asked not in found and (area := places.area(asked)):
        found[area.code] = area.name
    return list(found.items())


def communities(request: access.Request) -> list[tuple[str, object]]:
    units = access.queries.units(request.scope, kinds=("community",))
    return [(str(unit.id), unit.name) for unit in units]


def batches(request: access.Request) -> list[tuple[str, object]]:
    """The newest files, and the one that is asked for."""
    asked = request.GET.get("batch", "")
    found = queries.batch_names(request.scope)
    if asked and asked not in found:
        found |= queries.batch_name(request.scope, asked)
    return list(found.items())


@access.require("arrivals.read")
def listing(request: access.Request) -> HttpResponse:
    source = queries.Trips(request.scope, trip_row)
    table = Table.from_request(request, COLUMNS, source, filters(request), sort="-expected_at")
    access.listed(request.scope, "arrivals.list", [row.person_id for row in table.found])
    return render_table(
        request,
        "arrivals/list.html",
        table,
        export_name="arrivals",
        on_export=access.exporting(request.scope, "arrivals"),
    )


@access.require("arrivals.read")
def detail(request: access.Request, arrival_id: UUID) -> HttpResponse:
    card = queries.in_scope(request.scope, arrival_id)
    access.opened(request.scope, card.person_id, "landing")
    may = request.whole_scope.may
    is_free_here = card.landed_at is not None and not card.accepted_at and queries.may_go_on(card)
    context = {
        "arrival": card,
        "state": state_badge(card.state),
        "measure": measure_badge(card.measure),
        "rules": queries.rules_for(arrival_id) if card.is_open else None,
        "decided": decided(card),
        "definitions": trip_definitions(card, request.whole_scope.for_power("measures.read")),
        "steps": steps(card),
        "entries": entries(card),
        "crumbs": crumbs(),
        "may_land": card.state == "expected" and may("arrivals.land"),
        "may_leave": is_free_here and may("arrivals.land"),
        "may_accept": is_free_here and may("arrivals.accept"),
        "may_send": is_free_here and may("arrivals.land") and queries.waits_for_destination(card),
    }
    return page(request, "arrivals/detail.html", context)


@access.require("arrivals.land")
def landing(request: access.Request, arrival_id: UUID) -> HttpResponse:
    """Receive somebody: compare the document, measure, ask, sample. Then the class is explained."""
    card = queries.in_scope(request.scope, arrival_id)
    gate = queries.own_gate(request.scope, card.gate_unit)
    form = FoundForm(request.POST or None, has_name=bool(card.name), since=loop.opened_at(card.subject))
    if sent(request, form, lambda: land(request, card, gate, form)):
        messages.success(request, _("Received. What follows is explained below."))
        return redirect("arrivals:detail", arrival_id)
    access.opened(request.scope, card.person_id, "landing")
    context = {
        "form": form,
        "arrival": card,
        "definitions": identity_definitions(card),
        "rules": queries.rules_for(arrival_id),
        "crumbs": crumbs(),
    }
    return page(request, "arrivals/landing.html", context)


@access.require("arrivals.land")
def walk_in(request: access.Request) -> HttpResponse:
    gate = queries.own_gate(request.scope, None)
    form = WalkInForm(request.POST or None, initial={"mode": gate.kind, "sex": "unknown", "id_type": "resident_id"})
    made: list[UUID] = []
    if sent(request, form, lambda: made.append(receive_walk_in(request, gate, form))):
        messages.success(request, _("Registered and received. What follows is explained below."))
        return redirect("arrivals:detail", made[0])
    return page(request, "arrivals/walk_in.html", {"form": form, "gate": gate, "crumbs": crumbs()})


@access.require("arrivals.find")
def finding(request: access.Request) -> HttpResponse:
    """The community registers somebody who is here and passed no gate."""
    form = FindForm(request.POST or None, scope=request.scope, initial={"mode": "other", "id_type": "resident_id"})
    made: list[UUID] = []
    if sent(request, form, lambda: made.append(find_later(request, form))):
        messages.success(request, _("Registered. What follows is explained below."))
        return redirect("arrivals:detail", made[0])
    return page(request, "arrivals/finding.html", {"form": form, "crumbs": found_crumbs()})


@access.require("arrivals.read")
def found(request: access.Request) -> HttpResponse:
    """Who was found later, and where they leaked: by route and days unseen."""
    source = queries.FoundLater(request.scope, found_row)
    table = Table.from_request(request, FOUND_COLUMNS, source, found_filters(request), sort="-found_at")
    access.listed(request.scope, "arrivals.found", [row.person_id for row in table.found])
    return render_table(
        request,
        "arrivals/found.html",
        table,
        export_name="found-later",
        on_export=access.exporting(request.scope, "arrivals"),
        context={
            "leaks": leaks(source, table.filters),
            "bands": queries.late_names().values(),
            "may_find": request.whole_scope.may("arrivals.find"),
        },
    )


def found_filters(request: access.Request) -> list[Filter]:
    return [
        Filter("mode", _("Came by"), kind="choice", choices=list(queries.route_names().items())),
        Filter("late", _("Found after"), kind="choice", choices=list(queries.late_names().items())),
        Filter("origin", _("Coming from"), kind="choice", choices=origins(request)),
        Filter("gate", _("Gate"), kind="choice", choices=queries.gate_units()),
        Filter("unit", _("Community"), kind="choice", choices=communities(request)),
    ]


def leaks(source: queries.FoundLater, filters: Mapping[str, str]) -> list[LeakLine]:
    counts = source.leaks(filters)
    kept = {name: value for name, value in filters.items() if value and name not in ("mode", "late")}
    return [
        LeakLine(
            name,
            [
                (label, counts.get((mode, band), 0), "?" + urlencode({**kept, "mode": mode, "late": band}))
                for band, label in queries.late_names().items()
            ],
        )
        for mode, name in queries.route_names().items()
    ]


@access.require("arrivals.land")
def ending(request: access.Request, arrival_id: UUID, how: str) -> HttpResponse:
    """Not on board, cancelled, or travelled on: each with a reason."""
    card = queries.in_scope(request.scope, arrival_id)
    verbs = {"absence": actions.not_on_board, "cancellation": actions.cancel, "departure": actions.leave}
    headings = {"absence": _("Not on board"), "cancellation": _("Trip cancelled"), "departure": _("Travelled on")}
    form = ReasonForm(request.POST or None)
    if sent(request, form, lambda: verbs[how](arrival_id, reason=form.cleaned_data["reason"], **just_now(request))):
        messages.success(request, _("Noted."))
        return redirect("arrivals:detail", arrival_id)
    return page(
        request, "arrivals/form.html", {"form": form, "heading": headings[how], "arrival": card, "crumbs": crumbs()}
    )


@access.require("arrivals.accept")
def acceptance(request: access.Request, arrival_id: UUID) -> HttpResponse:
    """The destination takes somebody over."""
    card = queries.in_scope(request.scope, arrival_id)
    form = AcceptForm(request.POST or None, scope=request.scope, initial={"unit": str(card.unit_id or "")})
    if sent(request, form, lambda: actions.accept(arrival_id, unit=chosen_unit(form), **just_now(request))):
        messages.success(request, _("Taken over."))
        return redirect("arrivals:detail", arrival_id)
    return page(
        request, "arrivals/form.html", {"form": form, "heading": _("Take over"), "arrival": card, "crumbs": crumbs()}
    )


@access.require("arrivals.land")
def destination(request: access.Request, arrival_id: UUID) -> HttpResponse:
    """Where somebody goes was not known when they landed: the gate sends them on to a community."""
    card = queries.in_scope(request.scope, arrival_id)
    form = SendForm(request.POST or None, initial={"unit": str(card.unit_id or "")})
    if sent(request, form, lambda: actions.hand_over(arrival_id, unit=chosen_unit(form), **just_now(request))):
        messages.success(request, _("Sent on. Until the community accepts, the gate still answers."))
        return redirect("arrivals:detail", arrival_id)
    access.opened(request.scope, card.person_id, "landing")
    context = {
        "form": form,
        "heading": _("Send on to the destination"),
        "arrival": card,
        "definitions": [
            *identity_definitions(card),
            Definition(_("Destination"), card.destination or "—"),
            Definition(_("Community"), card.unit_name or "—"),
        ],
        "crumbs": crumbs(),
    }
    return page(request, "arrivals/form.html", context)


@access.require("places.approve")
def risk_approval(request: access.Request, risk_id: UUID) -> HttpResponse:
    """The second person puts a level in force; people already here are re-evaluated in the same moment."""
    if not places.may_decide(request.scope, places.risk(risk_id)):
        raise NotFound(_("There is no such line on the watch list."))
    if request.method == "POST":
        access.confirm_signature(request, act="risk.put_in_force", refers=[f"risk:{risk_id}"])
        actions.approve_risk(risk_id, at=clock.now(), by=request.scope.actor, key=request_key(request))
        messages.success(request, _("The level is in force, and people already here have been re-evaluated."))
    return redirect("areas:detail", risk_id)


def sent(request: access.Request, form: BaseForm, act: Callable[[], object]) -> bool:
    """Whether the form was sent and is right, and what it asks for is done."""
    return request.method == "POST" and accepted(form, act)


def just_now(request: access.Request) -> dict[str, Any]:
    """When, by whom and under which key something is done that the form gives no moment for."""
    return {"at": clock.now(), "by": request.scope.actor, "key": request_key(request)}


def chosen_unit(form: BaseForm) -> UUID:
    return UUID(form.cleaned_data["unit"])


def land(request: access.Request, card: queries.ArrivalCard, gate: queries.GateCard, form: FoundForm) -> None:
    actions.land(
        card.id,
        gate_unit=gate.unit,
        **form.findings,
        at=form.moment,
        by=request.scope.actor,
        key=request_key(request),
    )


def receive_walk_in(request: access.Request, gate: queries.GateCard, form: WalkInForm) -> UUID:
    values = form.findings
    values.pop("identity_confirmed")
    unit = values.pop("unit")
    try:
        return actions.walk_in(
            **values,
            unit=UUID(unit) if unit else None,
            gate_unit=gate.unit,
            at=form.moment,
            by=request.scope.actor,
            key=request_key(request),
        )
    except IdTaken:
        form.offer_dispute()
        raise
    except actions.AlreadyLanded as landed:
        form.standing = queries.readable(request.scope, landed.arrival)
        raise


def find_later(request: access.Request, form: FindForm) -> UUID:
    try:
        return actions.find_later(
            **{**form.findings, "unit": UUID(form.cleaned_data["unit"])},
            at=form.moment,
            by=request.scope.actor,
            key=request_key(request),
        )
    except IdTaken:
        form.offer_dispute()
        raise
    except actions.AlreadyLanded as landed:
        form.standing = queries.readable(request.scope, landed.arrival)
        raise


def found_crumbs() -> object:
    return trail((_("Found later"), reverse("arrivals:found")))


def crumbs() -> object:
    return trail((_("Arrivals"), reverse("arrivals:list")))


def identity_definitions(card: queries.ArrivalCard) -> list[Definition]:
    return [
        Definition(_("Name"), card.name or _("Name not known")),
        Definition(_("ID number"), card.id_number or "—"),
        Definition(_("Coming from"), str(card.origin) or _("Not known")),
        Definition(_("Train or flight"), f"{card.carrier} {card.seat}".strip() or "—"),
        Definition(_("Reference"), card.reference),
    ]


def trip_definitions(card: queries.ArrivalCard, reading: access.Scope) -> list[Definition]:
    """The trip as it was announced and as it was found; the order for whoever may open it."""
    batch = reverse("batches:detail", args=[card.batch_id]) if card.batch_id else ""
    found = [
        *identity_definitions(card),
        Definition(_("Came by"), queries.mode_names()[card.mode]),
        Definition(_("Left there"), when(card.departed_at)),
        Definition(_("Expected"), when(card.expected_at) if card.expected_at else _("To be confirmed")),
        Definition(_("Gate"), card.gate_name or "—"),
        *found_definitions(card),
        Definition(_("Destination"), card.destination or "—"),
        Definition(_("Community"), card.unit_name or "—"),
        Definition(_("Temperature (°C)"), card.temperature or "—"),
        Definition(_("Symptoms"), card.symptoms or "—"),
        Definition(_("Person"), card.masked, reverse("people:detail", args=[card.person_id])),
    ]
    if card.order_id and measures.is_readable(reading, card.order_id):
        found.append(
            Definition(_("Quarantine order"), _("Open the order"), reverse("orders:detail", args=[card.order_id]))
        )
    if batch:
        found.append(Definition(_("Announced in"), _("Open the batch"), batch))
    return found


def found_definitions(card: queries.ArrivalCard) -> list[Definition]:
    if not card.arrived_on:
        return []
    return [
        Definition(_("Arrived on, as declared"), card.arrived_on),
        Definition(_("Found later"), when(card.found_at)),
    ]


def decided(card: queries.ArrivalCard) -> list[Definition]:
    """The rule, the facts it looked at, and the policy with its date, as kept at the moment of the decision."""
    kept = card.decision
    if not kept:
        return []
    used = fact_words(kept.get("used", {}))
    policy = queries.policy_of(card)
    return [
        Definition(_("Why"), Text.of(kept["reason"])),
        Definition(_("What follows"), Text.of(kept["follows"])),
        Definition(_("Legal basis"), Text.of(kept["legal_basis"])),
        Definition(_("Policy"), policy.name),
        Definition(_("In force since"), policy.since),
        Definition(_("Facts used"), used),
        Definition(_("Days are counted from"), kept["counted_from"]),
        Definition(_("Rule code"), kept["rule"]),
    ]


def steps(card: queries.ArrivalCard) -> list[Step]:
    has_landed = card.landed_at is not None
    onward = bool(card.accepted_at or card.state == "closed")
    missed = card.state in ("not_on_board", "cancelled")
    announced = (
        [] if card.found_at == card.registered_at else [Step(_("Trip announced"), "done", at=card.registered_at)]
    )
    if card.found_at:
        met = Step(_("Found later"), "done", at=card.found_at)
    else:
        met = Step(_("Landed"), "done" if has_landed else "missed" if missed else "current", at=card.landed_at)
    return [
        *announced,
        met,
        Step(
            _("Quarantine order") if card.order_id else _("Handed over"),
            "done" if onward else "current" if has_landed else "open",
            at=card.accepted_at,
        ),
        Step(_("Closed"), "done" if card.state in ("closed", "left") else "open"),
    ]


def entries(card: queries.ArrivalCard) -> list[Entry]:
    facts = list(reversed(ledger.history(card.subject)))
    names = people.actor_names(facts)
    return [
        Entry(
            fact.happened_at,
            FACTS.get(fact.kind, fact.kind),
            body=people.detail_of(fact),
            by=names[fact.actor],
            recorded_at=fact.recorded_at,
        )
        for fact in facts
    ]


def when(moment: object) -> str:
    return f"{moment.astimezone(clock.CITY):%Y-%m-%d %H:%M}" if moment else "—"  # type: ignore[attr-defined]
