"""Tables of arrivals: the gates people come through, the files they were announced in, and each person's arrival."""

from django.db import models
from django.db.models.functions import TruncDate

from bihuan.kernel import clock
from bihuan.kernel.db import Model

REFERENCE_LENGTH = 12


class Mode(models.TextChoices):
    RAIL = "rail"
    COACH = "coach"
    EXPRESSWAY = "expressway"
    AIR = "air"
    SEA = "sea"
    OTHER = "other"


class OriginKind(models.TextChoices):
    DOMESTIC = "domestic"
    OVERSEAS = "overseas"
    UNKNOWN = "unknown"


class ContactKind(models.TextChoices):
    """What a pushed list says of somebody: nothing, a close contact, or a contact of a close contact."""

    NONE = "none"
    CLOSE = "close"
    SECONDARY = "secondary"


class State(models.TextChoices):
    EXPECTED = "expected"
    LANDED = "landed"
    NOT_ON_BOARD = "not_on_board"
    CANCELLED = "cancelled"
    LEFT = "left"
    HISTORY = "history"
    CLOSED = "closed"


class Gate(Model):
    """A first landing point. The unit of kind gate says where it is and who answers; here stands what it can bear."""

    class Kind(models.TextChoices):
        RAIL = "rail"
        COACH = "coach"
        EXPRESSWAY = "expressway"
        AIR = "air"

    unit = models.OneToOneField("access.Unit", on_delete=models.PROTECT, related_name="+")
    kind = models.CharField(max_length=10, choices=Kind)
    capacity_per_hour = models.PositiveIntegerField()
    waiting_capacity = models.PositiveIntegerField()

    class Meta:
        constraints = [
            models.CheckConstraint(condition=models.Q(capacity_per_hour__gt=0), name="arrivals_gate_takes_somebody")
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.unit_id}"


class GateCheck(Model):
    """A line of a gate's checklist, done on a day with evidence."""

    gate = models.ForeignKey("arrivals.Gate", on_delete=models.PROTECT, related_name="checks")
    item = models.CharField(max_length=24)
    on = models.DateField()
    evidence = models.CharField(max_length=300)
    by = models.CharField(max_length=80)
    at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["gate", "on", "item"], name="arrivals_gate_check_once_a_day"),
            models.CheckConstraint(condition=~models.Q(evidence=""), name="arrivals_gate_check_has_evidence"),
        ]

    def __str__(self) -> str:
        return f"{self.item} {self.on}"


class Batch(Model):
    """A file of travellers as it was handed in, and what became of its rows."""

    class Kind(models.TextChoices):
        MANIFEST = "manifest"
        PUSHED_LIST = "pushed_list"
        DECLARATION = "declaration"

    class State(models.TextChoices):
        WAITING = "waiting"
        RUNNING = "running"
        TAKEN_IN = "taken_in"
        FAILED = "failed"
        TAKEN_BACK = "taken_back"

    kind = models.CharField(max_length=12, choices=Kind, default=Kind.MANIFEST)
    state = models.CharField(max_length=10, choices=State, default=State.WAITING)
    file_name = models.CharField(max_length=200)
    sha256 = models.CharField(max_length=64)
    content = models.BinaryField(null=True)
    form = models.CharField(max_length=24, blank=True)
    headers = models.JSONField(default=list)
    plan = models.JSONField(default=dict)
    learnt = models.JSONField(null=True)
    told = models.JSONField(default=list)
    issuer = models.CharField(max_length=120, blank=True)
    legal_basis = models.CharField(max_length=200, blank=True)
    unit = models.ForeignKey("access.Unit", null=True, on_delete=models.PROTECT, related_name="+")
    imported_by = models.CharField(max_length=80)
    imported_at = models.DateTimeField()
    taken_in_at = models.DateTimeField(null=True)
    taken_back_at = models.DateTimeField(null=True)
    error = models.JSONField(null=True)
    rows = models.PositiveIntegerField(default=0)
    created = models.PositiveIntegerField(default=0)
    updated = models.PositiveIntegerField(default=0)
    duplicate = models.PositiveIntegerField(default=0)
    doubtful = models.PositiveIntegerField(default=0)
    rejected = models.PositiveIntegerField(default=0)

    class Meta:
        indexes = [models.Index(fields=["-imported_at"], name="arrivals_batch_newest")]
        constraints = [
            models.CheckConstraint(
                name="arrivals_batch_rows_balance",
                condition=~models.Q(state="taken_in")
                | models.Q(
                    rows=models.F("created")
                    + models.F("updated")
                    + models.F("duplicate")
                    + models.F("doubtful")
                    + models.F("rejected")
                ),
            ),
        ]

    def __str__(self) -> str:
        return self.file_name

    @property
    def subject(self) -> str:
        """How facts name this file."""
        return f"batch:{self.id}"


