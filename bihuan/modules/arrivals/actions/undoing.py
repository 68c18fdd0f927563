"""A file that should not have been taken in is taken back within a day: what it created and changed goes back to what
it was, row set by row set, and every step is a fact. Rows that somebody has worked on since stay, and are named.
"""

from collections import Counter
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import connection
from django.db.models import Count

from bihuan.kernel import custody
from bihuan.kernel.db import AnyOf
from bihuan.kernel.ledger import Actor, FactRow, NewFact, derive, histories, record, record_many
from bihuan.kernel.loop import action
from bihuan.kernel.loop import events as loop_events
from bihuan.modules.arrivals import events
from bihuan.modules.arrivals.models import Arrival, Batch, BatchRow
from bihuan.modules.arrivals.queries.batches import UNDO_WITHIN, UNMET
from bihuan.modules.arrivals.queries.gates import units_of_gates
from bihuan.modules.arrivals.queries.reading import CONTENT
from bihuan.modules.people import actions as people_actions

from .importing import CHUNK_ROWS, write_news
from .refused import NotTakenIn, ReasonMissing, TooLateToTakeBack
from .telling import change

FIELDS = {field.attname: field for field in Arrival._meta.concrete_fields}  # noqa: SLF001
OWN = (events.EXPECTED, events.CHANGED, events.HISTORY)


@dataclass(slots=True)
class _Undoing:
    """What of a set of rows goes back, and why the others stay."""

    arrivals: set[UUID] = field(default_factory=set)
    before: dict[UUID, dict[str, Any]] = field(default_factory=dict)
    newcomers: set[UUID] = field(default_factory=set)
    phones: set[UUID] = field(default_factory=set)
    kept: dict[int, str] = field(default_factory=dict)


def undo_import(
    batch: UUID,
    *,
    reason: str,
    at: datetime,
    by: Actor,
    key: UUID,
    progress: Callable[[int, int], None] | None = None,
) -> None:
    """Take a file back, set by set, each set in its own transaction. Interrupted and begun again it goes on where it
    stopped; done again it changes nothing. Raises TooLateToTakeBack after a day.
    """
    begin_undo(batch, reason=reason, at=at, by=by, key=key)
    held = Batch.objects.defer("content").get(id=batch)
    if held.state == Batch.State.TAKEN_BACK:
        return
    assert held.taken_back_at is not None, "the taking back has begun"
    own = derive(batch, "undo", by.id, reason)  # somebody else who goes on finds nothing left of the sets that are done
    numbers = list(BatchRow.objects.filter(batch_id=batch).order_by("-number").values_list("number", flat=True))
    for start in range(0, len(numbers), CHUNK_ROWS):
        rows = numbers[start : start + CHUNK_ROWS]
        undo_rows(batch, rows[-1], rows[0], reason=reason, at=held.taken_back_at, by=by, key=derive(own, str(start)))
        if progress:
            progress(start + len(rows), len(numbers))
    finish_undo(batch, at=held.taken_back_at, by=by, key=derive(own, "finished"))


@action
def begin_undo(batch: UUID, *, reason: str, at: datetime, by: Actor, key: UUID) -> None:
    """Say that a file is taken back, and why. From here on it is, even if the machine stops in between."""
    held = Batch.objects.select_for_update().defer("content").get(id=batch)
    if held.taken_back_at is not None:
        return
    if held.state != Batch.State.TAKEN_IN or held.taken_in_at is None:
        raise NotTakenIn
    if at - held.taken_in_at > UNDO_WITHIN:
        raise TooLateToTakeBack
    if not reason.strip():
        raise ReasonMissing
    held.taken_back_at = at
    held.save(update_fields=["taken_back_at"])
    record(
        key=derive(key, "begun"),
        kind=events.BATCH_TAKEN_BACK,
        subject=held.subject,
        at=at,
        by=by,
        unit=held.unit_id,
        payload={"reason": reason},
    )


