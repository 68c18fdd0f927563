"""Tickets: the list with its clocks, and one with its answer."""

from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from bihuan.kernel import access, clock
from bihuan.kernel.refusals import NotFound
from bihuan.kernel.web import Column, Definition, Filter, Table, accepted, page, render_table, request_key, trail
from bihuan.modules.isolation import actions, queries
from bihuan.modules.isolation.forms import AnswerForm, ClosingForm
from bihuan.modules.isolation.models import Ticket

COLUMNS = [
    Column("number", _("Number"), kind="link"),
    Column("name", _("Name")),
    Column("unit", _("Answered by")),
    Column("kind", _("What it is about"), sortable=False),
    Column("state", _("State"), kind="badge"),
    Column("opened_at", _("Opened on"), kind="moment"),
    Column("due", _("Due"), sortable=False, kind="clock"),
]
FILTERS = [
    Filter("q", _("Name or number")),
    Filter("state", _("State"), kind="choice", choices=Ticket.State.choices),
    Filter("kind", _("What it is about"), kind="choice", choices=Ticket.Kind.choices),
    Filter("open", _("Open only"), kind="flag"),
]


def _ticket_of(request: access.Request, ticket_id: UUID) -> queries.TicketRow:
    ticket = queries.ticket(request.scope, ticket_id)
    if ticket is None:
        raise NotFound(_("There is no such ticket."))
    return ticket


@access.require("isolation.ticket")
def listing(request: access.Request) -> HttpResponse:
    table = Table.from_request(request, COLUMNS, queries.TicketList(request.scope), FILTERS, sort="-opened_at")
    access.listed(request.scope, "tickets.list", [row.person_id for row in table.found])
    return render_table(
        request,
        "isolation/tickets.html",
        table,
        export_name="tickets",
        on_export=access.exporting(request.scope, "tickets"),
    )


@access.require("isolation.ticket")
def detail(request: access.Request, ticket_id: UUID) -> HttpResponse:
    """Read a ticket and answer it."""
    ticket = _ticket_of(request, ticket_id)
    form = AnswerForm(request.POST or None, initial={"answer": ticket.answer})
    if request.method == "POST" and accepted(
        form,
        lambda: actions.answer_ticket(
            ticket_id, **form.cleaned_data, at=clock.now(), by=request.scope.actor, key=request_key(request)
        ),
    ):
        messages.success(request, _("The answer is given."))
        return redirect("tickets:detail", ticket_id)
    definitions = [
        Definition(_("What it is about"), ticket.kind),
        Definition(_("Opened on"), ticket.opened_at),
        Definition(_("Answered by"), ticket.unit),
        Definition(_("Answered on"), ticket.answered_at or "—"),
        Definition(_("Settled on"), ticket.closed_at or "—"),
    ]
    crumbs = trail((_("Tickets"), reverse("tickets:list")))
    return page(
        request, "isolation/ticket.html", {"form": form, "ticket": ticket, "definitions": definitions, "crumbs": crumbs}
    )


@access.require("isolation.ticket")
def closing(request: access.Request, ticket_id: UUID) -> HttpResponse:
    """Say that it is done, or refused and why."""
    ticket = _ticket_of(request, ticket_id)
    form = ClosingForm(request.POST or None)
    if request.method == "POST" and accepted(
        form,
        lambda: actions.close_ticket(
            ticket_id, **form.cleaned_data, at=clock.now(), by=request.scope.actor, key=request_key(request)
        ),
    ):
        messages.success(request, _("The ticket is closed."))
        return redirect("tickets:list")
    return page(request, "isolation/closing.html", {"form": form, "ticket": ticket})
