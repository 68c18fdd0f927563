"""Two records of one human being become one person, and can become two again. Neither record is rewritten: the one that
is joined names the other, and everything recorded about either stays where it was recorded.
"""

from datetime import datetime
from uuid import UUID

from django.utils.translation import gettext_lazy as _

from bihuan.kernel.ledger import Actor, record
from bihuan.kernel.loop import action
from bihuan.kernel.refusals import Refused
from bihuan.modules.people import events
from bihuan.modules.people.models import Pair, PairState, Person
from bihuan.modules.people.queries import is_under_way


class UnderWay(Refused):
    """The record to be joined is the one under which something runs."""

    def __init__(self) -> None:
        super().__init__(
            _("Something is under way for the record that would be joined: an arrival, an order or a request."),
            _("Keep that record instead, and join the other one to it."),
        )


class BothUnderWay(Refused):
    """Both records have something under way."""

    def __init__(self) -> None:
        super().__init__(
            _("Something is under way for both records: an arrival, an order or a request each."),
            _("Nothing is dropped by joining. End or cancel what is doubled first, with its reason, and come back."),
        )


class Joined(Refused):
    """One of the two is joined already, or has others joined to it."""

    def __init__(self) -> None:
        super().__init__(
            _("One of these records has been joined to another one since, or has others joined to it."),
            _("Open the list again. A record to which others are joined can be kept, not joined further."),
        )


@action
def merge(pair_id: UUID, *, keep: UUID, reason: str, at: datetime, by: Actor, key: UUID) -> None:
    """The two records of a pair are one person, known from now on by the one that is kept. No order, no arrival, no
    duty is touched: a record may only be joined while nothing is under way for it.
    """
    pair, first, second = _locked(pair_id)
    kept, gone = (first, second) if first.id == keep else (second, first)
    assert kept.id == keep, "one of the two is kept"
    if pair.state == PairState.MERGED and gone.merged_into_id == kept.id:
        return
    if kept.merged_into_id or gone.merged_into_id or Person.objects.filter(merged_into=gone).exists():
        raise Joined
    if is_under_way(gone.id):
        raise BothUnderWay if is_under_way(kept.id) else UnderWay
    gone.merged_into_id = kept.id
    gone.save(update_fields=["merged_into"])
    _settle(pair, PairState.MERGED)
    record(
        key=key,
        kind=events.MERGED,
        subject=gone.subject,
        about=kept.subject,
        at=at,
        by=by,
        unit=gone.unit_id or by.unit,
        payload={"into": kept.subject, "reason": reason},
    )


@action
def unmerge(person_id: UUID, *, reason: str, at: datetime, by: Actor, key: UUID) -> None:
    """A joined record stands for itself again. Both are what they were, for neither was changed, and the pair is open
    again.
    """
    gone = Person.objects.select_for_update().get(id=person_id)
    if gone.merged_into_id is None:
        return
    kept = gone.merged_into_id
    first, second = sorted((gone.id, kept))
    gone.merged_into_id = None
    gone.save(update_fields=["merged_into"])
    _settle(Pair.objects.select_for_update().get(first=first, second=second), PairState.OPEN)
    record(
        key=key,
        kind=events.UNMERGED,
        subject=gone.subject,
        about=f"person:{kept}",
        at=at,
        by=by,
        unit=gone.unit_id or by.unit,
        payload={"from": f"person:{kept}", "reason": reason},
    )


@action
def tell_apart(pair_id: UUID, *, at: datetime, by: Actor, key: UUID) -> None:
    """The two are two people. It is remembered: however alike they look, nobody is asked about them again."""
    pair, first, second = _locked(pair_id)
    if pair.state == PairState.DISTINCT:
        return
    if pair.state == PairState.MERGED:
        raise Joined
    _settle(pair, PairState.DISTINCT)
    record(
        key=key,
        kind=events.TOLD_APART,
        subject=first.subject,
        about=second.subject,
        at=at,
        by=by,
        unit=first.unit_id or by.unit,
        payload={"other": second.subject},
    )


def _locked(pair_id: UUID) -> tuple[Pair, Person, Person]:
    """A pair and its two people, locked in one order: a new arrival of either waits until this is decided."""
    pair = Pair.objects.get(id=pair_id)
    first, second = Person.objects.select_for_update().filter(id__in=(pair.first_id, pair.second_id)).order_by("id")
    return Pair.objects.select_for_update().get(id=pair_id), first, second


def _settle(pair: Pair, state: PairState) -> None:
    pair.state = state
    pair.save(update_fields=["state"])
