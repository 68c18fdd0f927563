"""An officer says which column a header is, once for all files of its sender, and takes it back."""

from collections.abc import Mapping
from datetime import datetime
from uuid import UUID

from bihuan.kernel.ledger import Actor, record
from bihuan.kernel.loop import action
from bihuan.modules.arrivals import events
from bihuan.modules.arrivals.models import Batch, LearntColumn
from bihuan.modules.arrivals.queries.forms import forms

from .refused import ColumnSaidTwice, NothingSaid


@action
def say_columns(batch: UUID, columns: Mapping[str, str], *, form: str, at: datetime, by: Actor, key: UUID) -> None:
    """Say which column of a form each header of a file is; "" leaves it out. It holds for the next files of its source,
    which is who sent it to which unit.
    """
    names = {column.name for one in forms() if one.code == form for column in one.columns}
    assert set(columns.values()) <= {*names, ""}, "a header is a column of its form, or none"
    meant = [column for column in columns.values() if column]
    if len(meant) > len(set(meant)):
        raise ColumnSaidTwice
    held = Batch.objects.defer("content").get(id=batch)
    LearntColumn.objects.bulk_create(
        [
            LearntColumn(
                unit_id=held.unit_id,
                issuer=held.issuer,
                header=header[:200],
                column=column,
                batch_id=batch,
                said_by=by.id,
                said_at=at,
            )
            for header, column in columns.items()
        ],
        update_conflicts=True,
        unique_fields=["unit", "issuer", "header"],
        update_fields=["column", "batch", "said_by", "said_at"],
    )
    record(
        key=key,
        kind=events.COLUMNS_SAID,
        subject=held.subject,
        at=at,
        by=by,
        unit=held.unit_id,
        payload={"issuer": held.issuer, "unit": held.unit_id, "columns": dict(columns)},
    )


@action
def unsay_column(learnt: UUID, *, at: datetime, by: Actor, key: UUID) -> None:
    """Take back what was said of a header. Files that were taken in stay as they are."""
    said = LearntColumn.objects.select_for_update().filter(id=learnt).first()
    if said is None:
        raise NothingSaid
    said.delete()
    record(
        key=key,
        kind=events.COLUMN_UNSAID,
        subject=f"batch:{said.batch_id}",
        at=at,
        by=by,
        unit=said.unit_id,
        payload={"issuer": said.issuer, "unit": said.unit_id, "header": said.header, "column": said.column},
    )
