"""Taking in a file of travellers: read, matched against the registers, written set by set. Nothing stops at a bad
row.
"""

import hashlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from functools import lru_cache
from itertools import batched, islice
from typing import Any
from uuid import UUID

from django.db import IntegrityError, connection
from django.db.models import Count
from psycopg.types.json import Jsonb

from bihuan.kernel import access, clock, custody
from bihuan.kernel.db import AnyOf, uuid7
from bihuan.kernel.files import Intake, Line, Plan, header_key
from bihuan.kernel.ledger import Actor, NewFact, derive, record, record_many
from bihuan.kernel.loop import action, profile
from bihuan.kernel.postgres import copy_rows
from bihuan.modules.arrivals import events
from bihuan.modules.arrivals.actions.columns import say_columns
from bihuan.modules.arrivals.actions.refused import ColumnUnknown, HeaderUnknown
from bihuan.modules.arrivals.actions.telling import announcement, change, new_reference
from bihuan.modules.arrivals.models import Arrival, Batch, BatchRow, State
from bihuan.modules.arrivals.queries.batches import problem_json
from bihuan.modules.arrivals.queries.columns import column_named, outlined
from bihuan.modules.arrivals.queries.forms import forms, lookups
from bihuan.modules.arrivals.queries.gates import units_of_gates
from bihuan.modules.arrivals.queries.reading import (
    CONTENT,
    FileRefused,
    learnt_by,
    learnt_of,
    read_file,
    trip,
    trips_of,
    unfinished,
)
from bihuan.modules.arrivals.rules import (
    Ground,
    Lookups,
    Outcome,
    Problem,
    Row,
    RowReader,
    Severity,
    Traveller,
    Trip,
    facts_of,
    is_over,
    merged,
    place,
)
from bihuan.modules.people import actions as people_actions
from bihuan.modules.people import queries as people
from bihuan.modules.places import queries as places

CHUNK_ROWS = 4000
PREVIEW_ROWS = 5000  # held against the registers before a file is taken in; the whole of it is looked through anyway
PROBLEMS_MAX = 10_000  # told at once; every one of them stands in the outcome file
TRIES_MAX = 3
GRACE_DAYS = 3

ARRIVAL_COLUMNS = (
    "id",
    "reference",
    "person_id",
    "batch_id",
    *CONTENT,
    "state",
    "symptoms",
    "profile",
    "policy",
    "rule",
    "class_code",
    "measure",
    "registered_at",
)
ROW_COLUMNS = ("id", "batch_id", "number", "raw", "outcome", "problems", "arrival_id", "wrote", "kept")


@dataclass(frozen=True, slots=True)
class ImportResult:
    """What became of the rows of a file."""

    batch: UUID | None
    form: str
    rows: int = 0
    checked: int = 0
    created: int = 0
    updated: int = 0
    duplicate: int = 0
    doubtful: int = 0
    rejected: int = 0
    problems: tuple[Problem, ...] = field(default=())
    told: tuple[Problem, ...] = field(default=())
    columns: tuple[tuple[str, str], ...] = field(default=())

    def as_json(self) -> dict[str, object]:
        """For the command line: counts, and the problems with their words in both languages."""
        names = ("rows", "checked", *(outcome.value for outcome in BatchRow.Outcome))
        counts = {name: getattr(self, name) for name in names}
        return {
            "batch": str(self.batch) if self.batch else None,
            "form": self.form,
            **counts,
            "problems": [problem_json(problem) for problem in self.problems],
            "told": [problem_json(problem) for problem in self.told],
            "columns": dict(self.columns),
        }


@dataclass(frozen=True, slots=True)
class _Placed:
    """A row with its outcome and everything that is to be written for it."""

    row: Row
    outcome: str
    problems: tuple[Problem, ...]
    person: UUID | None = None
    arrival: UUID | None = None
    content: tuple[Any, ...] = ()
    is_history: bool = False
    is_newcomer: bool = False
    adds_phone: bool = False


