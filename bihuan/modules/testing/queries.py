"""Every read of testing. A result that was corrected is history; what is shown as the result is the one that stands."""

import tomllib
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from functools import cache, partial
from hashlib import sha256
from itertools import islice
from pathlib import Path
from typing import Any
from uuid import UUID

from django.db.models import Count, Exists, OuterRef, Prefetch, Q, QuerySet
from django.urls import reverse
from django.utils.translation import gettext as _

from bihuan.kernel import access, clock
from bihuan.kernel.access import Scope
from bihuan.kernel.db import cut
from bihuan.kernel.files import (
    FileProblem,
    Form,
    Grade,
    Intake,
    Line,
    Note,
    Plan,
    as_csv,
    defects,
    fitted,
    form_of,
    refusal,
    returned_headers,
)
from bihuan.kernel.loop import profile
from bihuan.kernel.loop import queries as loop
from bihuan.kernel.refusals import Refused
from bihuan.kernel.text import Text, labelled, listed
from bihuan.kernel.web import Badge, Clock
from bihuan.kernel.web.parts import Tone
from bihuan.modules.people import queries as people

from . import rules
from .models import Report, ReportRow, Result, Sample

PREVIEW_ROWS = 2000


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

    @property
    def how(self) -> list[str]:
        """How the policy of the duty wants samples taken."""
        if not self.duties:
            return []
        duty = self.duties[0]
        asked = partial(profile.named(duty.profile).value, on=duty.opens_at, policy=duty.policy or None)
        laboratories = asked("release_laboratories").value
        double = _("Before release: %(count)s samples taken together, each tested by another laboratory.")
        return [
            *([_("Take a throat swab.")] if asked("throat_swab").value else []),
            *([double % {"count": laboratories}] if laboratories > 1 else []),
        ]

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


# --- files of results

LABORATORY = Path(__file__).resolve().parents[2] / "profiles" / "laboratory" / "results.toml"
CELLS = ("code", "result", "found_at", "test")


class ReportRefused(Refused):
    """A file of results that cannot be taken in at all."""

    def __init__(self, problem: FileProblem) -> None:
        note = refusal(problem)
        super().__init__(
            Text(zh=note.reason("zh"), en=note.reason("en")), Text(zh=note.remedy("zh"), en=note.remedy("en"))
        )


@dataclass(frozen=True, slots=True)
class RowProblem:
    """What is wrong with a row of results: where, what was written, which problem."""

    column: str
    value: str
    code: str
    became: str = ""
    names: tuple[str, ...] = ()

    def as_json(self) -> dict[str, object]:
        return {
            "column": self.column,
            "value": self.value,
            "code": self.code,
            "became": self.became,
            "names": list(self.names),
        }

    @property
    def words(self) -> tuple[Text, Text]:
        """What is wrong and what to do, in both languages."""
        if self.code in defects():
            note = Note(self.code, 0, self.column, self.value, self.became, self.names)
            return Text(zh=note.reason("zh"), en=note.reason("en")), Text(zh=note.remedy("zh"), en=note.remedy("en"))
        entry = _laboratory()["problems"][self.code]
        told = Text(zh=entry["zh"], en=entry["en"]).filled(value=self.value)
        return told, Text(zh=entry["fix_zh"], en=entry["fix_en"])


@dataclass(frozen=True, slots=True)
class Placed:
    """A row of results with its outcome, and what is to be recorded of it."""

    number: int
    cells: tuple[str, ...]
    outcome: str
    problems: tuple[RowProblem, ...]
    code: str = ""
    result: str = ""
    found_at: datetime | None = None
    sample: UUID | None = None


@cache
def _laboratory() -> dict[str, Any]:
    return tomllib.loads(LABORATORY.read_text("utf-8"))


@cache
def report_form() -> Form:
    """The form of a file of results."""
    return form_of(_laboratory())


def report_template(language: str) -> list[str]:
    """The headers of our own template in one language."""
    return [column.headers[0 if language.startswith("zh") else 1] for column in report_form().columns]


def read_report(content: bytes, name: str) -> Intake:
    """A file of results looked through; raises ReportRefused with what keeps it from being read."""
    try:
        return Intake(content, [report_form()], name=name)
    except FileProblem as problem:
        raise ReportRefused(problem) from problem


def read_headers(plan: Mapping[str, Any]) -> list[str]:
    """The headers of the columns that are read, in the order in which their cells are kept."""
    return [plan["headers"][position] for position, _name in plan["places"]]


def unfinished_report(content: bytes, by: str, laboratory_id: UUID | None) -> UUID | None:
    """The report of this very file, handed in by the same actor, if it was never finished."""
    digest = sha256(content).hexdigest()
    found = Report.objects.filter(sha256=digest, handed_in_by=by, laboratory=laboratory_id, content__isnull=False)
    return found.order_by("handed_in_at").values_list("id", flat=True).first()


