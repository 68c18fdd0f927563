"""What isolated people asked for, and how long they have waited for an answer."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db.models import F, Q, QuerySet
from django.urls import reverse

from bihuan.kernel import clock
from bihuan.kernel.access import Scope
from bihuan.kernel.text import Text
from bihuan.kernel.web import Badge, Clock
from bihuan.kernel.web.parts import Tone
from bihuan.modules.isolation.models import Site, Ticket

from .clocks import clock_of, duties_due

TONES: dict[str, Tone] = {"open": "warn", "answered": "info", "done": "good", "refused": "neutral"}
SORTS = {
    "number": "number",
    "opened_at": "opened_at",
    "name": "person__name_key",
    "unit": "unit__code",
    "state": "state",
}


@dataclass(frozen=True, slots=True)
class TicketRow:
    id: UUID
    number: str
    order_id: UUID
    person_id: UUID
    name: str
    unit: Text
    unit_path: str
    kind: str
    text: str
    state: Badge
    is_open: bool
    opened_at: datetime
    answer: str
    answered_at: datetime | None
    closed_at: datetime | None
    due: Clock | None
    url: str


def ticket_kinds() -> tuple[tuple[str, object], ...]:
    """What a ticket can be about, for forms."""
    return tuple(Ticket.Kind.choices)


def ticket(scope: Scope, ticket_id: UUID) -> TicketRow | None:
    """One ticket, if it is in the scope."""
    found = scope.rows(Ticket.objects.all(), "unit").filter(pk=ticket_id)
    return next(iter(_rows(found)), None)


def tickets_of(order_id: UUID) -> tuple[TicketRow, ...]:
    """What one person asked for under an order, latest first."""
    return _rows(Ticket.objects.filter(order=order_id).order_by("-opened_at"))


def tickets_open_at(site_id: UUID) -> tuple[TicketRow, ...]:
    """What the people of a site still wait for, longest first."""
    return _rows(
        Ticket.objects.filter(unit__in=Site.objects.filter(pk=site_id).values("unit"), closed_at__isnull=True).order_by(
            "opened_at"
        )
    )


@dataclass(frozen=True, slots=True)
class TicketList:
    """Source of the list of tickets in a scope."""

    scope: Scope

    def count(self, filters: Mapping[str, str]) -> int:
        return self._found(filters).count()

    def rows(self, filters: Mapping[str, str], sort: str, offset: int, limit: int) -> Sequence[TicketRow]:
        order = ("-" if sort.startswith("-") else "") + SORTS[sort.removeprefix("-") or "opened_at"]
        return _rows(self._found(filters).order_by(order, "id")[offset : offset + limit])

    def _found(self, filters: Mapping[str, str]) -> QuerySet[Ticket]:
        found = self.scope.rows(Ticket.objects.all(), "unit")
        if "q" in filters:
            found = found.filter(Q(person__name__icontains=filters["q"]) | Q(number__iexact=filters["q"]))
        if "state" in filters:
            found = found.filter(state=filters["state"])
        if "kind" in filters:
            found = found.filter(kind=filters["kind"])
        if "open" in filters:
            found = found.filter(closed_at__isnull=True)
        return found


def _rows(found: QuerySet[Ticket]) -> tuple[TicketRow, ...]:
    held = list(found.select_related("unit").annotate(name=F("person__name")))
    due = duties_due([one.subject for one in held if one.closed_at is None], ("answer", "close"), clock.now())
    return tuple(
        TicketRow(
            id=one.id,
            number=one.number,
            order_id=one.order_id,
            person_id=one.person_id,
            name=one.name,
            unit=one.unit.name,
            unit_path=one.unit.path,
            kind=one.get_kind_display(),
            text=one.text,
            state=Badge(one.get_state_display(), TONES[one.state]),
            is_open=one.closed_at is None,
            opened_at=one.opened_at,
            answer=one.answer,
            answered_at=one.answered_at,
            closed_at=one.closed_at,
            due=clock_of(due[one.subject]) if one.subject in due else None,
            url=reverse("tickets:detail", args=[one.id]),
        )
        for one in held
    )
