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
