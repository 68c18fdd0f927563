"""Every read of testing. A result that was corrected is history; what is shown as the result is the one that stands."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from uuid import UUID

from django.db.models import Count, Exists, OuterRef, Prefetch, Q, QuerySet
from django.urls import reverse
from django.utils.translation import gettext as _

from bihuan.kernel import access, clock
from bihuan.kernel.access import Scope
from bihuan.kernel.db import cut
from bihuan.kernel.loop import queries as loop
from bihuan.kernel.text import Text
from bihuan.kernel.web import Badge, Clock
from bihuan.kernel.web.parts import Tone
from bihuan.modules.people import queries as people

from . import rules
from .models import Result, Sample


@dataclass(frozen=True, slots=True)
class ResultRow:
    id: UUID
    result: str
    label: str
    found_at: datetime
    reason: str
    stands: bool


@dataclass(frozen=True, slots=True)
class SampleRow:
    id: UUID
    code: str
    subject: str
    person_id: UUID
    purpose: str
    phase: str
    day: int | None
    taken_at: datetime
    result: str  # empty while the laboratory has not answered
    found_at: datetime | None
    is_corrected: bool

    @property
    def badge(self) -> Badge:
        return result_badge(self.result)


def _rows(samples: QuerySet[Sample]) -> tuple[SampleRow, ...]:
    return tuple(_row(sample) for sample in _answered(samples))


def _answered(samples: QuerySet[Sample]) -> QuerySet[Sample]:
    """The samples with everything their laboratories said."""
    return samples.prefetch_related(Prefetch("results", Result.objects.order_by("found_at", "id")))


def _row(sample: Sample) -> SampleRow:
    found = list(sample.results.all())
    replaced = {result.corrects_id for result in found}
    standing = next((result for result in found if result.id not in replaced), None)
    return SampleRow(
        id=sample.id,
        code=sample.code,
        subject=sample.subject,
        person_id=sample.person_id,
        purpose=sample.get_purpose_display(),
        phase=sample.phase,
        day=sample.day,
        taken_at=sample.taken_at,
        result=standing.result if standing else "",
        found_at=standing.found_at if standing else None,
        is_corrected=len(found) > 1,
    )


def samples_of(subject: str) -> tuple[SampleRow, ...]:
    """The samples of one order or arrival, oldest first."""
    return _rows(Sample.objects.filter(subject=subject).order_by("taken_at", "id"))


def samples_of_many(subjects: Collection[str]) -> Mapping[str, tuple[SampleRow, ...]]:
    """The same for many subjects, in two queries."""
    found: dict[str, list[SampleRow]] = {subject: [] for subject in subjects}
    for row in _rows(Sample.objects.filter(subject__in=list(subjects)).order_by("taken_at", "id")):
        found[row.subject].append(row)
    return {subject: tuple(rows) for subject, rows in found.items()}


def positive_among(subjects: Collection[str]) -> frozenset[str]:
    """Those of the subjects with a positive result that stands."""
    corrected = Result.objects.filter(corrects=OuterRef("pk"))
    standing = Result.objects.filter(~Exists(corrected), result=Result.Outcome.POSITIVE)
    return frozenset(standing.filter(sample__subject__in=list(subjects)).values_list("sample__subject", flat=True))


PHASES = {"central_test": "central", "home_test": "home"}
TEST_STEPS = ("sample", "test", "central_test", "home_test")


def sample(scope: Scope, sample_id: UUID) -> SampleRow | None:
    """A sample taken in the scope, or answered by a laboratory in it."""
    answered = Result.objects.filter(sample=OuterRef("pk")).filter(scope.within("laboratory"))
    found = Sample.objects.filter(pk=sample_id).filter(scope.within("unit") | Exists(answered))
    return next(iter(_rows(found)), None)


def results_of(sample_id: UUID) -> tuple[ResultRow, ...]:
    """Everything a laboratory said about a sample, in order."""
    found = list(Result.objects.filter(sample=sample_id).order_by("found_at", "id"))
    replaced = {result.corrects_id for result in found}
    return tuple(
        ResultRow(one.id, one.result, one.get_result_display(), one.found_at, one.reason, one.id not in replaced)
        for one in found
    )


@dataclass(frozen=True, slots=True)
class Entry:
    """A line of the laboratory's list, as it would be taken in. `problem` says why it would not."""

    line: int
    code: str
    sample_id: UUID | None
    result: str
    label: str
    problem: str


