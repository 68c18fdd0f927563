"""Orders and what hangs on them.

What a row may never be is held by the constraints here and the triggers in migrations/.
"""

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from bihuan.kernel.db import Model


class OrderState(models.TextChoices):
    PROPOSED = "proposed", _("Waiting for approval")
    LIVE = "live", _("In force")
    REJECTED = "rejected", _("Rejected")
    ENDED = "ended", _("Ended")
    LIFTED = "lifted", _("Lifted")
    LAPSED = "lapsed", _("Lapsed")


OPEN = (OrderState.PROPOSED, OrderState.LIVE)


class OrderKind(models.TextChoices):
    CENTRAL = "central", _("Central isolation")
    HOME = "home", _("Isolation at home")


class PhaseKind(models.TextChoices):
    CENTRAL = "central", _("Central isolation")
    HOME = "home", _("Isolation at home")
    MONITOR = "monitor", _("Health monitoring")


class Order(Model):
    """One person's restriction.

    Derived from `evidence` by `rule` of `policy`; ends at `ends_at` whoever looks or does not.
    """

    number = models.CharField(max_length=32, unique=True)
    person = models.ForeignKey("people.Person", on_delete=models.PROTECT, related_name="+")
    profile = models.CharField(max_length=40)
    policy = models.CharField(max_length=40)
    rule = models.CharField(max_length=60)
    class_code = models.CharField(max_length=40)
    kind = models.CharField(max_length=12, choices=OrderKind.choices)
    reason = models.JSONField(help_text="What the person is told: zh, en, and the facts the rule used.")
    legal_basis = models.JSONField(help_text="zh and en")
    conditions = models.JSONField(help_text="What must hold for release: zh and en")
    deciding_unit = models.ForeignKey("access.Unit", on_delete=models.PROTECT, related_name="+")
    unit = models.ForeignKey(
        "access.Unit",
        on_delete=models.PROTECT,
        related_name="+",
        help_text="Where the person is when the order is made.",
    )
    proposed_by = models.CharField(max_length=60)
    proposed_name = models.CharField(max_length=60)
    proposed_unit = models.ForeignKey("access.Unit", on_delete=models.PROTECT, related_name="+")
    proposed_at = models.DateTimeField()
    approved_by = models.CharField(max_length=60, blank=True)
    approved_name = models.CharField(max_length=60, blank=True)
    approved_unit = models.ForeignKey("access.Unit", on_delete=models.PROTECT, related_name="+", null=True, blank=True)
    approved_at = models.DateTimeField(null=True, blank=True)
    state = models.CharField(max_length=12, choices=OrderState.choices, default=OrderState.PROPOSED)
    counted_from = models.DateField(help_text="Day of the last exposure: day 0.")
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField()
    central_ends_at = models.DateTimeField(null=True, blank=True, help_text="Until when in a site; null: never.")
    evidence = models.ForeignKey("ledger.Fact", to_field="key", on_delete=models.PROTECT, related_name="+")
    bond = models.ForeignKey("custody.Bond", on_delete=models.PROTECT, related_name="+", null=True, blank=True)
    closed_at = models.DateTimeField(null=True, blank=True)
    closing = models.JSONField(default=dict, blank=True, help_text="Why it was rejected, lifted or lapsed: zh and en")
    notified_at = models.DateTimeField(null=True, blank=True, help_text="When the notice of release was given.")

    class Meta:
        indexes = [
            models.Index(fields=["state", "ends_at"]),
            models.Index(fields=["deciding_unit", "state"]),
            models.Index(fields=["unit", "state"]),
            models.Index(fields=["proposed_at"]),
            models.Index(
                fields=["id"],  # in the order of the requests for vehicles that are held against them
                include=["approved_at", "person", "unit", "deciding_unit"],
                condition=Q(state="live", kind="central"),
                name="order_central_live",
            ),
        ]
        constraints = [
            models.UniqueConstraint(  # holds what the board counts, so that it never reads the orders themselves
                fields=["person"],
                include=["state", "kind", "ends_at", "unit", "deciding_unit"],
                condition=Q(state__in=OPEN),
                name="order_one_open_per_person",
            ),
            models.CheckConstraint(condition=Q(ends_at__gt=F("starts_at")), name="order_ends_after_start"),
            models.CheckConstraint(
                condition=Q(central_ends_at=None)
                | Q(central_ends_at__gt=F("starts_at"), central_ends_at__lte=F("ends_at")),
                name="order_central_within_it",
            ),
            models.CheckConstraint(
                condition=Q(approved_by="") | ~Q(approved_by=F("proposed_by")), name="order_two_people"
            ),
            models.CheckConstraint(
                condition=Q(approved_unit=None) | ~Q(approved_unit=F("proposed_unit")), name="order_two_units"
            ),
            models.CheckConstraint(
                condition=Q(state__in=("proposed", "rejected"))
                | (~Q(approved_by="") & Q(approved_unit__isnull=False) & Q(approved_at__isnull=False)),
                name="order_approved_before_it_binds",
            ),
            models.CheckConstraint(
                condition=~Q(state="live") | Q(bond__isnull=False, bond=F("id")), name="order_live_has_its_bond"
            ),
            models.CheckConstraint(
                condition=Q(state__in=OPEN, closed_at=None) | (~Q(state__in=OPEN) & Q(closed_at__isnull=False)),
                name="order_closed_has_its_time",
            ),
        ]

    def __str__(self) -> str:
        return self.number

    @property
    def subject(self) -> str:
        return f"order:{self.id}"