class Arrival(Model):
    """One person's coming into the city once. What follows for them is decided on landing by a published rule, never
    set by hand.
    """

    reference = models.CharField(max_length=16, unique=True)
    person = models.ForeignKey("people.Person", on_delete=models.PROTECT, related_name="+", db_index=False)
    batch = models.ForeignKey(
        "arrivals.Batch", null=True, on_delete=models.PROTECT, related_name="arrivals", db_index=False
    )
    mode = models.CharField(max_length=10, choices=Mode, default=Mode.OTHER)
    carrier = models.CharField(max_length=80, blank=True)
    seat = models.CharField(max_length=16, blank=True)
    origin = models.ForeignKey("places.Area", null=True, on_delete=models.PROTECT, related_name="+", db_index=False)
    origin_kind = models.CharField(max_length=8, choices=OriginKind, default=OriginKind.UNKNOWN)
    origin_text = models.CharField(max_length=120, blank=True)
    contact_kind = models.CharField(max_length=9, choices=ContactKind, default=ContactKind.NONE)
    departed_at = models.DateTimeField(null=True)
    expected_at = models.DateTimeField(null=True)
    gate = models.ForeignKey(
        "arrivals.Gate", null=True, on_delete=models.PROTECT, related_name="arrivals", db_index=False
    )
    destination = models.CharField(max_length=300, blank=True)
    unit = models.ForeignKey("access.Unit", null=True, on_delete=models.PROTECT, related_name="+", db_index=False)
    last_exposure_on = models.DateField(null=True)
    state = models.CharField(max_length=12, choices=State, default=State.EXPECTED)
    landed_at = models.DateTimeField(null=True)
    temperature = models.DecimalField(max_digits=3, decimal_places=1, null=True)
    symptoms = models.CharField(max_length=200, blank=True)
    profile = models.CharField(max_length=40, blank=True)
    policy = models.CharField(max_length=40, blank=True)
    rule = models.CharField(max_length=60, blank=True)
    class_code = models.CharField(max_length=40, blank=True)
    measure = models.CharField(max_length=12, blank=True)
    decision = models.JSONField(null=True)
    order = models.ForeignKey("measures.Order", null=True, on_delete=models.PROTECT, related_name="+")
    accepted_at = models.DateTimeField(null=True)
    accepted_unit = models.ForeignKey("access.Unit", null=True, on_delete=models.PROTECT, related_name="+")
    registered_at = models.DateTimeField()
    arrived_on = models.DateField(null=True)
    found_at = models.DateTimeField(null=True)
    found_unit = models.ForeignKey("access.Unit", null=True, on_delete=models.PROTECT, related_name="+")
    found_as = models.OneToOneField("self", null=True, on_delete=models.PROTECT, related_name="+")

    class Meta:
        constraints = [
            models.CheckConstraint(
                name="arrivals_landed_has_a_time_and_a_gate_or_a_finder",
                condition=~models.Q(state=State.LANDED)
                | models.Q(landed_at__isnull=False)
                & (models.Q(gate__isnull=False) | models.Q(found_unit__isnull=False)),
            ),
            models.CheckConstraint(
                name="arrivals_found_says_when_and_where",
                condition=models.Q(found_at__isnull=True, found_unit__isnull=True, arrived_on__isnull=True)
                | models.Q(found_at__isnull=False, found_unit__isnull=False, arrived_on__isnull=False),
            ),
            models.UniqueConstraint(  # a walk-in is registered in the moment of landing
                "person",
                "gate",
                TruncDate("landed_at", tzinfo=clock.CITY),
                condition=models.Q(registered_at=models.F("landed_at")),
                name="arrivals_one_walk_in_a_day",
            ),
        ]
        indexes = [
            models.Index(fields=["person"], name="arrivals_person"),
            models.Index(fields=["gate", "state", "expected_at"], name="arrivals_gate_day"),
            models.Index(fields=["gate", "expected_at"], name="arrivals_gate_expected"),
            models.Index(fields=["gate", "landed_at"], include=["found_at"], name="arrivals_gate_landed"),
            models.Index(
                models.F("landed_at").desc(nulls_last=True),
                models.F("id").desc(),
                include=["measure", "gate", "unit", "found_at"],
                name="arrivals_landed",
            ),
            models.Index(fields=["expected_at", "id"], name="arrivals_expected"),
            models.Index(
                fields=["gate"],
                condition=models.Q(state=State.LANDED, accepted_at__isnull=True),
                name="arrivals_waiting",
            ),
            models.Index(fields=["unit", "state"], name="arrivals_unit_state"),
            models.Index(fields=["unit", "gate"], name="arrivals_unit_gate"),
            models.Index(fields=["batch", "state"], name="arrivals_batch_state"),
            models.Index(fields=["origin", "state"], name="arrivals_origin_state"),
            models.Index(
                fields=["mode", "arrived_on"],
                condition=models.Q(found_at__isnull=False),
                name="arrivals_found_later",
            ),
        ]

    def __str__(self) -> str:
        return self.reference

    @property
    def subject(self) -> str:
        """How facts name this arrival."""
        return f"arrival:{self.id}"