@dataclass(slots=True)
class _Chunk:
    """The outcome of a set of rows, and the people who are new in it."""

    placed: list[_Placed] = field(default_factory=list)
    newcomers: list[people.NewPerson] = field(default_factory=list)
    phones: dict[str, str] = field(default_factory=dict)


def import_arrivals(
    content: bytes,
    file_name: str,
    *,
    at: datetime,
    by: Actor,
    key: UUID,
    kind: str = "manifest",
    issuer: str = "",
    legal_basis: str = "",
    unit: UUID | None = None,
    columns: Mapping[str, str] | None = None,
    preview: bool = False,
    progress: Callable[[int, int], None] | None = None,
) -> ImportResult:
    """Take in a file of travellers, set by set, each set in its own transaction. Handed in again, every row is a
    duplicate; but if its taking in was broken off, by a crash or a lost connection, it is taken up where it stopped.

    `columns` says of headers which column of the form they are, "" to leave one out; it holds for the next files of the
    same sender and unit. With `preview` nothing is written, and the result says what would be. Raises FileRefused when
    the file itself is unfit.
    """
    unit = unit or by.unit or (_the_city() if kind == Batch.Kind.PUSHED_LIST else None)
    letter: dict[str, Any] = {"kind": kind, "issuer": issuer, "legal_basis": legal_basis, "unit": unit}
    begun = None if preview else unfinished(content, by.id, **letter)
    known = learnt_of(unit, issuer)
    form, said = _said(content, known, columns) if columns else ("", {})
    begun_with = learnt_by(begun) if begun else None
    learnt = {**known, **said} if begun_with is None else begun_with
    intake = read_file(content, file_name, learnt)
    if preview:
        return _preview(intake, at)
    batch = begun or receive_batch(content, file_name, **letter, at=at, by=by, key=derive(key, "batch"))
    if said:
        say_columns(batch, said, form=form, at=at, by=by, key=derive(key, "columns"))
    return take_in(batch, intake, at=at, by=by, key=derive(batch, "rows"), progress=progress)


def _the_city() -> UUID | None:
    """Who answers for a pushed list that nobody's unit handed in."""
    found = access.queries.units_of_kinds("city")
    return found[0].id if found else None


def _said(content: bytes, known: Mapping[str, str], columns: Mapping[str, str]) -> tuple[str, dict[str, str]]:
    """The form of a file, and its columns by the names the form gives them."""
    form, found = outlined(content, dict(known))
    headers = {header_key(one.header): one.header for one in found}
    said: dict[str, str] = {}
    for header, wanted in columns.items():
        column = column_named(form, wanted)
        if column is None:
            raise ColumnUnknown(wanted, [one.name for one in form.columns])
        if header_key(header) not in headers:
            raise HeaderUnknown(header, list(headers.values()))
        said[headers[header_key(header)]] = column
    return form.code, said


@action
def receive_batch(
    content: bytes,
    file_name: str,
    *,
    at: datetime,
    by: Actor,
    key: UUID,
    kind: str = "manifest",
    issuer: str = "",
    legal_basis: str = "",
    unit: UUID | None = None,
) -> UUID:
    """Keep a file that was handed in, so that it can be looked at and then taken in."""
    batch: Batch = Batch.objects.create(
        kind=kind,
        file_name=file_name[:200],
        sha256=hashlib.sha256(content).hexdigest(),
        content=content,
        issuer=issuer,
        legal_basis=legal_basis,
        unit_id=unit,
        imported_by=by.id,
        imported_at=at,
    )
    record(
        key=key,
        kind=events.BATCH_RECEIVED,
        subject=batch.subject,
        at=at,
        by=by,
        unit=unit,
        payload={
            "file_name": batch.file_name,
            "sha256": batch.sha256,
            "kind": kind,
            "issuer": issuer,
            "legal_basis": legal_basis,
        },
    )
    return batch.id


