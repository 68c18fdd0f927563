"""Daily returns: what each team and district sends the command once a day, and who has not."""

from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from bihuan.kernel import access, clock
from bihuan.kernel.web import Column, Filter, Stat, Table, accepted, page, render_table, request_key, trail
from bihuan.modules.units import actions, queries
from bihuan.modules.units.forms import ReturnForm

COLUMNS = [
    Column("unit_name", gettext_lazy("Unit"), kind="link"),
    Column("day", gettext_lazy("Day"), kind="date"),
    Column("cut_off_at", gettext_lazy("Cut-off"), kind="moment", sortable=False),
    Column("state", gettext_lazy("State"), kind="badge", sortable=False),
    Column("submitted_at", gettext_lazy("Sent at"), kind="moment"),
    Column("submitted_by", gettext_lazy("Sent by"), sortable=False),
]
FILTERS = [
    Filter("day", gettext_lazy("Day"), kind="day"),
    Filter(
        "standing",
        gettext_lazy("State"),
        kind="choice",
        choices=[(code, queries.STANDING[code].label) for code in ("missing", "open", "sent")],
    ),
]


@access.require("units.return")
def listing(request: access.Request) -> HttpResponse:
    source = queries.Returns(request.scope, clock.now())
    table = Table.from_request(request, COLUMNS, source, FILTERS, sort="-day")
    return render_table(
        request,
        "units/returns.html",
        table,
        export_name="returns",
        on_export=access.exporting(request.scope, "returns"),
    )


@access.require("units.return")
def detail(request: access.Request, return_id: UUID) -> HttpResponse:
    """One return: its figures as they are now, or as they were sent; and the form to send it."""
    line = queries.daily_return(request.scope, return_id, clock.now())
    form = ReturnForm(request.POST or None)
    if request.method == "POST" and accepted(form, lambda: submit(request, return_id, form.cleaned_data["remark"])):
        messages.success(request, _("The return is sent."))
        return redirect("returns:detail", return_id)
    figures = line.figures if line.submitted_at else queries.figures_for(line.unit_path, clock.now())
    context = {
        "line": line,
        "form": form,
        "stats": [Stat(queries.FIGURES[name], value) for name, value in figures.items()],
        "crumbs": trail((_("Daily returns"), reverse("returns:list"))),
    }
    return page(request, "units/return.html", context)


def submit(request: access.Request, return_id: UUID, remark: str) -> None:
    actions.submit_return(return_id, remark=remark, at=clock.now(), by=request.scope.actor, key=request_key(request))
