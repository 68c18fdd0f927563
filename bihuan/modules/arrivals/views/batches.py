"""Files of travellers: upload, preview, take in, and the reckoning of each file."""

import csv
import io
import tempfile
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import FileResponse, HttpResponse, StreamingHttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import get_language, gettext_lazy
from django.utils.translation import gettext as _

from bihuan.kernel import access, clock
from bihuan.kernel.files import FileProblem
from bihuan.kernel.ledger import Actor, derive
from bihuan.kernel.text import Text, listed
from bihuan.kernel.web import (
    Badge,
    Column,
    Filter,
    Stat,
    Table,
    accepted,
    ids,
    jobs,
    page,
    render_table,
    request_key,
    trail,
)
from bihuan.kernel.web.parts import Tone
from bihuan.modules.arrivals import actions, queries
from bihuan.modules.arrivals.forms import ColumnsForm, FileForm, ReasonForm, ReportBackForm

COLUMNS = [
    Column("file_name", gettext_lazy("File"), kind="link"),
    Column("form", gettext_lazy("File form"), sortable=False),
    Column("imported_at", gettext_lazy("Handed in"), kind="moment"),
    Column("rows", gettext_lazy("Rows"), kind="number"),
    Column("arrivals", gettext_lazy("Arrivals"), kind="number", sortable=False),
    Column("landed", gettext_lazy("Landed"), kind="number", sortable=False),
    Column("absent", gettext_lazy("Not on board"), kind="number", sortable=False),
    Column("pending", gettext_lazy("Pending"), kind="number", sortable=False),
    Column("doubtful", gettext_lazy("Doubtful"), kind="number", sortable=False),
    Column("rejected", gettext_lazy("Not imported"), kind="number"),
    Column("state", gettext_lazy("State"), kind="badge"),
]
ROW_COLUMNS = [
    Column("number", gettext_lazy("Row"), kind="number"),
    Column("first_cells", gettext_lazy("As written"), sortable=False),
    Column("outcome", gettext_lazy("Outcome"), kind="badge"),
    Column("words", gettext_lazy("What is wrong, and what to do"), sortable=False),
    Column("link", gettext_lazy("What to do"), kind="link", sortable=False),
]
STATES = {
    "waiting": (gettext_lazy("Waiting for preview"), "info"),
    "running": (gettext_lazy("Being taken in"), "info"),
    "taken_in": (gettext_lazy("Taken in"), "good"),
    "failed": (gettext_lazy("Cannot be imported"), "bad"),
    "taken_back": (gettext_lazy("Taken back"), "neutral"),
}
ASSIGNABLE = ("header_unknown", "columns_missing")
UNDONE_FILTERS = [
    Filter("went", gettext_lazy("Taken back"), kind="flag"),
    Filter("kept", gettext_lazy("Not taken back"), kind="flag"),
]
OUTCOME_TONES: dict[str, Tone] = {
    "created": "good",
    "updated": "info",
    "duplicate": "neutral",
    "doubtful": "warn",
    "rejected": "bad",
}


@dataclass(frozen=True, slots=True)
class BatchLine:
    """A file as the list shows it."""

    file_name: str
    form: str
    imported_at: datetime
    rows: int
    arrivals: int
    landed: int
    absent: int
    pending: int
    doubtful: int
    rejected: int
    state: Badge
    url: str


@dataclass(frozen=True, slots=True)
class RowLine:
    """A row of a file as the list shows it."""

    number: int
    first_cells: str
    outcome: Badge
    words: str
    link: object
    url: str


@access.require("arrivals.import")
def listing(request: access.Request) -> HttpResponse:
    choices = [(code, label) for code, (label, _tone) in STATES.items()]
    filters = [Filter("q", _("File name")), Filter("state", _("State"), kind="choice", choices=choices)]
    table = Table.from_request(
        request, COLUMNS, queries.Batches(request.scope, batch_line), filters, sort="-imported_at"
    )
    return render_table(
        request,
        "arrivals/batches.html",
        table,
        export_name="batches",
        on_export=access.exporting(request.scope, "batches"),
    )


@access.require("arrivals.import")
def upload(request: access.Request) -> HttpResponse:
    """Hand a file in. It is kept and previewed; nothing is taken in before the preview is confirmed."""
    form = FileForm(request.POST or None, request.FILES or None)
    made: list[UUID] = []
    if request.method == "POST" and accepted(form, lambda: made.append(receive(request, form))):
        return redirect("batches:preview", made[0])
    return page(request, "arrivals/upload.html", {"form": form, "crumbs": crumbs()})


