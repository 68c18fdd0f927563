"""Pages of testing: what is due, taking a sample, the list, and the laboratory's desk."""

from collections import Counter
from collections.abc import Mapping
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse, StreamingHttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import get_language, ngettext
from django.utils.translation import gettext_lazy as _

from bihuan.kernel import access, clock
from bihuan.kernel.ledger import Actor, derive
from bihuan.kernel.loop import queries as loop
from bihuan.kernel.refusals import NotFound
from bihuan.kernel.text import Text
from bihuan.kernel.web import (
    Column,
    Definition,
    Entry,
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

from . import actions, queries
from .forms import CorrectionForm, DeskForm, ReferralForm, ReportForm, RowForm, SampleForm, result_words
from .models import ReportRow

DUE_COLUMNS = [
    Column("name", _("Name"), sortable=False, kind="link"),
    Column("phone", _("Telephone"), sortable=False),
    Column("title", _("Test due"), sortable=False),
    Column("occurrence", _("Test day"), sortable=False),
    Column("sampled", _("State"), sortable=False, kind="badge"),
    Column("due", _("Due"), sortable=False, kind="clock"),
]
COLUMNS = [
    Column("code", _("Sample code"), kind="link"),
    Column("name", _("Name")),
    Column("purpose", _("Why"), sortable=False),
    Column("day", _("Test day"), kind="number"),
    Column("taken_at", _("Sampled at"), kind="moment"),
    Column("unit", _("Taken by")),
    Column("result", _("Result"), sortable=False, kind="badge"),
    Column("found_at", _("Reported at"), sortable=False, kind="moment"),
]
RESULTS = [
    (queries.WAITING, _("Waiting for the laboratory")),
    ("negative", _("Negative")),
    ("positive", _("Positive")),
    ("inconclusive", _("Inconclusive")),
]
FILTERS = [
    Filter("q", _("Name or code")),
    Filter("result", _("Result"), kind="choice", choices=RESULTS),
    Filter("on", _("Sampled on"), kind="day"),
    Filter("found_on", _("Resulted on"), kind="day"),
]


@access.require("testing.sample")
def due(request: access.Request) -> HttpResponse:
    """Whose tests are due by the policy's days."""
    now = clock.now()
    source = queries.DueTests(request.scope, now)
    table = Table.from_request(request, DUE_COLUMNS, source)
    access.listed(request.scope, "samples.due", [row.person_id for row in table.found])
    return render_table(
        request,
        "testing/due.html",
        table,
        {"counts": queries.counts(request.scope, now)},
        export_name="tests-due",
        on_export=access.exporting(request.scope, "tests-due"),
    )


@access.require("testing.read")
def listing(request: access.Request) -> HttpResponse:
    table = Table.from_request(request, COLUMNS, queries.SampleList(request.scope), FILTERS, sort="-taken_at")
    access.listed(request.scope, "samples.list", [row.person_id for row in table.found])
    return render_table(
        request, "testing/list.html", table, export_name="samples", on_export=access.exporting(request.scope, "samples")
    )


@access.require("testing.sample")
def take(request: access.Request, noun: str, subject_id: UUID) -> HttpResponse:
    """Take a sample from the person behind an order or an arrival."""
    tested = queries.to_test(request.scope, f"{noun}:{subject_id}")
    if tested is None:
        raise NotFound(_("There is nobody to take a sample from."))
    form = SampleForm(
        request.POST or None,
        days=tested.day_choices,
        initial={"day": tested.day_of(request.GET.get("occurrence", ""))},
        since=loop.opened_at(tested.subject),
    )
    if request.method == "POST" and accepted(
        form,
        lambda: actions.take_sample(
            tested.subject,
            person_id=tested.person.id,
            unit_id=request.scope.grants[0].unit,
            purpose=form.cleaned_data["purpose"],
            day=form.cleaned_data["day"],
            phase=tested.phase,
            code=form.cleaned_data["code"],
            at=form.moment,
            by=request.scope.actor,
            key=request_key(request),
        ),
    ):
        messages.success(request, _("The sample is taken down."))
        return redirect("samples:due")
    return page(
        request,
        "testing/take.html",
        {"form": form, "tested": tested, "crumbs": trail((_("Tests due"), reverse("samples:due")))},
    )


@access.require("testing.read")
def detail(request: access.Request, sample_id: UUID) -> HttpResponse:
    """A sample with everything its laboratory said."""
    sample = queries.sample(request.scope, sample_id)
    if sample is None:
        raise NotFound(_("There is no such sample."))
    results = queries.results_of(sample_id)
    context = {
        "sample": sample,
        "badge": queries.result_badge(sample.result),
        "may_correct": bool(results) and request.whole_scope.may("testing.result"),
        "may_refer": sample.result == "positive" and request.whole_scope.may("testing.refer"),
        "definitions": [
            Definition(_("Why"), sample.purpose),
            Definition(_("Day of the test plan"), "—" if sample.day is None else sample.day),
        ],
        "entries": [
            Entry(one.found_at, one.label, body=one.reason, tone=queries.TONES[one.result] if one.stands else "neutral")
            for one in results
        ],
        "crumbs": trail((_("Samples"), reverse("samples:list"))),
    }
    return page(request, "testing/detail.html", context)


@access.require("testing.result")
def correction(request: access.Request, sample_id: UUID) -> HttpResponse:
    """Correct the result that stands; both stay on record."""
    sample = queries.sample(request.scope, sample_id)
    standing = next((one for one in queries.results_of(sample_id) if one.stands), None)
    if sample is None or standing is None:
        raise NotFound(_("There is no such result."))
    form = CorrectionForm(request.POST or None)
    if request.method == "POST" and accepted(
        form,
        lambda: actions.correct_result(
            standing.id, **form.cleaned_data, at=clock.now(), by=request.scope.actor, key=request_key(request)
        ),
    ):
        messages.success(request, _("The result is corrected. The earlier one stays on record."))
        return redirect("samples:detail", sample_id)
    return page(request, "testing/correction.html", {"form": form, "sample": sample, "standing": standing})


@access.require("testing.refer")
def referral(request: access.Request, sample_id: UUID) -> HttpResponse:
    """Say which hospital a person with a positive result was referred to."""
    sample = queries.sample(request.scope, sample_id)
    if sample is None or sample.result != "positive":
        raise NotFound(_("There is no such result."))
    hospitals = [(unit.id, unit.name) for unit in access.queries.units_of_kinds("hospital")]
    form = ReferralForm(request.POST or None, hospitals=hospitals)
    if request.method == "POST" and accepted(
        form,
        lambda: actions.refer(
            sample.subject,
            person_id=sample.person_id,
            hospital_id=form.cleaned_data["hospital_id"],
            at=clock.now(),
            by=request.scope.actor,
            key=request_key(request),
        ),
    ):
        messages.success(request, _("The referral is taken down."))
        return redirect("samples:detail", sample_id)
    is_free = not sample.subject.startswith("order:")
    return page(request, "testing/referral.html", {"form": form, "sample": sample, "is_free": is_free})


@access.require("testing.result")
def desk(request: access.Request) -> HttpResponse:
    """The laboratory's desk: codes go in, are read back, and are confirmed by a second press."""
    form = DeskForm(request.POST or None)
    entries: tuple[queries.Entry, ...] = ()
    if request.method == "POST" and form.is_valid():
        entries = queries.read_list(
            form.cleaned_data["codes"], words=result_words(), otherwise=form.cleaned_data["result"]
        )
    context = {
        "form": form,
        "entries": entries,
        "good": [entry for entry in entries if not entry.problem],
        "bad": [entry for entry in entries if entry.problem],
        "latest": queries.latest_of(request.scope.grants[0].unit),
    }
    return page(request, "testing/desk.html", context)


@access.require("testing.result")
def results(request: access.Request) -> HttpResponse:
    """Record the list that the desk has read back."""
    if request.method == "POST":
        found = [
            (ids([sample])[0], result)
            for sample, _colon, result in (value.partition(":") for value in request.POST.getlist("found"))
        ]
        actions.record_results(
            found,
            laboratory_id=request.scope.grants[0].unit,
            at=clock.now(),
            by=request.scope.actor,
            key=request_key(request),
        )
        done = ngettext("%(count)s result is recorded.", "%(count)s results are recorded.", len(found))
        messages.success(request, done % {"count": len(found)})
    return redirect("laboratory:desk")


ROW_COLUMNS = [
    Column("number", _("Row"), kind="number"),
    Column("cells", _("As written"), sortable=False),
    Column("outcome", _("Outcome"), kind="badge", sortable=False),
    Column("words", _("What is wrong, and what to do"), sortable=False),
    Column("link", _("What to do"), kind="link", sortable=False),
]


@access.require("testing.result")
def reports(request: access.Request) -> HttpResponse:
    """Files of results: hand one in, and those that were."""
    form = ReportForm(request.POST or None, request.FILES or None)
    made: list[UUID] = []
    if request.method == "POST" and accepted(form, lambda: made.append(receive(request, form))):
        return redirect("laboratory:report", made[0])
    context = {"form": form, "reports": queries.reports(request.scope), "crumbs": crumbs()[:-1]}
    return page(request, "testing/reports.html", context)


@access.require("testing.result")
def report(request: access.Request, report_id: UUID) -> HttpResponse:
    """A file of results: what would become of its rows, or what became of them."""
    card = queries.report(request.scope, report_id)
    if card is None:
        raise NotFound(_("There is no such file."))
    if request.method == "POST":
        return redirect("web:progress", in_background(request, card))
    if card.state == "waiting":
        rows, found = queries.report_preview(report_id, clock.now())
        bad = [
            (one.number, queries.problem_words([p.as_json() for p in one.problems])) for one in found if one.problems
        ]
        stats = report_stats(Counter(one.outcome for one in found))
        context = {"report": card, "rows": rows, "checked": len(found), "bad": bad[:200], "stats": stats}
        return page(request, "testing/report_preview.html", {**context, "crumbs": crumbs()})
    choices = list(ReportRow.Outcome.choices)
    table = Table.from_request(
        request,
        ROW_COLUMNS,
        queries.ReportRows(report_id),
        [Filter("outcome", _("Outcome"), kind="choice", choices=choices)],
        sort="number",
    )
    context = {"report": card, "stats": report_stats(card.counts, "?outcome="), "crumbs": crumbs()}
    return render_table(request, "testing/report.html", table, context)


@access.require("testing.result")
def report_outcome(request: access.Request, report_id: UUID) -> StreamingHttpResponse:
    """The outcome file: correct it and hand it in again."""
    if queries.report(request.scope, report_id) is None:
        raise NotFound(_("There is no such file."))
    answer = StreamingHttpResponse(queries.report_outcome(report_id), content_type="text/csv; charset=utf-8")
    answer["Content-Disposition"] = f'attachment; filename="results-{report_id}.csv"'
    return answer


@access.require("testing.result")
def report_row(request: access.Request, line_id: UUID) -> HttpResponse:
    """Decide a doubtful row: of which sample its result is, or of none."""
    found = queries.report_row(line_id)
    if found is None or queries.report(request.scope, found[0]) is None:
        raise NotFound(_("There is no such row."))
    form = RowForm(request.POST or None)
    if request.method == "POST" and accepted(
        form,
        lambda: actions.decide_report_row(
            line_id, **form.cleaned_data, at=clock.now(), by=request.scope.actor, key=request_key(request)
        ),
    ):
        messages.success(request, _("The row is decided."))
        return redirect("laboratory:report", found[0])
    return page(request, "testing/report_row.html", {"form": form, "row": found[1], "crumbs": crumbs()})


@jobs.job
def take_in_report_file(told: jobs.Report, *, report_id: str, unit: str, name: str, actor: str) -> str:
    """Take in a file of results, set by set."""
    by = Actor(actor, UUID(unit) if unit else None, name)
    actions.take_in_report(UUID(report_id), at=clock.now(), by=by, key=derive(UUID(report_id), actor), progress=told)
    return reverse("laboratory:report", args=[report_id])


def receive(request: access.Request, form: ReportForm) -> UUID:
    file = form.cleaned_data["file"]
    content = file.read()
    queries.read_report(content, file.name)
    return actions.receive_report(
        content,
        file.name,
        laboratory_id=request.scope.grants[0].unit,
        at=clock.now(),
        by=request.scope.actor,
        key=request_key(request),
    )


def in_background(request: access.Request, card: queries.ReportCard) -> UUID:
    actor = request.scope.actor
    return jobs.start(
        take_in_report_file,
        title=Text(zh=card.file_name, en=card.file_name),
        by=actor.id,
        language=get_language() or "zh-hans",
        report_id=str(card.id),
        unit=str(actor.unit or ""),
        name=actor.name,
        actor=actor.id,
    )


def report_stats(counts: Mapping[str, int], here: str = "") -> list[Stat]:
    """The outcomes of the rows; on a file's own page each opens them."""
    return [
        Stat(
            label,
            counts.get(code, 0),
            url=f"{here}{code}" if here else "",
            tone=queries.OUTCOME_TONES[code] if counts.get(code) and code in ("doubtful", "rejected") else "neutral",
        )
        for code, label in ReportRow.Outcome.choices
    ]


def crumbs() -> Any:
    return trail(
        (_("Laboratory desk"), reverse("laboratory:desk")), (_("Files of results"), reverse("laboratory:reports"))
    )