def take_in(
    batch: UUID,
    intake: Intake,
    *,
    at: datetime,
    by: Actor,
    key: UUID,
    progress: Callable[[int, int], None] | None = None,
) -> ImportResult:
    """Take in the rows of a received file. Interrupted and begun again with the same key, it goes on where it
    stopped: its rows are read as of the day it was received, whatever day it is now.
    """
    plan, told = intake.plan.as_json(), [Problem.told(note).as_json() for note in intake.notes]
    learnt = dict(intake.learnt)
    received_on = Batch.objects.values_list("imported_at", flat=True).get(id=batch).astimezone(clock.CITY).date()
    done = 0
    for rows in batched(intake.lines(received_on), CHUNK_ROWS):
        _patiently(
            lambda rows=rows, start=done: take_in_rows(  # type: ignore[misc]
                batch, rows, plan=plan, told=told, learnt=learnt, at=at, by=by, key=derive(key, "from", str(start))
            )
        )
        done += len(rows)
        if progress:
            progress(done, intake.rows)
    finish_batch(batch, at=at, by=by, key=derive(key, "finished"))
    return replace(result_of(batch), columns=_columns(intake))


def _columns(intake: Intake) -> tuple[tuple[str, str], ...]:
    """How each column of the file was understood: its header, and the column it is (nothing where it was not read)."""
    return tuple((one.header, one.column if one.how != "twice" else "") for one in intake.heading.mapping if one.header)


@action
def take_in_rows(
    batch: UUID,
    rows: Sequence[Line],
    *,
    plan: Mapping[str, Any],
    told: Sequence[Mapping[str, Any]],
    learnt: Mapping[str, str],
    at: datetime,
    by: Actor,
    key: UUID,
) -> None:
    """Write one set of rows: new people, new and changed arrivals, the outcome of each row, their facts and their
    flow.
    """
    chunk = _place(Plan.of(plan, forms()), rows, at, _lookups_of(batch))
    people_actions.enrol_many(chunk.newcomers, at=at, by=by, key=derive(key, "people"))
    people_actions.complete_phones(chunk.phones, at=at, by=by, key=derive(key, "phones"))
    created = [placed for placed in chunk.placed if placed.outcome == Outcome.CREATED]
    references = {placed.arrival: new_reference() for placed in created}
    copy_rows(
        "arrivals_arrival",
        ARRIVAL_COLUMNS,
        [_arrival_columns(placed, batch, references[placed.arrival], at) for placed in created],
    )
    changed = _update(chunk)
    before = {placed.row.number: olds for placed, _news, olds in changed}
    copy_rows(
        "arrivals_batchrow",
        ROW_COLUMNS,
        [_row_columns(placed, batch, before.get(placed.row.number)) for placed in chunk.placed],
    )
    record_many(
        [*_created_facts(created, references, batch, at, by, key), *_changed_facts(changed, batch, at, by, key)]
    )
    _open_flow(created, batch, at=at, by=by, key=key)
    Batch.objects.filter(id=batch).update(
        form=plan["form"],
        headers=plan["headers"],
        plan=plan,
        told=told,
        learnt=dict(learnt),
        state=Batch.State.RUNNING,
    )


@action
def finish_batch(batch: UUID, *, at: datetime, by: Actor, key: UUID) -> None:
    """Count the outcomes of a file whose rows are all written, and let the file itself go."""
    held = Batch.objects.select_for_update().get(id=batch)
    counts = {outcome.value: 0 for outcome in BatchRow.Outcome}
    rows = BatchRow.objects.filter(batch_id=batch).values_list("outcome")
    counts.update(rows.annotate(count=Count("*")).order_by("outcome"))
    for name, count in counts.items():
        setattr(held, name, count)
    held.rows, held.state, held.content, held.taken_in_at = sum(counts.values()), Batch.State.TAKEN_IN, None, at
    held.save()
    record(
        key=key,
        kind=events.BATCH_TAKEN_IN,
        subject=held.subject,
        at=at,
        by=by,
        unit=held.unit_id,
        payload={"rows": held.rows, **counts},
    )


