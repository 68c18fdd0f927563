"""Both sides of the transfer desk: who waits to be fetched, and what was handed over and not accepted. They
trade off."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.db.models import QuerySet

from bihuan.kernel import access, custody
from bihuan.kernel.access import Scope
from bihuan.kernel.loop import profile
from bihuan.kernel.text import Text
from bihuan.modules.measures import queries as measures
from bihuan.modules.people import queries as people
from bihuan.modules.transfers.models import OPEN_REQUEST, Request, RequestState, Vehicle
from bihuan.modules.transfers.queries.fleet import holder_names
from bihuan.modules.transfers.rules import wait_tone

AT_THE_START = (RequestState.WAITING, RequestState.ASSIGNED, RequestState.MISSING)
SHOWN_MAX = 200
STEPS = ("request", "assign", "board", "check_in")


@dataclass(frozen=True, slots=True)
class WaitingRow:
    """Somebody under an order who has not left yet."""

    request_id: UUID
    order_id: UUID
    number: str
    person_id: UUID
    name: str
    phone: str
    from_unit: Text
    from_unit_id: UUID
    to_unit: Text
    to_unit_id: UUID
    needs: str
    state: str
    state_name: str
    trip_id: UUID | None
    since: datetime
    waiting: timedelta
    tone: str

    @property
    def can_be_assigned(self) -> bool:
        return self.state == RequestState.WAITING

    @property
    def is_missing(self) -> bool:
        return self.state == RequestState.MISSING


@dataclass(frozen=True, slots=True)
class Way:
    """People who go from one unit to another: they can share a vehicle."""

    from_unit: Text
    to_unit: Text
    rows: tuple[WaitingRow, ...]


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


@dataclass(frozen=True, slots=True)
class UnacceptedRow:
    handover: UUID
    sender: Text
    receiver: Text
    dispatched_at: datetime
    waiting: timedelta
    people: int
    tone: str


@dataclass(frozen=True, slots=True)
class ExpectedRow:
    """Somebody on the way to a site, or already at its door."""

    request_id: UUID
    order_id: UUID
    person_id: UUID
    name: str
    needs: str
    state: str
    trip_number: str
    plate: str
    eta_at: datetime | None
    arrived_at: datetime | None


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


def open_handover_for(order_id: UUID) -> UUID | None:
    """The hand-over from the vehicle to the site that the site has not answered yet."""
    return (
        Request.objects.filter(order=order_id, state=RequestState.UNDERWAY).values_list("handover", flat=True).first()
    )


def limit(now: datetime) -> timedelta:
    """How long from approval to the site at most: what the pathway gives each step on the way, added up."""
    in_force = profile.active(now)
    clocks = [in_force.value(f"clock_{step}", on=now).value for step in STEPS]
    return sum((clock.breach for clock in clocks), timedelta())


@dataclass(frozen=True, slots=True)
class WaitingList:
    """People who wait for a vehicle or stand beside one, in somebody's reach. A source for tables."""

    scope: Scope
    now: datetime

    def filtered(self, filters: Mapping[str, str]) -> QuerySet[Request]:
        states = [filters["state"]] if filters.get("state") else AT_THE_START
        found = self.scope.rows(
            Request.objects.filter(state__in=states, order__state="live"), "from_unit", "to_unit", "fleet"
        )
        if filters.get("unit"):
            found = found.filter(from_unit__code=filters["unit"])
        return found

    def count(self, filters: Mapping[str, str]) -> int:
        return self.filtered(filters).count()

    def rows(self, filters: Mapping[str, str], sort: str, offset: int, limit: int) -> Sequence[WaitingRow]:
        """Longest wait first, whatever is asked: that is who must go first."""
        found = (
            self.filtered(filters).select_related("order", "from_unit", "to_unit").order_by("order__approved_at", "id")
        )
        return waiting_rows(list(found[offset : offset + limit]), self.now)


def since(one: Request) -> datetime:
    """From when on somebody waits: the approval of the order."""
    approved: datetime | None = one.order.approved_at
    assert approved, "a request is made under an approved order"
    return approved


def waiting_rows(held: list[Request], now: datetime) -> list[WaitingRow]:
    cards = people.cards({one.person_id for one in held})
    allowed = limit(now)
    return [
        WaitingRow(
            request_id=one.id,
            order_id=one.order_id,
            number=one.order.number,
            person_id=one.person_id,
            name=cards[one.person_id].name,
            phone=cards[one.person_id].phone,
            from_unit=one.from_unit.name,
            from_unit_id=one.from_unit_id,
            to_unit=one.to_unit.name,
            to_unit_id=one.to_unit_id,
            needs=one.needs,
            state=one.state,
            state_name=one.get_state_display(),
            trip_id=one.trip_id,
            since=since(one),
            waiting=now - since(one),
            tone="bad" if one.state == RequestState.MISSING else wait_tone(now - since(one), allowed),
        )
        for one in held
    ]


def waiting(scope: Scope, now: datetime) -> Sequence[WaitingRow]:
    return WaitingList(scope, now).rows({}, "", 0, SHOWN_MAX)


