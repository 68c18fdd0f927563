"""The board of a place: every figure set-based, every figure with the address of the rows it counts."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from urllib.parse import urlencode
from uuid import UUID

from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from bihuan.kernel import access, clock
from bihuan.kernel.access.models import Unit
from bihuan.kernel.access.queries import UnitRow
from bihuan.kernel.loop.tallying import Sums, Tally, step_titles, tally
from bihuan.kernel.refusals import NotFound
from bihuan.kernel.text import Text
from bihuan.modules.arrivals import queries as arrivals
from bihuan.modules.command import rules
from bihuan.modules.isolation import queries as isolation
from bihuan.modules.measures import queries as measures
from bihuan.modules.testing import queries as testing
from bihuan.modules.transfers import queries as transfers
from bihuan.modules.units import queries as units

BATCHES_SHOWN = 12
ROWS_SHOWN = 12


@dataclass(frozen=True, slots=True)
class StepLine:
    """Open duties of one step of one pathway."""

    pathway: str
    step: str
    pathway_name: Text
    title: Text
    sums: Sums
    url: str

    @property
    def warned_url(self) -> str:
        return f"{self.url}&standing=warned"

    @property
    def breached_url(self) -> str:
        return f"{self.url}&standing=breached"

    @property
    def ahead_url(self) -> str:
        return f"{self.url}&standing=ahead"

    @property
    def ages(self) -> Sequence[tuple[int, str]]:
        """Count and address of each age class."""
        return [(count, f"{self.url}&age={number}") for number, count in enumerate(self.sums.ages)]


@dataclass(frozen=True, slots=True)
class OwnerLine:
    """Open and overdue duties of everybody below one owner, on one of the two lines."""

    name: Text
    sums: Sums
    url: str
    board_url: str

    @property
    def breached_url(self) -> str:
        return f"{self.url}&standing=breached"


@dataclass(frozen=True, slots=True)
class BatchLine:
    """A file's reckoning: announced = landed + not on board + otherwise ended + pending."""

    id: UUID
    name: str
    announced: int
    landed: int
    not_on_board: int
    other: int
    pending: int
    is_balanced: bool


@dataclass(frozen=True, slots=True)
class Board:
    """Everything the command sees of one place at one moment.

    `part` is the code of the place to which every address behind a number is cut, where that is not all in reach.
    """

    place: UnitRow
    part: str
    above: tuple[UnitRow, ...]
    at: datetime
    total: Sums | None
    steps: tuple[StepLine, ...]
    territorial: tuple[OwnerLine, ...]
    sector: tuple[OwnerLine, ...]
    sides: transfers.BothSides
    unaccepted: Sequence[transfers.UnacceptedRow]
    stranded: Sequence[transfers.StrandedRow]
    gates: Sequence[arrivals.GateCard]
    classes: Sequence[tuple[str, object, int]]
    batches: Sequence[BatchLine]
    rooms: Sequence[isolation.SiteRooms]
    tests: testing.DayCounts
    orders: measures.Tally
    returns: units.ReturnCounts

    @property
    def at_gates(self) -> int:
        return sum(gate.waiting for gate in self.gates)

    @property
    def longest_at_gates(self) -> timedelta:
        return max((gate.longest for gate in self.gates if gate.longest), default=timedelta())

    @property
    def free_rooms(self) -> int:
        return sum(site.usable_free for site in self.rooms)


def board(scope: access.Scope, code: str, now: datetime) -> Board:
    """The board of the unit with `code` (empty: everything in reach, under the name of the highest unit)."""
    place = place_of(scope, code)
    below = scope.below(place.path) if code else scope
    part = place.code if below.units != scope.units else ""
    counted = tally(access.queries.unit_ids(below), now)
    owners = owners_of(below, counted)
    stranded, unaccepted = transfers.stranded(below, now), transfers.unaccepted(below, now)
    today = now.astimezone(clock.CITY).date()
    return Board(
        place=place,
        part=part,
        above=tuple(one for one in access.queries.ancestors(place.path)[:-1] if scope.covers(one.path)),
        at=now,
        total=counted.total,
        steps=step_lines(counted.by_step, part),
        territorial=territorial_lines(owners, place),
        sector=sector_lines(owners, part),
        sides=transfers.sides(stranded, unaccepted),
        unaccepted=unaccepted.rows({}, "", 0, ROWS_SHOWN),
        stranded=stranded.rows({}, "", 0, ROWS_SHOWN),
        gates=arrivals.gates(below),
        classes=classes(below, today),
        batches=tuple(batch_line(batch) for batch in arrivals.batches_reckoned(below, BATCHES_SHOWN)),
        rooms=isolation.rooms_by_site(below, now),
        tests=testing.counts(below, now, tests_due(counted)),
        orders=measures.tally(below, end_of(today)),
        returns=units.return_counts(below, today, now),
    )