@action
def refuse_batch(batch: UUID, *, code: str, names: Sequence[str], at: datetime, by: Actor, key: UUID) -> None:
    """Note that a received file cannot be taken in, and why."""
    held = Batch.objects.select_for_update().get(id=batch)
    held.state, held.content, held.error = Batch.State.FAILED, None, {"code": code, "names": list(names)}
    held.save()
    record(
        key=key,
        kind=events.BATCH_REFUSED,
        subject=held.subject,
        at=at,
        by=by,
        unit=held.unit_id,
        payload={"code": code, "names": list(names)},
    )


def take_in_received(
    batch: UUID, *, at: datetime, by: Actor, key: UUID, progress: Callable[[int, int], None] | None = None
) -> ImportResult:
    """Take in a file that was uploaded before. Run in the background; begun again it goes on where it stopped."""
    held = Batch.objects.get(id=batch)
    if held.content is None:
        return result_of(batch)
    try:
        learnt = learnt_by(batch)
        intake = read_file(
            bytes(held.content), held.file_name, learnt_of(held.unit_id, held.issuer) if learnt is None else learnt
        )
    except FileRefused as refused:
        refuse_batch(
            batch, code=refused.problem.code, names=refused.problem.names, at=at, by=by, key=derive(key, "refused")
        )
        raise
    return take_in(batch, intake, at=at, by=by, key=derive(batch, "rows"), progress=progress)


def result_of(batch: UUID) -> ImportResult:
    """The outcome of a file as it stands."""
    held = Batch.objects.defer("content").get(id=batch)
    rows = BatchRow.objects.filter(batch_id=batch).exclude(problems=[]).order_by("number")
    problems = rows.values_list("problems", flat=True)[:PROBLEMS_MAX]
    return ImportResult(
        batch=batch,
        form=held.form,
        rows=held.rows,
        checked=held.rows,
        created=held.created,
        updated=held.updated,
        duplicate=held.duplicate,
        doubtful=held.doubtful,
        rejected=held.rejected,
        problems=_in_the_way(Problem.of(entry) for listed in problems for entry in listed)[:PROBLEMS_MAX],
        told=tuple(Problem.of(entry) for entry in held.told),
    )


def _in_the_way(problems: Iterable[Problem]) -> tuple[Problem, ...]:
    """Problems that somebody has to do something about: what was repaired is none."""
    return tuple(problem for problem in problems if problem.severity is not Severity.REPAIRED)


def _patiently(work: Callable[[], None]) -> None:
    """Somebody may register a person of this set at a gate at the same moment: then the set is matched anew."""
    for attempt in range(1, TRIES_MAX + 1):
        try:
            work()
        except IntegrityError:
            if attempt == TRIES_MAX:
                raise
        else:
            return


def _preview(intake: Intake, at: datetime) -> ImportResult:
    """What would become of the first rows, and what is to be said of the whole file."""
    lines = list(islice(intake.lines(at.astimezone(clock.CITY).date()), PREVIEW_ROWS))
    chunk = _place(intake.plan, lines, at, lookups())
    counts = {outcome.value: 0 for outcome in BatchRow.Outcome}
    for placed in chunk.placed:
        counts[placed.outcome] += 1
    problems = _in_the_way(problem for placed in chunk.placed for problem in placed.problems)
    return ImportResult(
        None,
        intake.plan.form.code,
        rows=intake.rows,
        checked=len(chunk.placed),
        problems=problems,
        told=tuple(Problem.told(note) for note in intake.notes),
        columns=_columns(intake),
        **counts,
    )


@lru_cache(maxsize=2)
def _lookups_of(batch: UUID) -> Lookups:
    """What names and codes mean, gathered once a file: whoever is read later is read as whoever was read first."""
    return lookups()


