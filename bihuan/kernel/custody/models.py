"""Custody's tables. What holds between them is held by constraints beside this file's migration, not by its callers.

- Holding: an item is in one pair of hands, for the item is the key.
- Bond: its item has a holding (foreign key), whose count of live bonds forbids the holder "self" (check).
- Line: while pending it pledges the holding of its sender (foreign key to item and holder), so that the sender answers
  until the line is answered; an item is on one pending line at most (unique).
- Entry: what one statement posts sums to zero for every posting and commodity; a balance may be kept from going below.
"""

from django.db import models

from bihuan.kernel.db import Model

SELF = "self"


class Holding(models.Model):
    item = models.TextField(primary_key=True)
    holder = models.TextField()
    since = models.DateTimeField()
    bonds = models.PositiveIntegerField(db_default=0)

    class Meta:
        db_table = "custody_holding"
        constraints = (
            models.CheckConstraint(
                condition=models.Q(holder=SELF) | models.Q(holder__regex=r"^(unit|site|vehicle):.+$"),
                name="holding_holder_kind",
            ),
            models.CheckConstraint(condition=models.Q(bonds=0) | ~models.Q(holder=SELF), name="holding_bound_is_held"),
        )
        indexes = (models.Index(fields=["holder"], name="holding_by_holder", condition=~models.Q(holder=SELF)),)

    def __str__(self) -> str:
        return f"{self.item} @ {self.holder}"


class Bond(models.Model):
    """Why an item is under control, from when to when. Live while `released_at` is empty."""

    bond = models.UUIDField(primary_key=True)
    item = models.ForeignKey(
        Holding,
        models.PROTECT,
        db_column="item",
        related_name="live_and_past_bonds",
        db_constraint=False,  # the migration adds one that is checked at once, not at the end of the transaction
    )
    bound_at = models.DateTimeField()
    released_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "custody_bond"

    def __str__(self) -> str:
        return str(self.bond)


class Handover(Model):
    """Dispatched by `sender`, closed when `receiver` has answered every line."""

    sender = models.TextField()
    receiver = models.TextField()
    via = models.TextField(db_default="")
    dispatched_at = models.DateTimeField()
    dispatched_by = models.TextField()
    listed = models.PositiveIntegerField(db_default=0)
    pending = models.PositiveIntegerField(db_default=0)
    closed_at = models.DateTimeField(null=True)
    closed_by = models.TextField(null=True)  # noqa: DJ001 - nobody yet is not ""

    class Meta:
        db_table = "custody_handover"
        constraints = (
            models.CheckConstraint(
                condition=~models.Q(sender=models.F("receiver"))
                & models.Q(sender__regex=r"^(unit|site|vehicle):.+$")
                & models.Q(receiver__regex=r"^(unit|site|vehicle):.+$"),
                name="handover_between_two",
            ),
            models.CheckConstraint(
                condition=models.Q(closed_at=None) | models.Q(pending=0), name="handover_closed_is_answered"
            ),
        )
        indexes = (
            models.Index(
                fields=["receiver", "dispatched_at"], name="handover_open_to", condition=models.Q(closed_at=None)
            ),
            models.Index(
                fields=["sender", "dispatched_at"], name="handover_open_from", condition=models.Q(closed_at=None)
            ),
        )

    def __str__(self) -> str:
        return f"{self.sender} → {self.receiver}"


class Line(models.Model):
    """One item of a hand-over. `pledged` is the sender while the line is pending, then empty."""

    class Outcome(models.TextChoices):
        PENDING = "pending"
        RECEIVED = "received"
        MISSING = "missing"
        EXTRA = "extra"
        REFUSED = "refused"
        WITHDRAWN = "withdrawn"  # no longer to be handed over: its last bond ended, or it turned up elsewhere

    pk = models.CompositePrimaryKey("handover", "item")
    handover = models.ForeignKey(Handover, models.PROTECT, db_column="handover", related_name="lines")
    item = models.TextField()
    outcome = models.TextField(choices=Outcome, db_default=Outcome.PENDING)
    pledged = models.TextField(null=True)  # noqa: DJ001 - empty means no longer pledged
    answered_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "custody_line"
        constraints = (
            models.CheckConstraint(
                condition=models.Q(outcome__in=["pending", "received", "missing", "extra", "refused", "withdrawn"]),
                name="line_outcome_known",
            ),
            models.CheckConstraint(
                condition=models.Q(outcome="pending", pledged__isnull=False, answered_at=None)
                | (~models.Q(outcome="pending") & models.Q(pledged=None, answered_at__isnull=False)),
                name="line_pledged_while_pending",
            ),
            models.UniqueConstraint(fields=["item"], condition=models.Q(outcome="pending"), name="line_pending_once"),
        )
        indexes = (models.Index(fields=["item", "answered_at"], name="line_of_item"),)

    def __str__(self) -> str:
        return f"{self.item} {self.outcome}"


class Flow(models.Model):
    """Anything whose items must all be accounted for, such as an imported list."""

    flow = models.TextField(primary_key=True)
    declared = models.PositiveIntegerField()
    opened_at = models.DateTimeField()

    class Meta:
        db_table = "custody_flow"

    def __str__(self) -> str:
        return self.flow


class FlowItem(models.Model):
    pk = models.CompositePrimaryKey("flow", "item")
    flow = models.ForeignKey(Flow, models.PROTECT, db_column="flow", related_name="items")
    item = models.TextField()
    outcome = models.TextField(db_default="pending")
    settled_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "custody_flow_item"

    def __str__(self) -> str:
        return f"{self.item} {self.outcome}"


class Account(models.Model):
    """Where quantities lie: a store, a room count, the outside world."""

    account = models.TextField(primary_key=True)
    may_be_negative = models.BooleanField()

    class Meta:
        db_table = "custody_account"
        constraints = (models.UniqueConstraint(fields=["account", "may_be_negative"], name="account_floor"),)

    def __str__(self) -> str:
        return self.account


class Entry(models.Model):
    """One side of a posting. Quantities are whole numbers of the commodity's smallest unit."""

    posting = models.UUIDField()
    account = models.ForeignKey(Account, models.PROTECT, db_column="account", related_name="entries")
    commodity = models.TextField()
    quantity = models.BigIntegerField()
    posted_at = models.DateTimeField()

    class Meta:
        db_table = "custody_entry"
        indexes = (models.Index(fields=["posting"], name="entry_by_posting"),)

    def __str__(self) -> str:
        return f"{self.account_id} {self.quantity} {self.commodity}"


class Balance(models.Model):
    """The sum of an account's entries in one commodity, kept by the statement that posts them."""

    pk = models.CompositePrimaryKey("account", "commodity")
    account = models.ForeignKey(Account, models.PROTECT, db_column="account", related_name="balances")
    commodity = models.TextField()
    quantity = models.BigIntegerField()
    may_be_negative = models.BooleanField()

    class Meta:
        db_table = "custody_balance"
        constraints = (
            models.CheckConstraint(
                condition=models.Q(may_be_negative=True) | models.Q(quantity__gte=0), name="balance_not_below_zero"
            ),
        )

    def __str__(self) -> str:
        return f"{self.account_id} {self.quantity} {self.commodity}"
