"""Gates: the catalogue, the day at one, who waits there and for how long, the daily checklist."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import cached_property
from typing import Any
from uuid import UUID

from django.db.models import Count, Q, QuerySet
from django.utils.translation import gettext_lazy as _

from bihuan.kernel import access, clock, custody
from bihuan.kernel.refusals import NotFound
from bihuan.kernel.text import Text
from bihuan.modules.arrivals.models import Arrival, Gate, GateCheck, Mode, State
from bihuan.modules.measures import queries as orders

from .cards import FIELDS, ArrivalCard, _card, _start, dressed, dressed_ids, searched

CHECKLIST = {
    "staffing": _("Posts staffed, every position named"),
    "temperature": _("Thermometers checked, temperature of everybody taken"),
    "registration": _("Documents and declarations checked"),
    "key_people": _("People from risk areas taken aside and registered"),
    "emergency": _("Room and equipment for somebody who falls ill"),
    "transfer": _("Vehicles called, hand-overs signed, nobody left waiting"),
}


@dataclass(frozen=True, slots=True)
class Waiting:
    """Somebody who landed and is still in the gate's hands."""

    arrival: ArrivalCard
    since: datetime

    @property
    def waited(self) -> timedelta:
        return clock.now() - self.since


@dataclass(frozen=True, slots=True)
class GateCard:
    """A gate with what it can bear and how it stands now."""

    id: UUID
    unit: UUID
    name: Text
    path: str
    kind: str
    capacity_per_hour: int
    waiting_capacity: int
    expected_today: int
    landed_today: int
    waiting: int
    longest: timedelta | None

    @property
    def kind_name(self) -> str:
        return str(mode_names()[self.kind])

    @property
    def is_full(self) -> bool:
        return self.waiting >= self.waiting_capacity

    @property
    def longest_minutes(self) -> int:
        return int(self.longest.total_seconds() // 60) if self.longest else 0


@dataclass(frozen=True, slots=True)
class CheckLine:
    """A line of the checklist on a day."""

    item: str
    name: object
    evidence: str
    at: datetime | None

    @property
    def is_done(self) -> bool:
        return self.at is not None


def gates(scope: access.Scope) -> list[GateCard]:
    """The catalogue in the asker's scope, with today's figures: four queries, however many gates."""
    rows = list(scope.rows(Gate.objects.select_related("unit"), "unit").order_by("unit__code"))
    return _cards(rows)


def gate_card(scope: access.Scope, unit: UUID) -> GateCard:
    """One gate in the asker's scope."""
    rows = list(scope.rows(Gate.objects.select_related("unit").filter(unit_id=unit), "unit"))
    if not rows:
        raise NotFound(_("There is no such gate in the catalogue."))
    return _cards(rows)[0]


def units_of_gates() -> dict[UUID | None, UUID]:
    """The unit of every gate, by the gate's id."""
    return dict(Gate.objects.values_list("id", "unit_id"))


def held_at_gate(card: ArrivalCard) -> bool:
    """Whether the gate still answers for somebody."""
    return card.gate_unit is not None and custody.holder_of(f"person:{card.person_id}") == f"unit:{card.gate_unit}"


def waits_for_destination(card: ArrivalCard) -> bool:
    """Whether the gate answers for somebody whom it has sent nowhere yet."""
    item = f"person:{card.person_id}"
    return held_at_gate(card) and item not in custody.on_the_way([item])


def may_go_on(card: ArrivalCard) -> bool:
    """Whether somebody who landed can be taken over or travel on: no order binds them, and they are not closed
    elsewhere.
    """
    if orders.open_order_of(card.person_id) is not None:
        return False
    return card.state == State.LANDED or (card.state == State.CLOSED and held_at_gate(card))


def own_gate(scope: access.Scope, wanted: UUID | None) -> GateCard:
    """The gate at which an officer receives somebody: where the person was announced, if that is theirs; else the
    officer's own.
    """
    own = gates(scope)
    if not own:
        raise NotFound(_("You serve at no gate of the catalogue."), _("Ask for an appointment at a gate."))
    return next((gate for gate in own if gate.unit == wanted), own[0])


def waiting_people(unit: UUID, limit: int | None = None) -> list[Waiting]:
    """Everybody who landed at a gate and whom nobody has taken over yet, the longest wait first."""
    held = [UUID(item.split(":")[1]) for item in custody.held_by(f"unit:{unit}")[:limit]]
    rows = Arrival.objects.filter(gate__unit_id=unit, person_id__in=held, landed_at__isnull=False)
    latest = {row["person_id"]: _card(row) for row in rows.order_by("landed_at").values(*FIELDS)}
    waiting = [Waiting(card, card.landed_at) for card in latest.values() if card.landed_at]
    return sorted(waiting, key=lambda one: one.since)


def checklist(unit: UUID, on: date) -> list[CheckLine]:
    """A gate's checklist on a day."""
    done = {check.item: check for check in GateCheck.objects.filter(gate__unit_id=unit, on=on)}
    return [
        CheckLine(item, name, done[item].evidence if item in done else "", done[item].at if item in done else None)
        for item, name in CHECKLIST.items()
    ]


class GateDay:
    """Source of a gate's list for a day: everybody expected there or landed there. Undated arrivals come last."""

    SORTS: Mapping[str, str] = {
        "name": "person__name_key",
        "expected_at": "expected_at",
        "carrier": "carrier",
        "seat": "seat",
        "state": "state",
    }

    def __init__(self, unit: UUID, row: Any = None) -> None:
        self.unit = unit
        self.row = row or (lambda card: card)

    def count(self, filters: Mapping[str, str]) -> int:
        return int(self._asked(filters).count())

    def rows(self, filters: Mapping[str, str], sort: str, offset: int, limit: int) -> Sequence[Any]:
        order = self.SORTS.get(sort.removeprefix("-"), "expected_at")
        asked = self._asked(filters).order_by(f"-{order}" if sort.startswith("-") else order, "id")
        if filters.get("q"):
            return dressed(asked, offset, limit, self.row)
        ids = list(asked.values_list("id", flat=True))  # without LIMIT: with it, other gates' days would be walked
        return dressed_ids(ids[offset : offset + limit], self.row)

    @cached_property
    def _gate(self) -> UUID | None:
        return Gate.objects.filter(unit_id=self.unit).values_list("id", flat=True).first()

    def _asked(self, filters: Mapping[str, str]) -> Any:
        if text := filters.get("q"):  # a search at the gate finds anybody announced to the city, at whichever gate
            return Arrival.objects.filter(searched(text)).exclude(state=State.HISTORY)
        on = date.fromisoformat(filters["on"]) if filters.get("on") else clock.now().astimezone(clock.CITY).date()
        expected = Q(gate=self._gate, expected_at__gte=_start(on), expected_at__lt=_start(on, 1))
        landed = Q(gate=self._gate, found_at__isnull=True, landed_at__gte=_start(on), landed_at__lt=_start(on, 1))
        rows = Arrival.objects.filter(expected | landed)
        if state := filters.get("state"):
            rows = rows.filter(state=state)
        if carrier := filters.get("carrier"):
            rows = rows.filter(carrier__iexact=carrier)
        return rows


def mode_names() -> dict[str, object]:
    """Modes of transport, which are also the kinds of gates, in the reader's language."""
    return {
        Mode.RAIL.value: _("Rail"),
        Mode.COACH.value: _("Coach"),
        Mode.EXPRESSWAY.value: _("Expressway"),
        Mode.AIR.value: _("Air"),
        Mode.SEA.value: _("Sea"),
        Mode.OTHER.value: _("Other"),
    }


def gate_units() -> list[tuple[str, Text]]:
    """Every gate of the city by its unit, for forms."""
    return [(str(gate.unit_id), gate.unit.name) for gate in Gate.objects.select_related("unit").order_by("unit__code")]


def _cards(rows: Sequence[Gate]) -> list[GateCard]:
    today = clock.now().astimezone(clock.CITY).date()
    begin, end = _start(today), _start(today, 1)
    arrivals = Arrival.objects.filter(gate__in=[gate.id for gate in rows])
    expected = _a_gate(arrivals.filter(state=State.EXPECTED, expected_at__gte=begin, expected_at__lt=end))
    landed = _a_gate(arrivals.filter(found_at__isnull=True, landed_at__gte=begin, landed_at__lt=end))
    waits = custody.load_since([f"unit:{gate.unit_id}" for gate in rows])
    now = clock.now()
    return [
        GateCard(
            id=gate.id,
            unit=gate.unit_id,
            name=gate.unit.name,
            path=gate.unit.path,
            kind=gate.kind,
            capacity_per_hour=gate.capacity_per_hour,
            waiting_capacity=gate.waiting_capacity,
            expected_today=expected.get(gate.id, 0),
            landed_today=landed.get(gate.id, 0),
            waiting=(held := waits[f"unit:{gate.unit_id}"])[0],
            longest=now - held[1] if held[1] else None,
        )
        for gate in rows
    ]


def _a_gate(arrivals: "QuerySet[Arrival]") -> dict[UUID | None, int]:
    return dict(arrivals.values_list("gate").annotate(count=Count("*")).order_by("gate"))