class BatchRow(Model):
    """One row of a file, as written, and what became of it. Nothing that was handed in is thrown away."""

    class Outcome(models.TextChoices):
        CREATED = "created"
        UPDATED = "updated"
        DUPLICATE = "duplicate"
        DOUBTFUL = "doubtful"
        REJECTED = "rejected"

    batch = models.ForeignKey("arrivals.Batch", on_delete=models.PROTECT, related_name="lines", db_index=False)
    number = models.PositiveIntegerField()
    raw = models.JSONField()
    outcome = models.CharField(max_length=9, choices=Outcome)
    problems = models.JSONField(default=list)
    arrival = models.ForeignKey("arrivals.Arrival", null=True, on_delete=models.PROTECT, related_name="lines")
    wrote = models.JSONField(null=True)
    kept = models.CharField(max_length=12, blank=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["batch", "number"], name="arrivals_row_once_a_batch")]
        indexes = [models.Index(fields=["batch", "outcome"], name="arrivals_row_outcome")]

    def __str__(self) -> str:
        return f"{self.number} {self.outcome}"


class LearntColumn(Model):
    """Which column a header of one source is, as an officer said it; "" leaves the column out. A source is who sent the
    file to which unit.
    """

    unit = models.ForeignKey("access.Unit", null=True, on_delete=models.PROTECT, related_name="+")
    issuer = models.CharField(max_length=120, blank=True)
    header = models.CharField(max_length=200)
    column = models.CharField(max_length=80, blank=True)
    batch = models.ForeignKey("arrivals.Batch", on_delete=models.PROTECT, related_name="+")
    said_by = models.CharField(max_length=80)
    said_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["unit", "issuer", "header"], nulls_distinct=False, name="arrivals_header_is_one_column"
            )
        ]

    def __str__(self) -> str:
        return f"{self.header} = {self.column}"