def placed(plan: Plan, lines: Sequence[Line], at: datetime) -> list[Placed]:
    """What becomes of each row: two queries, nothing is written. A tube that nobody knows is an officer's to look at,
    and what one file says in two ways is not guessed.
    """
    rows = [_read_row(plan, line, at) for line in lines]
    codes = {row.code for row in rows if row.code}
    samples = {
        code: (sample, taken_at)
        for code, sample, taken_at in Sample.objects.filter(code__in=codes).values_list("code", "id", "taken_at")
    }
    ids = [sample for sample, _taken_at in samples.values()]
    standing = Result.objects.filter(sample__in=ids, corrected_by__isnull=True)
    answers: dict[UUID, str] = dict(standing.values_list("sample_id", "result"))
    said: dict[str, set[str]] = {}
    for row in rows:
        if not row.outcome:
            said.setdefault(row.code, set()).add(row.result)
    code_at = read_headers(plan.as_json())[0]
    return [row if row.outcome else _held_against(row, code_at, samples, answers, said, at) for row in rows]


def _held_against(
    row: Placed,
    header: str,
    samples: Mapping[str, tuple[UUID, datetime]],
    answers: dict[UUID, str],
    said: Mapping[str, Collection[str]],
    at: datetime,
) -> Placed:
    """A row that could be read, held against the samples there are; `answers` grows by what it records."""
    sample, taken_at = samples.get(row.code, (None, at))
    problem = ""
    if sample is None:
        problem = "tube_unknown"
    elif answers.get(sample) == row.result:
        return replace(row, outcome=ReportRow.Outcome.DUPLICATE.value, sample=sample)
    elif sample in answers:
        problem = "answered_otherwise"
    elif len(said[row.code]) > 1:
        problem = "tube_of_two"
    elif row.found_at is not None and row.found_at < taken_at:
        problem = "before_sample"
    if problem or (row.problems and any(defects_stop(one) for one in row.problems)):
        value = row.found_at.isoformat(" ", "minutes") if problem == "before_sample" and row.found_at else row.code
        value = row.result if problem == "answered_otherwise" else value
        found = (RowProblem(header, value, problem),) if problem else ()
        return replace(row, outcome=ReportRow.Outcome.DOUBTFUL.value, problems=(*row.problems, *found))
    assert sample is not None, "a sample that is not known is doubtful"
    answers[sample] = row.result
    return replace(row, outcome=ReportRow.Outcome.RECORDED.value, sample=sample, found_at=row.found_at or at)


def defects_stop(problem: RowProblem) -> bool:
    """Whether an officer has to look at a row for what was found in a cell of it."""
    return problem.code in defects() and defects()[problem.code].grade is Grade.DOUBTFUL


def _read_row(plan: Plan, line: Line, at: datetime) -> Placed:
    """What a row says by itself: rejected with its reasons, or without an outcome so far."""
    at_field = {column.field: position for position, column in plan.places}
    values = {name: line.values[at_field[name]] for name in CELLS if name in at_field}
    cells = tuple(line.sent[position] if position < len(line.sent) else "" for position, _column in plan.places)
    headers = {name: plan.headers[position] for name, position in at_field.items()}
    found = [
        RowProblem(note.column, note.value, note.code, note.became, note.names)
        for note in line.notes
        if note.grade in (Grade.REJECTED, Grade.DOUBTFUL)
    ]
    is_rejected = any(note.grade is Grade.REJECTED for note in line.notes)
    result = plan.form.words["result"].get(values["result"].casefold(), "")
    if values["result"] and not result:
        found.append(RowProblem(headers["result"], values["result"], "result_unknown"))
    test = values.get("test", "")
    if test and test.casefold() not in plan.form.words["test"]:
        found.append(RowProblem(headers["test"], test, "test_other"))
    found_at = _moment(values.get("found_at", ""), at)
    if found_at is not None and found_at > at:
        found.append(RowProblem(headers["found_at"], values["found_at"], "result_future"))
    is_rejected = is_rejected or any(one.code in ("result_unknown", "test_other", "result_future") for one in found)
    outcome = ReportRow.Outcome.REJECTED.value if is_rejected else ""
    return Placed(line.number, cells, outcome, tuple(found), rules.tidy(values["code"]), result, found_at)


def _moment(text: str, at: datetime) -> datetime | None:
    """A moment as it was read; a day without a time ends with it, or now."""
    if not text:
        return None
    found = datetime.fromisoformat(text)
    moment = found if found.tzinfo else found.replace(tzinfo=clock.CITY)
    if len(text) > len("2022-06-20"):
        return moment
    end = moment + timedelta(days=1, microseconds=-1)
    return min(end, at) if moment <= at else end


def report_counts(report_id: UUID) -> dict[str, int]:
    """How many rows of a file came to which outcome."""
    counts = dict.fromkeys(ReportRow.Outcome.values, 0)
    rows = ReportRow.objects.filter(report=report_id).order_by().values_list("outcome")
    return counts | dict(rows.annotate(count=Count("*")))