def _place(plan: Plan, lines: Sequence[Line], at: datetime, names: Lookups) -> _Chunk:
    """Say of every row what becomes of it. Reads the registers in a few queries, writes nothing."""
    today = at.astimezone(clock.CITY).date()
    reader = RowReader(plan, names, today)
    rows = [reader.read(line) for line in lines]
    asked = {row.number: _newcomer(row.traveller) for row in rows if row.traveller and not _is_doubtful(row.problems)}
    register = people.register_for(list(asked.values()))
    area_ids = places.ids({row.traveller.origin for row in rows if row.traveller and row.traveller.origin})
    chunk = _Chunk()
    waiting: list[tuple[Row, UUID]] = []
    wrote: dict[int, tuple[bool, bool]] = {}
    answers: dict[int, _Placed] = {}
    for row in rows:
        if row.number not in asked:
            outcome = BatchRow.Outcome.REJECTED if row.traveller is None else BatchRow.Outcome.DOUBTFUL
            answers[row.number] = _Placed(row, outcome.value, row.problems)
            continue
        enrolled, newcomer = register.place(asked[row.number])
        if enrolled.person is None:
            answers[row.number] = _Placed(
                row, BatchRow.Outcome.DOUBTFUL.value, (*row.problems, _doubt(plan, row, enrolled.doubt))
            )
            continue
        if newcomer:
            chunk.newcomers.append(newcomer)
        if enrolled.adds_phone:
            chunk.phones[str(enrolled.person)] = enrolled.adds_phone
        wrote[row.number] = newcomer is not None, bool(enrolled.adds_phone)
        waiting.append((row, enrolled.person))
    trips = trips_of({person for _row, person in waiting})
    overs = _Overs(today)
    made: dict[UUID | None, int] = {}
    for row, person in waiting:
        placed = _trip_of(row, person, trips, area_ids, overs)
        if placed.outcome == Outcome.DUPLICATE and str(person) in chunk.phones:
            placed = replace(placed, outcome=Outcome.UPDATED.value, content=_content_of(trips[person], placed))
        is_newcomer, adds_phone = wrote[row.number]
        answers[row.number] = placed = replace(placed, is_newcomer=is_newcomer, adds_phone=adds_phone)
        if placed.outcome == Outcome.CREATED:
            made[placed.arrival] = row.number
        elif (
            placed.outcome == Outcome.UPDATED and placed.arrival in made
        ):  # a later row of the file says more of the same trip
            first = made[placed.arrival]
            answers[first] = replace(answers[first], content=placed.content)
    chunk.placed = [answers[row.number] for row in rows]
    return chunk


def _trip_of(
    row: Row, person: UUID, trips: dict[UUID, list[Trip]], area_ids: dict[str, UUID], overs: "_Overs"
) -> _Placed:
    assert row.traveller is not None
    traveller = row.traveller
    announced = trip(uuid7(), _content(traveller, area_ids))
    outcome, found = place(announced, trips.get(person, []))
    content = merged(announced.content, found.content) if outcome is Outcome.UPDATED else announced.content
    if outcome is Outcome.CREATED:
        trips.setdefault(person, []).append(announced)
    elif outcome is Outcome.UPDATED:
        trips[person] = [trip(UUID(found.arrival), content) if one is found else one for one in trips[person]]
    return _Placed(
        row,
        outcome.value,
        row.problems,
        person,
        UUID(found.arrival),
        content,
        is_history=outcome is Outcome.CREATED and overs.is_over(traveller, announced.expected_on),
    )


def _content_of(known: Sequence[Trip], placed: _Placed) -> tuple[Any, ...]:
    """What is known of the trip of a row that adds nothing to it."""
    return next(trip.content for trip in known if trip.arrival == str(placed.arrival))


