"""One arrival, a list of them, and what the rules say in plain words."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from functools import cached_property
from typing import Any
from uuid import UUID

from django.db.models import Count, F, Q, QuerySet
from django.utils.translation import gettext_lazy as _

from bihuan.kernel import access, clock
from bihuan.kernel.db import cut
from bihuan.kernel.loop import profile
from bihuan.kernel.loop.values import Policy
from bihuan.kernel.refusals import NotFound
from bihuan.kernel.text import Text
from bihuan.modules.arrivals.models import REFERENCE_LENGTH, Arrival, Gate, State
from bihuan.modules.people import queries as people
from bihuan.modules.places import queries as places

from .classes import foreseen

FIELDS = (
    "id",
    "reference",
    "person_id",
    "person__name",
    "person__id_number",
    "batch_id",
    "mode",
    "carrier",
    "seat",
    "origin_id",
    "origin__code",
    "origin__name_zh",
    "origin__name_en",
    "origin_kind",
    "origin_text",
    "contact_kind",
    "departed_at",
    "expected_at",
    "gate_id",
    "gate__unit_id",
    "gate__unit__name_zh",
    "gate__unit__name_en",
    "gate__unit__path",
    "destination",
    "unit_id",
    "unit__name_zh",
    "unit__name_en",
    "unit__path",
    "last_exposure_on",
    "state",
    "landed_at",
    "temperature",
    "symptoms",
    "profile",
    "policy",
    "rule",
    "class_code",
    "measure",
    "decision",
    "order_id",
    "accepted_at",
    "accepted_unit_id",
    "registered_at",
    "arrived_on",
    "found_at",
)
FLOW_STATES = ("landed", "not_on_board", "cancelled", "left", "history")


@dataclass(frozen=True, slots=True)
class ArrivalCard:
    """One arrival as pages and other modules read it. `origin` is the name of the area, or what the file wrote."""

    id: UUID
    reference: str
    person_id: UUID
    name: str
    id_number: str
    batch_id: UUID | None
    mode: str
    carrier: str
    seat: str
    origin_code: str
    origin: Text
    origin_kind: str
    contact_kind: str
    departed_at: datetime | None
    expected_at: datetime | None
    gate_unit: UUID | None
    gate_name: Text | None
    gate_path: str
    destination: str
    unit_id: UUID | None
    unit_name: Text | None
    unit_path: str
    last_exposure_on: date | None
    state: str
    landed_at: datetime | None
    temperature: Decimal | None
    symptoms: str
    profile: str
    policy: str
    rule: str
    class_code: str
    measure: str
    decision: Mapping[str, Any] | None
    order_id: UUID | None
    accepted_at: datetime | None
    registered_at: datetime
    arrived_on: date | None
    found_at: datetime | None

    @property
    def subject(self) -> str:
        return f"arrival:{self.id}"

    @property
    def masked(self) -> str:
        return people.masked(self.name) or str(_("Name not known"))

    @property
    def state_name(self) -> str:
        return str(state_names()[self.state])

    @property
    def is_open(self) -> bool:
        return self.state in (State.EXPECTED, State.LANDED)


@dataclass(frozen=True, slots=True)
class RulesCard:
    """What applies to a traveller, in plain words of both languages, with the policy it rests on."""

    reference: str
    measure: str
    class_code: str
    days: int
    tests: tuple[int, ...]
    reason: Text
    follows: Text
    legal_basis: Text
    policy: Text
    since: date
    order: Text
    is_preliminary: bool
    takes_sample: bool


def card(arrival_id: UUID) -> ArrivalCard:
    """One arrival."""
    found = cards([arrival_id]).get(arrival_id)
    if found is None:
        raise NotFound(_("There is no such arrival."))
    return found


def cards(arrival_ids: Collection[UUID]) -> dict[UUID, ArrivalCard]:
    """Several arrivals by id, one query."""
    return {row["id"]: _card(row) for row in Arrival.objects.filter(id__in=list(arrival_ids)).values(*FIELDS)}


def in_scope(scope: access.Scope, arrival_id: UUID) -> ArrivalCard:
    """One arrival whose gate or destination lies in the asker's scope; others are not there."""
    row = scope.rows(Arrival.objects.filter(id=arrival_id), "gate__unit", "unit").values(*FIELDS).first()
    if row is None:
        expected = Arrival.objects.filter(
            id=arrival_id, state=State.EXPECTED
        )  # people get off elsewhere than announced
        row = expected.values(*FIELDS).first() if at_a_gate(scope) else None
    if row is None:
        raise NotFound(_("There is no such arrival."))
    return _card(row)


def readable(scope: access.Scope, arrival_id: UUID) -> UUID | None:
    """The arrival, if it lies in the asker's scope: what a link can lead to."""
    is_there = scope.rows(Arrival.objects.filter(id=arrival_id), "gate__unit", "unit").exists()
    return arrival_id if is_there else None


