"""A list that leaves as a file leaves facts: one for the file, and whoever is named in it counts as read."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from bihuan.kernel import clock
from bihuan.kernel.access import events
from bihuan.kernel.access.reading import listed
from bihuan.kernel.access.scope import Scope
from bihuan.kernel.ledger import derive, record


@dataclass(frozen=True, slots=True)
class Exporting:
    """The leave to take a list away. `person` is the attribute by which its rows name a person, if they do."""

    scope: Scope
    what: str
    person: str = "person_id"

    def names_people(self, row: object) -> bool:
        return hasattr(row, self.person)

    def read(self, rows: Sequence[object], key: UUID) -> None:
        """These rows go into the file: everybody in them was read."""
        people = dict.fromkeys(getattr(row, self.person, None) for row in rows)
        listed(self.scope, f"export.{self.what}", [person for person in people if person is not None], key)

    def taken(
        self,
        *,
        key: UUID,
        number: int,
        form: str,
        rows: int,
        filters: Mapping[str, str],
        purpose: str,
        remark: str,
        sha256: str,
    ) -> None:
        """The file is whole and will be handed out."""
        record(
            key=derive(key, "taken"),
            kind=events.LIST_EXPORTED,
            subject=self.scope.user.subject,
            at=clock.now(),
            by=self.scope.actor.id,
            unit=self.scope.actor.unit,
            payload={
                "what": self.what,
                "form": form,
                "rows": rows,
                "number": number,
                "filters": dict(filters),
                "purpose": purpose,
                "remark": remark,
                "sha256": sha256,
            },
        )


def exporting(scope: Scope, what: str, person: str = "person_id") -> Exporting:
    """What a list gives `render_table` so that it may be taken away."""
    return Exporting(scope, what, person)
