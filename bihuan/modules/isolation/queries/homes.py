"""People isolated or monitored at home: who looks after them, and who has been contacted today."""

from dataclasses import dataclass
from datetime import datetime, time, timedelta
from uuid import UUID

from django.db.models import F
from django.urls import reverse

from bihuan.kernel import access, clock, custody
from bihuan.kernel.access import Scope
from bihuan.kernel.loop import queries as loop
from bihuan.kernel.text import Text
from bihuan.kernel.web import Clock
from bihuan.modules.isolation.models import Check, Home
from bihuan.modules.measures import queries as measures
from bihuan.modules.people import queries as people

from .clocks import clock_of, duties_due
from .practice import practice
from .stays import LIVE, CheckRow, latest_checks

DOORS_MAX = 500  # more than anybody can visit in a day


@dataclass(frozen=True, slots=True)
class TeamMember:
    role: str
    role_name: Text
    name: str
    phone: str


@dataclass(frozen=True, slots=True)
class HomeCard:
    """One isolation at home with its team."""

    id: UUID
    order_id: UUID
    person_id: UUID
    unit_id: UUID
    unit_name: Text
    unit_path: str
    address: str
    begun_at: datetime
    team: tuple[TeamMember, ...]


def home_of(order_id: UUID) -> HomeCard | None:
    """The isolation at home under an order, if it has begun."""
    home = Home.objects.filter(order_id=order_id).select_related("unit").prefetch_related("team").first()
    if home is None:
        return None
    names = {role.code: role.name for role in practice().team}
    order = list(names)
    team = sorted(home.team.all(), key=lambda one: order.index(one.role) if one.role in names else len(order))
    return HomeCard(
        id=home.id,
        order_id=home.order_id,
        person_id=home.person_id,
        unit_id=home.unit_id,
        unit_name=home.unit.name,
        unit_path=home.unit.path,
        address=home.address,
        begun_at=home.begun_at,
        team=tuple(
            TeamMember(one.role, names.get(one.role, Text(one.role, one.role)), one.name, one.phone) for one in team
        ),
    )


@dataclass(frozen=True, slots=True)
class HomeRow:
    """A door on the grid worker's way: somebody to be in touch with today."""

    subject: str
    person_id: UUID
    name: str
    phone: str
    address: str
    place: str
    last: CheckRow | None
    is_done: bool

    @property
    def id(self) -> UUID:
        return UUID(self.subject.partition(":")[2])

    @property
    def url(self) -> str:
        return reverse("homes:visit" if self.place == Check.Place.HOME else "homes:monitored", args=[self.id])


def homes_today(scope: Scope, now: datetime) -> tuple[HomeRow, ...]:
    """Everybody in the scope who is at home under a live order, or only monitored, with today's contact.

    Not who has been taken over by somebody else since, such as a hospital.
    """
    held = list(
        scope.rows(Home.objects.all(), "unit")
        .filter(order__state=LIVE)
        .order_by("unit__code", "address")
        .values("order_id", "person_id", "unit_id", "address", name=F("person__name"), phone=F("person__phone"))
    )
    holders = custody.holders_of([f"person:{home['person_id']}" for home in held])
    held = [home for home in held if holders[f"person:{home['person_id']}"] == f"unit:{home['unit_id']}"]
    monitored = _monitored(scope, now)
    subjects = [f"order:{home['order_id']}" for home in held] + [subject for subject, _person in monitored]
    checks = latest_checks(subjects, now - timedelta(days=2), now)
    today = datetime.combine(now.astimezone(clock.CITY), time(), clock.CITY)
    cards = people.cards([person_id for _subject, person_id in monitored])
    doors = [
        (f"order:{home['order_id']}", home["person_id"], home["name"], home["phone"], home["address"], Check.Place.HOME)
        for home in held
    ] + [
        (subject, card.id, card.name, card.phone, card.address, Check.Place.MONITOR)
        for subject, person_id in monitored
        if (card := cards.get(person_id))
    ]
    rows = [
        HomeRow(*door[:5], str(door[5]), last, last is not None and last.checked_at >= today)
        for door in doors
        for last in (checks.get(door[0]),)
    ]
    return tuple(sorted(rows, key=lambda row: row.is_done))


def _monitored(scope: Scope, now: datetime) -> list[tuple[str, UUID]]:
    """Arrivals without an order whose daily check is somebody's duty in this scope."""
    duties = loop.open_duties(
        units=access.queries.unit_ids(scope),
        pathway="arrival",
        steps=["check"],
        standing="due",
        now=now,
        limit=DOORS_MAX,
    )
    return [(duty.subject, person_of(duty)) for duty in duties if duty.about]


def person_of(duty: loop.DutyRow) -> UUID:
    return UUID(str(duty.about).partition(":")[2])


@dataclass(frozen=True, slots=True)
class Awaited:
    """Somebody whom the community has yet to receive at home, with the clock of that duty."""

    order_id: UUID
    person_id: UUID
    name: str
    address: str
    due: Clock | None


def awaited_homes(scope: Scope, now: datetime) -> tuple[Awaited, ...]:
    """Who comes home into this scope and has no team yet: from a site, or straight from where the order was made."""
    duties = loop.open_duties(
        units=access.queries.unit_ids(scope), pathway="order", steps=["home"], standing="due", now=now, limit=DOORS_MAX
    )
    coming = {order_of(duty): person_of(duty) for duty in duties if duty.about}
    begun = Home.objects.values("order")
    coming |= {order.id: order.person_id for order in measures.home_without(scope, begun, DOORS_MAX)}
    due = duties_due([f"order:{order_id}" for order_id in coming], ("home",), now)
    cards = people.cards(list(coming.values()))
    found = [
        Awaited(order_id, card.id, card.name, card.address, clock_of(duty) if duty else None)
        for order_id, person_id in coming.items()
        if (card := cards.get(person_id))
        for duty in (due.get(f"order:{order_id}"),)
    ]
    return tuple(sorted(found, key=lambda one: one.due.target_at if one.due else now))


def order_of(duty: loop.DutyRow) -> UUID:
    return UUID(duty.subject.partition(":")[2])
