"""Facts as values: what is handed in, what is read back, and the refusal of a reused key."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID, uuid5

from django.utils.translation import gettext_lazy as _

from bihuan.kernel.ledger.actor import Actor
from bihuan.kernel.ledger.sealing import Json
from bihuan.kernel.refusals import Refused


class KeyReused(Refused):
    """The same idempotency key came with another content: two different things were given one name."""

    def __init__(self, key: UUID) -> None:
        super().__init__(
            _("This entry was already recorded with another content (key %(key)s).") % {"key": key},
            _("Nothing was changed. Reload the page, look at what is recorded, and enter the new content anew."),
        )
        self.key = key


@dataclass(frozen=True, slots=True, kw_only=True)
class NewFact:
    """A fact to be recorded. `subject` is what its loop runs on, `about` whom it concerns, `unit` who answers now."""

    key: UUID
    kind: str
    subject: str
    at: datetime
    by: Actor | str
    unit: UUID | None = None
    about: str | None = None
    payload: Mapping[str, Json] = field(default_factory=dict)

    def __post_init__(self) -> None:
        assert self.at.tzinfo is not None, f"{self.kind}: `at` needs a time zone"
        assert ":" in self.subject, f"{self.kind}: a subject is noun:id, not {self.subject!r}"

    @property
    def owner(self) -> str:
        """Whose key the payload is committed under: the person it is about, else its subject."""
        return self.about or self.subject


@dataclass(frozen=True, slots=True, kw_only=True)
class Fact:
    """A fact as it stands in the ledger. Its payload is empty once its key has been shredded."""

    seq: int
    key: UUID
    kind: str
    subject: str
    about: str | None
    unit: UUID | None
    happened_at: datetime
    recorded_at: datetime
    actor: str
    payload: Mapping[str, Json]
    new: bool = field(default=False, compare=False)
    """Whether this very call wrote it; a repeated one finds it there."""


def derive(key: UUID, *parts: str) -> UUID:
    """The key of a further fact or step of the same action: the same parts give the same key, every time."""
    assert parts, "derive needs at least one part to tell the keys apart"
    return uuid5(key, "\x1f".join(parts))