@access.require("arrivals.import")
def preview(request: access.Request, batch_id: UUID) -> HttpResponse:
    """What would become of each row; on confirmation a background job takes the file in."""
    batch = queries.batch(batch_id, request.scope)
    if request.method == "POST":
        progress = jobs.start(
            take_in_file,
            title=Text(zh=batch.file_name, en=batch.file_name),
            by=request.scope.actor.id,
            language=get_language() or "zh-hans",
            batch_id=str(batch_id),
            actor=request.scope.actor.id,
            key=str(request_key(request)),
            unit=str(request.scope.actor.unit or ""),
            name=request.scope.actor.name,
        )
        return redirect("web:progress", progress)
    if batch.state != "waiting":
        return redirect("batches:detail", batch_id)
    try:
        result = previewed(request, batch)
    except queries.FileRefused as refused:
        if refused.problem.code in ASSIGNABLE:
            return redirect("batches:columns", batch_id)
        refuse(request, batch_id, refused.problem)
        return redirect("batches:detail", batch_id)
    problems = [(problem, queries.problem_words(problem.as_json())) for problem in result.problems[:200]]
    context = {
        "batch": batch,
        "result": result,
        "stats": result_stats(result),
        "problems": problems,
        "told": [words(problem) for problem in result.told],
        "crumbs": crumbs(),
    }
    return page(request, "arrivals/preview.html", context)


@access.require("arrivals.import")
def columns(request: access.Request, batch_id: UUID) -> HttpResponse:
    """The headers of a file with their first values: the officer says which column each is."""
    batch = queries.batch(batch_id, request.scope)
    if batch.state != "waiting":
        return redirect("batches:detail", batch_id)
    if "refuse" in request.POST:
        refuse(request, batch_id, queries.lacking(batch_id) or FileProblem("header_unknown"))
        return redirect("batches:detail", batch_id)
    if unsaid := request.POST.get("unsay"):
        unsay(request, batch_id, ids([unsaid])[0])
        return redirect("batches:columns", batch_id)
    card = queries.columns_of(batch_id, get_language() or "zh-hans")
    form = ColumnsForm(request.POST or None, card=card)
    if request.method == "POST" and accepted(form, lambda: say(request, batch_id, card, form)):
        return redirect("batches:preview", batch_id)
    problem = queries.lacking(batch_id)
    reason, remedy = queries.file_reason(problem) if problem else ("", "")
    context = {"batch": batch, "form": form, "reason": reason, "remedy": remedy, "crumbs": crumbs()}
    return page(request, "arrivals/columns.html", context)


@access.require("arrivals.import")
def undo(request: access.Request, batch_id: UUID) -> HttpResponse:
    """Take a file back: how much would go back, and the reason."""
    batch = queries.batch(batch_id, request.scope)
    card = queries.undo_card(batch_id, clock.now())
    if not card.is_open and batch.taken_back_at is not None:
        return redirect("batches:detail", batch_id)
    form = ReasonForm(request.POST or None)
    if request.method == "POST" and accepted(form, lambda: begin_undo(request, batch_id, form)):
        return redirect("web:progress", undo_in_background(request, batch, form))
    context = {"batch": batch, "card": card, "stats": undo_stats(card), "form": form, "crumbs": crumbs()}
    return page(request, "arrivals/undo.html", context)


@access.require("arrivals.import")
def detail(request: access.Request, batch_id: UUID) -> HttpResponse:
    """The reckoning of a file: every number opens its rows."""
    batch = queries.batch(batch_id, request.scope)
    choices = list(queries.outcome_names().items())
    filters = [
        Filter("outcome", _("Outcome"), kind="choice", choices=choices),
        Filter("problems", _("With problems"), kind="flag"),
        *(UNDONE_FILTERS if batch.state == "taken_back" else []),
    ]
    access.listed(request.scope, "batches.rows", [batch.id])
    table = Table.from_request(request, ROW_COLUMNS, queries.BatchRows(batch_id, row_line), filters, sort="number")
    context = {
        "batch": batch,
        "stats": result_stats(batch),
        "flow": flow_stats(batch),
        "undo": queries.undo_card(batch_id, clock.now()),
        "report": queries.report_due(batch.subject),
        "told": [words(problem) for problem in batch.told],
        "crumbs": crumbs(),
    }
    return render_table(request, "arrivals/batch.html", table, context)


@access.require("arrivals.import")
def report_back(request: access.Request, batch_id: UUID) -> HttpResponse:
    """A pushed list was checked: what whoever pushed it was told."""
    batch = queries.batch(batch_id, request.scope)
    form = ReportBackForm(request.POST or None)
    if request.method == "POST" and accepted(
        form,
        lambda: actions.report_back(
            batch_id, **form.cleaned_data, at=clock.now(), by=request.scope.actor, key=request_key(request)
        ),
    ):
        messages.success(request, _("It is recorded that the list was reported back."))
        return redirect("batches:detail", batch_id)
    return page(request, "arrivals/report_back.html", {"form": form, "batch": batch, "crumbs": crumbs()})