def ways(rows: Sequence[WaitingRow]) -> Sequence[Way]:
    """The waiting, by where from and where to; the way with the longest wait first."""
    found: dict[tuple[UUID, UUID], list[WaitingRow]] = {}
    for row in rows:
        found.setdefault((row.from_unit_id, row.to_unit_id), []).append(row)
    return [Way(held[0].from_unit, held[0].to_unit, tuple(held)) for held in found.values()]


def unrequested(scope: Scope) -> Sequence[measures.OrderListRow]:
    """Live central orders for which nobody has asked for a vehicle, and whose person is in no site yet."""
    asked = Request.objects.exclude(state=RequestState.CANCELLED).values("order")
    rows = measures.central_without(scope, asked, SHOWN_MAX)
    holders = custody.holders_of([f"person:{row.person_id}" for row in rows])
    return [row for row in rows if not holders.get(f"person:{row.person_id}", "").startswith("site:")]


def stranded(scope: Scope, now: datetime) -> Sequence[StrandedRow]:
    """By name, to whoever answers: approved longer ago than the limit and not in a site."""
    before = now - limit(now)
    late = scope.rows(
        Request.objects.filter(state__in=OPEN_REQUEST, order__state="live", order__approved_at__lt=before),
        "from_unit",
        "to_unit",
        "fleet",
    )
    held = list(late.select_related("order", "from_unit").order_by("order__approved_at")[:SHOWN_MAX])
    forgotten = [row for row in unrequested(scope) if row.approved_at and row.approved_at < before]
    cards = people.cards({one.person_id for one in held} | {row.person_id for row in forgotten})
    rows = [
        StrandedRow(
            order_id=one.order_id,
            number=one.order.number,
            person_id=one.person_id,
            name=cards[one.person_id].name,
            phone=cards[one.person_id].phone,
            unit=one.from_unit.name,
            since=since(one),
            waiting=now - since(one),
            why=one.get_state_display(),
        )
        for one in held
    ]
    rows += [
        StrandedRow(
            order_id=row.id,
            number=row.number,
            person_id=row.person_id,
            name=cards[row.person_id].name,
            phone=cards[row.person_id].phone,
            unit=row.unit,
            since=row.approved_at or now,
            waiting=now - (row.approved_at or now),
            why="",
        )
        for row in forgotten
    ]
    return sorted(rows, key=lambda row: row.since)


def unaccepted(scope: Scope, now: datetime) -> Sequence[UnacceptedRow]:
    """Hand-overs sent and not accepted, where sender or receiver is in reach; longest first."""
    open_ones = custody.unaccepted(now, holders=None if scope.is_everywhere else holders_in(scope))
    names = holder_names({holder for one in open_ones for holder in (one.sender, one.receiver)})
    allowed = limit(now)
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
        for one in sorted(open_ones, key=lambda one: one.dispatched_at)
    ]


def holders_in(scope: Scope) -> list[str]:
    """Everything in somebody's reach that can hold a person: their units, sites and vehicles."""
    units = [f"{kind}:{unit.id}" for unit in access.queries.units(scope) for kind in ("unit", "site")]
    return units + [f"vehicle:{one}" for one in scope.rows(Vehicle.objects.all(), "unit").values_list("id", flat=True)]


def both_sides(scope: Scope, now: datetime) -> BothSides:
    return sides(scope, now, stranded(scope, now), unaccepted(scope, now))


def sides(scope: Scope, now: datetime, late: Sequence[StrandedRow], handed: Sequence[UnacceptedRow]) -> BothSides:
    """The two sides in figures, for a page that shows the stranded and the unaccepted as well."""
    open_ones = WaitingList(scope, now)
    first = open_ones.filtered({}).order_by("order__approved_at").values_list("order__approved_at", flat=True).first()
    return BothSides(
        waiting=open_ones.count({}),
        longest_wait=now - first if first else timedelta(),
        stranded=len(late),
        unaccepted=len(handed),
        people_unaccepted=sum(one.people for one in handed),
        longest_unaccepted=max((one.waiting for one in handed), default=timedelta()),
        missing=open_ones.count({"state": RequestState.MISSING}),
    )


def expected_at(unit_id: UUID) -> Sequence[ExpectedRow]:
    """Who is on the way to a site; the earliest first."""
    found = Request.objects.filter(to_unit=unit_id, state__in=OPEN_REQUEST, order__state="live")
    held = list(found.select_related("trip__vehicle").order_by("trip__during", "requested_at")[:SHOWN_MAX])
    cards = people.cards({one.person_id for one in held})
    return [
        ExpectedRow(
            request_id=one.id,
            order_id=one.order_id,
            person_id=one.person_id,
            name=cards[one.person_id].name,
            needs=one.needs,
            state=one.get_state_display(),
            trip_number=one.trip.number if one.trip else "",
            plate=one.trip.vehicle.plate if one.trip else "",
            eta_at=one.trip.eta_at if one.trip else None,
            arrived_at=one.trip.arrived_at if one.trip else None,
        )
        for one in held
    ]
