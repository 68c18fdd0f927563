"""What the public pages read: from the modules below, never past their doors."""

from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from django.utils.translation import gettext_lazy as _

from bihuan.kernel import access, clock
from bihuan.kernel.access.vocabulary import purposes
from bihuan.kernel.loop import queries as loop
from bihuan.kernel.text import Text
from bihuan.modules.arrivals import queries as arrivals
from bihuan.modules.isolation import queries as isolation
from bihuan.modules.measures import queries as measures

COMING_MAX = 8
EVIDENCE = {
    "arrival.landed": _("Your arrival and where you came from"),
    "arrival.found": _("Your arrival and where you came from"),
    "arrival.classified": _("Your arrival and where you came from"),
    "arrival.reclassified": _("A changed risk of the area you came from"),
    "contact.judged": _("Contact with an infected person"),
    "exposure.recorded": _("Contact with an infected person during isolation"),
    "test.resulted": _("A laboratory result"),
}
SHOWN_STEPS = ("check", "central_test", "home_check", "home_test", "leave", "test")


@dataclass(frozen=True, slots=True)
class Contact:
    """Whom to call."""

    name: Text
    phone: str


@dataclass(frozen=True, slots=True)
class Coming:
    """What the person can expect next, and when."""

    title: Text
    at: datetime


@dataclass(frozen=True, slots=True)
class Declared:
    """What a traveller is told about a trip.

    No name and no document number: whoever finds the slip of paper learns nobody's.
    """

    reference: str
    state: str
    is_open: bool
    expected_at: datetime | None
    gate: Contact | None
    unit: Contact | None
    rules: arrivals.RulesCard
    has_order: bool


@dataclass(frozen=True, slots=True)
class Looked:
    """Which office opened the record, in which role, what for, on which day and how often."""

    unit: Text | None
    role: Text | None
    purpose: str
    on: date
    times: int


@dataclass(frozen=True, slots=True)
class OwnPage:
    page: measures.PersonalPage
    keeper: Contact | None
    tickets: tuple[isolation.TicketRow, ...]
    coming: tuple[Coming, ...]

    @property
    def evidence(self) -> str:
        return str(EVIDENCE.get(self.page.order.evidence_kind, self.page.order.evidence_kind))

    @property
    def readers(self) -> tuple[Looked, ...]:
        return tuple(
            Looked(reader.unit, reader.role, told(reader.purpose), reader.on, reader.times)
            for reader in self.page.readers
        )


def told(purpose: str) -> str:
    """A purpose as the person is told; one that the profile no longer names is their case."""
    known = purposes().get(purpose)
    return str(known.told) if known else str(_("Your case"))


def contact(unit_id: UUID | None) -> Contact | None:
    if unit_id is None:
        return None
    unit = access.queries.unit(unit_id)
    return Contact(unit.name, unit.phone)


def declared(reference: str) -> Declared | None:
    """The trip behind a reference number."""
    found = arrivals.by_reference(reference)
    if found is None:
        return None
    return Declared(
        reference=found.reference,
        state=found.state_name,
        is_open=found.is_open,
        expected_at=found.expected_at,
        gate=contact(found.gate_unit),
        unit=contact(found.unit_id) or command(),
        rules=arrivals.rules_for(found.id),
        has_order=found.order_id is not None,
    )


def command() -> Contact | None:
    """The city's command: somebody always answers."""
    top = access.queries.units_of_kinds("city")
    return Contact(top[0].name, top[0].phone) if top else None


def own_page(token: str) -> OwnPage | None:
    found = measures.personal_page(token)
    if found is None:
        return None
    keeper = isolation.keeper_of(found.order.id)
    return OwnPage(
        page=found,
        keeper=contact(keeper.unit_id if keeper else None),
        tickets=isolation.tickets_of(found.order.id),
        coming=coming(found.order),
    )


def coming(order: measures.OrderRow) -> tuple[Coming, ...]:
    """The next checks and tests, as far as the pathway can see."""
    if not order.is_live:
        return ()
    ahead = [duty for duty in loop.schedule(order.subject, clock.now()) if duty.step in SHOWN_STEPS]
    return tuple(Coming(duty.title, duty.target_at or duty.opens_at) for duty in ahead[:COMING_MAX])


def reference_of(arrival_id: UUID) -> str:
    return arrivals.by_reference_of(arrival_id)
