"""Runs and their duties. Every row is derived from the ledger: it can be dropped and rebuilt and comes out the same."""

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.db import models
from django.db.models import Q

from bihuan.kernel.db import Model


class DutyState(models.TextChoices):
    OPEN = "open"
    DONE = "done"
    CANCELLED = "cancelled"
    MISSED = "missed"


class Run(Model):
    """One pathway running for one subject, from its opening fact to its closing fact."""

    subject = models.TextField()
    about = models.TextField(null=True)  # noqa: DJ001 - NULL as in the ledger: the subject is about nobody
    profile = models.TextField()
    pathway = models.TextField()
    version = models.PositiveSmallIntegerField()
    policy = models.TextField()
    opened_by = models.BigIntegerField(help_text="seq of the opening fact")
    opened_at = models.DateTimeField()
    closed_at = models.DateTimeField(null=True)
    next_at = models.DateTimeField(null=True, help_text="the earliest moment at which anything can change by itself")
    retry_at = models.DateTimeField(null=True, help_text="a worker is at it, or was refused: not before this moment")
    planned_at = models.DateTimeField(help_text="the moment for which the duties were last worked out")
    watches = ArrayField(models.TextField(), default=list, help_text="other subjects whose facts matter here")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["subject", "pathway"], name="loop_run_once")]
        indexes = [
            models.Index(fields=["next_at"], condition=Q(next_at__isnull=False), name="loop_run_next"),
            models.Index(fields=["pathway"], condition=Q(closed_at=None), name="loop_run_open"),
            GinIndex(fields=["watches"], condition=Q(closed_at=None), name="loop_run_watches"),
        ]

    def __str__(self) -> str:
        return f"{self.pathway} of {self.subject}"


class Duty(Model):
    """One thing somebody owes. Subject and pathway are kept here too, so that boards count without a join."""

    run = models.ForeignKey(Run, on_delete=models.PROTECT, related_name="duties", db_index=False)
    subject = models.TextField()
    pathway = models.TextField()
    version = models.PositiveSmallIntegerField()
    step = models.TextField()
    occurrence = models.TextField(blank=True)
    owner_role = models.TextField()
    owner_unit = models.UUIDField(null=True)
    opens_at = models.DateTimeField()
    target_at = models.DateTimeField()
    warn_at = models.DateTimeField()
    breach_at = models.DateTimeField()
    ends_at = models.DateTimeField(null=True)
    state = models.TextField(choices=DutyState.choices)
    done_at = models.DateTimeField(null=True)
    evidence = models.BigIntegerField(null=True, help_text="seq of the fact that ended it")
    escalated_at = models.DateTimeField(null=True)
    reason = models.TextField(blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["run", "step", "occurrence"], name="loop_duty_once"),
            models.CheckConstraint(
                condition=~Q(state="done") | (Q(done_at__isnull=False) & Q(evidence__isnull=False)),
                name="loop_duty_done_by_evidence",
            ),
        ]
        indexes = [
            models.Index(  # covers what boards count, so that they never read the rows themselves
                fields=["owner_unit", "pathway", "step", "breach_at"],
                include=["opens_at", "target_at", "warn_at", "owner_role"],
                condition=Q(state="open"),
                name="loop_duty_open",
            ),
            models.Index(fields=["owner_role", "owner_unit"], condition=Q(state="open"), name="loop_duty_open_role"),
            models.Index(fields=["breach_at"], condition=Q(state="open"), name="loop_duty_open_breach"),
            models.Index(
                fields=["pathway", "step"],
                condition=Q(state="open", escalated_at__isnull=False),
                name="loop_duty_open_told",
            ),
            models.Index(fields=["subject"], name="loop_duty_subject"),
        ]

    def __str__(self) -> str:
        return f"{self.step} of {self.subject}"


class Choice(models.Model):
    """Which profile newcomers are met with, from a moment on. The newest row that has begun counts."""

    profile = models.TextField()
    since = models.DateTimeField()

    class Meta:
        indexes = [models.Index(fields=["since"], name="loop_choice_since")]

    def __str__(self) -> str:
        return f"{self.profile} from {self.since:%Y-%m-%d %H:%M}"
