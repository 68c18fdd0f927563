"""The ledger's tables. The application's role may add facts and read them; triggers refuse the rest to everyone."""

from django.db import models


class Secret(models.Model):
    """The commitment key of one subject. Destroying the row makes every payload under it unprovable for good."""

    id = models.BigAutoField(primary_key=True)
    owner = models.TextField(unique=True)
    inner_pad = models.BinaryField()
    outer_pad = models.BinaryField()

    class Meta:
        db_table = "ledger_key"

    def __str__(self) -> str:
        return self.owner


class Fact(models.Model):
    """What happened. Its `transaction` column (the writing transaction's number) is added beside the triggers."""

    seq = models.BigAutoField(primary_key=True)
    key = models.UUIDField(unique=True)
    kind = models.TextField()
    subject = models.TextField()
    about = models.TextField(null=True)  # noqa: DJ001 - about nobody is not about ""
    unit = models.UUIDField(null=True)
    happened_at = models.DateTimeField()
    recorded_at = models.DateTimeField()
    actor = models.TextField()
    secret = models.BigIntegerField()
    commitment = models.BinaryField()
    leaf_hash = models.BinaryField()

    class Meta:
        db_table = "ledger_fact"
        indexes = (
            models.Index(fields=["subject", "happened_at"], name="fact_by_subject"),
            models.Index(
                fields=["about", "happened_at"], name="fact_by_about", condition=models.Q(about__isnull=False)
            ),
            models.Index(fields=["kind", "recorded_at"], name="fact_by_kind"),
        )

    def __str__(self) -> str:
        return f"{self.kind} {self.subject}"


class Payload(models.Model):
    """The canonical text of a fact's payload, beside the fact so that it can be forgotten without it."""

    fact = models.OneToOneField(
        Fact, on_delete=models.PROTECT, primary_key=True, db_column="fact", related_name="payload", db_constraint=False
    )
    text = models.TextField()

    class Meta:
        db_table = "ledger_payload"

    def __str__(self) -> str:
        return self.text


class Leaf(models.Model):
    """A fact's place in the Merkle tree, given after its transaction ended."""

    index = models.BigIntegerField(primary_key=True)
    fact = models.OneToOneField(Fact, on_delete=models.PROTECT, db_column="fact", related_name="leaf")
    hash = models.BinaryField()

    class Meta:
        db_table = "ledger_leaf"

    def __str__(self) -> str:
        return str(self.index)


class Checkpoint(models.Model):
    """What was signed: the note, how many facts it covers, the key in force after it, and the tree as it then stood."""

    number = models.BigIntegerField(primary_key=True)
    size = models.BigIntegerField(db_index=True)
    key = models.TextField()
    note = models.TextField()
    peaks = models.BinaryField()

    class Meta:
        db_table = "ledger_checkpoint"

    def __str__(self) -> str:
        return f"{self.number}: {self.size}"


class Request(models.Model):
    """A call of an action: its key, what was asked, and what it made."""

    key = models.UUIDField(primary_key=True)
    action = models.TextField()
    fingerprint = models.BinaryField()
    result = models.UUIDField(null=True)
    claimed_at = models.DateTimeField()

    class Meta:
        db_table = "ledger_request"

    def __str__(self) -> str:
        return f"{self.action} {self.key}"
