"""Hand-overs by shift: what each gate and site sent and was sent while somebody was on duty, and what became of it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from uuid import UUID

from django.db.models import TextChoices
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from bihuan.kernel import access, clock, custody
from bihuan.kernel.access.queries import UnitRow
from bihuan.kernel.refusals import NotFound
from bihuan.kernel.text import Text
from bihuan.kernel.web import Badge
from bihuan.modules.command import rules
from bihuan.modules.measures import queries as measures
from bihuan.modules.people import queries as people
from bihuan.modules.transfers import queries as transfers
from bihuan.modules.units import queries as units

HOLDERS = {"gate": "unit", "site": "site"}  # kinds of units that hand people over, and what custody calls them
OPEN, RECEIVED = "pending", "received"


class Outcome(TextChoices):
    PENDING = OPEN, _("Not answered")
    RECEIVED = RECEIVED, _("Received")
    MISSING = "missing", _("Not there")
    EXTRA = "extra", _("Not on the list")
    REFUSED = "refused", _("Refused")
    WITHDRAWN = "withdrawn", _("Withdrawn")


@dataclass(frozen=True, slots=True)
class Side:
    """What went one way in a part of the day: all of it = received + ended otherwise + not answered."""

    all: int
    received: int
    otherwise: int
    open: int


@dataclass(frozen=True, slots=True)
class Part:
    """A part of the day at a unit, with whoever was on duty."""

    starts_at: datetime
    ends_at: datetime
    names: tuple[str, ...]
    sent: Side
    came: Side

    @property
    def since(self) -> str:
        return stamp(self.starts_at)

    @property
    def until(self) -> str:
        return stamp(self.ends_at)

    @property
    def hours(self) -> str:
        begins, ends = self.starts_at.astimezone(clock.CITY), self.ends_at.astimezone(clock.CITY)
        return f"{begins:%H:%M}–{'24:00' if ends.date() > begins.date() else f'{ends:%H:%M}'}"


@dataclass(frozen=True, slots=True)
class UnitDay:
    """A gate or site through a day; `people` and `orders` are those it answers for now."""

    unit: UnitRow
    parts: tuple[Part, ...]
    people: int
    orders: int

    @property
    def agrees(self) -> bool:
        return self.people == self.orders


@dataclass(frozen=True, slots=True)
class PassedLine:
    """Somebody handed over; `name` is masked."""

    person: UUID
    name: str
    sender: Text
    receiver: Text
    at: datetime
    badge: Badge
    url: str


def stamp(moment: datetime) -> str:
    """A moment as it stands in an address."""
    return f"{moment.astimezone(clock.CITY):%Y%m%d%H%M}"


def day_of(day: date) -> tuple[datetime, datetime]:
    midnight = datetime.combine(day, datetime.min.time(), clock.CITY)
    return midnight, midnight + timedelta(days=1)


def holder(unit: UnitRow) -> str:
    return f"{HOLDERS[unit.kind]}:{unit.id}"


def shift_days(scope: access.Scope, code: str, day: date) -> list[UnitDay]:
    """Every gate and site in reach, or below the unit with `code`, through a day: five queries however many."""
    reach = scope.below(access.queries.unit_by_code(code).path) if code else scope
    found = access.queries.units(reach, kinds=HOLDERS)
    starts_at, ends_at = day_of(day)
    planned = units.shifts_of([unit.id for unit in found], starts_at, ends_at)
    spans = [
        (unit, span)
        for unit in found
        for span in rules.parts([(one.starts_at, one.ends_at) for one in planned.get(unit.id, ())], starts_at, ends_at)
    ]
    passed = custody.passed([custody.Span(holder(unit), *span) for unit, span in spans])
    made: dict[UUID, list[Part]] = {unit.id: [] for unit in found}
    for (unit, span), both in zip(spans, passed, strict=True):
        names = tuple(one.user_name for one in planned.get(unit.id, ()) if one.is_on(span[0]))
        made[unit.id].append(Part(*span, names, side(both.sent), side(both.came)))
    here = custody.held_by_each([holder(unit) for unit in found if unit.kind == "site"])
    held = {unit.id: persons(here[holder(unit)]) for unit in found if unit.kind == "site"}
    bound = measures.open_order_ids([person for one in held.values() for person in one])
    return [
        UnitDay(
            unit,
            tuple(made[unit.id]),
            len(held.get(unit.id, ())),
            sum(person in bound for person in held.get(unit.id, ())),
        )
        for unit in found
    ]


def persons(items: Sequence[str]) -> list[UUID]:
    return [UUID(item.removeprefix("person:")) for item in items if item.startswith("person:")]


def side(counts: Mapping[str, int]) -> Side:
    received, still_open = counts.get(RECEIVED, 0), counts.get(OPEN, 0)
    total = sum(counts.values())
    return Side(total, received, total - received - still_open, still_open)


class PassedList:
    """The people behind one number of a part of the day. A source for tables."""

    def __init__(self, scope: access.Scope, unit_id: UUID, span: tuple[datetime, datetime], *, is_sent: bool) -> None:
        unit = access.queries.unit(unit_id)
        if not scope.covers(unit.path) or unit.kind not in HOLDERS:
            raise NotFound(_("There is no such unit."))
        self.unit, self.span, self.is_sent = unit, custody.Span(holder(unit), *span), is_sent

    def found(self, filters: Mapping[str, str]) -> list[custody.PassedItem]:
        outcome = filters.get("outcome", "")
        if outcome != "otherwise":
            return custody.passed_items(self.span, is_sent=self.is_sent, outcome=outcome)
        whole = custody.passed_items(self.span, is_sent=self.is_sent)
        return [one for one in whole if one.outcome not in (RECEIVED, OPEN)]

    def count(self, filters: Mapping[str, str]) -> int:
        return len(self.found(filters))

    def rows(self, filters: Mapping[str, str], sort: str, offset: int, limit: int) -> Sequence[PassedLine]:
        shown = self.found(filters)[offset : offset + limit]
        cards = people.cards(set(persons([one.item for one in shown])))
        names = transfers.holder_names({holder for one in shown for holder in (one.sender, one.receiver)})
        return [passed_line(one, cards, names) for one in shown if one.item.startswith("person:")]


def passed_line(
    one: custody.PassedItem, cards: Mapping[UUID, people.PersonCard], names: Mapping[str, Text]
) -> PassedLine:
    [person] = persons([one.item])
    tone = {RECEIVED: "good", OPEN: "warn"}.get(one.outcome, "neutral")
    return PassedLine(
        person,
        cards[person].masked,
        names[one.sender],
        names[one.receiver],
        one.dispatched_at,
        Badge(str(Outcome(one.outcome).label), tone),  # type: ignore[arg-type]
        reverse("people:detail", args=[person]),
    )
