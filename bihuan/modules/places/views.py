"""Pages of the watch list. Approving a line is done in `arrivals`, because it re-classifies people."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from bihuan.kernel import access, clock
from bihuan.kernel.refusals import NotFound
from bihuan.kernel.text import Text
from bihuan.kernel.web import Badge, Column, Filter, Table, accepted, page, render_table, request_key, trail

from . import actions, queries
from .forms import ReasonForm, RiskForm

COLUMNS = [
    Column("area", gettext_lazy("Area"), kind="link"),
    Column("code", gettext_lazy("Code"), sortable=False),
    Column("level", gettext_lazy("Level"), kind="badge"),
    Column("since", gettext_lazy("In force from"), kind="date"),
    Column("until", gettext_lazy("Last day"), kind="date", sortable=False),
    Column("order_text", gettext_lazy("Published order"), sortable=False),
    Column("state", gettext_lazy("State"), kind="badge", sortable=False),
]
STATES = [
    ("proposed", gettext_lazy("Waiting for the second person")),
    ("in_force", gettext_lazy("In force")),
    ("rejected", gettext_lazy("Rejected")),
]
TONES = {"high": "bad", "medium": "warn", "low": "info", "overseas": "warn"}


@dataclass(frozen=True, slots=True)
class Line:
    """A line of the watch list as the list shows it."""

    area: Text
    code: str
    level: Badge
    since: date
    until: date | None
    order_text: str
    state: Badge
    url: str


class Lines:
    """The watch list's source, dressed for the page."""

    def __init__(self) -> None:
        self.source = queries.WatchList()
        self.count = self.source.count

    def rows(self, filters: Mapping[str, str], sort: str, offset: int, limit: int) -> Sequence[Line]:
        return [line_of(row) for row in self.source.rows(filters, sort, offset, limit)]


def filters() -> list[Filter]:
    return [
        Filter("q", _("Name or code of the area")),
        Filter("level", _("Level"), kind="choice", choices=queries.level_names()),
        Filter("state", _("State"), kind="choice", choices=STATES),
        Filter("on", _("In force on"), kind="day"),
    ]


@access.require("places.read")
def watch_list(request: access.Request) -> HttpResponse:
    table = Table.from_request(request, COLUMNS, Lines(), filters(), sort="-since")
    context = {"proposals": queries.proposals(), "may_enter": request.whole_scope.may("places.enter")}
    return render_table(
        request,
        "places/list.html",
        table,
        context,
        export_name="areas",
        on_export=access.exporting(request.scope, "areas"),
    )


@access.require("places.enter")
def entry(request: access.Request) -> HttpResponse:
    form = RiskForm(request.POST or None, initial={"since": clock.now().astimezone(clock.CITY).date()})
    if request.method == "POST" and accepted(form, lambda: enter(request, form)):
        messages.success(
            request, _("The level is entered. It takes effect when a second person of another unit approves it.")
        )
        return redirect("areas:list")
    return page(request, "places/entry.html", {"form": form, "crumbs": crumbs()})


@access.require("places.read")
def detail(request: access.Request, risk_id: UUID) -> HttpResponse:
    risk = queries.risk(risk_id)
    approving = request.whole_scope.for_power("places.approve")
    may_decide = risk.state == "proposed" and queries.may_decide(approving, risk)
    context = {"risk": risk, "line": line_of(risk), "may_decide": may_decide, "form": ReasonForm(), "crumbs": crumbs()}
    return page(request, "places/detail.html", context)


@access.require("places.approve")
def rejection(request: access.Request, risk_id: UUID) -> HttpResponse:
    risk = queries.risk(risk_id)
    if not queries.may_decide(request.scope, risk):
        raise NotFound(_("There is no such line on the watch list."))
    form = ReasonForm(request.POST or None)
    if request.method == "POST" and accepted(
        form,
        lambda: actions.reject_risk(
            risk_id,
            reason=form.cleaned_data["reason"],
            at=clock.now(),
            by=request.scope.actor,
            key=request_key(request),
        ),
    ):
        messages.success(request, _("The level is rejected."))
        return redirect("areas:list")
    return page(
        request,
        "places/detail.html",
        {"risk": risk, "line": line_of(risk), "may_decide": True, "form": form, "crumbs": crumbs()},
    )


def enter(request: access.Request, form: RiskForm) -> None:
    values = dict(form.cleaned_data)
    actions.propose_risk(values.pop("area"), **values, at=clock.now(), by=request.scope.actor, key=request_key(request))


def crumbs() -> object:
    return trail((_("Watch list"), reverse("areas:list")))


def line_of(row: queries.RiskRow) -> Line:
    return Line(
        area=row.area.name,
        code=row.area.code,
        level=Badge(dict(queries.level_names())[row.level], TONES[row.level]),  # type: ignore[arg-type]
        since=row.since,
        until=row.until,
        order_text=row.order_text,
        state=Badge(dict(STATES)[row.state], "good" if row.state == "in_force" else "neutral"),
        url=reverse("areas:detail", args=[row.id]),
    )
