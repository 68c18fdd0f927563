"""Samples and results. A result row is never changed: the application's role may only add (see migration 0002)."""

from typing import ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _

from bihuan.kernel.db import Model


class Sample(Model):
    """One tube of one person, taken for a subject: `order:…` or `arrival:…`."""

    class Purpose(models.TextChoices):
        LANDING = "landing", _("Landing test")
        PLAN = "plan", _("Day of the test plan")
        SYMPTOMS = "symptoms", _("Symptoms")
        REQUEST = "request", _("Asked for by the person")

    code = models.CharField(max_length=24, unique=True)
    subject = models.CharField(max_length=60)
    person = models.ForeignKey("people.Person", on_delete=models.PROTECT, related_name="+")
    purpose = models.CharField(max_length=12, choices=Purpose.choices)
    phase = models.CharField(max_length=20, blank=True)
    day = models.PositiveSmallIntegerField(null=True)
    taken_at = models.DateTimeField()
    unit = models.ForeignKey("access.Unit", on_delete=models.PROTECT, related_name="+")

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=models.Q(subject__startswith="order:") | models.Q(subject__startswith="arrival:"),
                name="testing_sample_subject",
            ),
        ]
        indexes: ClassVar = [
            models.Index(fields=["subject", "taken_at"], name="testing_sample_subject_idx"),
            models.Index(fields=["unit", "taken_at"], include=["id"], name="testing_sample_unit_idx"),
            models.Index(fields=["taken_at", "id"], name="testing_sample_newest_idx"),
        ]

    def __str__(self) -> str:
        return self.code


class Result(Model):
    """What a laboratory found. A correction is a further row that names the one it replaces and says why."""

    class Outcome(models.TextChoices):
        NEGATIVE = "negative", _("Negative")
        POSITIVE = "positive", _("Positive")
        INCONCLUSIVE = "inconclusive", _("Inconclusive")

    sample = models.ForeignKey(Sample, on_delete=models.PROTECT, related_name="results")
    result = models.CharField(max_length=12, choices=Outcome.choices)
    found_at = models.DateTimeField()
    laboratory = models.ForeignKey("access.Unit", on_delete=models.PROTECT, related_name="+", null=True)
    corrects = models.OneToOneField("self", on_delete=models.PROTECT, related_name="corrected_by", null=True)
    reason = models.CharField(max_length=200, blank=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["sample"], condition=models.Q(corrects__isnull=True), name="testing_result_one_first"
            ),
            models.CheckConstraint(
                condition=models.Q(corrects__isnull=True) | ~models.Q(reason=""),
                name="testing_result_correction_reason",
            ),
        ]
        indexes: ClassVar = [
            models.Index(fields=["found_at"], include=["result", "sample"], name="testing_result_found_idx"),
        ]

    def __str__(self) -> str:
        return f"{self.result} {self.found_at:%Y-%m-%d %H:%M}"


class Report(Model):
    """A file of results as a laboratory handed it in, and what became of its rows."""

    class State(models.TextChoices):
        WAITING = "waiting"
        RUNNING = "running"
        TAKEN_IN = "taken_in"

    state = models.CharField(max_length=8, choices=State, default=State.WAITING)
    file_name = models.CharField(max_length=200)
    sha256 = models.CharField(max_length=64)
    content = models.BinaryField(null=True)
    headers = models.JSONField(default=list)
    told = models.JSONField(default=list)
    laboratory = models.ForeignKey("access.Unit", on_delete=models.PROTECT, related_name="+", null=True)
    handed_in_by = models.CharField(max_length=80)
    handed_in_at = models.DateTimeField()

    class Meta:
        indexes: ClassVar = [
            models.Index(fields=["laboratory", "-handed_in_at"], name="testing_report_newest_idx"),
        ]

    def __str__(self) -> str:
        return self.file_name

    @property
    def subject(self) -> str:
        """How facts name this file."""
        return f"report:{self.id}"


class ReportRow(Model):
    """One row of a laboratory's file: the cells that were read, and what became of it. Names are not kept."""

    class Outcome(models.TextChoices):
        RECORDED = "recorded", _("Recorded")
        DUPLICATE = "duplicate", _("Recorded before")
        DOUBTFUL = "doubtful", _("Doubtful")
        REJECTED = "rejected", _("Not recorded")

    report = models.ForeignKey(Report, on_delete=models.PROTECT, related_name="rows", db_index=False)
    number = models.PositiveIntegerField()
    cells = models.JSONField()
    outcome = models.CharField(max_length=9, choices=Outcome.choices)
    problems = models.JSONField(default=list)
    code = models.CharField(max_length=40, blank=True)
    result = models.CharField(max_length=12, blank=True)
    found_at = models.DateTimeField(null=True)
    sample = models.ForeignKey(Sample, on_delete=models.PROTECT, related_name="+", null=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["report", "number"], name="testing_row_once_a_report"),
        ]
        indexes: ClassVar = [models.Index(fields=["report", "outcome"], name="testing_row_outcome_idx")]

    def __str__(self) -> str:
        return f"{self.number} {self.outcome}"
