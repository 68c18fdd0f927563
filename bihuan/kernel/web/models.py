from datetime import timedelta

from django.db import models
from django.utils.translation import gettext_lazy as _

from bihuan.kernel.db import Model


class Progress(Model):
    """How far a background job has come. Its starter may leave the page and find it again."""

    class State(models.TextChoices):
        WAITING = "waiting"
        RUNNING = "running"
        DONE = "done"
        REFUSED = "refused"
        FAILED = "failed"

    title = models.JSONField()  # a Text
    owner = models.CharField(max_length=80)
    state = models.CharField(max_length=8, choices=State.choices, default=State.WAITING)
    done = models.IntegerField(default=0)
    total = models.IntegerField(default=0)
    message = models.TextField(blank=True)
    result_url = models.CharField(max_length=200, blank=True)
    started_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        db_table = "web_progress"
        indexes = [models.Index(fields=["owner", "-started_at"], name="progress_of_owner")]
        constraints = [models.CheckConstraint(condition=models.Q(done__gte=0, total__gte=0), name="progress_counts_up")]

    def __str__(self) -> str:
        return f"{self.state} {self.done}/{self.total}"

    @property
    def is_over(self) -> bool:
        return self.state in {self.State.DONE, self.State.REFUSED, self.State.FAILED}


class Knock(models.Model):
    """How often one address came to a door since `began_at`. `name` is a keyed hash, never the address."""

    name = models.CharField(max_length=64, primary_key=True)
    began_at = models.DateTimeField()
    count = models.PositiveIntegerField()

    class Meta:
        db_table = "web_knock"
        indexes = [models.Index(fields=["began_at"], name="knock_began")]

    def __str__(self) -> str:
        return f"{self.count} since {self.began_at}"


class Export(models.Model):
    """A list that somebody takes away as a file: what for, how many rows, and the hash by which it is known again."""

    KEPT = timedelta(days=1)

    class State(models.TextChoices):
        ASKED = "asked"
        READY = "ready"
        GONE = "gone"

    class Purpose(models.TextChoices):
        DUTY = "duty", _("Day-to-day work of the unit")
        HANDOVER = "handover", _("Handing over to the next shift or another unit")
        REPORT = "report", _("Briefing or report")
        COMPARISON = "comparison", _("Comparing with another list")
        LETTER = "letter", _("Asked for in writing by an authority")
        REVIEW = "review", _("Supervision or audit")

    number = models.BigAutoField(primary_key=True)
    link = models.UUIDField(unique=True)
    owner = models.ForeignKey("access.User", models.PROTECT, related_name="+")
    address = models.TextField()
    name = models.TextField()
    form = models.CharField(max_length=8)
    purpose = models.CharField(max_length=12, choices=Purpose.choices, blank=True)
    remark = models.CharField(max_length=100, blank=True)
    state = models.CharField(max_length=5, choices=State.choices, default=State.ASKED)
    progress = models.UUIDField(null=True, blank=True)
    rows = models.BigIntegerField(default=0)
    size = models.BigIntegerField(default=0)
    sha256 = models.CharField(max_length=64, blank=True)
    asked_at = models.DateTimeField()
    expires_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        db_table = "web_export"
        constraints = [
            models.CheckConstraint(
                condition=~models.Q(state="ready") | models.Q(expires_at__isnull=False) & ~models.Q(sha256=""),
                name="export_ready_is_whole",
            )
        ]

    def __str__(self) -> str:
        return f"{self.number} {self.name} {self.state}"


class ExportPart(models.Model):
    """A piece of a file that waits for its owner."""

    export = models.ForeignKey("web.Export", models.PROTECT, related_name="parts")
    position = models.PositiveIntegerField()
    content = models.BinaryField()

    class Meta:
        db_table = "web_export_part"
        constraints = [models.UniqueConstraint(fields=["export", "position"], name="export_part_once")]

    def __str__(self) -> str:
        return f"{self.export_id} {self.position}"
