"""The worker's part: take the runs whose moment has come, record breaches, and do what the system itself must do.

Runs are taken with SKIP LOCKED, so several workers share the work. A breach has a key derived from its duty, a system
step one derived from its run: neither can happen twice however many workers there are.
"""

import importlib
import logging
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid5

from django.db import connection, transaction

from bihuan.kernel.ledger import Actor, NewFact, record_many
from bihuan.kernel.loop import events
from bihuan.kernel.loop.planning import Planned, plans
from bihuan.kernel.loop.reconciling import duty_id, write
from bihuan.kernel.refusals import Refused

LEASE = timedelta(minutes=15)
WORKER = Actor.system("loop")

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Deed:
    """A system step that is due."""

    does: str
    subject: str
    key: UUID


def work(now: datetime, limit: int = 500) -> int:
    """Take up to `limit` runs whose moment has come; how many were taken. Call it until it says 0."""
    with transaction.atomic():
        taken = take(now, limit)
        if not taken:
            return 0
        deeds = bring_up_to_date(taken, now)
    for deed in deeds:
        do(deed, now)
    return len(taken)


def next_due() -> datetime | None:
    """The earliest moment at which there is work."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT min(greatest(next_at, retry_at)) FROM loop_run WHERE next_at IS NOT NULL")
        found: datetime | None = cursor.fetchone()[0]
        return found


def take(now: datetime, limit: int) -> dict[UUID, str]:
    """Claim the most urgent runs that nobody else is at; the subject of each."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT id, subject FROM loop_run WHERE next_at <= %s AND coalesce(retry_at, '-infinity') <= %s "
            "ORDER BY next_at LIMIT %s FOR UPDATE SKIP LOCKED",
            [now, now, limit],
        )
        return dict(cursor.fetchall())


def bring_up_to_date(taken: Mapping[UUID, str], now: datetime) -> list[Deed]:
    """Record what was breached, rewrite the rows, and hand out what the system must do.

    Another run of the same subject may be in somebody else's hands: only those taken are touched.
    """
    subjects = sorted(set(taken.values()))

    def plan_taken() -> list[Planned]:
        found = plans(subjects, dict.fromkeys(subjects, now), is_writing=True)
        return [item for item in found if item.id in taken]

    planned = plan_taken()
    if record_many(breach for item in planned for breach in breaches(item)):
        planned = plan_taken()
    write(subjects, planned, now, taken.keys())
    deeds = [deed for item in planned for deed in deeds_of(item)]
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE loop_run SET retry_at = %s WHERE id = ANY(%s) AND next_at <= %s",
            [now + LEASE, list(taken), now],
        )
    return deeds


def breaches(item: Planned) -> Iterable[NewFact]:
    for duty in item.plan.breaches:
        yield NewFact(
            key=uuid5(duty_id(item.id, duty.step, duty.occurrence), "breached"),
            kind=events.BREACHED,
            subject=item.subject,
            about=item.about,
            unit=duty.owner_unit,
            at=duty.breach_at,
            by=WORKER,
            payload={
                "pathway": item.pathway.code,
                "version": item.pathway.version,
                "step": duty.step,
                "occurrence": duty.occurrence,
                "breach_at": duty.breach_at.isoformat(),
                "owner_role": duty.owner_role,
                "territorial": item.pathway.step(duty.step).escalate.territorial,
                "sector": item.pathway.step(duty.step).escalate.sector,
            },
        )


def deeds_of(item: Planned) -> Iterable[Deed]:
    for duty in item.plan.system:
        step = item.pathway.step(duty.step)
        yield Deed(step.does, item.subject, uuid5(item.id, f"{duty.step}|{duty.occurrence}|does"))


def do(deed: Deed, now: datetime) -> None:
    """One system step in a transaction of its own. One that fails is tried again later and holds up no other."""
    noun, _, id_ = deed.subject.partition(":")
    try:
        verb(deed.does)(UUID(id_), at=now, by=WORKER, key=deed.key)
    except Refused as refused:
        logger.warning("%s of %s %s was refused: %s", deed.does, noun, id_, refused)
    except Exception:
        logger.exception("%s of %s %s failed", deed.does, noun, id_)


def verb(name: str) -> Callable[..., Any]:
    """The action a pathway names: "module.verb"."""
    module, _, function = name.partition(".")
    found: Callable[..., Any] = getattr(importlib.import_module(f"bihuan.modules.{module}.actions"), function)
    return found