class Phase(Model):
    """A stretch of an order: central first, then home. Replaced as a whole when the order is re-timed."""

    order = models.ForeignKey(Order, on_delete=models.PROTECT, related_name="phases")
    seq = models.PositiveSmallIntegerField()
    kind = models.CharField(max_length=12, choices=PhaseKind.choices)
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField()

    class Meta:
        ordering = ["order", "seq"]
        constraints = [
            models.UniqueConstraint(fields=["order", "seq"], name="phase_once"),
            models.CheckConstraint(condition=Q(ends_at__gt=F("starts_at")), name="phase_ends_after_start"),
        ]

    def __str__(self) -> str:
        return f"{self.seq} {self.kind}"


class ExposureState(models.TextChoices):
    PROPOSED = "proposed", _("Waiting for approval")
    APPROVED = "approved", _("Approved")
    REJECTED = "rejected", _("Rejected")


class Exposure(Model):
    """A new exposure of somebody already under an order.

    Approved by a second person of a second unit, it starts the count again.
    """

    order = models.ForeignKey(Order, on_delete=models.PROTECT, related_name="exposures")
    exposed_on = models.DateField()
    class_code = models.CharField(
        max_length=40, help_text="The class from now on; a contact of a contact may become a contact."
    )
    evidence = models.ForeignKey("ledger.Fact", to_field="key", on_delete=models.PROTECT, related_name="+")
    state = models.CharField(max_length=12, choices=ExposureState.choices, default=ExposureState.PROPOSED)
    entered_by = models.CharField(max_length=60)
    entered_name = models.CharField(max_length=60)
    entered_unit = models.ForeignKey("access.Unit", on_delete=models.PROTECT, related_name="+")
    entered_at = models.DateTimeField()
    decided_by = models.CharField(max_length=60, blank=True)
    decided_unit = models.ForeignKey("access.Unit", on_delete=models.PROTECT, related_name="+", null=True, blank=True)
    decided_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        indexes = [models.Index(fields=["state", "entered_at"])]
        constraints = [
            models.UniqueConstraint(fields=["order", "evidence"], name="exposure_once_per_evidence"),
            models.CheckConstraint(
                condition=~Q(state="approved")
                | (
                    ~Q(decided_by="")
                    & ~Q(decided_by=F("entered_by"))
                    & Q(decided_unit__isnull=False)
                    & ~Q(decided_unit=F("entered_unit"))
                    & Q(decided_at__isnull=False)
                ),
                name="exposure_two_people_two_units",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.exposed_on}"


class Link(Model):
    """The secret part of the address of a person's own page.

    Whoever holds it is the person; it can be revoked and given anew.
    """

    order = models.ForeignKey(Order, on_delete=models.PROTECT, related_name="links")
    token = models.CharField(max_length=64, unique=True)
    made_at = models.DateTimeField()
    revoked_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["order"], condition=Q(revoked_at=None), name="link_one_valid_per_order"),
            models.CheckConstraint(condition=Q(token__regex=r"^.{40,}$"), name="link_unguessable"),  # noqa: S106 - a field, not a secret
        ]

    def __str__(self) -> str:
        return f"link to order {self.order_id}"


class AppealState(models.TextChoices):
    FILED = "filed", _("Waiting for an answer")
    UPHELD = "upheld", _("Upheld")
    DISMISSED = "dismissed", _("Dismissed")
    LAPSED = "lapsed", _("Unanswered: the order lapsed")
    PASSED_UP = "passed_up", _("Unanswered: with the senior official")


class Appeal(Model):
    """The person objects.

    A human who neither proposed nor approved answers within the clock, or the restriction lapses.
    """

    order = models.ForeignKey(Order, on_delete=models.PROTECT, related_name="appeals")
    number = models.CharField(max_length=32, unique=True)
    words = models.TextField()
    phone = models.CharField(max_length=40, blank=True)
    reviewing_unit = models.ForeignKey("access.Unit", on_delete=models.PROTECT, related_name="+")
    filed_at = models.DateTimeField()
    answer_by_at = models.DateTimeField()
    lapses_at = models.DateTimeField()
    state = models.CharField(max_length=12, choices=AppealState.choices, default=AppealState.FILED)
    decided_by = models.CharField(max_length=60, blank=True)
    decided_name = models.CharField(max_length=60, blank=True)
    decided_unit = models.ForeignKey("access.Unit", on_delete=models.PROTECT, related_name="+", null=True, blank=True)
    decided_at = models.DateTimeField(null=True, blank=True)
    grounds = models.TextField(blank=True, help_text="What the reviewer answers the person.")
    senior_unit = models.ForeignKey(
        "access.Unit",
        on_delete=models.PROTECT,
        related_name="+",
        null=True,
        blank=True,
        help_text="The unit whose head answers for an appeal nobody answered.",
    )
    senior_name = models.CharField(max_length=60, blank=True)

    class Meta:
        indexes = [models.Index(fields=["reviewing_unit", "state"]), models.Index(fields=["filed_at"])]
        constraints = [
            models.UniqueConstraint(fields=["order"], condition=Q(state="filed"), name="appeal_one_open_per_order"),
            models.CheckConstraint(condition=Q(lapses_at__gt=F("answer_by_at")), name="appeal_clock"),
            models.CheckConstraint(
                condition=~Q(state__in=("upheld", "dismissed"))
                | (~Q(decided_by="") & Q(decided_unit__isnull=False) & Q(decided_at__isnull=False) & ~Q(grounds="")),
                name="appeal_answered_by_somebody_with_grounds",
            ),
        ]

    def __str__(self) -> str:
        return self.number

    @property
    def subject(self) -> str:
        return f"appeal:{self.id}"
