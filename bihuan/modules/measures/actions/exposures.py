"""A new exposure: the only thing that makes an order longer, and again the act of two people of two units."""

from datetime import date, datetime
from uuid import UUID

from bihuan.kernel import clock
from bihuan.kernel.ledger import Actor, derive, record
from bihuan.kernel.loop import action, profile
from bihuan.modules.measures import events
from bihuan.modules.measures.actions.orders import check_evidence, held
from bihuan.modules.measures.actions.refused import NoOrder, NothingLeft, NotLive, NotNewer, NotOpen, NoWords, refuse
from bihuan.modules.measures.actions.retiming import days_of, retimed
from bihuan.modules.measures.actions.telling import tell
from bihuan.modules.measures.models import Exposure, ExposureState, OrderState
from bihuan.modules.measures.rules import ExposureSource, approval_refused, spans


@action
def enter_exposure(
    order_id: UUID, *, exposed_on: date, evidence: UUID, class_code: str = "", at: datetime, by: Actor, key: UUID
) -> UUID:
    """Enter a later exposure of somebody under an order.

    Nothing changes until a second person of a second unit approves it.
    """
    order = held(order_id)
    if order.state != OrderState.LIVE:
        raise NotLive
    if exposed_on <= order.counted_from:
        raise NotNewer
    check_evidence({evidence: order.person_id})
    entered: Exposure = Exposure.objects.create(
        order=order,
        exposed_on=exposed_on,
        class_code=class_code or order.class_code,
        evidence_id=evidence,
        entered_by=by.id,
        entered_name=by.name,
        entered_unit_id=by.unit or order.unit_id,
        entered_at=at,
    )
    tell(
        order,
        events.EXPOSURE_ENTERED,
        {
            "exposure": entered.id,
            "exposed_on": exposed_on,
            "evidence": evidence,
            "class_code": entered.class_code,
        },
        at=at,
        by=by,
        key=derive(key, "entered"),
    )
    return entered.id


@action
def judge_exposure(
    order_id: UUID, *, exposed_on: date, source: ExposureSource, at: datetime, by: Actor, key: UUID
) -> UUID:
    """Record the judgement that somebody was exposed again, from a closed list of sources, and enter it for
    approval."""
    order = held(order_id)
    judged = record(
        key=derive(key, "recorded"),
        kind=events.EXPOSURE_RECORDED,
        subject=order.subject,
        about=f"person:{order.person_id}",
        at=at,
        by=by,
        payload={"exposed_on": exposed_on, "source": source.value},
    )
    return enter_exposure(
        order_id, exposed_on=exposed_on, evidence=judged.key, at=at, by=by, key=derive(key, "entered")
    )


@action
def approve_exposure(exposure_id: UUID, *, at: datetime, by: Actor, key: UUID) -> None:
    """The count starts again at the new exposure, under the policy in force today."""
    exposure = waiting(exposure_id)
    order = held(exposure.order_id)
    if order.state != OrderState.LIVE:
        raise NotLive
    refuse(
        approval_refused(
            proposer=exposure.entered_by, proposer_unit=exposure.entered_unit_id, approver=by.id, approver_unit=by.unit
        )
    )
    policy = profile.named(order.profile).policy_on(at.astimezone(clock.CITY).date())
    days = days_of(order.profile, exposure.class_code, policy)
    left = spans(days, counted_from=exposure.exposed_on, starts_at=order.starts_at, zone=clock.CITY)
    if not left:
        raise NothingLeft
    exposure.state, exposure.decided_by, exposure.decided_unit_id, exposure.decided_at = (
        ExposureState.APPROVED,
        by.id,
        by.unit,
        at,
    )
    exposure.save()
    tell(
        order,
        events.EXPOSURE_APPROVED,
        {"exposure": exposure.id, "exposed_on": exposure.exposed_on, "evidence": exposure.evidence_id},
        at=at,
        by=by,
        key=derive(key, "approved"),
    )
    order.class_code, order.counted_from = exposure.class_code, exposure.exposed_on
    retimed(order, policy, left, cause="exposure", evidence=exposure.evidence_id, at=at, by=by, key=key)


@action
def reject_exposure(exposure_id: UUID, *, words: str, at: datetime, by: Actor, key: UUID) -> None:
    """Turn an entered exposure down; the order stays as it is."""
    exposure = waiting(exposure_id)
    if not words.strip():
        raise NoWords
    exposure.state, exposure.decided_by, exposure.decided_unit_id, exposure.decided_at = (
        ExposureState.REJECTED,
        by.id,
        by.unit,
        at,
    )
    exposure.save()
    order = held(exposure.order_id)
    tell(
        order,
        events.EXPOSURE_REJECTED,
        {"exposure": exposure.id, "reason": words},
        at=at,
        by=by,
        key=derive(key, "rejected"),
    )


def waiting(exposure_id: UUID) -> Exposure:
    found: Exposure | None = Exposure.objects.select_for_update().filter(pk=exposure_id).first()
    if found is None:
        raise NoOrder
    if found.state != ExposureState.PROPOSED:
        raise NotOpen
    return found
