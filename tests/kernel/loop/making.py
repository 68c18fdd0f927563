"""Facts for the tests of the loop, recorded as modules would: through the ledger, in an action's place."""

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid5

from django.db import transaction

from bihuan.kernel import clock
from bihuan.kernel.ledger import NewFact, record_many
from bihuan.kernel.loop import reconcile

SPACE = UUID("0d3c5b5e-3a62-4c55-9f37-0a2a3f8f6c11")
GATE = UUID("00000000-0000-4000-8000-00000000000a")
SITE = UUID("00000000-0000-4000-8000-00000000000b")
OFFICE = UUID("00000000-0000-4000-8000-00000000000c")
DAY = datetime(2022, 7, 1, 10, 0, tzinfo=clock.CITY)


def order(number: int = 1) -> str:
    return f"order:{uuid5(SPACE, str(number))}"


def fact(subject: str, kind: str, at: datetime, unit: UUID | None = None, /, **payload: Any) -> NewFact:
    key = uuid5(SPACE, f"{subject}|{kind}|{at.isoformat()}|{sorted(payload.items())}")
    return NewFact(
        key=key,
        kind=kind,
        subject=subject,
        at=at,
        by="system:test",
        unit=unit,
        about="person:" + str(uuid5(SPACE, subject)),
        payload=payload,
    )


def proposed(subject: str, at: datetime = DAY, **changes: Any) -> NewFact:
    payload: Mapping[str, Any] = {
        "profile": "covid19-cn",
        "policy": "ed9",
        "class_code": "high_area",
        "kind": "central",
        "counted_from": at.date().isoformat(),
        "deciding_unit": str(OFFICE),
        "links": [],
    }
    return fact(subject, "order.proposed", at, GATE, **{**payload, **changes})


def approved(subject: str, at: datetime = DAY + timedelta(minutes=20), days: int = 7, **changes: Any) -> NewFact:
    end = datetime.combine(at.date() + timedelta(days=days + 1), datetime.min.time(), clock.CITY)
    ends = {"central_ends_at": end.isoformat(), "ends_at": end.isoformat(), "policy": "ed9"}
    return fact(subject, "order.approved", at, GATE, **{**ends, **changes})


def tell(facts: Iterable[NewFact], now: datetime | None = None) -> int:
    """Record facts and bring their subjects up to date, in one transaction; how many rows that changed."""
    facts = list(facts)
    now = now or max(fact.at for fact in facts)
    with clock.given(now), transaction.atomic():
        record_many(facts)
        return reconcile({fact.subject for fact in facts}, now)
