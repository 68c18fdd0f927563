"""The lists behind the desk's figures: who waits, who is stranded, what was handed over and not accepted."""

from collections.abc import Mapping

from django.http import HttpResponse
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from bihuan.kernel import access, clock
from bihuan.kernel.web import Column, Filter, Table, render_table, trail
from bihuan.modules.transfers import queries

PERSON_COLUMNS = [
    Column("name", _("Person"), sortable=False),
    Column("phone", _("Telephone"), sortable=False, kind="link", href="call"),
    Column("number", _("Order"), sortable=False, kind="link"),
]
STRANDED_COLUMNS = [
    *PERSON_COLUMNS,
    Column("unit", _("Where"), sortable=False),
    Column("since", _("Waiting since"), sortable=False, kind="moment"),
    Column("why", _("Why"), sortable=False),
]
WAITING_COLUMNS = [
    *PERSON_COLUMNS,
    Column("from_unit", _("From where"), sortable=False),
    Column("to_unit", _("Where to"), sortable=False),
    Column("needs", _("Needs"), sortable=False),
    Column("badge", _("State"), sortable=False, kind="badge"),
    Column("since", _("Waiting since"), sortable=False, kind="moment"),
]
UNREQUESTED_COLUMNS = [
    Column("number", _("Order"), sortable=False, kind="link"),
    Column("person", _("Person"), sortable=False),
    Column("unit", _("Where"), sortable=False),
    Column("approved_at", _("Approved"), sortable=False, kind="moment"),
]
UNACCEPTED_COLUMNS = [
    Column("sender", _("Handed over by"), sortable=False),
    Column("receiver", _("To be accepted by"), sortable=False),
    Column("people", _("People"), sortable=False, kind="number"),
    Column("dispatched_at", _("Handed over at"), sortable=False, kind="moment"),
    Column("wait", _("Wait"), sortable=False, kind="badge"),
]


def people_listed(request: access.Request, what: str, table: Table, words: Mapping[str, object]) -> HttpResponse:
    """A list that names people: who was shown is a fact."""
    access.listed(request.scope, f"transfers.{what}", [row.person_id for row in table.found])
    crumbs = trail((_("Transfer desk"), reverse("transfers:desk")))
    return render_table(request, "transfers/waits.html", table, {"crumbs": crumbs, **words})


@access.require("transfers.read")
def stranded(request: access.Request) -> HttpResponse:
    """By name, to whoever answers for them."""
    source = queries.stranded(request.scope, clock.now())
    words = {
        "title": _("Stranded"),
        "lead": _("People whose approved order should have brought them to a site by now."),
        "empty_title": _("Nobody is stranded"),
    }
    return people_listed(request, "stranded", Table.from_request(request, STRANDED_COLUMNS, source), words)


@access.require("transfers.read")
def waiting(request: access.Request) -> HttpResponse:
    """Everybody with a request who has not left, the longest wait first."""
    states = [(state.value, state.label) for state in queries.AT_THE_START]
    filters = [Filter("state", _("State"), kind="choice", choices=states)]
    table = Table.from_request(request, WAITING_COLUMNS, queries.WaitingList(request.scope, clock.now()), filters)
    words = {"title": _("Waiting to leave"), "empty_title": _("Nobody waits for a vehicle")}
    return people_listed(request, "waiting", table, words)


@access.require("transfers.read")
def unrequested(request: access.Request) -> HttpResponse:
    source = queries.unrequested(request.scope)
    words = {
        "title": _("Order in force, no vehicle asked for"),
        "empty_title": _("A vehicle has been asked for whoever needs one"),
    }
    return people_listed(request, "unrequested", Table.from_request(request, UNREQUESTED_COLUMNS, source), words)


@access.require("transfers.read")
def unaccepted(request: access.Request) -> HttpResponse:
    source = queries.unaccepted(request.scope, clock.now())
    table = Table.from_request(request, UNACCEPTED_COLUMNS, source)
    context = {
        "title": _("Handed over, not accepted"),
        "lead": _("Until it is accepted, whoever handed over still answers."),
        "empty_title": _("Everything handed over was accepted"),
        "crumbs": trail((_("Transfer desk"), reverse("transfers:desk"))),
    }
    return render_table(request, "transfers/waits.html", table, context)
