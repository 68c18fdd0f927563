"""A pushed list is checked, and whoever pushed it is told what became of the people on it."""

from datetime import datetime
from uuid import UUID

from bihuan.kernel import custody
from bihuan.kernel.ledger import Actor, history, record
from bihuan.kernel.loop import action
from bihuan.modules.arrivals import events
from bihuan.modules.arrivals.models import Batch, BatchRow

from .refused import NoPushedList, RowsUndecided


@action
def report_back(batch_id: UUID, *, words: str, at: datetime, by: Actor, key: UUID) -> None:
    """Say that a pushed list was checked and reported back. Said again it stays as it was said first."""
    held = Batch.objects.select_for_update().filter(id=batch_id).first()
    if held is None or held.kind != Batch.Kind.PUSHED_LIST or held.state != Batch.State.TAKEN_IN:
        raise NoPushedList
    undecided = BatchRow.objects.filter(batch=held, outcome=BatchRow.Outcome.DOUBTFUL).count()
    if undecided:
        raise RowsUndecided(undecided)
    if any(fact.kind == events.BATCH_REPORTED_BACK for fact in history(held.subject)):
        return
    record(
        key=key,
        kind=events.BATCH_REPORTED_BACK,
        subject=held.subject,
        at=at,
        by=by,
        unit=held.unit_id,
        payload={
            "words": words,
            **{name: getattr(held, name) for name in ("rows", "created", "updated", "duplicate", "rejected")},
            "reckoning": dict(custody.reconciliation(held.subject).outcomes),
        },
    )