class _Overs:
    """Whether the pathway of a trip lies wholly in the past. Trips of one kind on one day have one answer."""

    def __init__(self, today: date) -> None:
        self.today = today
        self.days = lru_cache(maxsize=None)(self._days)

    def is_over(self, traveller: Traveller, expected_on: date | None) -> bool:
        if expected_on is None or expected_on >= self.today:
            return False
        days = self.days(traveller.origin, traveller.origin_kind, traveller.contact_kind, expected_on)
        return is_over(expected_on, traveller.last_exposure_on, days, self.today, timedelta(days=GRACE_DAYS))

    def _days(self, origin: str, origin_kind: str, contact_kind: str, on: date) -> int:
        risk = places.level_on(origin, on) if origin else None
        ground = Ground(origin_kind, risk.level if risk else "none", on, contact_kind, symptoms=False, area="")
        answer = profile.active().decide("arrival", facts_of(ground, on), on=on).answer
        return int(answer["days"])


def _is_doubtful(problems: Sequence[Problem]) -> bool:
    return any(problem.severity is Severity.DOUBT for problem in problems)


def _doubt(plan: Plan, row: Row, doubt: str) -> Problem:
    wanted = ("id_number",) if doubt == "id_of_another" else ("name", "family", "given")
    position = next((place for place, column in plan.places if column.field in wanted), 0)
    value = row.raw[position] if position < len(row.raw) else ""
    return Problem(row.number, plan.headers[position], value, doubt, Severity.DOUBT)


def _newcomer(traveller: Traveller) -> people.NewPerson:
    return people.NewPerson(
        name=traveller.name,
        birth_on=traveller.birth_on,
        sex=traveller.sex,
        id_type=traveller.id_type,
        id_number=traveller.id_number,
        phone=traveller.phone,
        address=(traveller.address or traveller.destination)[:300],
        unit=UUID(traveller.unit) if traveller.unit else None,
    )


def _content(traveller: Traveller, area_ids: dict[str, UUID]) -> tuple[Any, ...]:
    values = {
        "carrier": traveller.carrier[:80],
        "seat": traveller.seat[:16],
        "origin_id": area_ids.get(traveller.origin),
        "origin_text": traveller.origin_text[:120],
        "departed_at": _in_city(traveller.departed_at),
        "expected_at": _in_city(traveller.expected_at),
        "gate_id": UUID(traveller.gate) if traveller.gate else None,
        "destination": traveller.destination[:300],
        "unit_id": UUID(traveller.unit) if traveller.unit else None,
    }
    return tuple(values[name] if name in values else getattr(traveller, name) for name in CONTENT)


def arrival_values(traveller: Traveller) -> tuple[Any, ...]:
    """What a row says of one trip, in the order of CONTENT."""
    return _content(traveller, places.ids([traveller.origin]) if traveller.origin else {})


def _in_city(moment: datetime | None) -> datetime | None:
    if moment is None or moment.tzinfo is not None:
        return moment
    return moment.replace(tzinfo=clock.CITY)


def _arrival_columns(placed: _Placed, batch: UUID, reference: str, at: datetime) -> tuple[Any, ...]:
    state = State.HISTORY if placed.is_history else State.EXPECTED
    return (placed.arrival, reference, placed.person, batch, *placed.content, state.value, "", "", "", "", "", "", at)


def _row_columns(placed: _Placed, batch: UUID, before: Mapping[str, Any] | None) -> tuple[Any, ...]:
    problems = [problem.as_json() for problem in placed.problems]
    wrote = {
        **({"newcomer": str(placed.person)} if placed.is_newcomer else {}),
        **({"phone": str(placed.person)} if placed.adds_phone else {}),
        **({"before": {name: _plain(old) for name, old in before.items()}} if before else {}),
    }
    return (
        uuid7(),
        batch,
        placed.row.number,
        Jsonb(list(placed.row.raw)),
        placed.outcome,
        Jsonb(problems),
        placed.arrival,
        Jsonb(wrote) if wrote else None,
        "",
    )


def _plain(value: Any) -> Any:
    """A value of an arrival as JSON."""
    return value.isoformat() if isinstance(value, date) else str(value) if isinstance(value, UUID) else value


