"""What the person's own page says: the order in plain words, and who looked at their record."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from bihuan.kernel import access
from bihuan.kernel.ledger import history
from bihuan.kernel.text import Text
from bihuan.modules.measures.models import Link
from bihuan.modules.measures.queries.appeals import AppealRow, appeals_of
from bihuan.modules.measures.queries.orders import OrderRow, order
from bihuan.modules.people import queries as people

READERS_MAX = 50


@dataclass(frozen=True, slots=True)
class Reader:
    """Somebody opened the person's record."""

    unit: Text | None
    purpose: str
    at: datetime


@dataclass(frozen=True, slots=True)
class PersonalPage:
    token: str
    masked: str
    order: OrderRow
    appeals: tuple[AppealRow, ...]
    readers: tuple[Reader, ...]

    @property
    def may_appeal(self) -> bool:
        return self.order.is_live and not any(appeal.is_open for appeal in self.appeals)


def personal_page(token: str) -> PersonalPage | None:
    """The page behind a link that was given and not revoked."""
    link = Link.objects.filter(token=token, revoked_at=None).first()
    found = order(link.order_id) if link else None
    if link is None or found is None:
        return None
    return PersonalPage(
        token=link.token,
        masked=people.card(found.person_id).masked,
        order=found,
        appeals=appeals_of(found.id),
        readers=readers(found.person_id),
    )


def readers(person_id: UUID) -> tuple[Reader, ...]:
    """Who opened this person's record, newest first: the unit and the purpose, not the officer's name."""
    looked = [fact for fact in history(f"person:{person_id}") if fact.kind == access.events.PERSON_OPENED]
    names = access.queries.names({fact.unit for fact in looked})
    return tuple(
        Reader(unit=names.get(fact.unit), purpose=str(fact.payload.get("purpose", "")), at=fact.happened_at)
        for fact in reversed(looked[-READERS_MAX:])
    )