def place_of(scope: access.Scope, code: str) -> UnitRow:
    if code:
        place = access.queries.unit_by_code(code)
        if not scope.covers(place.path):
            raise NotFound(_("There is no such unit."))
        return place
    return access.queries.unit(scope.grants[0].unit)


def tests_due(counted: Tally) -> int:
    """The tests due now, which the tally has counted among everything else."""
    return sum(sums.open for (_pathway, step), sums in counted.by_step.items() if step in testing.TEST_STEPS)


def end_of(day: date) -> datetime:
    return datetime.combine(day + timedelta(days=1), datetime.min.time(), clock.CITY)


def classes(scope: access.Scope, today: date) -> Sequence[tuple[str, object, int]]:
    """Today's landings by the measure that followed: (measure, its name, how many)."""
    names = arrivals.measure_names()
    counts = arrivals.class_counts(scope, today)
    return [(measure, names.get(measure, measure), count) for measure, count in counts.items()]


def batch_line(batch: arrivals.BatchCard) -> BatchLine:
    outcomes = dict(batch.flow.outcomes)
    landed, not_on_board, pending = (outcomes.pop(name, 0) for name in ("landed", "not_on_board", "pending"))
    return BatchLine(
        id=batch.id,
        name=batch.file_name,
        announced=batch.flow.pushed,
        landed=landed,
        not_on_board=not_on_board,
        other=sum(outcomes.values()),
        pending=pending,
        is_balanced=batch.flow.balanced,
    )


def rows_url(page: str, **filters: object) -> str:
    """The address of a list, filtered by whatever has a value."""
    return f"{reverse(page)}?{urlencode({name: value for name, value in filters.items() if value})}".removesuffix("?")


def step_lines(counted: Mapping[tuple[str, str], Sums], part: str) -> tuple[StepLine, ...]:
    """In the order of the pathways."""
    titles = step_titles()
    order = {key: number for number, key in enumerate(titles)}
    return tuple(
        StepLine(
            pathway,
            step,
            *titles.get((pathway, step), (Text(pathway, pathway), Text(step, step))),
            counted[pathway, step],
            rows_url("duties:list", below=part, pathway=pathway, step=step),
        )
        for pathway, step in sorted(counted, key=lambda key: order.get(key, len(order)))
    )


@dataclass(frozen=True, slots=True)
class Owner:
    """What one unit owes and where it lies: `sector` is its sector owner, or that of the nearest unit above it."""

    path: str
    sector: UUID | None
    sums: Sums


def owners_of(scope: access.Scope, counted: Tally) -> Sequence[Owner]:
    """Every unit that owes something, with both its lines, in two queries."""
    sectors = dict(Unit.objects.filter(sector__isnull=False).values_list("path", "sector_id"))
    return [
        Owner(
            path, next((sectors[step] for step in rules.steps_up(path) if step in sectors), None), counted.by_unit[unit]
        )
        for unit, path in scope.rows(Unit.objects.all(), "").order_by().values_list("id", "path")
        if unit in counted.by_unit
    ]


def territorial_lines(owners: Sequence[Owner], place: UnitRow) -> tuple[OwnerLine, ...]:
    """By the units directly below the place and by the place itself, the most overdue first."""
    by_child = rules.rolled_up((rules.child_on_the_way(owner.path, place.path), owner.sums) for owner in owners)
    names = {unit.code: unit.name for unit in access.queries.by_codes([code for code in by_child if code])}
    lines = [
        OwnerLine(names[code], sums, rows_url("duties:list", below=code), rows_url("board:board", place=code))
        if code
        else OwnerLine(place.name, sums, rows_url("duties:list", unit=place.code), "")
        for code, sums in by_child.items()
    ]
    return most_overdue_first(lines)


def sector_lines(owners: Sequence[Owner], part: str) -> tuple[OwnerLine, ...]:
    """By the sector owner (the team in charge), the most overdue first."""
    by_team = rules.rolled_up((owner.sector, owner.sums) for owner in owners if owner.sector)
    teams = {unit.id: unit for unit in access.queries.by_ids(by_team)}
    return most_overdue_first(
        OwnerLine(teams[team].name, sums, rows_url("duties:list", below=part, sector=teams[team].code), "")
        for team, sums in by_team.items()
    )


def most_overdue_first(lines: Iterable[OwnerLine]) -> tuple[OwnerLine, ...]:
    return tuple(sorted(lines, key=lambda line: (-line.sums.breached, -line.sums.open)))
