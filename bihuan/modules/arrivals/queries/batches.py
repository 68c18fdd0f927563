"""Batches: what came in a file, what became of each row, and whether everybody is accounted for."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import reduce
from operator import or_
from typing import Any, BinaryIO
from uuid import UUID

from django.db.models import Count, Q, QuerySet
from django.utils.translation import gettext_lazy as _
from django.utils.translation import override

from bihuan.kernel import access, custody
from bihuan.kernel.files import FileProblem, Grade, Mark, Returned, as_csv, as_workbook, fitted, returned_headers
from bihuan.kernel.loop import queries as loop
from bihuan.kernel.refusals import NotFound
from bihuan.kernel.text import Text, labelled, listed
from bihuan.kernel.web import Clock
from bihuan.modules.arrivals.models import Batch, BatchRow, State
from bihuan.modules.arrivals.rules import Problem, Severity

from .cards import state_names
from .forms import file_reason, form_names, reason, remedy

FIELDS = (
    "id",
    "kind",
    "state",
    "file_name",
    "form",
    "issuer",
    "legal_basis",
    "unit",
    "imported_by",
    "imported_at",
    "taken_in_at",
    "taken_back_at",
    "error",
    "told",
    "rows",
    "created",
    "updated",
    "duplicate",
    "doubtful",
    "rejected",
)
UNDO_WITHIN = timedelta(hours=24)
UNMET = (State.EXPECTED, State.HISTORY)
GRADES = {
    Severity.ERROR: Grade.REJECTED,
    Severity.WARNING: Grade.REJECTED,
    Severity.DOUBT: Grade.DOUBTFUL,
    Severity.REPAIRED: Grade.REPAIRED,
}


@dataclass(frozen=True, slots=True)
class BatchCard:
    """A file with the outcomes of its rows and the reckoning of those that became arrivals."""

    id: UUID
    kind: str
    state: str
    file_name: str
    form: str
    issuer: str
    legal_basis: str
    unit: UUID | None
    imported_by: str
    imported_at: datetime
    taken_in_at: datetime | None
    taken_back_at: datetime | None
    error: Mapping[str, Any] | None
    told: tuple[Problem, ...]
    rows: int
    created: int
    updated: int
    duplicate: int
    doubtful: int
    rejected: int
    flow: custody.Reconciliation

    @property
    def subject(self) -> str:
        return f"batch:{self.id}"

    @property
    def form_name(self) -> str:
        return str(form_names().get(self.form, self.form))

    @property
    def refused(self) -> tuple[Text, Text] | None:
        """Why the file was refused, and what to do."""
        return file_reason(FileProblem(self.error["code"], self.error["names"])) if self.error else None


@dataclass(frozen=True, slots=True)
class RowCard:
    """One row of a file with its outcome and every problem in words."""

    id: UUID
    number: int
    raw: Sequence[str]
    outcome: str
    problems: tuple[tuple[str, str, Text, Text], ...]
    arrival_id: UUID | None
    kept: str = ""

    @property
    def first_cells(self) -> str:
        return " · ".join(cell for cell in self.raw if cell.strip())[:120]

    @property
    def words(self) -> str:
        return listed(labelled(column, told) if column else told for column, _value, told, _fix in self.problems)


def batch(batch_id: UUID, scope: access.Scope | None = None) -> BatchCard:
    """One file; with a scope only if it was handed in there."""
    rows = Batch.objects.filter(id=batch_id)
    row = (scope.rows(rows, "unit") if scope else rows).values(*FIELDS).first()
    if row is None:
        raise NotFound(_("There is no such batch."))
    return _card(row, custody.reconciliation(f"batch:{batch_id}"))


def report_due(subject: str) -> Clock | None:
    """Until when a pushed list has to be reported back; nothing for any other file."""
    owed = [one for one in loop.duties_of(subject) if one.pathway == "pushed_list" and one.state != "cancelled"]
    duty = owed[0] if owed else None
    return Clock(duty.target_at, duty.warn_at, duty.breach_at, duty.done_at) if duty else None


def batch_name(scope: access.Scope, batch_id: str) -> dict[str, str]:
    """The name of one file of a scope by its id; nothing when there is none."""
    try:
        wanted = UUID(batch_id)
    except ValueError:
        return {}
    rows = scope.rows(Batch.objects.filter(id=wanted), "unit").values_list("id", "file_name")
    return {str(found): name for found, name in rows}


def batch_names(scope: access.Scope, limit: int = 20) -> dict[str, str]:
    """The names of the newest files of a scope by their ids."""
    rows = scope.rows(Batch.objects.order_by("-imported_at", "id"), "unit").values_list("id", "file_name")[:limit]
    return {str(found): name for found, name in rows}


def batches_reckoned(scope: access.Scope, limit: int = 20) -> list[BatchCard]:
    """The newest files of a scope, each with its reckoning: two queries."""
    return list(Batches(scope).rows({}, "-imported_at", 0, limit))


class Batches:
    """Source of the list of files."""

    SORTS: Mapping[str, str] = {
        "file_name": "file_name",
        "imported_at": "imported_at",
        "rows": "rows",
        "state": "state",
        "rejected": "rejected",
    }

    def __init__(self, scope: access.Scope, row: Any = None) -> None:
        self.scope = scope
        self.row = row or (lambda card: card)

    def count(self, filters: Mapping[str, str]) -> int:
        return self._asked(filters).count()

    def rows(self, filters: Mapping[str, str], sort: str, offset: int, limit: int) -> Sequence[Any]:
        order = self.SORTS.get(sort.lstrip("-"), "imported_at")
        found = list(
            self._asked(filters)
            .order_by(f"-{order}" if sort.startswith("-") else order, "id")
            .values(*FIELDS)[offset : offset + limit]
        )
        flows = custody.reconciliations([f"batch:{row['id']}" for row in found])
        return [self.row(_card(row, flows[f"batch:{row['id']}"])) for row in found]

    def _asked(self, filters: Mapping[str, str]) -> "QuerySet[Batch]":
        rows: QuerySet[Batch] = self.scope.rows(Batch.objects.all(), "unit")
        if text := filters.get("q"):
            rows = rows.filter(file_name__icontains=text)
        if state := filters.get("state"):
            rows = rows.filter(state=state)
        return rows


def _card(row: dict[str, Any], flow: custody.Reconciliation) -> BatchCard:
    told = tuple(Problem.of(entry) for entry in row.pop("told"))
    return BatchCard(**row, told=told, flow=flow)


class BatchRows:
    """Source of the list of one file's rows."""

    SORTS: Mapping[str, str] = {"number": "number", "outcome": "outcome"}

    def __init__(self, batch_id: UUID, row: Any = None) -> None:
        self.batch_id = batch_id
        self.row = row or (lambda card: card)

    def count(self, filters: Mapping[str, str]) -> int:
        return self._asked(filters).count()

    def rows(self, filters: Mapping[str, str], sort: str, offset: int, limit: int) -> Sequence[Any]:
        order = self.SORTS.get(sort.lstrip("-"), "number")
        asked = self._asked(filters).order_by(f"-{order}" if sort.startswith("-") else order, "number")
        return [self.row(_row(found)) for found in asked[offset : offset + limit]]

    def _asked(self, filters: Mapping[str, str]) -> "QuerySet[BatchRow]":
        rows = BatchRow.objects.filter(batch_id=self.batch_id)
        if outcome := filters.get("outcome"):
            rows = rows.filter(outcome=outcome)
        if filters.get("went"):
            rows = rows.filter(outcome=BatchRow.Outcome.CREATED, arrival__isnull=True)
        if filters.get("kept"):
            rows = rows.exclude(kept="")
        if filters.get("problems"):
            bad = [Q(problems__contains=[{"severity": one.value}]) for one in Severity if one is not Severity.REPAIRED]
            rows = rows.filter(reduce(or_, bad))
        return rows