@access.require("arrivals.import")
def outcome(request: access.Request, batch_id: UUID) -> StreamingHttpResponse:
    """The outcome file: correct it and hand it in again."""
    batch = queries.batch(batch_id, request.scope)
    access.listed(request.scope, "batches.outcome", [batch.id])
    answer = StreamingHttpResponse(queries.outcome_csv(batch_id), content_type="text/csv; charset=utf-8")
    answer["Content-Disposition"] = f'attachment; filename="outcome-{batch_id}.csv"'
    return answer


@access.require("arrivals.import")
def annotated(request: access.Request, batch_id: UUID) -> FileResponse:
    """The file given back as a workbook, what was found written into it."""
    batch = queries.batch(batch_id, request.scope)
    access.listed(request.scope, "batches.annotated", [batch.id])
    held = tempfile.TemporaryFile()  # noqa: SIM115 (the answer closes it)
    queries.annotated(batch_id, get_language() or "zh-hans", held)
    held.seek(0)
    return FileResponse(held, as_attachment=True, filename=f"annotated-{batch_id}.xlsx")


@access.require("arrivals.import")
def template(request: access.Request) -> HttpResponse:
    """Our own template, headed in the reader's language."""
    out = io.StringIO()
    csv.writer(out).writerow(queries.template_headers(get_language() or "zh-hans"))
    answer = HttpResponse(b"\xef\xbb\xbf" + out.getvalue().encode(), content_type="text/csv; charset=utf-8")
    answer["Content-Disposition"] = 'attachment; filename="arrivals.csv"'
    return answer


@access.require("arrivals.import")
def decision(request: access.Request, row_id: UUID) -> HttpResponse:
    """An officer decides a doubtful row."""
    batch_id, row = queries.row_card(row_id)
    queries.batch(batch_id, request.scope)
    form = ReasonForm(request.POST or None)
    verb = actions.drop_row if "drop" in request.POST else actions.take_in_row
    if request.method == "POST" and accepted(
        form,
        lambda: verb(
            row_id, reason=form.cleaned_data["reason"], at=clock.now(), by=request.scope.actor, key=request_key(request)
        ),
    ):
        messages.success(request, _("The row is decided."))
        return redirect("batches:detail", batch_id)
    return page(request, "arrivals/row.html", {"form": form, "row": row, "crumbs": crumbs()})


@jobs.job
def take_in_file(report: jobs.Report, *, batch_id: str, key: str, unit: str, name: str, actor: str) -> str:
    """Take in an uploaded file, set by set."""
    by = Actor(actor, UUID(unit) if unit else None, name)
    actions.take_in_received(UUID(batch_id), at=clock.now(), by=by, key=UUID(key), progress=report)
    return reverse("batches:detail", args=[batch_id])


@jobs.job
def undo_file(report: jobs.Report, *, batch_id: str, key: str, unit: str, name: str, actor: str, reason: str) -> str:
    """Take a file back, set by set."""
    by = Actor(actor, UUID(unit) if unit else None, name)
    actions.undo_import(UUID(batch_id), reason=reason, at=clock.now(), by=by, key=UUID(key), progress=report)
    return reverse("batches:detail", args=[batch_id])


def previewed(request: access.Request, batch: queries.BatchCard) -> actions.ImportResult:
    return actions.import_arrivals(
        queries.content_of(batch.id),
        batch.file_name,
        issuer=batch.issuer,
        unit=batch.unit,
        preview=True,
        at=clock.now(),
        by=request.scope.actor,
        key=derive(batch.id, "preview"),
    )


def refuse(request: access.Request, batch_id: UUID, problem: FileProblem) -> None:
    actions.refuse_batch(
        batch_id,
        code=problem.code,
        names=problem.names,
        at=clock.now(),
        by=request.scope.actor,
        key=derive(batch_id, "refused"),
    )


def say(request: access.Request, batch_id: UUID, card: queries.ColumnsCard, form: ColumnsForm) -> None:
    """Say what the officer chose otherwise than the columns were taken for."""
    if said := form.said():
        actions.say_columns(
            batch_id, said, form=card.form, at=clock.now(), by=request.scope.actor, key=request_key(request)
        )


def unsay(request: access.Request, batch_id: UUID, learnt: UUID) -> None:
    card = queries.columns_of(batch_id, "en")
    if any(one.learnt and one.learnt.id == learnt for one in card.columns):
        actions.unsay_column(learnt, at=clock.now(), by=request.scope.actor, key=derive(learnt, "unsaid"))
        messages.success(request, _("Taken back. Files that were taken in stay as they are."))


