"""Appeals, for whoever answers them."""

from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from bihuan.kernel import access, clock
from bihuan.kernel.web import Column, Filter, Table, accepted, page, render_table, request_key, trail
from bihuan.modules.measures import actions, queries
from bihuan.modules.measures.forms import DecisionForm
from bihuan.modules.measures.models import AppealState
from bihuan.modules.measures.views import words

COLUMNS = [
    Column("number", _("Appeal"), kind="link"),
    Column("order_number", _("Order"), sortable=False),
    Column("person", _("Person"), sortable=False),
    Column("filed_at", _("Filed"), kind="moment"),
    Column("badge", _("State"), kind="badge", sortable=False),
    Column("due", _("Answer"), kind="clock", sortable=False),
]
FILTERS = [
    Filter("q", _("Number")),
    Filter("state", _("State"), kind="choice", choices=AppealState.choices),
]


@access.require("measures.decide_appeal")
def listing(request: access.Request) -> HttpResponse:
    table = Table.from_request(request, COLUMNS, queries.AppealList(request.scope), FILTERS, sort="answer_by_at")
    access.listed(request.scope, "appeals.list", [row.person_id for row in table.found])
    return render_table(
        request,
        "measures/appeals.html",
        table,
        export_name="appeals",
        on_export=access.exporting(request.scope, "appeals"),
    )


@access.require("measures.decide_appeal")
def detail(request: access.Request, appeal_id: UUID) -> HttpResponse:
    """The person's words beside the order and its grounds; the answer is written here."""
    appeal = queries.appeal_in_reach(request.scope, appeal_id)
    order = queries.orders([appeal.order_id])[appeal.order_id]
    access.opened(request.scope, order.person_id, "appeal")
    form = DecisionForm(request.POST or None)
    if request.method == "POST" and accepted(form, lambda: decide(request, appeal_id, form)):
        messages.success(request, _("The appeal is answered."))
        return redirect("appeals:detail", appeal_id)
    context = {
        "appeal": appeal,
        "order": order,
        "form": form,
        "entries": words.entries(queries.what_happened(order.id)),
        "crumbs": trail((_("Appeals"), reverse("appeals:list"))),
    }
    return page(request, "measures/appeal.html", context)


def decide(request: access.Request, appeal_id: UUID, form: DecisionForm) -> None:
    access.confirm_signature(request, act="appeal.decided", refers=[f"appeal:{appeal_id}"])
    actions.decide_appeal(
        appeal_id,
        upheld=form.cleaned_data["outcome"] == "upheld",
        grounds=form.cleaned_data["grounds"],
        at=clock.now(),
        by=request.scope.actor,
        key=request_key(request),
    )