@dataclass(frozen=True, slots=True)
class UndoCard:
    """What taking a file back would undo, and what has become of it."""

    arrivals: int
    met: int
    changed: int
    people: int
    kept: int
    is_open: bool
    closes_at: datetime | None


def undo_card(batch_id: UUID, now: datetime) -> UndoCard:
    """How much of a file would go back: trips that nobody has met, trips it changed, people it entered."""
    closes_at = undo_closes_at(batch_id)
    rows = BatchRow.objects.filter(batch_id=batch_id)
    found = rows.aggregate(
        arrivals=Count("pk", filter=Q(outcome=BatchRow.Outcome.CREATED, arrival__state__in=UNMET)),
        met=Count("pk", filter=Q(outcome=BatchRow.Outcome.CREATED) & ~Q(arrival__state__in=UNMET)),
        changed=Count("pk", filter=Q(wrote__has_any_keys=["before", "phone"])),
        people=Count("pk", filter=Q(wrote__has_key="newcomer", arrival__state__in=UNMET)),
        kept=Count("pk", filter=~Q(kept="")),
    )
    return UndoCard(**found, is_open=closes_at is not None and now <= closes_at, closes_at=closes_at)


def undo_closes_at(batch_id: UUID) -> datetime | None:
    """Until when a file can be taken back; nothing when it was not taken in, or is taken back already."""
    held = Batch.objects.filter(id=batch_id, state=Batch.State.TAKEN_IN, taken_back_at__isnull=True)
    taken_in_at = held.values_list("taken_in_at", flat=True).first()
    return taken_in_at + UNDO_WITHIN if taken_in_at else None