def begin_undo(request: access.Request, batch_id: UUID, form: ReasonForm) -> None:
    actions.begin_undo(
        batch_id,
        reason=form.cleaned_data["reason"],
        at=clock.now(),
        by=request.scope.actor,
        key=derive(request_key(request), "begun"),
    )


def undo_in_background(request: access.Request, batch: queries.BatchCard, form: ReasonForm) -> UUID:
    title = Text(zh=batch.file_name, en=batch.file_name)
    actor = request.scope.actor
    return jobs.start(
        undo_file,
        title=title,
        by=actor.id,
        language=get_language() or "zh-hans",
        batch_id=str(batch.id),
        actor=actor.id,
        key=str(request_key(request)),
        unit=str(actor.unit or ""),
        name=actor.name,
        reason=form.cleaned_data["reason"],
    )


def undo_stats(card: queries.UndoCard) -> list[Stat]:
    """How much would go back, and how much stays because somebody came."""
    return [
        Stat(_("Arrivals that go back"), card.arrivals),
        Stat(_("People who leave the register"), card.people),
        Stat(_("Rows whose changes go back"), card.changed),
        Stat(_("Arrivals that stay: they were met"), card.met, tone="warn" if card.met else "neutral"),
    ]


def receive(request: access.Request, form: FileForm) -> UUID:
    values = dict(form.cleaned_data)
    file = values.pop("file")
    return actions.receive_batch(
        file.read(),
        file.name,
        **values,
        unit=request.scope.actor.unit,
        at=clock.now(),
        by=request.scope.actor,
        key=request_key(request),
    )


def words(problem: Any) -> dict[str, object]:
    """What is said of a file as a whole, and how it is coloured."""
    tone = "info" if problem.severity == "repaired" else "warn"
    return {"tone": tone, "reason": queries.reason(problem), "remedy": queries.remedy(problem)}


def crumbs() -> object:
    return trail((_("Batches"), reverse("batches:list")))


def batch_line(card: queries.BatchCard) -> BatchLine:
    label, tone = STATES[card.state]
    outcomes = card.flow.outcomes
    return BatchLine(
        file_name=card.file_name,
        form=card.form_name,
        imported_at=card.imported_at,
        rows=card.rows,
        arrivals=card.flow.pushed,
        landed=outcomes.get("landed", 0),
        absent=outcomes.get("not_on_board", 0),
        pending=outcomes["pending"],
        doubtful=card.doubtful,
        rejected=card.rejected,
        state=Badge(label, tone),  # type: ignore[arg-type]
        url=reverse("batches:detail", args=[card.id]),
    )


def row_line(row: Any) -> RowLine:
    is_doubtful = row.outcome == "doubtful"
    arrival = reverse("arrivals:detail", args=[row.arrival_id]) if row.arrival_id else ""
    return RowLine(
        number=row.number,
        first_cells=row.first_cells,
        outcome=Badge(_("Taken back"))
        if row.outcome == "created" and not row.arrival_id
        else Badge(queries.outcome_names()[row.outcome], OUTCOME_TONES[row.outcome]),
        words=listed(filter(None, [row.words, str(queries.kept_names().get(row.kept, ""))])),
        link=_("Decide") if is_doubtful else _("Open the arrival") if arrival else "",
        url=reverse("batches:decision", args=[row.id]) if is_doubtful else arrival,
    )


def result_stats(result: Any) -> list[Stat]:
    """The outcomes of the rows; on a batch's own page each opens them."""
    here = "?outcome=" if isinstance(result, queries.BatchCard) else ""
    names = queries.outcome_names()
    return [
        Stat(
            names[code],
            getattr(result, code),
            url=f"{here}{code}" if here else "",
            tone=OUTCOME_TONES[code] if getattr(result, code) and code in ("doubtful", "rejected") else "neutral",
        )
        for code in names
    ]


def flow_stats(batch: queries.BatchCard) -> list[Stat]:
    """Arrivals of the file = landed + not on board + … + pending."""
    arrivals = f"{reverse('arrivals:list')}?batch={batch.id}"
    is_undone = batch.state == "taken_back"  # most of its arrivals are gone: its own rows tell of them
    outcomes = batch.flow.outcomes
    names = queries.reckoning_names()
    others = [code for code in names if code in outcomes or code in ("landed", "not_on_board")]
    return [
        Stat(_("Arrivals announced"), batch.flow.pushed, url="?outcome=created" if is_undone else arrivals),
        *[
            Stat(
                names[code],
                outcomes.get(code, 0),
                url="?went=1" if code == "taken_back" else f"{arrivals}&outcome={code}",
            )
            for code in others
        ],
        Stat(
            _("Pending"),
            outcomes["pending"],
            url=f"{arrivals}&outcome=pending",
            tone="warn" if outcomes["pending"] else "good",
        ),
    ]
