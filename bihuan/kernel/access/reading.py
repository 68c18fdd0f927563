"""Reading about people leaves facts: one when a person is opened, one for every list that named people.

An account opens so many people a day and no more (the profile's `access.toml`): near the end it is told, at the end it
is refused, and the auditor sees it. The count is drawn from the facts themselves.
"""

from collections.abc import Iterable
from datetime import datetime, time, timedelta
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from bihuan.kernel import clock
from bihuan.kernel.access import events
from bihuan.kernel.access.measure import Openings, nearing
from bihuan.kernel.access.scope import Scope
from bihuan.kernel.access.vocabulary import openings, purposes
from bihuan.kernel.db import uuid7
from bihuan.kernel.ledger import derive, facts, history, of_kinds, record, subjects_met
from bihuan.kernel.refusals import Refused


class ReadingSpent(Refused):
    """The account has opened as many people as it may in a day."""

    def __init__(self, limit: int) -> None:
        super().__init__(
            _("You have opened %(limit)s people today, and that is your limit for a day.") % {"limit": limit},
            _("If your work needs more, let your unit's head or the security administrator raise it for today."),
        )


def opened(scope: Scope, person_id: UUID, purpose: str, *, reason: str = "", key: UUID | None = None) -> None:
    """`scope.user` opened the record of a person for `purpose`, one of the profile's; beyond the day's limit nobody new
    is opened.
    """
    assert purpose in purposes(), f"{purpose!r} is no purpose of access.toml"
    with transaction.atomic():
        now, is_again = openings_today(scope, person_id)
        spent = not is_again and now.opened >= now.limit
        if spent:
            tell_once(scope, events.READING_SPENT, now)
        else:
            record(
                key=key or uuid7(),
                kind=events.PERSON_OPENED,
                subject=f"person:{person_id}",
                at=clock.now(),
                by=scope.actor.id,
                unit=scope.actor.unit,
                payload={
                    "purpose": purpose,
                    "role": scope.grants[0].role if scope.grants else "",
                    **({"reason": reason} if reason else {}),
                },
            )
            after = Openings(now.opened + (not is_again), now.limit, now.warned_from)
            if after.is_near:
                nearing.set(after)
                tell_once(scope, events.READING_NEARED, after)
    if spent:  # raised outside, so that the fact of it stays
        raise ReadingSpent(now.limit)


def openings_today(scope: Scope, person_id: UUID) -> tuple[Openings, bool]:
    """How the account stands today, and whether it has opened this person already. One account's openings queue up
    behind each other until the transaction ends, so that many at once cannot slip past the limit.
    """
    person = f"person:{person_id}"
    counted, is_again = subjects_met(events.PERSON_OPENED, actor=scope.actor.id, since=midnight(), subject=person)
    limit, warn = openings(scope.roles, midnight().date())
    limit += raised_today(scope.user.subject)
    return Openings(counted, limit, -(-limit * warn // 100)), is_again


def raised_today(subject: str) -> int:
    """By how much the account's limit was raised for today."""
    found = of_kinds([events.READING_RAISED], since=midnight(), until=midnight() + timedelta(days=1), limit=10_000)
    return sum(int(str(fact.payload["extra"])) for fact in found if fact.subject == subject)


def tell_once(scope: Scope, kind: str, now: Openings) -> None:
    """Leave the fact that an account comes near, or to, its limit: once a day for every limit."""
    key = derive(scope.user.id, kind, midnight().isoformat(), str(now.limit))
    if not facts([key]):
        record(
            key=key,
            kind=kind,
            subject=scope.user.subject,
            at=clock.now(),
            by=scope.actor.id,
            unit=scope.actor.unit,
            payload={"opened": now.opened, "limit": now.limit},
        )


def midnight() -> datetime:
    """When the city's day began."""
    return datetime.combine(clock.now().astimezone(clock.CITY), time.min, clock.CITY)


def purpose_today(scope: Scope, person_id: UUID) -> str:
    """The purpose for which the account last opened this person today: chosen on the page that asks, or that of the
    order, the arrival or the stay from which it came. Empty if it has not.
    """
    found = [
        fact.payload.get("purpose", "")
        for fact in history(f"person:{person_id}")
        if fact.kind == events.PERSON_OPENED and fact.actor == scope.actor.id and fact.recorded_at >= midnight()
    ]
    return str(found[-1]) if found else ""


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
