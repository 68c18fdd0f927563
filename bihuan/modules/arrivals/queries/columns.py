"""The columns of a file whose headers nobody knows: what stands in them, what they may be, what was said of them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from bihuan.kernel.files import FileProblem, Form, Intake, Outlined, header_key
from bihuan.modules.arrivals.models import Batch

from .forms import forms
from .reading import FileRefused, content_of, learnt_of, read_file, said_of


@dataclass(frozen=True, slots=True)
class Learnt:
    """What was said of one header, of which file and when."""

    id: UUID
    column: str
    file_name: str
    said_at: datetime


@dataclass(frozen=True, slots=True)
class ColumnCard:
    """A column of a file: its header, its first values, which column of the form it is ("" for none), and where that
    was learnt from, if it was.
    """

    header: str
    values: tuple[str, ...]
    column: str
    is_left_out: bool
    learnt: Learnt | None


@dataclass(frozen=True, slots=True)
class ColumnsCard:
    """The columns of a file and those of the form it would be."""

    form: str
    choices: tuple[tuple[str, str], ...]
    columns: tuple[ColumnCard, ...]


def columns_of(batch_id: UUID, language: str) -> ColumnsCard:
    """What the columns of a received file are taken for. Raises FileRefused when there are none to be seen."""
    batch = Batch.objects.defer("content").get(id=batch_id)
    form, found = outlined(content_of(batch_id), learnt_of(batch.unit_id, batch.issuer))
    said = {
        header_key(one.header): Learnt(one.id, one.column, one.batch.file_name, one.said_at)
        for one in said_of(batch.unit_id, batch.issuer).select_related("batch").defer("batch__content")
    }
    position = 0 if language.startswith("zh") else 1
    return ColumnsCard(
        form.code,
        tuple((one.name, one.headers[min(position, len(one.headers) - 1)]) for one in form.columns),
        tuple(
            ColumnCard(one.header, one.values, one.column, one.how == "left", said.get(header_key(one.header)))
            for one in found
        ),
    )


def lacking(batch_id: UUID) -> FileProblem | None:
    """What keeps a received file from being read as it stands, if anything does."""
    batch = Batch.objects.defer("content").get(id=batch_id)
    try:
        read_file(content_of(batch_id), batch.file_name, learnt_of(batch.unit_id, batch.issuer))
    except FileRefused as refused:
        return refused.problem
    return None


def outlined(content: bytes, learnt: dict[str, str]) -> tuple[Form, Sequence[Outlined]]:
    """The columns of a file and its form, whatever it lacks."""
    try:
        outline = Intake.outline(content, forms(), learnt)
    except FileProblem as problem:
        raise FileRefused(problem) from problem
    return outline.form, outline.columns


def column_named(form: Form, text: str) -> str | None:
    """The column of a form that somebody means: by any of its headers or by its field; "" for none, nothing when there
    is no such column.
    """
    if not text.strip():
        return ""
    wanted = header_key(text)
    for column in form.columns:
        if wanted == header_key(column.field) or wanted in map(header_key, column.headers):
            return column.name
    return None