@action
def undo_rows(batch: UUID, first: int, last: int, *, reason: str, at: datetime, by: Actor, key: UUID) -> None:
    """Take back one set of rows: later rows come before earlier ones."""
    numbered = BatchRow.objects.select_for_update().filter(batch_id=batch, number__range=(first, last))
    rows = list(numbered.order_by("-number"))
    held = {
        arrival.id: arrival
        for arrival in Arrival.objects.select_for_update().filter(id=AnyOf({row.arrival_id for row in rows}))
    }
    undoing = _sorted_out(batch, rows, held)
    _put_back(undoing, held, batch, at=at, by=by, key=derive(key, "before"))
    record_many(_taken_back(undoing.arrivals, held, batch, reason, at, by, key))
    custody.settle_many(
        f"batch:{batch}",
        {f"arrival:{arrival}": "taken_back" for arrival in sorted(undoing.arrivals)},
        key=derive(key, "settled"),
        at=at,
        by=by,
    )
    with connection.cursor() as cursor:
        cursor.execute("SELECT arrivals_take_out(%s, %s::uuid[], %s)", [batch, list(undoing.arrivals), at])
    people_actions.take_out(
        sorted(undoing.newcomers), sorted(undoing.phones), reason=reason, at=at, by=by, key=derive(key, "people")
    )
    for why in sorted(set(undoing.kept.values())):
        numbers = [number for number, told in undoing.kept.items() if told == why]
        BatchRow.objects.filter(batch_id=batch, number__in=numbers).update(kept=why)


@action
def finish_undo(batch: UUID, *, at: datetime, by: Actor, key: UUID) -> None:
    """Count what went back and name what stayed."""
    Batch.objects.filter(id=batch).update(state=Batch.State.TAKEN_BACK)
    rows = BatchRow.objects.filter(batch_id=batch)
    kept = rows.exclude(kept="").order_by("number").values_list("kept", "number")
    outcomes = Counter(dict(rows.filter(kept="").values_list("outcome").annotate(count=Count("*")).order_by()))
    record(
        key=key,
        kind=events.BATCH_UNDONE,
        subject=f"batch:{batch}",
        at=at,
        by=by,
        unit=Batch.objects.values_list("unit", flat=True).get(id=batch),
        payload={
            "created": outcomes[BatchRow.Outcome.CREATED],
            "updated": outcomes[BatchRow.Outcome.UPDATED],
            "kept": {why: [number for told, number in kept if told == why] for why in {told for told, _ in kept}},
        },
    )


def _sorted_out(batch: UUID, rows: Sequence[BatchRow], held: Mapping[UUID, Arrival]) -> _Undoing:
    """What of these rows goes back. What anybody did after the file stays, and with it the row."""
    stays = _staying(batch, held)
    people = histories({f"person:{arrival.person_id}" for arrival in held.values()})
    undoing = _Undoing()
    for row in rows:
        wrote = row.wrote or {}
        if row.arrival_id is None or (row.outcome != BatchRow.Outcome.CREATED and not wrote):
            continue
        arrival = held[row.arrival_id]
        if "phone" in wrote and row.outcome != BatchRow.Outcome.CREATED and "before" not in wrote:
            undoing.phones.add(UUID(wrote["phone"]))
            continue
        if (
            arrival.batch_id == batch
            and row.outcome == BatchRow.Outcome.CREATED
            and _was_corrected(people[f"person:{arrival.person_id}"], wrote)
        ):
            stays.setdefault(arrival.id, "corrected")
        if arrival.id in stays:
            undoing.kept[row.number] = stays[arrival.id]
            continue
        if row.outcome == BatchRow.Outcome.CREATED:
            undoing.arrivals.add(arrival.id)
        elif arrival.batch_id != batch:
            undoing.before.setdefault(arrival.id, {}).update(wrote.get("before", {}))
        if "newcomer" in wrote:
            undoing.newcomers.add(UUID(wrote["newcomer"]))
        if "phone" in wrote:
            undoing.phones.add(UUID(wrote["phone"]))
    return undoing


