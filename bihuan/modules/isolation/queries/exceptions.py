"""What is not as it should be at a site: the only thing its first page shows."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from bihuan.kernel.web import Clock
from bihuan.kernel.web.parts import Tone
from bihuan.modules.isolation import rules
from bihuan.modules.testing import queries as testing

from .clocks import clock_of, duties_due
from .referrals import referral_words, referred_to
from .stays import LIVE, Resident
from .tickets import TicketRow, tickets_open_at

WATCHED = ("contact", "check", "central_test", "positive", "leave", "reclassify")


class Trouble(StrEnum):
    """Kinds of exceptions, the gravest first."""

    POSITIVE = "positive"
    KEPT_WITHOUT_ORDER = "kept_without_order"
    UNWELL = "unwell"
    MISSED_CHECK = "missed_check"
    OVERSTAYED = "overstayed"
    LATE = "late"
    TICKET = "ticket"


TITLES = {
    Trouble.POSITIVE: _("Positive result"),
    Trouble.KEPT_WITHOUT_ORDER: _("The order is over: let the person go"),
    Trouble.UNWELL: _("Fever or symptoms"),
    Trouble.MISSED_CHECK: _("The last round was missed"),
    Trouble.OVERSTAYED: _("The time at the site is over"),
    Trouble.LATE: _("Overdue"),
    Trouble.TICKET: _("Waits for an answer"),
}


@dataclass(frozen=True, slots=True)
class Finding:
    """One exception: who, where, what, since when or until when."""

    trouble: Trouble
    order_id: UUID
    person_id: UUID
    name: str
    room: str
    detail: object
    due: Clock | None
    ticket_id: UUID | None = None

    @property
    def title(self) -> object:
        return TITLES[self.trouble]

    @property
    def tone(self) -> Tone:
        return "bad" if self.trouble in (Trouble.POSITIVE, Trouble.KEPT_WITHOUT_ORDER, Trouble.UNWELL) else "warn"

    @property
    def url(self) -> str:
        if self.ticket_id is not None:
            return reverse("tickets:detail", args=[self.ticket_id])
        return reverse("stays:detail", args=[self.order_id])


def exceptions(site_id: UUID, here: Sequence[Resident], now: datetime) -> tuple[Finding, ...]:
    """Everything at this site, and with the people who stay there, that somebody must look at now."""
    found = [*_of_people(here, now), *_late(here, now), *_of_tickets(tickets_open_at(site_id), here)]
    order = list(Trouble)
    return tuple(sorted(found, key=lambda finding: (order.index(finding.trouble), finding.room)))


def _of_people(here: Sequence[Resident], now: datetime) -> Iterator[Finding]:
    positive = testing.positive_among([one.subject for one in here])
    referred = referred_to({one.person_id for one in here if one.subject in positive})
    for one in here:
        if one.order_state != LIVE:
            yield _finding(Trouble.KEPT_WITHOUT_ORDER, one)
        elif one.central_ends_at is not None and one.central_ends_at <= now:
            yield _finding(Trouble.OVERSTAYED, one)
        if one.subject in positive:
            yield _finding(Trouble.POSITIVE, one, referral_words(referred.get(one.person_id)))
        if one.last is not None and not one.last.is_normal:
            yield _finding(Trouble.UNWELL, one, one.last)
        if one.standing is rules.Checked.MISSED:
            yield _finding(Trouble.MISSED_CHECK, one, one.last)


def _late(here: Sequence[Resident], now: datetime) -> Iterator[Finding]:
    by_subject = {one.subject: one for one in here}
    for subject, duty in duties_due(by_subject.keys(), WATCHED, now).items():
        if duty.target_at <= now:
            yield _finding(Trouble.LATE, by_subject[subject], duty.title, clock_of(duty))


def _of_tickets(tickets: Sequence[TicketRow], here: Sequence[Resident]) -> Iterator[Finding]:
    rooms = {one.order_id: one.room for one in here}
    for row in tickets:
        yield Finding(
            Trouble.TICKET,
            row.order_id,
            row.person_id,
            row.name,
            rooms.get(row.order_id, ""),
            row.kind,
            row.due,
            row.id,
        )


def _finding(trouble: Trouble, one: Resident, detail: object = "", due: Clock | None = None) -> Finding:
    return Finding(trouble, one.order_id, one.person_id, one.name, one.room, detail, due)
