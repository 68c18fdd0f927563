"""Hand-overs by shift, and the people behind each number."""

from datetime import date, datetime, timedelta
from uuid import UUID

from django.http import HttpResponse
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from bihuan.kernel import access, clock
from bihuan.kernel.refusals import NotFound
from bihuan.kernel.web import Column, Filter, Table, page, render_table, trail
from bihuan.modules.command import queries
from bihuan.modules.command.queries.board import rows_url

COLUMNS = [
    Column("name", _("Person"), kind="link", sortable=False),
    Column("sender", _("Sender"), sortable=False),
    Column("receiver", _("Receiver"), sortable=False),
    Column("at", _("Handed over at"), kind="moment", sortable=False),
    Column("badge", _("Answer"), kind="badge", sortable=False),
]
FILTERS = [
    Filter("outcome", _("Answer"), kind="choice", choices=[*queries.Outcome.choices, ("otherwise", _("Other ends"))])
]


@access.require("command.board")
def shifts(request: access.Request) -> HttpResponse:
    """Each gate and site through a day: sent, received, not answered, by shift."""
    asked = Filter("day", "", kind="day").clean(request.GET.get("day", ""))
    today = clock.now().astimezone(clock.CITY).date()
    day = date.fromisoformat(asked) if asked else today
    place = request.GET.get("place", "")
    context = {
        "before_url": rows_url("board:shifts", place=place, day=day - timedelta(days=1)),
        "after_url": rows_url("board:shifts", place=place, day=day + timedelta(days=1)) if day < today else "",
        "days": queries.shift_days(request.scope, place, day),
        "day": day,
        "crumbs": trail((_("Board"), reverse("board:board"))),
    }
    return page(request, "command/shifts.html", context)


@access.require("command.board")
def passed(request: access.Request, unit_id: UUID, side: str, since: str, until: str) -> HttpResponse:
    """The people whom a unit handed over, or was handed, between two moments."""
    source = queries.PassedList(request.scope, unit_id, (moment(since), moment(until)), is_sent=side == "sent")
    table = Table.from_request(request, COLUMNS, source, FILTERS)
    access.listed(request.scope, "shifts.passed", [row.person for row in table.found])
    context = {
        "unit": source.unit,
        "is_sent": source.is_sent,
        "span": source.span,
        "crumbs": trail((_("Board"), reverse("board:board")), (_("Hand-overs by shift"), reverse("board:shifts"))),
    }
    return render_table(request, "command/passed.html", table, context)


def moment(stamp: str) -> datetime:
    """A moment as it stands in an address: city time, to the minute."""
    try:
        return datetime.strptime(stamp, "%Y%m%d%H%M").replace(tzinfo=clock.CITY)
    except ValueError as error:
        raise NotFound(_("There is no such shift.")) from error
