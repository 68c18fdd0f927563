"""One person's way: asked for, missing, found, arrived, or no longer needed."""

from datetime import datetime
from uuid import UUID

from bihuan.kernel import access, custody
from bihuan.kernel.db import uuid7
from bihuan.kernel.ledger import Actor, derive, record
from bihuan.kernel.loop import action
from bihuan.modules.measures import queries as measures
from bihuan.modules.transfers import events
from bihuan.modules.transfers.actions.refused import (
    AlreadyThere,
    NoRequest,
    NotAtThisStage,
    OrderNotLive,
    RemarkNeeded,
    held_by_the_database,
)
from bihuan.modules.transfers.models import OPEN_REQUEST, Request, RequestState
from bihuan.modules.transfers.rules import nearest


@action
def request(
    order_id: UUID,
    *,
    to_unit_id: UUID,
    from_unit_id: UUID | None = None,
    needs: str = "",
    at: datetime,
    by: Actor,
    key: UUID,
) -> UUID:
    """Ask for a vehicle. The person stays with the unit where they are until they have boarded."""
    order = measures.order(order_id)
    if order is None or not order.is_live:
        raise OrderNotLive
    start = from_unit_id or whereabouts(f"person:{order.person_id}", order.unit_id)
    if start == to_unit_id:
        raise AlreadyThere
    fleet = serving_fleet(start)
    with held_by_the_database():
        asked: Request = Request.objects.create(
            id=uuid7(),
            order_id=order_id,
            person_id=order.person_id,
            from_unit_id=start,
            to_unit_id=to_unit_id,
            fleet_id=fleet,
            needs=needs,
            requested_at=at,
        )
    record(
        key=derive(key, "requested"),
        kind=events.REQUESTED,
        subject=asked.order_subject,
        about=asked.person_subject,
        at=at,
        by=by,
        unit=fleet,
        payload={"request": asked.id, "from_unit": start, "to_unit": to_unit_id, "needs": needs},
    )
    return asked.id


@action
def cancel_request(request_id: UUID, *, words: str, at: datetime, by: Actor, key: UUID) -> None:
    """The transfer is not needed. Only before the person has boarded."""
    asked = locked(request_id)
    if asked.state not in (RequestState.WAITING, RequestState.ASSIGNED):
        raise NotAtThisStage
    if not words.strip():
        raise RemarkNeeded
    withdraw(asked, words, at=at, by=by, key=derive(key, "cancelled"))


@action
def report_missing(request_id: UUID, *, at: datetime, by: Actor, key: UUID) -> None:
    """Somebody who should have come off the vehicle is not there. Whoever sent them still answers, and must search."""
    asked = locked(request_id)
    if asked.state != RequestState.UNDERWAY:
        raise NotAtThisStage
    if asked.handover and is_pending(asked):
        custody.receive(
            asked.handover, received=(), missing=[asked.person_subject], key=derive(key, "missing"), at=at, by=by
        )
    lose(asked, "arrival", asked.fleet_id, at=at, by=by, key=key)


@action
def found(request_id: UUID, *, unit_id: UUID, words: str = "", at: datetime, by: Actor, key: UUID) -> None:
    """The missing person is at `unit_id`, which takes them over at once; the transfer starts again from there."""
    asked = locked(request_id)
    if asked.state != RequestState.MISSING:
        raise NotAtThisStage
    holder, here = custody.holder_of(asked.person_subject), f"unit:{unit_id}"
    if holder != here:
        handover = custody.dispatch(
            [asked.person_subject], sender=holder, receiver=here, key=derive(key, "handover"), at=at, by=by
        )
        custody.receive(handover, received=[asked.person_subject], key=derive(key, "received"), at=at, by=by)
    record(
        key=derive(key, "unassigned"),
        kind=events.UNASSIGNED,
        subject=asked.order_subject,
        about=asked.person_subject,
        at=at,
        by=by,
        payload={"request": request_id, "trip": asked.trip_id},
    )
    asked.state, asked.trip_id, asked.handover, asked.boarded_at = RequestState.WAITING, None, None, None
    asked.missing_since, asked.from_unit_id, asked.fleet_id = None, unit_id, serving_fleet(unit_id)
    asked.save()
    record(
        key=derive(key, "found"),
        kind=events.FOUND,
        subject=asked.order_subject,
        about=asked.person_subject,
        at=at,
        by=by,
        unit=asked.fleet_id,
        payload={"request": request_id, "unit": unit_id, "note": words},
    )