def read_list(text: str, *, words: Mapping[str, str], otherwise: str) -> tuple[Entry, ...]:
    """What a pasted list of codes says, line by line, against the samples there are. Nothing is recorded."""
    lines = list(rules.lines_of(text))
    known = {
        one.code: (one.id, bool(one.answered))
        for one in Sample.objects.filter(code__in=[line.code for line in lines]).annotate(
            answered=Exists(Result.objects.filter(sample=OuterRef("pk")))
        )
    }
    labels = dict(Result.Outcome.choices)
    seen: set[str] = set()
    entries = []
    for line in lines:
        result = rules.outcome_of(line.word, words, otherwise)
        sample_id, answered = known.get(line.code, (None, False))
        problem = ""
        if not rules.is_code(line.code):
            problem = _("The code is misread: its last character does not fit.")
        elif sample_id is None:
            problem = _("No sample has this code.")
        elif answered:
            problem = _("This sample already has a result. Open it to correct it.")
        elif line.code in seen:
            problem = _("This code stands in the list twice.")
        elif result is None:
            problem = _("The word “%(word)s” names no result.") % {"word": line.word}
        seen.add(line.code)
        entries.append(
            Entry(
                line.number,
                line.code,
                None if problem else sample_id,
                result or "",
                str(labels.get(result or "", "")),
                problem,
            )
        )
    return tuple(entries)


def latest_of(laboratory_id: UUID, limit: int = 20) -> tuple[SampleRow, ...]:
    """What a laboratory answered last."""
    latest = (
        Result.objects.filter(laboratory=laboratory_id).order_by("-found_at", "-id").values_list("sample_id", flat=True)
    )
    ids = list(dict.fromkeys(latest[: 2 * limit]))[:limit]
    rows = {row.id: row for row in _rows(Sample.objects.filter(pk__in=ids))}
    return tuple(rows[sample_id] for sample_id in ids)


TONES: dict[str, Tone] = {"negative": "good", "positive": "bad", "inconclusive": "warn", "": "neutral"}


@dataclass(frozen=True, slots=True)
class ListRow:
    """A sample in a list."""

    id: UUID
    person_id: UUID
    code: str
    name: str
    purpose: str
    day: int | None
    taken_at: datetime
    unit: str
    result: Badge
    found_at: datetime | None
    url: str


@dataclass(frozen=True, slots=True)
class SampleList:
    """Source of the list of samples taken in a scope."""

    scope: Scope

    def count(self, filters: Mapping[str, str]) -> int:
        return self._found(filters).count()

    def rows(self, filters: Mapping[str, str], sort: str, offset: int, limit: int) -> Sequence[ListRow]:
        order = ("-" if sort.startswith("-") else "") + SORTS[sort.removeprefix("-") or "taken_at"]
        found = self._found(filters).select_related("person", "unit").order_by(order, "id")
        return tuple(_list_row(one) for one in cut(_answered(found), offset, limit))

    def _found(self, filters: Mapping[str, str]) -> QuerySet[Sample]:
        found = self.scope.rows(Sample.objects.all(), "unit")
        if "q" in filters:
            found = found.filter(Q(code=rules.tidy(filters["q"])) | Q(person__name__icontains=filters["q"]))
        if "on" in filters:
            begin = datetime.combine(date.fromisoformat(filters["on"]), time(), clock.CITY)
            found = found.filter(taken_at__gte=begin, taken_at__lt=begin + timedelta(days=1))
        standing = Result.objects.filter(sample=OuterRef("pk"), corrected_by__isnull=True)
        if "found_on" in filters:
            begin = datetime.combine(date.fromisoformat(filters["found_on"]), time(), clock.CITY)
            standing = standing.filter(found_at__gte=begin, found_at__lt=begin + timedelta(days=1))
            found = found.filter(Exists(standing))
        if "result" in filters:
            if filters["result"] == WAITING:
                found = found.filter(~Exists(standing))
            else:
                found = found.filter(Exists(standing.filter(result=filters["result"])))
        return found


WAITING = "waiting"
SORTS = {"code": "code", "name": "person__name_key", "taken_at": "taken_at", "day": "day", "unit": "unit__code"}


def _list_row(one: Sample) -> ListRow:
    row = _row(one)
    return ListRow(
        id=one.id,
        person_id=one.person_id,
        code=one.code,
        name=people.masked(one.person.name),
        purpose=one.get_purpose_display(),
        day=one.day,
        taken_at=one.taken_at,
        unit=str(one.unit.name),
        result=result_badge(row.result),
        found_at=row.found_at,
        url=reverse("samples:detail", args=[one.id]),
    )


def result_badge(result: str) -> Badge:
    """A result in one word and one tone; a sample without one waits for the laboratory."""
    return Badge(Result.Outcome(result).label if result else _("Waiting for the laboratory"), TONES[result])


@dataclass(frozen=True, slots=True)
class DueRow:
    """A test the policy asks for and nobody has done yet."""

    subject: str
    person_id: UUID
    name: str
    phone: str
    title: Text
    occurrence: str
    due: Clock
    sampled: Badge
    url: str