def at_a_gate(scope: access.Scope) -> bool:
    """Whether the asker receives people at a gate."""
    return scope.rows(Gate.objects.all(), "unit").exists()


def policy_of(card: ArrivalCard) -> Policy:
    """The policy an arrival was decided by."""
    return profile.named(card.profile).policy(card.policy)


def by_reference(reference: str) -> ArrivalCard | None:
    """The arrival with a reference number, however it was typed."""
    row = Arrival.objects.filter(reference=reference_plain(reference)).values(*FIELDS).first()
    return _card(row) if row else None


def reference_plain(text: str) -> str:
    """A reference number as it is kept, however it was typed."""
    return text.replace("-", "").replace(" ", "").upper()


def searched(text: str) -> Q:
    """The condition that finds arrivals by a word: a reference number that exists, else whoever the register finds.
    Never both in one condition: that would read every arrival.
    """
    reference = reference_plain(text)
    if len(reference) == REFERENCE_LENGTH and Arrival.objects.filter(reference=reference).exists():
        return Q(reference=reference)
    return Q(person__in=people.ids_matching(text))


def dressed(asked: "QuerySet[Arrival]", offset: int, limit: int, row: Callable[[ArrivalCard], Any]) -> list[Any]:
    """A page of arrivals in their order; names and places are looked up only for those that are shown."""
    return dressed_ids(cut(asked.values_list("id", flat=True), offset, limit), row)


def dressed_ids(ids: Sequence[UUID], row: Callable[[ArrivalCard], Any]) -> list[Any]:
    """Arrivals by id, in this order."""
    found = cards(ids)
    return [row(found[arrival_id]) for arrival_id in ids]


def by_reference_of(arrival_id: UUID) -> str:
    """The reference number of an arrival."""
    return card(arrival_id).reference


def rules_for(arrival_id: UUID) -> RulesCard:
    """What applies to somebody by the rules of today; to somebody still expected, on the day they are expected."""
    arrival = Arrival.objects.filter(id=arrival_id).first()
    if arrival is None:
        raise NotFound(_("There is no such arrival."))
    now = clock.now()
    ahead = arrival.expected_at if arrival.state == State.EXPECTED else None
    landing = max(ahead or now, now).astimezone(clock.CITY).date()
    decision = foreseen(arrival, at=now, landing=landing).decision
    policy = decision.policy
    return RulesCard(
        reference=arrival.reference,
        measure=decision.answer["measure"],
        class_code=decision.answer["class_code"],
        days=int(decision.answer["days"]),
        tests=tuple(decision.answer["tests"]),
        reason=decision.reason,
        follows=decision.follows,
        legal_basis=decision.legal_basis,
        policy=policy.name,
        since=policy.since,
        order=policy.order,
        is_preliminary=arrival.state == State.EXPECTED,
        takes_sample=bool(decision.answer["sample"]),
    )


def class_counts(scope: access.Scope, on: date) -> dict[str, int]:
    """How many landed on a day, by measure."""
    rows = Arrival.objects.filter(found_at__isnull=True, landed_at__gte=_start(on), landed_at__lt=_start(on, 1))
    if not scope.is_everywhere:
        rows = rows.filter(Q(gate__in=scope.rows(Gate.objects.all(), "unit").values("id")) | scope.within("unit"))
    return dict(rows.values_list("measure").annotate(count=Count("*")).order_by("measure"))