def _update(chunk: _Chunk) -> list[tuple[_Placed, dict[str, Any], dict[str, Any]]]:
    """Write what rows say anew of arrivals that are known; returns each with the fields that changed, and what stood in
    them before.
    """
    by_arrival = {placed.arrival: placed for placed in chunk.placed if placed.outcome == Outcome.UPDATED}
    held = {arrival.id: arrival for arrival in Arrival.objects.select_for_update().filter(id=AnyOf(by_arrival))}
    changed: list[tuple[_Placed, dict[str, Any], dict[str, Any]]] = []
    for arrival_id, placed in by_arrival.items():
        arrival = held.get(arrival_id)
        assert arrival is not None, "an updated row names an arrival that is there"
        news = {name: new for name, new in zip(CONTENT, placed.content, strict=True) if getattr(arrival, name) != new}
        if not news:  # written with an earlier row of this set
            continue
        changed.append((placed, news, {name: getattr(arrival, name) for name in news}))
    write_news([(placed.arrival, *placed.content) for placed, _news, _olds in changed])
    return changed


def write_news(rows: Sequence[tuple[Any, ...]]) -> None:
    """Arrivals by id with their new content: one COPY and one UPDATE, however many."""
    if not rows:
        return
    columns = ", ".join(("id", *CONTENT))
    sets = ", ".join(f"{name} = news.{name}" for name in CONTENT)
    empty = f"SELECT {columns} FROM arrivals_arrival LIMIT 0"  # noqa: S608 - our own names
    with connection.cursor() as cursor:
        cursor.execute("DROP TABLE IF EXISTS arrivals_news")
        cursor.execute(f"CREATE TEMP TABLE arrivals_news ON COMMIT DROP AS {empty}")
        copy_rows("arrivals_news", ("id", *CONTENT), rows)
        cursor.execute(f"UPDATE arrivals_arrival AS held SET {sets} FROM arrivals_news AS news WHERE held.id = news.id")  # noqa: S608


def _created_facts(
    created: Sequence[_Placed], references: dict[UUID | None, str], batch: UUID, at: datetime, by: Actor, key: UUID
) -> Iterator[NewFact]:
    gates = units_of_gates()
    for placed in created:
        assert placed.arrival is not None
        assert placed.person is not None
        values = dict(zip(CONTENT, placed.content, strict=True))
        yield announcement(
            placed.arrival,
            placed.person,
            values,
            kind=events.HISTORY if placed.is_history else events.EXPECTED,
            unit=gates.get(values["gate_id"], by.unit),
            at=at,
            by=by,
            key=derive(key, "arrival", str(placed.arrival)),
            reference=references[placed.arrival],
            batch=batch,
        )


def _changed_facts(
    changed: Sequence[tuple[_Placed, dict[str, Any], dict[str, Any]]],
    batch: UUID,
    at: datetime,
    by: Actor,
    key: UUID,
) -> Iterator[NewFact]:
    gates = units_of_gates()
    for placed, news, _olds in changed:
        assert placed.arrival is not None
        assert placed.person is not None
        values = dict(zip(CONTENT, placed.content, strict=True))
        yield change(
            placed.arrival,
            placed.person,
            values,
            news,
            unit=gates.get(values["gate_id"], by.unit),
            at=at,
            by=by,
            key=derive(key, "changed", str(placed.arrival)),
            batch=batch,
        )


def _open_flow(created: Sequence[_Placed], batch: UUID, *, at: datetime, by: Actor, key: UUID) -> None:
    flow = f"batch:{batch}"
    items = [f"arrival:{placed.arrival}" for placed in created]
    custody.open_flow(flow, items, key=derive(key, "flow"), at=at, by=by)
    over = {f"arrival:{placed.arrival}": "history" for placed in created if placed.is_history}
    if over:
        custody.settle_many(flow, over, key=derive(key, "history"), at=at, by=by)