@action
def arrive_person(order_id: UUID, *, at: datetime, by: Actor, key: UUID) -> None:
    """The destination has this person: it answers from now on. Somebody who came another way needs the transfer
    no more."""
    asked = Request.objects.select_for_update().filter(order=order_id, state__in=OPEN_REQUEST).first()
    if asked is None:
        return
    if asked.state != RequestState.UNDERWAY:
        withdraw(asked, "", at=at, by=by, key=derive(key, "another_way"))
        return
    if asked.handover and is_pending(asked):
        custody.receive(asked.handover, received=[asked.person_subject], key=derive(key, "received"), at=at, by=by)
    asked.state, asked.closed_at = RequestState.ARRIVED, at
    asked.save(update_fields=["state", "closed_at"])
    record(
        key=derive(key, "arrived"),
        kind=events.ARRIVED,
        subject=asked.order_subject,
        about=asked.person_subject,
        at=at,
        by=by,
        unit=asked.to_unit_id,
        payload={"request": asked.id, "trip": asked.trip_id, "to_unit": asked.to_unit_id},
    )


def is_pending(asked: Request) -> bool:
    """Whether the hand-over still waits for its answer; it was withdrawn if the order ended on the way."""
    return custody.on_the_way([asked.person_subject]).get(asked.person_subject) == asked.handover


def locked(request_id: UUID) -> Request:
    held: Request | None = Request.objects.select_for_update().filter(pk=request_id).first()
    if held is None:
        raise NoRequest
    return held


def withdraw(asked: Request, words: str, *, at: datetime, by: Actor, key: UUID) -> None:
    asked.state, asked.trip_id, asked.closed_at = RequestState.CANCELLED, None, at
    asked.save(update_fields=["state", "trip", "closed_at"])
    record(
        key=key,
        kind=events.CANCELLED,
        subject=asked.order_subject,
        about=asked.person_subject,
        at=at,
        by=by,
        payload={"request": asked.id, "reason": words},
    )


def lose(asked: Request, stage: str, answers: UUID, *, at: datetime, by: Actor, key: UUID) -> None:
    """Mark somebody missing; `answers` is the unit that must search."""
    asked.state, asked.missing_since = RequestState.MISSING, at
    asked.save(update_fields=["state", "missing_since"])
    record(
        key=derive(key, "lost", str(asked.id)),
        kind=events.MISSING,
        subject=asked.order_subject,
        about=asked.person_subject,
        at=at,
        by=by,
        unit=answers,
        payload={"request": asked.id, "trip": asked.trip_id, "stage": stage, "answers": answers},
    )


def whereabouts(item: str, otherwise: UUID) -> UUID:
    """The unit or site that answers for the person now; somebody in a vehicle or in nobody's hands is sought at
    `otherwise`."""
    kind, _, holder = custody.holder_of(item).partition(":")
    return UUID(holder) if kind in ("unit", "site") else otherwise


def serving_fleet(unit_id: UUID) -> UUID:
    """The fleet nearest in the tree; where a city has none, the unit itself must find a vehicle."""
    fleets = {str(fleet.id): fleet.path for fleet in access.queries.units_of_kinds("fleet")}
    chosen = nearest(access.queries.unit(unit_id).path, list(fleets.items()))
    return UUID(chosen) if chosen else unit_id
