"""Gates: the catalogue, the day at one (phone first), the checklist."""

from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from bihuan.kernel import access, clock
from bihuan.kernel.web import Column, Filter, Stat, Table, accepted, page, render_table, request_key, trail
from bihuan.modules.arrivals import actions, queries
from bihuan.modules.arrivals.forms import EvidenceForm, GateForm

from .words import trip_row, waited

DAY_COLUMNS = [
    Column("name", gettext_lazy("Name"), kind="link"),
    Column("carrier", gettext_lazy("Train or flight")),
    Column("seat", gettext_lazy("Seat")),
    Column("origin", gettext_lazy("Coming from"), sortable=False),
    Column("expected", gettext_lazy("Expected"), kind="moment", sortable=False),
    Column("measure", gettext_lazy("Measure"), kind="badge", sortable=False),
    Column("state", gettext_lazy("State"), kind="badge"),
]


WAITING_SHOWN = 50


def day_filters() -> list[Filter]:
    return [
        Filter("q", _("Scan or type: name, ID number, phone, reference")),
        Filter("state", _("State"), kind="choice", choices=list(queries.state_names().items())),
        Filter("carrier", _("Train or flight")),
        Filter("on", _("Day"), kind="day"),
    ]


@access.require("arrivals.read")
def catalogue(request: access.Request) -> HttpResponse:
    gates = queries.gates(request.scope)
    rows = [
        {
            "gate": gate,
            "waited": waited(gate.longest),
            "url": (here := reverse("gates:day", args=[gate.unit])),
            "expected_url": f"{here}?state=expected",
            "landed_url": f"{here}?state=landed",
        }
        for gate in gates
    ]
    return page(request, "arrivals/gates.html", {"rows": rows, "may_open": request.whole_scope.may("arrivals.gates")})


@access.require("arrivals.read")
def own(request: access.Request) -> HttpResponse:
    """An officer's own gate; whoever has several, or none, gets the catalogue."""
    gates = queries.gates(request.scope)
    return redirect("gates:day", gates[0].unit) if len(gates) == 1 else redirect("gates:list")


@access.require("arrivals.read")
def day(request: access.Request, unit: UUID) -> HttpResponse:
    gate = queries.gate_card(request.scope, unit)
    source = queries.GateDay(unit, trip_row)
    table = Table.from_request(request, DAY_COLUMNS, source, day_filters(), sort="expected_at")
    today = clock.now().astimezone(clock.CITY).date()
    context = {
        "gate": gate,
        "stats": stats(gate),
        "waiting": waiting(unit, None if request.GET.get("waiting") == "all" else WAITING_SHOWN),
        "checklist": queries.checklist(unit, today),
        "evidence": EvidenceForm(),
        "crumbs": trail((_("Gates"), reverse("gates:list"))),
        "may_land": request.whole_scope.may("arrivals.land"),
        "may_check": request.whole_scope.may("arrivals.check"),
    }
    access.listed(request.scope, "gates.day", [row.person_id for row in table.found])
    return render_table(
        request,
        "arrivals/day.html",
        table,
        context,
        export_name="gate-day",
        on_export=access.exporting(request.scope, "gate-day"),
    )


@access.require("arrivals.check")
def check(request: access.Request, unit: UUID) -> HttpResponse:
    """Do a line of today's checklist."""
    gate = queries.gate_card(request.scope, unit)
    form = EvidenceForm(request.POST or None)
    if request.method == "POST" and form.is_valid() and form.cleaned_data["item"] in queries.CHECKLIST:
        actions.check_gate(
            gate.unit,
            **form.cleaned_data,
            on=clock.now().astimezone(clock.CITY).date(),
            at=clock.now(),
            by=request.scope.actor,
            key=request_key(request),
        )
        messages.success(request, _("Done, with its evidence."))
    return redirect("gates:day", unit)


@access.require("arrivals.gates")
def new(request: access.Request) -> HttpResponse:
    form = GateForm(request.POST or None, scope=request.scope)
    if request.method == "POST" and accepted(form, lambda: enter(request, form)):
        messages.success(request, _("The gate is in the catalogue."))
        return redirect("gates:list")
    return page(
        request,
        "arrivals/form.html",
        {"form": form, "heading": _("Enter a gate"), "crumbs": trail((_("Gates"), reverse("gates:list")))},
    )


def enter(request: access.Request, form: GateForm) -> None:
    values = dict(form.cleaned_data)
    actions.open_gate(
        UUID(values.pop("unit")), **values, at=clock.now(), by=request.scope.actor, key=request_key(request)
    )


def stats(gate: queries.GateCard) -> list[Stat]:
    here = reverse("gates:day", args=[gate.unit])
    return [
        Stat(_("Still expected today"), gate.expected_today, url=f"{here}?state=expected", icon="inbox"),
        Stat(_("Landed today"), gate.landed_today, url=f"{here}?state=landed", icon="user-check"),
        Stat(
            _("Waiting here"),
            gate.waiting,
            url=f"{here}#waiting",
            note=_("%(places)s places") % {"places": gate.waiting_capacity},
            tone="bad" if gate.is_full else "neutral",
            icon="users",
        ),
        Stat(
            _("Longest wait"),
            waited(gate.longest),
            url=f"{here}#waiting",
            tone="warn" if gate.longest_minutes >= 60 else "neutral",
            icon="clock",
        ),
    ]


def waiting(unit: UUID, limit: int | None) -> list[dict[str, object]]:
    """Those in the gate's hands longest, by name to the gate, with the wait."""
    return [
        {"row": trip_row(one.arrival), "waited": waited(one.waited), "is_long": one.waited.total_seconds() >= 3600}
        for one in queries.waiting_people(unit, limit)
    ]