class Trips:
    """Source of the arrivals list. Names are masked; whoever needs one whole opens the person."""

    SORTS: Mapping[str, str] = {
        "name": "person__name_key",
        "expected_at": "expected_at",
        "landed_at": "landed_at",
        "found_at": "found_at",
        "arrived_on": "arrived_on",
        "carrier": "carrier",
        "state": "state",
        "origin": "origin__code",
        "measure": "measure",
        "gate": "gate__unit__code",
        "unit": "unit__code",
    }

    def __init__(self, scope: access.Scope, row: Any = None) -> None:
        self.scope = scope
        self.row = row or (lambda card: card)

    def count(self, filters: Mapping[str, str]) -> int:
        """One side of the reach after the other: each count reads an index only, both at once read every row."""
        asked = self._asked(filters)
        if self._reach is None:
            return asked.count()
        gates, units = self._reach
        by_gate = asked.filter(gate__in=gates)
        return by_gate.count() + asked.filter(unit__in=units).exclude(gate__in=gates).count()

    def rows(self, filters: Mapping[str, str], sort: str, offset: int, limit: int) -> Sequence[Any]:
        asked = self._asked(filters)
        if self._reach is not None:
            gates, units = self._reach
            asked = asked.filter(Q(gate__in=gates) | Q(unit__in=units))
        return dressed(asked.order_by(*self._order(sort)), offset, limit, self.row)

    def _order(self, sort: str) -> list[Any]:
        if sort.removeprefix("-") == "landed_at":  # who has not landed comes after everybody who has
            latest_first = [F("landed_at").desc(nulls_last=True), "-id"]
            return latest_first if sort.startswith("-") else [F("landed_at").asc(nulls_first=True), "id"]
        order = self.SORTS.get(sort.removeprefix("-"), "expected_at")
        return [f"-{order}" if sort.startswith("-") else order, "id"]

    @cached_property
    def _reach(self) -> tuple[list[UUID], list[UUID]] | None:
        """As `Scope.rows` by gate or destination, but with the ids named, so that an index serves each side; None for
        everywhere.
        """
        if (units := access.queries.unit_ids(self.scope)) is None:
            return None
        gates = self.scope.rows(Gate.objects.all(), "unit").values_list("id", flat=True)
        return list(gates), list(units)

    def _asked(self, filters: Mapping[str, str]) -> "QuerySet[Arrival]":
        rows: QuerySet[Arrival] = Arrival.objects.all()
        for name, field in EXACT.items():
            if value := filters.get(name):
                rows = rows.filter(**{field: value})
        if text := filters.get("q"):
            rows = rows.filter(searched(text))
        if area := filters.get("origin"):
            rows = rows.filter(places.within(area))
        if day := filters.get("on"):
            rows = rows.filter(
                expected_at__gte=_start(date.fromisoformat(day)), expected_at__lt=_start(date.fromisoformat(day), 1)
            )
        if day := filters.get("landed_on"):
            rows = rows.filter(
                found_at__isnull=True,
                landed_at__gte=_start(date.fromisoformat(day)),
                landed_at__lt=_start(date.fromisoformat(day), 1),
            )
        if filters.get("undated"):
            rows = rows.filter(expected_at__isnull=True)
        return rows if not (outcome := filters.get("outcome")) else rows.filter(_settled_as(outcome))


EXACT = {
    "gate": "gate__unit_id",
    "unit": "unit_id",
    "state": "state",
    "measure": "measure",
    "class": "class_code",
    "batch": "batch_id",
    "mode": "mode",
    "kind": "origin_kind",
}


def _settled_as(outcome: str) -> Q:
    """The rows behind a figure of a batch's reckoning."""
    if outcome == "pending":
        return Q(state=State.EXPECTED)
    if outcome == "landed":
        return Q(landed_at__isnull=False, found_at__isnull=True)
    if outcome == "other":
        return ~(_settled_as("pending") | _settled_as("landed") | _settled_as("not_on_board"))
    if outcome == "found":
        return Q(found_at__isnull=False) | Q(found_as__isnull=False)
    return Q(state=outcome, found_at__isnull=True, found_as__isnull=True)


def total() -> int:
    """How many arrivals were ever announced or met."""
    return Arrival.objects.count()


def state_names() -> dict[str, object]:
    """States of an arrival in the reader's language."""
    return {
        State.EXPECTED.value: _("Expected"),
        State.LANDED.value: _("Landed"),
        State.NOT_ON_BOARD.value: _("Not on board"),
        State.CANCELLED.value: _("Cancelled"),
        State.LEFT.value: _("Travelled on"),
        State.HISTORY.value: _("History"),
        State.CLOSED.value: _("Closed"),
    }


def reckoning_names() -> dict[str, object]:
    """What can have become of somebody announced in a file, in the reader's language."""
    names = state_names()
    return {
        "landed": names["landed"],
        "found": _("Found later"),
        **{code: names[code] for code in ("not_on_board", "cancelled", "history")},
        "taken_back": _("Taken back"),
    }


def measure_names() -> dict[str, object]:
    """Measures in the reader's language."""
    return {
        "none": _("No measure"),
        "tests": _("Tests"),
        "monitor": _("Health monitoring"),
        "home": _("Home isolation"),
        "central": _("Central isolation"),
    }


def _start(day: date, days: int = 0) -> datetime:
    return datetime.combine(day + timedelta(days=days), time(), clock.CITY)


def _text(row: Mapping[str, Any], prefix: str) -> Text | None:
    zh, en = row[f"{prefix}__name_zh"], row[f"{prefix}__name_en"]
    return Text(zh=zh, en=en) if zh is not None else None


def _card(row: Mapping[str, Any]) -> ArrivalCard:
    same = {name: row[name] for name in ArrivalCard.__dataclass_fields__ if name in row}
    return ArrivalCard(
        **same,
        name=row["person__name"],
        id_number=row["person__id_number"],
        origin_code=row["origin__code"] or "",
        origin=_text(row, "origin") or Text(zh=row["origin_text"], en=row["origin_text"]),
        gate_unit=row["gate__unit_id"],
        gate_name=_text(row, "gate__unit"),
        gate_path=row["gate__unit__path"] or "",
        unit_name=_text(row, "unit"),
        unit_path=row["unit__path"] or "",
    )
