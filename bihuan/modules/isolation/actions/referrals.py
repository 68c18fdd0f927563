"""A hospital answers for a person who was referred to it, or says why it does not, until it lets them go."""

from datetime import datetime
from uuid import UUID

from django.utils.translation import gettext_lazy as _

from bihuan.kernel import access, custody
from bihuan.kernel.ledger import Actor, Json, derive, record
from bihuan.kernel.loop import action
from bihuan.modules.isolation import events, queries
from bihuan.modules.isolation.models import Stay
from bihuan.modules.transfers import actions as transfers

from .refusals import NotDischarged, NotReferred
from .stays import end_stay, open_stay


@action
def admit(order_id: UUID, *, hospital_id: UUID, at: datetime, by: Actor, key: UUID) -> None:
    """Take the person over: the hospital answers from now on. A stay at a site is over, its room to be cleaned; a
    vehicle that was asked for is not needed."""
    referral = _referral(order_id, hospital_id, at)
    transfers.arrive_person(order_id, at=at, by=by, key=derive(key, "transfer"))
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


@action
def discharge(
    order_id: UUID, *, hospital_id: UUID, to_unit_id: UUID, grounds: str, at: datetime, by: Actor, key: UUID
) -> None:
    """Let a person go whose order goes on: to a site by a transfer, while its central phase lasts, else home.

    The hospital answers until the vehicle, or the community, has received them. An order that is over needs no
    discharge: its end has freed the person.
    """
    if not grounds.strip():
        raise NotDischarged(
            _("A discharge rests on a medical ground."), _("Write the findings: which tests were negative, and when.")
        )
    leaving = queries.discharging(order_id, hospital_id, at)
    if leaving.hindrance:
        raise NotDischarged(leaving.hindrance, _("Reload the page and look at where the person is."))
    to_site = access.queries.unit(to_unit_id).kind == "site"
    if to_site is not leaving.to_site:
        raise NotDischarged(
            _("Central isolation goes on: name a site.") if leaving.to_site else _("The order goes on at home."),
            _("Choose one of the places that the page offers."),
        )
    item = f"person:{leaving.person_id}"
    handover = None
    if not to_site:
        handover = custody.dispatch(
            [item],
            sender=f"unit:{hospital_id}",
            receiver=f"unit:{to_unit_id}",
            key=derive(key, "dispatch"),
            at=at,
            by=by,
            via=f"order:{order_id}",
        )
    record(
        key=derive(key, "discharged"),
        kind=events.DISCHARGED,
        subject=f"order:{order_id}",
        about=item,
        at=at,
        by=by,
        unit=to_unit_id,
        payload={
            "hospital": hospital_id,
            "to": "site" if to_site else "home",
            "handover": handover,
            "home_unit": None if to_site else to_unit_id,
            "grounds": grounds.strip(),
        },
    )
    if to_site:
        transfers.request(
            order_id, to_unit_id=to_unit_id, from_unit_id=hospital_id, at=at, by=by, key=derive(key, "transfer")
        )


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
