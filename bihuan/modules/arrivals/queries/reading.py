"""Reading a file against the registers: which trips are known already."""

from collections.abc import Collection, Mapping, Sequence
from hashlib import sha256
from uuid import UUID

from django.db.models import F, Q, QuerySet
from django.utils.translation import gettext_lazy as _

from bihuan.kernel import clock
from bihuan.kernel.db import AnyOf
from bihuan.kernel.files import FileProblem, Intake
from bihuan.kernel.refusals import Refused
from bihuan.modules.arrivals.models import Arrival, Batch, LearntColumn, State
from bihuan.modules.arrivals.rules import Trip

from .forms import file_reason, forms

CONTENT = (
    "mode",
    "carrier",
    "seat",
    "origin_id",
    "origin_kind",
    "origin_text",
    "contact_kind",
    "departed_at",
    "expected_at",
    "gate_id",
    "destination",
    "unit_id",
    "last_exposure_on",
)
OPEN_STATES = (State.EXPECTED,)


class FileRefused(Refused):
    """A file that cannot be taken in at all: not one row of it was touched."""

    def __init__(self, problem: FileProblem) -> None:
        reason, remedy = file_reason(problem)
        super().__init__(reason, remedy)
        self.problem, self.names = problem, problem.names


class NothingThere(Refused):
    """A batch whose file is no longer kept."""

    def __init__(self) -> None:
        super().__init__(_("The file is no longer kept."), _("Upload it again."))


def read_file(content: bytes, name: str = "", learnt: Mapping[str, str] | None = None) -> Intake:
    """A file looked through, in the form it has; raises FileRefused with what keeps it from being read."""
    try:
        return Intake(content, forms(), name=name, learnt=learnt)
    except FileProblem as problem:
        raise FileRefused(problem) from problem


def learnt_of(unit: UUID | None, issuer: str) -> dict[str, str]:
    """Which column each header of a source is, as officers said it; "" for one that is left out. What the city says of
    a sender holds for every unit that does not say otherwise.
    """
    said = said_of(unit, issuer).order_by(F("unit").desc(nulls_first=True)).values_list("header", "column")
    return dict(said)


def learnt_by(batch_id: UUID) -> dict[str, str] | None:
    """The same as it was when the taking in of a file began; nothing when it has not."""
    found: dict[str, str] | None = Batch.objects.values_list("learnt", flat=True).get(id=batch_id)
    return found


def said_of(unit: UUID | None, issuer: str) -> "QuerySet[LearntColumn]":
    """What was said of the headers of a source."""
    own = Q(unit=unit, issuer=issuer)
    return LearntColumn.objects.filter(own | Q(unit=None, issuer=issuer) if issuer else own)


def unfinished(content: bytes, by: str, **letter: object) -> UUID | None:
    """The batch of this very file, handed in by the same actor with the same letter, if it was never finished."""
    found = Batch.objects.filter(sha256=sha256(content).hexdigest(), imported_by=by, content__isnull=False, **letter)
    return found.order_by("imported_at").values_list("id", flat=True).first()


def content_of(batch_id: UUID) -> bytes:
    """The file itself, as it was handed in. It is kept until its rows are taken in."""
    content = Batch.objects.values_list("content", flat=True).get(id=batch_id)
    if content is None:
        raise NothingThere
    return bytes(content)


def trips_of(person_ids: Collection[UUID]) -> dict[UUID, list[Trip]]:
    """Every trip of these people that the city knows, one query."""
    found: dict[UUID, list[Trip]] = {}
    rows = Arrival.objects.filter(person=AnyOf(person_ids)).values("id", "person_id", "state", *CONTENT)
    for row in rows:
        found.setdefault(row["person_id"], []).append(
            trip(row["id"], tuple(row[name] for name in CONTENT), row["state"])
        )
    return found


def trip(arrival: UUID, content: Sequence[object], state: str = State.EXPECTED) -> Trip:
    """A trip in the form in which trips are compared. `content` is in the order of CONTENT."""
    values = dict(zip(CONTENT, content, strict=True))
    expected = values["expected_at"]
    return Trip(
        arrival=str(arrival),
        expected_on=expected.astimezone(clock.CITY).date() if expected is not None else None,  # type: ignore[attr-defined]
        carrier=str(values["carrier"]),
        is_open=state in OPEN_STATES,
        content=tuple(content),
    )
