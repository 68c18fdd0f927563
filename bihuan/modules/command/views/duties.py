"""My duties, which is everybody's home page; and the rows behind the numbers of the board."""

from datetime import timedelta
from itertools import pairwise
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from bihuan.kernel import access, clock
from bihuan.kernel.loop import actions as loop_actions
from bihuan.kernel.loop.tallying import AGES, step_titles
from bihuan.kernel.web import Column, Filter, Stat, Table, accepted, page, render_table, request_key, trail
from bihuan.modules.command import queries
from bihuan.modules.command.forms import ReasonForm

COLUMNS = [
    Column("title", gettext_lazy("Step"), kind="link"),
    Column("what", gettext_lazy("About"), sortable=False),
    Column("role", gettext_lazy("Owner"), sortable=False),
    Column("unit", gettext_lazy("Unit")),
    Column("post", gettext_lazy("Post"), kind="badge", sortable=False),
    Column("due", gettext_lazy("Due"), kind="clock"),
    Column("opens_at", gettext_lazy("Open since"), kind="moment"),
    Column("reason", gettext_lazy("Reason for the delay"), sortable=False),
]
STANDINGS = [
    ("open", gettext_lazy("In time")),
    ("late", gettext_lazy("Past the target")),
    ("warned", gettext_lazy("Near the limit")),
    ("breached", gettext_lazy("Overdue")),
    ("system", gettext_lazy("Done by the system")),
    ("ahead", gettext_lazy("Not yet due")),
]


def hours(span: timedelta) -> int:
    return int(span.total_seconds()) // 3600


def filters() -> list[Filter]:
    ages = [
        _("under %(hours)s h") % {"hours": hours(AGES[0])},
        *[
            _("%(since)s to %(until)s h") % {"since": hours(young), "until": hours(old)}
            for young, old in pairwise(AGES)
        ],
        _("over %(hours)s h") % {"hours": hours(AGES[-1])},
    ]
    pathways = {pathway: name for (pathway, _step), (name, _title) in step_titles().items()}
    steps = {step: title for (_pathway, step), (_name, title) in step_titles().items()}
    teams = [(team.code, team.name) for team in access.queries.units_of_kinds("team")]
    return [
        Filter("pathway", _("Loop"), kind="choice", choices=list(pathways.items())),
        Filter("step", _("Step"), kind="choice", choices=list(steps.items())),
        Filter("standing", _("State"), kind="choice", choices=STANDINGS),
        Filter("age", _("Open for"), kind="choice", choices=[(str(number), age) for number, age in enumerate(ages)]),
        Filter("role", _("Owner"), kind="choice", choices=access.queries.roles()),
        Filter("unit", _("Unit: name or code")),
        Filter("sector", _("Team in charge"), kind="choice", choices=teams),
        Filter("tests", _("Tests only"), kind="flag"),
        Filter("told", _("Told to me"), kind="flag"),
        Filter("vacant", _("Of a vacant post"), kind="flag"),
    ]


@access.signed_in
def home(request: access.Request) -> HttpResponse:
    """What is mine now, grouped by step; and what others are late with, as far as it is told to me."""
    now = clock.now()
    mine, told = queries.my_duties(request.scope, now), queries.told_to(request.scope, now)
    vacant = queries.without_owner(request.whole_scope, now)
    people = {line.person for group in (*mine, *told, *vacant) for line in group.lines if line.person}
    access.listed(request.scope, "duties.mine", people)
    stats = [
        Stat(_("Mine now"), sum(group.count for group in mine), icon="list-check"),
        Stat(
            _("Overdue"), (late := sum(group.breached for group in mine)), tone="bad" if late else "good", icon="alarm"
        ),
    ]
    context = {
        "mine": mine,
        "told": told,
        "vacant": vacant,
        "stats": stats,
        "may_board": request.scope.may("command.board"),
    }
    return page(request, "command/home.html", context)


@access.require("command.board")
def listing(request: access.Request) -> HttpResponse:
    """The duties behind a number of the board."""
    source = queries.DutyList(request.scope, clock.now())
    table = Table.from_request(request, COLUMNS, source, filters(), sort="due")
    return render_table(
        request,
        "command/duties.html",
        table,
        export_name="duties",
        on_export=access.exporting(request.scope, "duties", person="person"),
    )


@access.require("command.explain")
def reason(request: access.Request, duty_id: UUID) -> HttpResponse:
    """Say why a limit was passed: every breach needs a reason."""
    line = queries.duty_in(request.scope, duty_id, clock.now())
    form = ReasonForm(request.POST or None, initial={"reason": line.reason})
    if request.method == "POST" and accepted(form, lambda: explain(request, duty_id, form.cleaned_data["reason"])):
        messages.success(request, _("The reason is on record."))
        return redirect("command:home")
    crumbs = trail((_("My duties"), reverse("command:home")))
    return page(request, "command/reason.html", {"form": form, "line": line, "crumbs": crumbs})


def explain(request: access.Request, duty_id: UUID, given: str) -> None:
    loop_actions.explain_breach(duty_id, reason=given, at=clock.now(), by=request.scope.actor, key=request_key(request))