def kept_rows(batch_id: UUID) -> list[tuple[int, str]]:
    """The rows of a file that was taken back which stay, each with the code of its reason."""
    rows = BatchRow.objects.filter(batch_id=batch_id).exclude(kept="")
    return list(rows.order_by("number").values_list("number", "kept"))


def kept_names() -> dict[str, object]:
    """Why a row of a file that was taken back stays, in the reader's language."""
    states = state_names()
    return {
        **{code: states[code] for code in states},
        "worked_on": _("Somebody has worked on this trip since"),
        "announced": _("Another file or declaration speaks of this trip"),
        "corrected": _("The person's record was corrected since"),
    }


def row_card(row_id: UUID) -> tuple[UUID, RowCard]:
    """One row and the batch it is of."""
    found = BatchRow.objects.filter(id=row_id).first()
    if found is None:
        raise NotFound(_("There is no such row."))
    return found.batch_id, _row(found)


def outcome_csv(batch_id: UUID) -> Iterator[bytes]:
    """The file as it came, with what became of each row: CSV, UTF-8 with BOM. Corrected, it can be handed in again."""
    headers = Batch.objects.values_list("headers", flat=True).get(id=batch_id)
    return as_csv([*headers, *returned_headers()["both"]], _outcomes(batch_id, len(headers)))


def _outcomes(batch_id: UUID, width: int) -> Iterator[list[str]]:
    for number, raw, outcome, problems, reference in _kept(batch_id):
        told = [(problem["column"], problem_words(problem)) for problem in problems]
        yield [
            *fitted(raw, width),
            str(number),
            outcome,
            "\uff1b".join(f"{column}\uff1a{words.zh}" for column, words in told),
            "; ".join(f"{column}: {words.en}" for column, words in told),
            reference or "",
        ]


def annotated(batch_id: UUID, language: str, target: BinaryIO) -> None:
    """The file as it came, as a workbook in one language: bad cells coloured, with what is wrong and what to do."""
    headers, told = Batch.objects.values_list("headers", "told").get(id=batch_id)
    with override(language):
        rows = (
            Returned(number, raw, str(outcome_names()[outcome]), [_mark(one) for one in problems], reference or "")
            for number, raw, outcome, problems, reference in _kept(batch_id)
        )
        as_workbook(headers, rows, language[:2], target, [_mark(one) for one in told])


def _kept(batch_id: UUID) -> Iterator[tuple[Any, ...]]:
    rows = BatchRow.objects.filter(batch_id=batch_id).order_by("number")
    return rows.values_list("number", "raw", "outcome", "problems", "arrival__reference").iterator(chunk_size=2000)


def _mark(entry: Mapping[str, Any]) -> Mark:
    problem = Problem.of(entry)
    return Mark(problem.column, GRADES[problem.severity], str(reason(problem)), str(remedy(problem)))


def problem_words(entry: Mapping[str, Any]) -> Text:
    """What is wrong and what to do, in one sentence of each language."""
    told = Problem.of(entry)
    what, fix = reason(told), remedy(told)
    return Text(zh=f"{what.zh} → {fix.zh}", en=f"{what.en} → {fix.en}")


def problem_json(problem: Problem) -> dict[str, object]:
    """A problem for the command line: where, what, why and what to do, in both languages."""
    what, fix = reason(problem), remedy(problem)
    return {**problem.as_json(), "reason": what.as_json(), "remedy": fix.as_json()}


def outcome_names() -> dict[str, object]:
    """Outcomes of a row in the reader's language."""
    return {
        BatchRow.Outcome.CREATED.value: _("Created"),
        BatchRow.Outcome.UPDATED.value: _("Updated"),
        BatchRow.Outcome.DUPLICATE.value: _("Duplicate"),
        BatchRow.Outcome.DOUBTFUL.value: _("Doubtful"),
        BatchRow.Outcome.REJECTED.value: _("Not imported"),
    }


def _row(found: BatchRow) -> RowCard:
    problems = tuple(
        (problem.column, problem.value, reason(problem), remedy(problem))
        for problem in map(Problem.of, found.problems)
        if problem.severity is not Severity.REPAIRED
    )
    return RowCard(found.id, found.number, found.raw, found.outcome, problems, found.arrival_id, found.kept)
