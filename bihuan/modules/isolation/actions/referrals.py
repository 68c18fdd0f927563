"""A hospital answers for a person who was referred to it, or says why it does not."""

from datetime import datetime
from uuid import UUID

from django.utils.translation import gettext_lazy as _

from bihuan.kernel import custody
from bihuan.kernel.ledger import Actor, Json, derive, record
from bihuan.kernel.loop import action
from bihuan.modules.isolation import events, queries
from bihuan.modules.isolation.models import Stay

from .refusals import NotReferred
from .stays import end_stay, open_stay


@action
def admit(order_id: UUID, *, hospital_id: UUID, at: datetime, by: Actor, key: UUID) -> None:
    """Take the person over: the hospital answers from now on, and a stay at a site is over, its room to be cleaned."""
    referral = _referral(order_id, hospital_id, at)
    custody.receive(referral.handover, received=[referral.item], key=derive(key, "receive"), at=at, by=by)
    stay = open_stay(order_id)
    if stay is not None:
        end_stay(stay, Stay.Cause.ADMITTED, at=at, by=by, key=key)
    _record(referral, events.ADMITTED, {"stay": stay.id if stay else None}, at, by, key)


@action
def decline(order_id: UUID, *, hospital_id: UUID, reason: str, at: datetime, by: Actor, key: UUID) -> None:
    """Say why the hospital cannot take the person: whoever referred them still answers and refers them elsewhere."""
    if not reason.strip():
        raise NotReferred(_("A referral is declined only for a reason."), _("Say why, so that another is found."))
    referral = _referral(order_id, hospital_id, at)
    custody.receive(referral.handover, received=(), refused=[referral.item], key=derive(key, "refuse"), at=at, by=by)
    _record(referral, events.NOT_ADMITTED, {"reason": reason.strip()}, at, by, key)


def _referral(order_id: UUID, hospital_id: UUID, at: datetime) -> queries.Referral:
    referral = next((one for one in queries.referrals([hospital_id], at) if one.order_id == order_id), None)
    if referral is None:
        raise NotReferred(
            _("Nobody waits at this hospital under this order."),
            _("It was answered already, or the order is over. Reload the page."),
        )
    return referral


def _record(
    referral: queries.Referral, kind: str, payload: dict[str, Json], at: datetime, by: Actor, key: UUID
) -> None:
    record(
        key=derive(key, "answer"),
        kind=kind,
        subject=f"order:{referral.order_id}",
        about=referral.item,
        at=at,
        by=by,
        unit=referral.hospital_id,
        payload={"hospital": referral.hospital_id, "handover": referral.handover} | payload,
    )
