"""Reading about people leaves facts: one when a person is opened, one for every list that named people."""

from collections.abc import Iterable
from uuid import UUID

from django.db import transaction

from bihuan.kernel import clock
from bihuan.kernel.access import events
from bihuan.kernel.access.scope import Scope
from bihuan.kernel.db import uuid7
from bihuan.kernel.ledger import record


def opened(scope: Scope, person_id: UUID, purpose: str, key: UUID | None = None) -> None:
    """`scope.user` opened the record of a person for `purpose` (a code, such as "landing")."""
    with transaction.atomic():
        record(
            key=key or uuid7(),
            kind=events.PERSON_OPENED,
            subject=f"person:{person_id}",
            at=clock.now(),
            by=scope.actor.id,
            unit=scope.actor.unit,
            payload={"purpose": purpose},
        )


def listed(scope: Scope, what: str, person_ids: Iterable[UUID], key: UUID | None = None) -> None:
    """`scope.user` was shown a list naming these people. One fact for the whole list; an empty list leaves none."""
    people = [str(person_id) for person_id in person_ids]
    if not people:
        return
    with transaction.atomic():
        record(
            key=key or uuid7(),
            kind=events.PEOPLE_LISTED,
            subject=scope.user.subject,
            at=clock.now(),
            by=scope.actor.id,
            unit=scope.actor.unit,
            payload={"what": what, "count": len(people), "people": people},
        )
