"""An officer decides a doubtful row: take it in after all, or drop it with a reason."""

from datetime import datetime
from uuid import UUID

from django.db.models import F

from bihuan.kernel import clock, custody
from bihuan.kernel.files import Plan
from bihuan.kernel.ledger import Actor, derive, history, record, record_many
from bihuan.kernel.loop import action
from bihuan.modules.arrivals import events
from bihuan.modules.arrivals.actions.importing import arrival_values
from bihuan.modules.arrivals.actions.telling import announcement, new_reference
from bihuan.modules.arrivals.models import Arrival, Batch, BatchRow
from bihuan.modules.arrivals.queries.forms import forms, lookups
from bihuan.modules.arrivals.queries.gates import units_of_gates
from bihuan.modules.arrivals.queries.reading import CONTENT
from bihuan.modules.arrivals.rules import Problem, RowReader
from bihuan.modules.people import actions as people

from .refused import RowDecided


@action
def take_in_row(row_id: UUID, *, reason: str, at: datetime, by: Actor, key: UUID) -> UUID:
    """Take in a doubtful row as it stands. Two people on one ID number both stand in the register, the second as
    disputed.
    """
    row = _doubtful(row_id)
    batch = Batch.objects.defer("content").get(id=row.batch_id)
    plan, on = Plan.of(batch.plan, forms()), at.astimezone(clock.CITY).date()
    [line] = plan.read([(row.number, _completed(row, batch.headers))], on)
    read = RowReader(plan, lookups(), on).read(line)
    assert read.traveller is not None, "a doubtful row can be read"
    traveller = read.traveller
    is_disputed = any(problem["code"] == "id_of_another" for problem in row.problems)
    person = people.register(
        name=traveller.name,
        birth_on=traveller.birth_on,
        sex=traveller.sex,
        id_type=traveller.id_type,
        id_number=traveller.id_number,
        phone=traveller.phone,
        address=traveller.address or traveller.destination,
        id_disputed=is_disputed,
        at=at,
        by=by,
        key=derive(key, "person"),
    )
    values = dict(zip(CONTENT, arrival_values(traveller), strict=True))
    arrival: Arrival = Arrival.objects.create(
        reference=new_reference(), person_id=person, batch_id=batch.id, registered_at=at, **values
    )
    fact = announcement(
        arrival.id,
        person,
        values,
        kind=events.EXPECTED,
        unit=units_of_gates().get(arrival.gate_id, batch.unit_id),
        at=at,
        by=by,
        key=derive(key, "expected"),
        reference=arrival.reference,
        batch=batch.id,
    )
    record_many([fact])
    custody.open_flow(batch.subject, [arrival.subject], key=derive(key, "flow"), at=at, by=by)
    if _entered(person, at, by):
        row.wrote = {"newcomer": str(person)}
    _decided(row, batch, BatchRow.Outcome.CREATED, arrival.id, reason, at=at, by=by, key=key)
    return arrival.id


@action
def drop_row(row_id: UUID, *, reason: str, at: datetime, by: Actor, key: UUID) -> None:
    """Reject a doubtful row, with a reason. The row itself is kept."""
    row = _doubtful(row_id)
    batch = Batch.objects.defer("content").get(id=row.batch_id)
    _decided(row, batch, BatchRow.Outcome.REJECTED, None, reason, at=at, by=by, key=key)


def _entered(person: UUID, at: datetime, by: Actor) -> bool:
    """Whether this decision entered the person in the register."""
    return any(
        fact.kind == people.REGISTERED and (fact.happened_at, fact.actor) == (at, by.id)
        for fact in history(f"person:{person}")
    )


def _completed(row: BatchRow, headers: list[str]) -> list[str]:
    """The cells of a row with what "as above" stood for: the row above is not read again."""
    cells = list(row.raw)
    for problem in map(Problem.of, row.problems):
        if problem.code == "ditto":
            cells[headers.index(problem.column)] = problem.became
    return cells


def _doubtful(row_id: UUID) -> BatchRow:
    row: BatchRow | None = BatchRow.objects.select_for_update().filter(id=row_id).first()
    if row is None or row.outcome != BatchRow.Outcome.DOUBTFUL:
        raise RowDecided
    if Batch.objects.filter(id=row.batch_id, taken_back_at__isnull=False).exists():
        raise RowDecided
    return row


def _decided(
    row: BatchRow,
    batch: Batch,
    outcome: BatchRow.Outcome,
    arrival: UUID | None,
    reason: str,
    *,
    at: datetime,
    by: Actor,
    key: UUID,
) -> None:
    row.outcome, row.arrival_id = outcome, arrival
    row.save(update_fields=["outcome", "arrival", "wrote"])
    Batch.objects.filter(id=batch.id).update(**{"doubtful": F("doubtful") - 1, outcome.value: F(outcome.value) + 1})
    record(
        key=derive(key, "decided"),
        kind=events.ROW_DECIDED,
        subject=batch.subject,
        at=at,
        by=by,
        unit=batch.unit_id,
        payload={"row": row.number, "taken_in": arrival is not None, "arrival": arrival, "reason": reason},
    )