@dataclass(frozen=True, slots=True)
class DueTests:
    """Source of the list of tests due in a scope: the loop's open duties, with what has been sampled for them."""

    scope: Scope
    now: datetime

    def count(self, filters: Mapping[str, str]) -> int:
        return loop.count_duties(
            units=access.queries.unit_ids(self.scope), steps=TEST_STEPS, standing="due", now=self.now
        )

    def rows(self, filters: Mapping[str, str], sort: str, offset: int, limit: int) -> Sequence[DueRow]:
        duties = loop.open_duties(
            units=access.queries.unit_ids(self.scope),
            steps=TEST_STEPS,
            standing="due",
            now=self.now,
            offset=offset,
            limit=limit,
        )
        cards = people.cards([person_of(duty) for duty in duties])
        samples = samples_of_many({duty.subject for duty in duties})
        return tuple(
            _due_row(duty, card, samples[duty.subject]) for duty in duties if (card := cards.get(person_of(duty)))
        )


def _due_row(duty: loop.DutyRow, card: people.PersonCard, samples: Sequence[SampleRow]) -> DueRow:
    waiting = any(not one.result and one.taken_at >= duty.opens_at for one in samples)
    return DueRow(
        subject=duty.subject,
        person_id=card.id,
        name=card.name,
        phone=card.phone,
        title=duty.title,
        occurrence=_("Day %(day)s") % {"day": day} if (day := day_of(duty.occurrence)) is not None else "",
        due=Clock(duty.target_at, duty.warn_at, duty.breach_at),
        sampled=Badge(_("Sampled, result awaited"), "info") if waiting else Badge(_("Not sampled"), "warn"),
        url=reverse("samples:take", args=[*duty.subject.split(":")])
        + f"?step={duty.step}&occurrence={duty.occurrence}",
    )


def day_of(occurrence: str) -> int | None:
    """The day of the test plan that an occurrence of a duty stands for."""
    return rules.day_of(occurrence)


def person_of(duty: loop.DutyRow) -> UUID:
    return UUID(str(duty.about).partition(":")[2])


@dataclass(frozen=True, slots=True)
class DayCounts:
    """The day's tests in a scope."""

    due: int
    sampled: int
    resulted: int
    positive: int


def counts(scope: Scope, now: datetime, due: int | None = None) -> DayCounts:
    """Tests due now, and what was sampled and answered since midnight. `due` spares the count to whoever has it."""
    midnight = datetime.combine(now.astimezone(clock.CITY).date(), time(), clock.CITY)
    sampled = scope.rows(Sample.objects.filter(taken_at__gte=midnight), "unit").count()
    found = scope.rows(Result.objects.filter(found_at__gte=midnight), "sample__unit")
    answers = dict(found.order_by().values_list("result").annotate(count=Count("*")))
    corrected = found.filter(id__in=Result.objects.filter(corrects__isnull=False).values("corrects"))
    for result in corrected.values_list("result", flat=True):  # few, and found from the corrections
        answers[result] -= 1
    owed = DueTests(scope, now).count({}) if due is None else due
    return DayCounts(owed, sampled, sum(answers.values()), answers.get(Result.Outcome.POSITIVE, 0))


@dataclass(frozen=True, slots=True)
class ToSample:
    """Somebody a sample can be taken from now, and what the plan asks for."""

    subject: str
    person: people.PersonCard
    duties: tuple[loop.DutyRow, ...]

    @property
    def phase(self) -> str:
        """The phase whose tests are due now; empty where the policy has no phases."""
        return next((PHASES[duty.step] for duty in self.duties if duty.step in PHASES), "")

    @property
    def day_choices(self) -> list[tuple[str, str]]:
        """The plan's days that are still open or were missed."""
        days = sorted({day for duty in self.duties if (day := rules.day_of(duty.occurrence)) is not None})
        return [(str(day), _("Day %(day)s") % {"day": day}) for day in days]

    def day_of(self, occurrence: str) -> int | str:
        """The plan's day of an occurrence, else the first that is open."""
        days = [rules.day_of(duty.occurrence) for duty in self.duties]
        return next((day for day in [rules.day_of(occurrence), *days] if day is not None), "")


def to_test(scope: Scope, subject: str) -> ToSample | None:
    """The person behind an open order or arrival that a unit in the scope answers for."""
    duties = [duty for duty in loop.duties_of(subject) if duty.about]
    owners = {duty.owner_unit for duty in duties if duty.state == "open" and duty.owner_unit}
    if not any(scope.covers(access.queries.unit(owner).path) for owner in owners):
        return None
    tests = tuple(duty for duty in duties if duty.step in TEST_STEPS and duty.state in ("open", "missed"))
    return ToSample(subject, people.card(person_of(duties[0])), tests)