@dataclass(frozen=True, slots=True)
class ReportCard:
    """A file of results and what became of its rows."""

    id: UUID
    file_name: str
    state: str
    handed_in_at: datetime
    counts: Mapping[str, int]


def report(scope: Scope, report_id: UUID) -> ReportCard | None:
    """One file of results of a laboratory of the scope."""
    found = scope.rows(Report.objects.defer("content"), "laboratory").filter(pk=report_id).first()
    return _report_card(found) if found else None


def reports(scope: Scope, limit: int = 20) -> list[ReportCard]:
    """The newest files of results of a scope."""
    found = scope.rows(Report.objects.defer("content"), "laboratory").order_by("-handed_in_at", "id")[:limit]
    return [_report_card(one) for one in found]


def _report_card(found: Report) -> ReportCard:
    return ReportCard(found.id, found.file_name, found.state, found.handed_in_at, report_counts(found.id))


def report_preview(report_id: UUID, at: datetime) -> tuple[int, list[Placed]]:
    """How many rows a waiting file has, and what would become of the first of them."""
    held = Report.objects.get(pk=report_id)
    if held.content is None:
        return 0, []
    intake = read_report(bytes(held.content), held.file_name)
    lines = list(islice(intake.lines(at.astimezone(clock.CITY).date()), PREVIEW_ROWS))
    return intake.rows, placed(intake.plan, lines, at)


@dataclass(frozen=True, slots=True)
class ReportLine:
    """A row of a file of results as the list shows it."""

    id: UUID
    number: int
    cells: str
    outcome: Badge
    words: str
    link: str
    url: str


OUTCOME_TONES: dict[str, Tone] = {"recorded": "good", "duplicate": "neutral", "doubtful": "warn", "rejected": "bad"}


@dataclass(frozen=True, slots=True)
class ReportRows:
    """Source of the list of a file's rows."""

    report_id: UUID

    def count(self, filters: Mapping[str, str]) -> int:
        return self._found(filters).count()

    def rows(self, filters: Mapping[str, str], sort: str, offset: int, limit: int) -> Sequence[ReportLine]:
        order = "-number" if sort.startswith("-") else "number"
        return tuple(_report_line(one) for one in self._found(filters).order_by(order)[offset : offset + limit])

    def _found(self, filters: Mapping[str, str]) -> QuerySet[ReportRow]:
        found = ReportRow.objects.filter(report=self.report_id)
        return found.filter(outcome=filters["outcome"]) if "outcome" in filters else found


def _report_line(row: ReportRow) -> ReportLine:
    is_open = row.outcome == ReportRow.Outcome.DOUBTFUL
    url = reverse("laboratory:row", args=[row.id]) if is_open else ""
    if row.sample_id and not is_open:
        url = reverse("samples:detail", args=[row.sample_id])
    return ReportLine(
        row.id,
        row.number,
        " · ".join(cell for cell in row.cells if cell.strip())[:120],
        Badge(ReportRow.Outcome(row.outcome).label, OUTCOME_TONES[row.outcome]),
        listed(problem_words(row.problems)),
        _("Decide") if is_open else _("Open the sample") if url else "",
        url,
    )


def problem_words(problems: Sequence[Mapping[str, Any]]) -> list[str]:
    """What is wrong with a row and what to do, in the reader's language."""
    told = [RowProblem(**{**one, "names": tuple(one["names"])}) for one in problems]
    return [labelled(one.column, f"{one.words[0]} → {one.words[1]}") for one in told]


def report_row(row_id: UUID) -> tuple[UUID, ReportLine] | None:
    """One row and the file it is of."""
    found = ReportRow.objects.filter(pk=row_id).first()
    return (found.report_id, _report_line(found)) if found else None


def report_outcome(report_id: UUID) -> Iterator[bytes]:
    """The columns that were read, with what became of each row: CSV, UTF-8 with BOM. Corrected, it can be handed in
    again.
    """
    headers = Report.objects.values_list("headers", flat=True).get(pk=report_id)
    return as_csv([*headers, *returned_headers()["both"]], _report_outcomes(report_id, len(headers)))


def _report_outcomes(report_id: UUID, width: int) -> Iterator[list[str]]:
    rows = ReportRow.objects.filter(report=report_id).order_by("number")
    kept = rows.values_list("number", "cells", "outcome", "problems", "code").iterator(chunk_size=2000)
    for number, cells, outcome, problems, code in kept:
        told = [RowProblem(**{**one, "names": tuple(one["names"])}) for one in problems]
        yield [
            *fitted(cells, width),
            str(number),
            outcome,
            "\uff1b".join(f"{one.column}\uff1a{one.words[0].zh} → {one.words[1].zh}" for one in told),
            "; ".join(f"{one.column}: {one.words[0].en} → {one.words[1].en}" for one in told),
            code if outcome == ReportRow.Outcome.RECORDED else "",
        ]
