"""Health checks: one with its findings, or a whole round of people who are well."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from uuid import UUID

from bihuan.kernel import clock
from bihuan.kernel.ledger import Actor, NewFact, derive, record_many
from bihuan.kernel.loop import action, happened
from bihuan.kernel.loop import queries as loop
from bihuan.modules.isolation import events, queries, rules
from bihuan.modules.isolation.models import Check


@dataclass(frozen=True, slots=True)
class CheckIn:
    """What a health check found in one person."""

    subject: str
    person_id: UUID
    temperature: Decimal | None = None
    symptoms: tuple[str, ...] = ()
    remark: str = ""


@action
def record_check(
    subject: str,
    *,
    person_id: UUID,
    place: str,
    contact: str,
    temperature: Decimal | None,
    symptoms: Sequence[str],
    remark: str = "",
    at: datetime,
    by: Actor,
    key: UUID,
) -> UUID:
    """Enter a health check of one person, under an order or only monitored."""
    at = happened(at, loop.opened_at(subject), _here_since(subject, place))
    found = CheckIn(subject, person_id, temperature, tuple(symptoms), remark)
    [check] = _enter([found], place, contact, at, by, key)
    return check.id


@action
def record_round(site_id: UUID, *, order_ids: Sequence[UUID], at: datetime, by: Actor, key: UUID) -> None:
    """Enter that these people of a site were seen on the round and are well. Who does not stay there is passed over."""
    at = happened(at)
    seen = [CheckIn(f"order:{row.order_id}", row.person_id) for row in queries.residents(site_id, order_ids, now=at)]
    _enter(seen, Check.Place.SITE, Check.Contact.VISIT, at, by, key)


def _here_since(subject: str, place: str) -> datetime | None:
    """Since when the person is where the check was made: nobody is checked there before they came."""
    noun, _colon, id_ = subject.partition(":")
    if noun != "order" or place == Check.Place.MONITOR:
        return None
    order_id = UUID(id_)
    if place == Check.Place.HOME:
        home = queries.home_of(order_id)
        return home.begun_at if home else None
    stay = queries.stay_of(order_id)
    return stay.since if stay else None


def _enter(found: Sequence[CheckIn], place: str, contact: str, at: datetime, by: Actor, key: UUID) -> list[Check]:
    fever_from = queries.fever_from()
    checks = Check.objects.bulk_create(
        Check(
            subject=one.subject,
            person_id=one.person_id,
            place=place,
            contact=contact,
            checked_at=at,
            temperature=one.temperature,
            symptoms=list(one.symptoms),
            is_normal=rules.is_normal(one.temperature, one.symptoms, fever_from),
            remark=one.remark,
        )
        for one in found
    )
    record_many(
        NewFact(
            key=derive(key, "check", check.subject),
            kind=events.CHECKED,
            subject=check.subject,
            about=f"person:{check.person_id}",
            at=at,
            by=by.id,
            payload={
                "place": place,
                "round": rules.round_of(at.astimezone(clock.CITY)),
                "contact": contact,
                "temperature": None if check.temperature is None else str(check.temperature),
                "symptoms": check.symptoms,
                "normal": check.is_normal,
                "remark": check.remark,
            },
        )
        for check in checks
    )
    return checks
