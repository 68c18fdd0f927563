from django.db import models

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
