"""Pages of testing: what is due, taking a sample, the list, and the laboratory's desk."""

from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from bihuan.kernel import access, clock
from bihuan.kernel.loop import queries as loop
from bihuan.kernel.refusals import NotFound
from bihuan.kernel.web import Column, Definition, Entry, Filter, Table, accepted, page, render_table, request_key, trail

from . import actions, queries
from .forms import CorrectionForm, DeskForm, ReferralForm, SampleForm, result_words

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
            (UUID(sample), result)
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
