"""What the person's own page says: the order in plain words, and who looked at their record."""

from collections import Counter
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from bihuan.kernel import access, clock
from bihuan.kernel.ledger import history
from bihuan.kernel.text import Text
from bihuan.modules.measures.models import Link
from bihuan.modules.measures.queries.appeals import AppealRow, appeals_of
from bihuan.modules.measures.queries.orders import OrderRow, order
from bihuan.modules.people import queries as people


@dataclass(frozen=True, slots=True)
class Reader:
    """A unit opened the person's record on a day, in a role and for a purpose: how often."""

    unit: Text | None
    role: Text | None
    purpose: str
    on: date
    times: int


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
    """Who opened this person's record, the latest day first: all of them, the unit, the role and the purpose, but not
    the officer's name.
    """
    looked = [fact for fact in history(f"person:{person_id}") if fact.kind == access.events.PERSON_OPENED]
    units, roles = access.queries.names({fact.unit for fact in looked}), dict(access.queries.roles())
    counted = Counter(
        (
            fact.happened_at.astimezone(clock.CITY).date(),
            fact.unit,
            str(fact.payload.get("role", "")),
            str(fact.payload.get("purpose", "")),
        )
        for fact in reversed(looked)
    )
    return tuple(
        Reader(unit=units.get(unit), role=roles.get(role), purpose=purpose, on=on, times=times)
        for (on, unit, role, purpose), times in counted.items()
    )