def _staying(batch: UUID, held: Mapping[UUID, Arrival]) -> dict[UUID, str]:
    """Of these trips those that somebody met, worked on or announced again after the file, and which of it."""
    trips = histories([f"arrival:{arrival}" for arrival in held])
    undone = _undone_batches(trips)
    told_again = _told_by_others(batch, held)
    stays: dict[UUID, str] = {}
    for arrival in held.values():
        facts = _others_since(trips[arrival.subject], batch, undone)
        if arrival.state not in UNMET:
            stays[arrival.id] = arrival.state
        elif any(fact.kind not in OWN for fact in facts):
            stays[arrival.id] = "worked_on"
        elif facts or arrival.id in told_again:
            stays[arrival.id] = "announced"
    return stays


def _others_since(facts: Sequence[FactRow], batch: UUID, undone: Collection[str]) -> list[FactRow]:
    """What others did to a trip after a file said something of it; what a file said that was taken back does not count,
    nor that nobody came in time.
    """
    own = [fact.seq for fact in facts if fact.payload.get("batch") == str(batch)]
    if not own:
        return []
    since = min(own)
    return [
        fact
        for fact in facts
        if fact.seq > since
        and fact.kind != loop_events.BREACHED
        and fact.payload.get("batch") != str(batch)
        and not (fact.kind in OWN and fact.payload.get("batch") in undone)
    ]


def _undone_batches(trips: Mapping[str, Sequence[FactRow]]) -> set[str]:
    named = {str(fact.payload["batch"]) for facts in trips.values() for fact in facts if fact.payload.get("batch")}
    found = Batch.objects.filter(id=AnyOf(named), state=Batch.State.TAKEN_BACK).values_list("id", flat=True)
    return {str(one) for one in found}


def _told_by_others(batch: UUID, arrivals: Collection[UUID]) -> set[UUID]:
    """Trips that a later file speaks of that stands: it may have found nothing to add because of this one."""
    rows = BatchRow.objects.filter(arrival=AnyOf(arrivals), batch_id__gt=batch)  # their ids are in order of time
    return set(rows.exclude(batch__state=Batch.State.TAKEN_BACK).values_list("arrival_id", flat=True))


def _was_corrected(facts: Sequence[FactRow], wrote: Mapping[str, Any]) -> bool:
    """Whether somebody worked on the record of a person whom this row entered."""
    return "newcomer" in wrote and any(
        fact.kind in people_actions.WORK and fact.payload.get("reason") not in people_actions.BY_FILES for fact in facts
    )


def _put_back(
    undoing: _Undoing, held: Mapping[UUID, Arrival], batch: UUID, *, at: datetime, by: Actor, key: UUID
) -> None:
    """Known trips say again what they said before the file."""
    gates = units_of_gates()
    rows, facts = [], []
    for arrival_id, before in undoing.before.items():
        arrival = held[arrival_id]
        olds = {name: FIELDS[name].to_python(old) for name, old in before.items()}
        if not olds:
            continue
        values = {name: olds.get(name, getattr(arrival, name)) for name in CONTENT}
        rows.append((arrival_id, *values.values()))
        facts.append(
            change(
                arrival_id,
                arrival.person_id,
                values,
                olds,
                unit=gates.get(values["gate_id"], by.unit),
                at=at,
                by=by,
                key=derive(key, str(arrival_id)),
                batch=batch,
            )
        )
    write_news(rows)
    record_many(facts)


def _taken_back(
    arrivals: Collection[UUID],
    held: Mapping[UUID, Arrival],
    batch: UUID,
    reason: str,
    at: datetime,
    by: Actor,
    key: UUID,
) -> list[NewFact]:
    return [
        NewFact(
            key=derive(key, "taken back", str(arrival)),
            kind=events.TAKEN_BACK,
            subject=f"arrival:{arrival}",
            about=f"person:{held[arrival].person_id}",
            at=at,
            by=by,
            unit=by.unit,
            payload={"batch": batch, "reason": reason},
        )
        for arrival in sorted(arrivals)
    ]
