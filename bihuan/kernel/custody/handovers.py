"""Hand-overs in two phases: dispatched, then received line by line. Until then the sender answers."""

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime
from uuid import UUID

from django.db import connection
from django.db.backends.utils import CursorWrapper

from bihuan.kernel.custody.bonds import refuse_pending
from bihuan.kernel.custody.events import HANDOVER_DISPATCHED, HANDOVER_RECEIVED
from bihuan.kernel.custody.holdings import lock, move, unit_of, withdraw
from bihuan.kernel.custody.refusals import HandoverClosed, LinesUnanswered, NotHeld, NotOnTheList, OnTheList
from bihuan.kernel.ledger import Actor, derive, record
from bihuan.kernel.ledger.actor import actor_id


def dispatch(
    items: Sequence[str], *, sender: str, receiver: str, key: UUID, at: datetime, by: Actor | str, via: str = ""
) -> UUID:
    """Send `items` on to `receiver` and give the hand-over's id. `via` is the vehicle or courier, if any."""
    assert items, "a hand-over hands something over"
    assert sender != receiver, "a hand-over has two sides"
    handover = derive(key, "handover")
    listed = sorted(set(items))
    with connection.cursor() as cursor:
        holders = lock(cursor, listed)
        fact = record(
            key=key,
            kind=HANDOVER_DISPATCHED,
            subject=f"handover:{handover}",
            at=at,
            by=by,
            unit=unit_of(sender),
            payload={"sender": sender, "receiver": receiver, "via": via, "items": listed},
        )
        if not fact.new:
            return handover
        elsewhere = {item for item in listed if holders.get(item) != sender}
        if elsewhere:
            raise NotHeld(sender, elsewhere)
        refuse_pending(cursor, listed)
        cursor.execute(
            "INSERT INTO custody_handover (id, sender, receiver, via, dispatched_at, dispatched_by) "
            "VALUES (%s, %s, %s, %s, %s, %s)",
            [handover, sender, receiver, via, at, actor_id(by)],
        )
        cursor.execute(
            "INSERT INTO custody_line (handover, item, outcome, pledged) "
            "SELECT %s, item, 'pending', %s FROM unnest(%s::text[]) AS listed (item)",
            [handover, sender, listed],
        )
    return handover


def receive(
    handover: UUID,
    *,
    received: Sequence[str],
    missing: Sequence[str] = (),
    extra: Sequence[str] = (),
    refused: Sequence[str] = (),
    key: UUID,
    at: datetime,
    by: Actor | str,
) -> None:
    """Answer every pending line. What is received is the receiver's; what is missing or refused stays the sender's.

    An extra item, one that came without being on the list, is taken over from whoever holds it, and taken off the
    hand-over it was pending on. An answer for a line that was withdrawn on the way is not needed and changes nothing.
    """
    answers = _one_answer_each({"received": received, "missing": missing, "refused": refused})
    with connection.cursor() as cursor:
        before = lock(cursor, {*answers, *extra})
        cursor.execute("SELECT receiver, closed_at FROM custody_handover WHERE id = %s FOR UPDATE", [handover])
        receiver, closed_at = cursor.fetchone() or ("", at)
        if not receiver:
            raise HandoverClosed(str(handover))
        fact = record(
            key=key,
            kind=HANDOVER_RECEIVED,
            subject=f"handover:{handover}",
            at=at,
            by=by,
            unit=unit_of(receiver),
            payload={
                "received": sorted(received),
                "missing": sorted(missing),
                "extra": sorted(extra),
                "refused": sorted(refused),
            },
        )
        if not fact.new:
            return
        if closed_at is not None:
            raise HandoverClosed(str(handover))
        arrived = _answer_lines(cursor, handover, answers, extra, at)
        withdraw(cursor, extra, at, actor_id(by))
        cursor.execute(
            "INSERT INTO custody_line (handover, item, outcome, answered_at) "
            "SELECT %s, item, 'extra', %s FROM unnest(%s::text[]) AS extra (item)",
            [handover, at, sorted(set(extra))],
        )
        move(
            cursor, before, dict.fromkeys({*arrived, *extra}, receiver), cause=HANDOVER_RECEIVED, key=key, at=at, by=by
        )
        cursor.execute(
            "UPDATE custody_handover SET closed_at = %s, closed_by = %s WHERE id = %s", [at, actor_id(by), handover]
        )


def _one_answer_each(lists: Mapping[str, Sequence[str]]) -> dict[str, str]:
    answers = {item: outcome for outcome, items in lists.items() for item in items}
    if len(answers) < sum(len(items) for items in lists.values()):
        count = Counter(item for items in lists.values() for item in items)
        raise LinesUnanswered({item for item, times in count.items() if times > 1})
    return answers


def _answer_lines(
    cursor: CursorWrapper, handover: UUID, answers: Mapping[str, str], extra: Sequence[str], at: datetime
) -> set[str]:
    """Write the answers to the pending lines and give the items received."""
    cursor.execute("SELECT item, outcome FROM custody_line WHERE handover = %s", [handover])
    listed = dict(cursor.fetchall())
    pending = {item for item, outcome in listed.items() if outcome == "pending"}
    if unanswered := pending - answers.keys():
        raise LinesUnanswered(unanswered)
    if strange := answers.keys() - listed.keys():
        raise NotOnTheList(strange)
    if known := listed.keys() & set(extra):
        raise OnTheList(known)
    cursor.execute(
        "UPDATE custody_line line SET outcome = answer.outcome, pledged = NULL, answered_at = %s "
        "FROM unnest(%s::text[], %s::text[]) AS answer (item, outcome) "
        "WHERE line.handover = %s AND line.item = answer.item AND line.outcome = 'pending'",
        [at, list(answers), list(answers.values()), handover],
    )
    return {item for item in pending if answers[item] == "received"}
