"""Reads of runs and duties for pages and boards. Rows are frozen and carry the name of their step in both languages."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import Count, Exists, F, Min, OuterRef, Q, QuerySet

from bihuan.kernel.db import AnyOf
from bihuan.kernel.ledger import histories
from bihuan.kernel.loop import profile
from bihuan.kernel.loop.drifting import drift
from bihuan.kernel.loop.models import Duty, DutyState, Run
from bihuan.kernel.loop.pathway import History, Step
from bihuan.kernel.loop.planner import plan
from bihuan.kernel.loop.tallying import Units, left_to_the_system
from bihuan.kernel.text import Text

AHEAD_MAX = 60


@dataclass(frozen=True, slots=True)
class DutyRow:
    """A duty as a page shows it."""

    id: UUID
    run: UUID
    subject: str
    about: str | None
    profile: str
    pathway: str
    version: int
    policy: str
    step: str
    occurrence: str
    title: Text
    owner_role: str
    owner_unit: UUID | None
    territorial: str
    sector: str
    opens_at: datetime
    target_at: datetime
    warn_at: datetime
    breach_at: datetime
    ends_at: datetime | None
    state: str
    done_at: datetime | None
    evidence: int | None
    escalated_at: datetime | None
    reason: str

    def standing(self, now: datetime) -> str:
        """ahead, open, late (past its target), warned, breached; or done, missed, cancelled."""
        if self.state != DutyState.OPEN:
            return self.state
        if self.opens_at > now:
            return "ahead"
        for moment, name in ((self.breach_at, "breached"), (self.warn_at, "warned"), (self.target_at, "late")):
            if moment <= now:
                return name
        return "open"


@dataclass(frozen=True, slots=True)
class RunRow:
    """A run as a page shows it."""

    id: UUID
    subject: str
    about: str | None
    profile: str
    pathway: str
    name: Text
    version: int
    policy: str
    opened_at: datetime
    closed_at: datetime | None


@dataclass(frozen=True, slots=True)
class StepCount:
    """How many duties of one step are open, how many of them due now, and how they stand."""

    pathway: str
    step: str
    title: Text
    open: int
    due: int
    late: int
    warned: int
    breached: int
    oldest: datetime | None


@dataclass(frozen=True, slots=True)
class OwnerCount:
    """How many duties of one owner are past their breach, and since when."""

    owner_role: str
    owner_unit: UUID | None
    breached: int
    oldest: datetime | None


def duties(
    *,
    units: Units = None,
    roles: Collection[str] | None = None,
    pathway: str | None = None,
    steps: Collection[str] | None = None,
    state: str = DutyState.OPEN,
    standing: str | None = None,
    told: Collection[str] | None = None,
    now: datetime,
) -> "QuerySet[Duty]":
    """The duties a list shows. `units` are the owners in scope; `told` keeps what was escalated to these roles.

    What is left to the system is in no standing but "ahead" and "system".
    """
    found = Duty.objects.filter(state=state)
    if units is not None:
        found = found.filter(owner_unit=AnyOf(units))
    if roles is not None:
        found = found.filter(owner_role__in=roles)
    if pathway is not None:
        found = found.filter(pathway=pathway)
    if steps is not None:
        found = found.filter(step__in=steps)
    if standing is not None:
        found = found.filter(_standing(standing, now))
    if told is not None:
        found = found.filter(_told(told), escalated_at__isnull=False)
    return found


def _standing(standing: str, now: datetime) -> Q:
    if standing == "ahead":
        return Q(opens_at__gt=now)
    by_system = left_to_the_system(now)
    conditions = {
        "system": by_system,
        "due": ~by_system,
        "open": ~by_system & Q(target_at__gt=now),
        "late": ~by_system & Q(target_at__lte=now, warn_at__gt=now),
        "warned": ~by_system & Q(warn_at__lte=now, breach_at__gt=now),
        "breached": Q(breach_at__lte=now),
    }
    return Q(opens_at__lte=now) & conditions[standing]


def _told(roles: Collection[str]) -> Q:
    """The steps whose breach is told to one of these roles, on either line."""
    found = Q(pk__in=[])
    for each in profile.current().values():
        for pathway in each.pathways:
            for step in pathway.steps:
                if step.escalate.territorial in roles or step.escalate.sector in roles:
                    found |= Q(pathway=pathway.code, step=step.name)
    return found


def open_duties(
    *,
    units: Units = None,
    roles: Collection[str] | None = None,
    pathway: str | None = None,
    steps: Collection[str] | None = None,
    standing: str | None = None,
    told: Collection[str] | None = None,
    now: datetime,
    offset: int = 0,
    limit: int = 100,
) -> tuple[DutyRow, ...]:
    """What is owed, the most urgent first."""
    found = duties(units=units, roles=roles, pathway=pathway, steps=steps, standing=standing, told=told, now=now)
    return _rows(found.order_by("breach_at", "id")[offset : offset + limit])


def count_duties(
    *,
    units: Units = None,
    roles: Collection[str] | None = None,
    pathway: str | None = None,
    steps: Collection[str] | None = None,
    standing: str | None = None,
    told: Collection[str] | None = None,
    now: datetime,
) -> int:
    return duties(units=units, roles=roles, pathway=pathway, steps=steps, standing=standing, told=told, now=now).count()


def duty(duty_id: UUID) -> DutyRow | None:
    return next(iter(_rows(Duty.objects.filter(pk=duty_id))), None)


def duties_of(subject: str) -> tuple[DutyRow, ...]:
    """Every duty of a subject, in order of time."""
    return _rows(Duty.objects.filter(subject=subject).order_by("opens_at", "step", "occurrence"))


def duties_of_many(
    subjects: Collection[str], *, steps: Collection[str] | None = None
) -> dict[str, tuple[DutyRow, ...]]:
    """The open duties of each subject, in one query."""
    found = Duty.objects.filter(subject__in=subjects, state=DutyState.OPEN).order_by("breach_at", "id")
    if steps is not None:
        found = found.filter(step__in=steps)
    by_subject: dict[str, list[DutyRow]] = {subject: [] for subject in subjects}
    for row in _rows(found):
        by_subject[row.subject].append(row)
    return {subject: tuple(rows) for subject, rows in by_subject.items()}


def runs_of(subject: str) -> tuple[RunRow, ...]:
    """Every run of a subject."""
    rows = Run.objects.filter(subject=subject).order_by("opened_at").values_list(
        "id", "subject", "about", "profile", "pathway", "version", "policy", "opened_at", "closed_at"
    )  # fmt: skip
    return tuple(
        RunRow(id_, name, about, code, pathway, _pathway_name(code, pathway, version), version, policy, opened, closed)
        for id_, name, about, code, pathway, version, policy, opened, closed in rows
    )


def counts_by_step(units: Units = None, *, now: datetime) -> tuple[StepCount, ...]:
    """How the open duties stand, step by step, in the order of the pathways; but for what is left to the system."""
    found = duties(units=units, now=now).filter(~left_to_the_system(now))
    rows = found.values_list("pathway", "step").annotate(
        open=Count("id"),
        due=Count("id", filter=Q(opens_at__lte=now)),
        late=Count("id", filter=Q(target_at__lte=now)),
        warned=Count("id", filter=Q(warn_at__lte=now)),
        breached=Count("id", filter=Q(breach_at__lte=now)),
        oldest=Min("opens_at", filter=Q(opens_at__lte=now)),
    )
    order: dict[tuple[str, str], int] = {}
    titles: dict[tuple[str, str], Text] = {}
    for each in profile.current().values():
        for pathway in each.pathways:
            for step in pathway.steps:
                order.setdefault((pathway.code, step.name), len(order))
                titles.setdefault((pathway.code, step.name), Text(*step.title))
    counted = [
        StepCount(pathway, step, titles.get((pathway, step), Text(step, step)), *numbers)
        for pathway, step, *numbers in rows
    ]
    return tuple(sorted(counted, key=lambda row: order.get((row.pathway, row.step), len(order))))


def overdue_by_owner(units: Units = None, *, now: datetime) -> tuple[OwnerCount, ...]:
    """Who is past the breach of how many duties, the longest first."""
    found = duties(units=units, standing="breached", now=now)
    rows = found.values_list("owner_role", "owner_unit").annotate(breached=Count("id"), oldest=Min("breach_at"))
    return tuple(OwnerCount(*row) for row in rows.order_by("oldest"))


def open_runs(pathway: str) -> int:
    return Run.objects.filter(pathway=pathway, closed_at=None).count()


def opened_at(subject: str) -> datetime | None:
    """Since when there is anything to be done for a subject."""
    found: datetime | None = Run.objects.filter(subject=subject).aggregate(first=Min("opened_at"))["first"]
    return found


def totals() -> tuple[int, int]:
    """How many runs were ever opened, and how many of them are closed."""
    found = Run.objects.aggregate(opened=Count("id"), closed=Count("closed_at"))
    return found["opened"], found["closed"]


def schedule(subject: str, now: datetime) -> tuple[DutyRow, ...]:
    """What a subject has before it: open duties and the coming occurrences of repeating ones. Nothing is written."""
    coming: list[DutyRow] = []
    facts = histories([subject])[subject]
    for run in Run.objects.filter(subject=subject, closed_at=None):
        pathway = profile.current().pathway(run.profile, run.pathway, run.version)
        if pathway is None:
            continue
        made = plan(pathway, History(facts, histories(run.watches)), now, AHEAD_MAX)
        owed = [duty for duty in made.duties if duty.state == DutyState.OPEN] if made is not None else []
        coming.extend(_row_of_plan(run, pathway.step(duty.step), duty) for duty in owed)
    return tuple(sorted(coming, key=lambda row: (row.opens_at, row.step)))


def violations(now: datetime) -> dict[str, int]:
    """What the second law forbids: rows the ledger does not bear out, and open runs in which nobody owes anything."""
    owed = Duty.objects.filter(run=OuterRef("pk"), state=DutyState.OPEN)
    forgotten = Run.objects.filter(~Exists(owed), closed_at=None)
    return {"drifted_duties": len(drift(now)), "loops_without_duty": forgotten.count()}


COLUMNS = (
    "id", "run_id", "subject", "about", "profile", "pathway", "version", "policy", "step", "occurrence", "owner_role",
    "owner_unit", "opens_at", "target_at", "warn_at", "breach_at", "ends_at", "state", "done_at", "evidence",
    "escalated_at", "reason",
)  # fmt: skip


def _rows(found: "QuerySet[Duty]") -> tuple[DutyRow, ...]:
    """The rows of a query, with what the run and the pathway add."""
    values = found.annotate(about=F("run__about"), profile=F("run__profile"), policy=F("run__policy")).values(*COLUMNS)
    return tuple(_row(dict(value)) for value in values)


def _row(value: dict[str, Any]) -> DutyRow:
    step = _step(value["profile"], value["pathway"], value["version"], value["step"])
    return DutyRow(
        run=value.pop("run_id"),
        title=Text(*step.title) if step is not None else Text(value["step"], value["step"]),
        territorial=step.escalate.territorial if step is not None else "",
        sector=step.escalate.sector if step is not None else "",
        **value,
    )


def _row_of_plan(run: Run, step: Step, owed: Any) -> DutyRow:
    return DutyRow(
        id=run.id,
        run=run.id,
        subject=run.subject,
        about=run.about,
        profile=run.profile,
        pathway=run.pathway,
        version=run.version,
        policy=run.policy,
        step=owed.step,
        occurrence=owed.occurrence,
        title=Text(*step.title),
        owner_role=owed.owner_role,
        owner_unit=owed.owner_unit,
        territorial=step.escalate.territorial,
        sector=step.escalate.sector,
        opens_at=owed.opens_at,
        target_at=owed.target_at,
        warn_at=owed.warn_at,
        breach_at=owed.breach_at,
        ends_at=owed.ends_at,
        state=owed.state,
        done_at=owed.done_at,
        evidence=owed.evidence,
        escalated_at=owed.escalated_at,
        reason=owed.reason,
    )


def _step(code: str, pathway: str, version: int, name: str) -> Step | None:
    found = profile.current().pathway(code, pathway, version)
    return next((step for step in found.steps if step.name == name), None) if found is not None else None


def _pathway_name(code: str, pathway: str, version: int) -> Text:
    found = profile.current().pathway(code, pathway, version)
    return Text(*found.name) if found is not None else Text(pathway, pathway)
