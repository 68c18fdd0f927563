"""Tickets: a person asks, somebody answers within the clock, and it is done or refused with a reason."""

from datetime import datetime
from uuid import UUID

from django.utils.translation import gettext_lazy as _

from bihuan.kernel.db import uuid7
from bihuan.kernel.ledger import Actor, derive, record
from bihuan.kernel.loop import action
from bihuan.kernel.refusals import Refused
from bihuan.modules.isolation import events, queries
from bihuan.modules.isolation.models import Ticket

from .refusals import NoStay, TicketClosed


@action
def open_ticket(order_id: UUID, *, kind: str, text: str, at: datetime, by: Actor, key: UUID) -> UUID:
    """Take down what a person under an order needs or complains about. The unit that looks after the person answers."""
    keeper = queries.keeper_of(order_id)
    if keeper is None or not text.strip():
        raise NoStay(_("No unit looks after this person under this order."), _("Call the number on the order."))
    ticket_id = uuid7()
    ticket: Ticket = Ticket.objects.create(
        id=ticket_id,
        number=f"T{ticket_id.hex[:8].upper()}{ticket_id.hex[-3:].upper()}",
        order_id=order_id,
        person_id=keeper.person_id,
        unit_id=keeper.unit_id,
        kind=kind,
        text=text.strip(),
        opened_at=at,
    )
    _record(ticket, events.TICKET_OPENED, {"kind": kind, "text": ticket.text, "order": str(order_id)}, at, by, key)
    return ticket.id


@action
def answer_ticket(ticket_id: UUID, *, answer: str, at: datetime, by: Actor, key: UUID) -> None:
    """Tell the person what will be done. An answer can be bettered until the ticket is closed."""
    ticket = _open(ticket_id)
    if not answer.strip():
        raise Refused(_("An empty answer is no answer."), _("Say what will be done, by whom and when."))
    ticket.state, ticket.answer = Ticket.State.ANSWERED, answer.strip()
    ticket.answered_at = ticket.answered_at or at
    ticket.save(update_fields=["state", "answer", "answered_at"])
    _record(ticket, events.TICKET_ANSWERED, {"answer": ticket.answer}, at, by, key)


@action
def close_ticket(ticket_id: UUID, *, outcome: str, remark: str = "", at: datetime, by: Actor, key: UUID) -> None:
    """Say that it is done, or refused and why. Closing without an answer before takes the remark as the answer."""
    ticket = _open(ticket_id)
    answer = ticket.answer or remark.strip()
    if not answer or (outcome == Ticket.State.REFUSED and not remark.strip()):
        raise Refused(_("The person is owed an answer."), _("Write what was done, or why not, then close."))
    if ticket.answered_at is None:
        _record(ticket, events.TICKET_ANSWERED, {"answer": answer}, at, by, derive(key, "answer"))
    ticket.state, ticket.answer, ticket.closed_at = outcome, answer, at
    ticket.answered_at = ticket.answered_at or at
    ticket.save(update_fields=["state", "answer", "answered_at", "closed_at"])
    _record(ticket, events.TICKET_CLOSED, {"outcome": outcome, "remark": remark.strip()}, at, by, key)


def _open(ticket_id: UUID) -> Ticket:
    ticket: Ticket = Ticket.objects.select_for_update().get(pk=ticket_id)
    if ticket.closed_at is not None:
        raise TicketClosed(_("This ticket is closed."), _("Open a new one."))
    return ticket


def _record(ticket: Ticket, kind: str, payload: dict[str, str], at: datetime, by: Actor, key: UUID) -> None:
    record(
        key=derive(key, "fact"),
        kind=kind,
        subject=ticket.subject,
        about=f"person:{ticket.person_id}",
        at=at,
        by=by.id,
        unit=ticket.unit_id,
        payload=payload,
    )
