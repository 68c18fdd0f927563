"""The two sides that trade off, counted over everybody and read a page at a time: who has not come to a site in time,
and what was handed over and not accepted.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.urls import reverse
from django.utils.translation import gettext

from bihuan.kernel import access, custody
from bihuan.kernel.access import Scope
from bihuan.kernel.text import Text
from bihuan.kernel.web import Badge
from bihuan.kernel.web.parts import Tone
from bihuan.kernel.web.templatetags.bihuan import span
from bihuan.modules.measures import queries as measures
from bihuan.modules.people import queries as people
from bihuan.modules.transfers.models import OPEN_REQUEST, Request, RequestState, Vehicle
from bihuan.modules.transfers.queries.desk import AT_THE_START, SINCE, allowed_wait
from bihuan.modules.transfers.queries.fleet import holder_names
from bihuan.modules.transfers.rules import wait_tone


@dataclass(frozen=True, slots=True)
class StrandedRow:
    """Somebody whose approved order should have brought them to a site by now, and who has not come there."""

    order_id: UUID
    number: str
    person_id: UUID
    name: str
    phone: str
    unit: Text
    since: datetime
    waiting: timedelta
    why: str

    @property
    def url(self) -> str:
        return reverse("orders:detail", args=[self.order_id])

    @property
    def call(self) -> str:
        return f"tel:{self.phone}" if self.phone else ""


@dataclass(frozen=True, slots=True)
class UnacceptedRow:
    handover: UUID
    sender: Text
    receiver: Text
    dispatched_at: datetime
    waiting: timedelta
    people: int
    tone: Tone

    @property
    def wait(self) -> Badge:
        return Badge(span(self.waiting), self.tone)


@dataclass(frozen=True, slots=True)
class BothSides:
    """Row 56: nobody unaccepted and nobody waiting too long."""

    waiting: int
    longest_wait: timedelta
    stranded: int
    unaccepted: int
    people_unaccepted: int
    longest_unaccepted: timedelta
    missing: int


@dataclass(frozen=True, slots=True)
class Unrequested:
    """Live central orders for which nobody asked for a vehicle and whose person is in no site or hospital, the oldest
    approval first. A source for tables."""

    found: tuple[measures.Unplaced, ...]

    def count(self, filters: Mapping[str, str]) -> int:
        return len(self.found)

    def rows(self, filters: Mapping[str, str], sort: str, offset: int, limit: int) -> Sequence[measures.OrderListRow]:
        return measures.in_this_order([one.order_id for one in self.found[offset : offset + limit]])


@dataclass(frozen=True, slots=True)
class OpenRequest:
    """No more of a request than what a count of all of them needs."""

    order_id: UUID
    approved_at: datetime
    state: str = ""  # empty while nobody has asked for a vehicle
    from_unit_id: UUID | None = None
    id: UUID | None = None


@dataclass(frozen=True, slots=True)
class Stranded:
    """Everybody approved longer ago than the limit and in no site, the longest wait first. A source for tables."""

    found: tuple[OpenRequest, ...]
    requests: tuple[OpenRequest, ...]  # all open ones, late or not
    now: datetime

    @property
    def at_the_start(self) -> list[OpenRequest]:
        """Those who have not left, the longest wait first."""
        return [one for one in self.requests if one.state in AT_THE_START]

    def count(self, filters: Mapping[str, str]) -> int:
        return len(self.found)

    def rows(self, filters: Mapping[str, str], sort: str, offset: int, limit: int) -> Sequence[StrandedRow]:
        shown = self.found[offset : offset + limit]
        orders = measures.in_this_order([one.order_id for one in shown])
        cards = people.cards({order.person_id for order in orders})
        units = access.queries.names({one.from_unit_id for one in shown})
        return [
            StrandedRow(
                order_id=order.id,
                number=order.number,
                person_id=order.person_id,
                name=cards[order.person_id].name,
                phone=cards[order.person_id].phone,
                unit=units.get(one.from_unit_id, order.unit),
                since=one.approved_at,
                waiting=self.now - one.approved_at,
                why=str(RequestState(one.state).label) if one.state else gettext("No vehicle asked for"),
            )
            for one, order in zip(shown, orders, strict=True)
        ]


@dataclass(frozen=True, slots=True)
class Unaccepted:
    """Every hand-over that was sent and not accepted, the longest wait first. A source for tables."""

    found: tuple[custody.Unaccepted, ...]
    now: datetime

    @property
    def people(self) -> int:
        return sum(one.items for one in self.found)

    @property
    def longest(self) -> timedelta:
        return self.found[0].waiting if self.found else timedelta()

    def count(self, filters: Mapping[str, str]) -> int:
        return len(self.found)

    def rows(self, filters: Mapping[str, str], sort: str, offset: int, limit: int) -> Sequence[UnacceptedRow]:
        shown = self.found[offset : offset + limit]
        names = holder_names({holder for one in shown for holder in (one.sender, one.receiver)})
        allowed = allowed_wait(self.now)
        return [
            UnacceptedRow(
                handover=one.handover,
                sender=names[one.sender],
                receiver=names[one.receiver],
                dispatched_at=one.dispatched_at,
                waiting=one.waiting,
                people=one.items,
                tone=wait_tone(one.waiting, allowed),
            )
            for one in shown
        ]


def unrequested(scope: Scope) -> Unrequested:
    asked = Request.objects.exclude(state=RequestState.CANCELLED).values("order")
    found = measures.central_without(scope, asked)
    holders = custody.holders_of([f"person:{one.person_id}" for one in found])
    hospitals = {f"unit:{unit.id}" for unit in access.queries.units_of_kinds("hospital")}
    return Unrequested(
        tuple(
            one
            for one in found
            for holder in (holders[f"person:{one.person_id}"],)
            if not holder.startswith("site:") and holder not in hospitals
        )
    )


def stranded(scope: Scope, now: datetime, forgotten: Unrequested | None = None) -> Stranded:
    """`forgotten` spares the look for whom nobody has asked for a vehicle to a page that has them already."""
    before = now - allowed_wait(now)
    requests = [
        OpenRequest(*one)
        for one in scope.rows(
            Request.objects.filter(state__in=OPEN_REQUEST, order__state="live"), "from_unit", "to_unit", "fleet"
        )
        .annotate(since=SINCE)
        .order_by("since", "id")
        .values_list("order_id", "since", "state", "from_unit_id", "id")
    ]
    unasked = [OpenRequest(one.order_id, one.approved_at) for one in (forgotten or unrequested(scope)).found]
    late = [one for one in (*requests, *unasked) if one.approved_at < before]
    return Stranded(tuple(sorted(late, key=lambda one: one.approved_at)), tuple(requests), now)


def unaccepted(scope: Scope, now: datetime) -> Unaccepted:
    """Those where sender or receiver is in reach."""
    return Unaccepted(tuple(custody.unaccepted(now, holders=None if scope.is_everywhere else holders_in(scope))), now)


def holders_in(scope: Scope) -> list[str]:
    """Everything in somebody's reach that can hold a person: their units, sites and vehicles."""
    units = [f"{kind}:{unit.id}" for unit in access.queries.units(scope) for kind in ("unit", "site")]
    return units + [f"vehicle:{one}" for one in scope.rows(Vehicle.objects.all(), "unit").values_list("id", flat=True)]


def sides(late: Stranded, handed: Unaccepted) -> BothSides:
    """The two sides in figures."""
    waiting = late.at_the_start
    return BothSides(
        waiting=len(waiting),
        longest_wait=late.now - waiting[0].approved_at if waiting else timedelta(),
        stranded=len(late.found),
        unaccepted=len(handed.found),
        people_unaccepted=handed.people,
        longest_unaccepted=handed.longest,
        missing=sum(one.state == RequestState.MISSING for one in waiting),
    )
