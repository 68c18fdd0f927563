"""Every write of testing: a sample is taken, a laboratory answers, an answer is corrected."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from django.utils.translation import gettext_lazy as _

from bihuan.kernel import custody
from bihuan.kernel.ledger import Actor, Json, NewFact, derive, record, record_many
from bihuan.kernel.loop import action, happened
from bihuan.kernel.loop import queries as loop
from bihuan.kernel.refusals import NotFound, Refused

from . import events, rules
from .models import Result, Sample


class WrongCode(Refused):
    """The code on the tube does not close with its check character."""


class CodeUsed(Refused):
    """Another sample has this code."""


class AlreadyAnswered(Refused):
    """The sample has a result; another one can only be a correction."""


class TooEarly(Refused):
    """A result from before its sample was taken."""


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


@action
def record_result(
    sample_id: UUID, *, result: str, laboratory_id: UUID | None, at: datetime, by: Actor, key: UUID
) -> UUID:
    """Enter what the laboratory found in one sample."""
    [row] = _answer([(sample_id, result)], laboratory_id, at, by, key)
    return row.id


@action
def record_results(
    found: Sequence[tuple[UUID, str]], *, laboratory_id: UUID | None, at: datetime, by: Actor, key: UUID
) -> None:
    """Enter a whole list of results, all or none."""
    _answer(found, laboratory_id, at, by, key)


def _answer(
    found: Sequence[tuple[UUID, str]], laboratory_id: UUID | None, at: datetime, by: Actor, key: UUID
) -> list[Result]:
    wanted = dict(found)
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
        if at < sample.taken_at:
            raise TooEarly(
                _("Sample %(code)s was taken after the time given for its result.") % {"code": sample.code},
                _("Check the time of the result."),
            )
    rows = Result.objects.bulk_create(
        Result(sample=sample, result=wanted[sample.id], found_at=at, laboratory_id=laboratory_id) for sample in samples
    )
    record_many(
        NewFact(
            key=derive(key, str(sample.id)),
            kind=events.RESULTED,
            subject=sample.subject,
            about=f"person:{sample.person_id}",
            at=at,
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
