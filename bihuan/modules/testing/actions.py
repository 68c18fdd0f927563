"""Every write of testing: a sample is taken, a laboratory answers, an answer is corrected."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from hashlib import sha256
from itertools import batched
from typing import Any
from uuid import UUID

from django.utils.translation import gettext_lazy as _

from bihuan.kernel import clock, custody
from bihuan.kernel.files import Line, Plan
from bihuan.kernel.ledger import Actor, Json, NewFact, derive, record, record_many
from bihuan.kernel.loop import action, happened
from bihuan.kernel.loop import queries as loop
from bihuan.kernel.refusals import NotFound, Refused

from . import events, queries, rules
from .models import Report, ReportRow, Result, Sample

REPORT_ROWS = 2000
LANDING_SAMPLES_APART = timedelta(minutes=10)


class WrongCode(Refused):
    """The code on the tube does not close with its check character."""


class CodeUsed(Refused):
    """Another sample has this code."""


class JustTaken(Refused):
    """This person gave a sample at this gate a moment ago."""


class AlreadyAnswered(Refused):
    """The sample has a result; another one can only be a correction."""


class TooEarly(Refused):
    """A result from before its sample was taken."""


class RowDecided(Refused):
    """A row of a file of results that somebody has decided."""


class NotCorrectable(Refused):
    """Only the result that stands can be corrected, by another one and with a reason."""


@action
def take_sample(
    subject: str,
    *,
    person_id: UUID,
    unit_id: UUID,
    purpose: str,
    day: int | None = None,
    phase: str = "",
    code: str = "",
    at: datetime,
    by: Actor,
    key: UUID,
) -> UUID:
    """Take a sample for `subject` (`order:…` or `arrival:…`). Without a code from a tube we make one."""
    at = happened(at, loop.opened_at(subject))
    code = rules.tidy(code) or rules.code_from(derive(key, "code").int)
    if not rules.is_code(code):
        raise WrongCode(
            _("%(code)s is not a sample code: its last character does not fit the others.") % {"code": code},
            _("Scan the tube again or type the code as it is printed."),
        )
    if Sample.objects.filter(code=code).exists():
        raise CodeUsed(
            _("The code %(code)s already belongs to another sample.") % {"code": code},
            _("Take a fresh tube. Nothing was recorded."),
        )
    if purpose == Sample.Purpose.LANDING:
        _refuse_just_taken(person_id, unit_id, at)
    sample: Sample = Sample.objects.create(
        code=code,
        subject=subject,
        person_id=person_id,
        purpose=purpose,
        phase=phase,
        day=day,
        taken_at=at,
        unit_id=unit_id,
    )
    record(
        key=derive(key, "fact"),
        kind=events.SAMPLED,
        subject=subject,
        about=f"person:{person_id}",
        at=at,
        by=by,
        payload={"sample": str(sample.id), "code": code, "purpose": purpose, "phase": phase, "day": day},
    )
    return sample.id


def _refuse_just_taken(person_id: UUID, unit_id: UUID, at: datetime) -> None:
    """A form sent again, or from a second tab, makes no second tube of one landing."""
    about_now = (at - LANDING_SAMPLES_APART, at + LANDING_SAMPLES_APART)
    taken = Sample.objects.filter(
        person=person_id, unit=unit_id, purpose=Sample.Purpose.LANDING, taken_at__range=about_now
    ).first()
    if taken:
        raise JustTaken(
            _("This person gave a sample here a few minutes ago: %(code)s.") % {"code": taken.code},
            _("If that tube was spoilt, take another after %(minutes)s minutes. Nothing was recorded.")
            % {"minutes": LANDING_SAMPLES_APART // timedelta(minutes=1)},
        )


@action
def record_result(
    sample_id: UUID, *, result: str, laboratory_id: UUID | None, at: datetime, by: Actor, key: UUID
) -> UUID:
    """Enter what the laboratory found in one sample."""
    [row] = _answer([(sample_id, result, at)], laboratory_id, by, key)
    return row.id


@action
def record_results(
    found: Sequence[tuple[UUID, str]], *, laboratory_id: UUID | None, at: datetime, by: Actor, key: UUID
) -> None:
    """Enter a whole list of results, all or none."""
    _answer([(sample, result, at) for sample, result in found], laboratory_id, by, key)


def _answer(
    found: Sequence[tuple[UUID, str, datetime]], laboratory_id: UUID | None, by: Actor, key: UUID
) -> list[Result]:
    wanted = {sample: result for sample, result, _at in found}
    times = {sample: at for sample, _result, at in found}
    samples = list(Sample.objects.select_for_update().filter(pk__in=wanted).order_by("pk"))
    if len(samples) != len(wanted):
        raise NotFound(_("A sample of this list is not known."), _("Check the codes. Nothing was recorded."))
    answered = set(Result.objects.filter(sample__in=samples).values_list("sample_id", flat=True))
    for sample in samples:
        if sample.id in answered:
            raise AlreadyAnswered(
                _("Sample %(code)s already has a result.") % {"code": sample.code},
                _("If it was wrong, open it and correct it: both results stay on record."),
            )
        if times[sample.id] < sample.taken_at:
            raise TooEarly(
                _("Sample %(code)s was taken after the time given for its result.") % {"code": sample.code},
                _("Check the time of the result."),
            )
    rows = Result.objects.bulk_create(
        Result(sample=sample, result=wanted[sample.id], found_at=times[sample.id], laboratory_id=laboratory_id)
        for sample in samples
    )
    record_many(
        NewFact(
            key=derive(key, str(sample.id)),
            kind=events.RESULTED,
            subject=sample.subject,
            about=f"person:{sample.person_id}",
            at=times[sample.id],
            by=by,
            payload=_finding(sample, wanted[sample.id]),
        )
        for sample in samples
    )
    return rows


@action
def correct_result(result_id: UUID, *, result: str, reason: str, at: datetime, by: Actor, key: UUID) -> UUID:
    """Replace a result that was wrong by a further one. The wrong one stays on record."""
    wrong = Result.objects.select_related("sample").get(pk=result_id)
    sample = Sample.objects.select_for_update().get(pk=wrong.sample_id)
    if Result.objects.filter(corrects=wrong).exists() or wrong.result == result or not reason.strip():
        raise NotCorrectable(
            _("Sample %(code)s cannot be corrected like this.") % {"code": sample.code},
            _("Correct the result that stands now, to another one, and say why."),
        )
    right: Result = Result.objects.create(
        sample=sample,
        result=result,
        found_at=at,
        laboratory_id=wrong.laboratory_id,
        corrects=wrong,
        reason=reason.strip(),
    )
    record(
        key=derive(key, "fact"),
        kind=events.RESULTED,
        subject=sample.subject,
        about=f"person:{sample.person_id}",
        at=at,
        by=by,
        payload=_finding(sample, result) | {"is_correction": True, "corrects": wrong.id, "reason": reason.strip()},
    )
    return right.id


@action
def refer(subject: str, *, person_id: UUID, hospital_id: UUID, at: datetime, by: Actor, key: UUID) -> None:
    """Refer a person with a positive result to a hospital. It answers the alarm that the result raised.

    Somebody under an order is handed over: whoever holds them answers for them until the hospital has received them.
    Somebody without one is free (the third law), whatever the test says: nobody's hands can give them to another's, so
    their referral is advice, and the fact says that it was given.
    """
    item = f"person:{person_id}"
    holder, receiver = custody.holder_of(item), f"unit:{hospital_id}"
    handover = None
    if subject.startswith("order:") and holder not in ("self", receiver):
        handover = custody.dispatch(
            [item], sender=holder, receiver=receiver, key=derive(key, "dispatch"), at=at, by=by, via=subject
        )
    record(
        key=derive(key, "fact"),
        kind=events.REFERRED,
        subject=subject,
        about=item,
        at=at,
        by=by,
        unit=hospital_id,
        payload={"hospital": hospital_id, "handover": handover},
    )


def _finding(sample: Sample, result: str) -> dict[str, Json]:
    return {
        "sample": str(sample.id),
        "code": sample.code,
        "purpose": sample.purpose,
        "phase": sample.phase,
        "day": sample.day,
        "result": result,
        "sampled_at": sample.taken_at.isoformat(),
    }


# --- files of results


@action
def receive_report(
    content: bytes, file_name: str, *, laboratory_id: UUID | None, at: datetime, by: Actor, key: UUID
) -> UUID:
    """Keep a file of results that was handed in, so that it can be looked at and then taken in."""
    report: Report = Report.objects.create(
        file_name=file_name[:200],
        sha256=sha256(content).hexdigest(),
        content=content,
        laboratory_id=laboratory_id,
        handed_in_by=by.id,
        handed_in_at=at,
    )
    record(
        key=derive(key, "received"),
        kind=events.REPORT_RECEIVED,
        subject=report.subject,
        at=at,
        by=by,
        unit=laboratory_id,
        payload={"file_name": report.file_name, "sha256": report.sha256},
    )
    return report.id


def import_results(
    content: bytes, file_name: str, *, laboratory_id: UUID | None, at: datetime, by: Actor, key: UUID
) -> UUID:
    """Take in a file of results. Broken off and handed in again it goes on where it stopped; taken in and handed in
    again every row was recorded before. Raises ReportRefused when the file itself is unfit.
    """
    queries.read_report(content, file_name)
    report = queries.unfinished_report(content, by.id, laboratory_id) or receive_report(
        content, file_name, laboratory_id=laboratory_id, at=at, by=by, key=derive(key, "report")
    )
    take_in_report(report, at=at, by=by, key=derive(key, "rows"))
    return report


def take_in_report(
    report: UUID, *, at: datetime, by: Actor, key: UUID, progress: Callable[[int, int], None] | None = None
) -> None:
    """Take in a received file, set by set. Done again it changes nothing, whatever its key: a set is done when its rows
    are kept.
    """
    held = Report.objects.get(pk=report)
    if held.content is None:
        return
    intake = queries.read_report(bytes(held.content), held.file_name)
    plan, told = intake.plan.as_json(), [note.code for note in intake.notes]
    lines = intake.lines(held.handed_in_at.astimezone(clock.CITY).date())
    done = 0
    for rows in batched(lines, REPORT_ROWS):
        take_in_report_rows(report, rows, plan=plan, told=told, at=at, by=by, key=derive(key, str(done)))
        done += len(rows)
        if progress:
            progress(done, intake.rows)
    finish_report(report, at=at, by=by, key=derive(key, "finished"))


@action
def take_in_report_rows(
    report: UUID,
    rows: Sequence[Line],
    *,
    plan: Mapping[str, Any],
    told: Sequence[str],
    at: datetime,
    by: Actor,
    key: UUID,
) -> None:
    """Record what one set of rows says, and keep the outcome of each."""
    held = Report.objects.select_for_update().defer("content").get(pk=report)
    known = set(
        ReportRow.objects.filter(report=held, number__in=[row.number for row in rows]).values_list("number", flat=True)
    )
    fresh = [row for row in rows if row.number not in known]
    placed = queries.placed(Plan.of(plan, [queries.report_form()]), fresh, at)
    found = [(row.sample, row.result, row.found_at) for row in placed if row.outcome == ReportRow.Outcome.RECORDED]
    _answer(found, held.laboratory_id, by, derive(key, "results"))  # type: ignore[arg-type]
    ReportRow.objects.bulk_create(
        ReportRow(
            report=held,
            number=row.number,
            cells=list(row.cells),
            outcome=row.outcome,
            problems=[problem.as_json() for problem in row.problems],
            code=row.code[:40],
            result=row.result,
            found_at=row.found_at,
            sample_id=row.sample,
        )
        for row in placed
    )
    held.headers, held.told, held.state = queries.read_headers(plan), list(told), Report.State.RUNNING
    held.save(update_fields=["headers", "told", "state"])


@action
def finish_report(report: UUID, *, at: datetime, by: Actor, key: UUID) -> None:
    """Count the outcomes of a file whose rows are all kept, and let the file itself go."""
    held = Report.objects.select_for_update().get(pk=report)
    if held.state == Report.State.TAKEN_IN:
        return
    held.state, held.content = Report.State.TAKEN_IN, None
    held.save(update_fields=["state", "content"])
    record(
        key=derive(key, "taken in"),
        kind=events.REPORT_TAKEN_IN,
        subject=held.subject,
        at=at,
        by=by,
        unit=held.laboratory_id,
        payload={**queries.report_counts(report)},
    )


@action
def decide_report_row(row_id: UUID, *, code: str, reason: str, at: datetime, by: Actor, key: UUID) -> None:
    """Decide a doubtful row: record its result of the sample with this code, or without a code reject it."""
    row = ReportRow.objects.select_for_update().select_related("report").filter(pk=row_id).first()
    if row is None or row.outcome != ReportRow.Outcome.DOUBTFUL:
        raise RowDecided(_("This row no longer waits for a decision."), _("Open the file to see what became of it."))
    sample = Sample.objects.filter(code=rules.tidy(code)).first() if code.strip() else None
    if code.strip() and sample is None:
        raise NotFound(_("No sample has this code."), _("Look at the tube again, or reject the row."))
    if sample is not None:
        moment = max(row.found_at or at, sample.taken_at)
        _answer([(sample.id, row.result, moment)], row.report.laboratory_id, by, derive(key, "result"))
        row.sample, row.code, row.outcome = sample, sample.code, ReportRow.Outcome.RECORDED
    else:
        row.outcome = ReportRow.Outcome.REJECTED
    row.save(update_fields=["sample", "code", "outcome"])
    record(
        key=derive(key, "decided"),
        kind=events.REPORT_ROW_DECIDED,
        subject=row.report.subject,
        at=at,
        by=by,
        unit=row.report.laboratory_id,
        payload={"row": row.number, "sample": sample.id if sample else None, "reason": reason},
    )
