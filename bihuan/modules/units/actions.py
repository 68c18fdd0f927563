"""Every write of units: shifts and daily returns."""

from datetime import date, datetime, time
from uuid import UUID

from django.utils.translation import gettext_lazy as _

from bihuan.kernel import access, clock, custody
from bihuan.kernel.access.models import Unit
from bihuan.kernel.access.vocabulary import kinds, returns_cut_off
from bihuan.kernel.db import uuid7
from bihuan.kernel.ledger import Actor, NewFact, derive, record, record_many
from bihuan.kernel.loop.action import action
from bihuan.kernel.loop.models import Duty, DutyState
from bihuan.kernel.refusals import NotFound, Refused
from bihuan.modules.units import events, queries, rules
from bihuan.modules.units.models import DailyReturn, DutyShift


class OnDutyTwice(Refused):
    def __init__(self) -> None:
        super().__init__(
            _("This person is on duty elsewhere, or here already, in that time."),
            _("Choose other hours or another person."),
        )


class ShiftRefused(Refused):
    """The shift cannot be planned as asked."""


class ReturnRefused(Refused):
    """The return cannot be sent."""


class StillNeeded(Refused):
    """The unit cannot be closed yet."""


@action
def close_unit(unit_id: UUID, *, on: date, reason: str, at: datetime, by: Actor, key: UUID) -> None:
    """Let a unit be no more from a day on. Whoever it answers for, what it owes and what stands below it go first."""
    if on < at.astimezone(clock.CITY).date():
        raise StillNeeded(_("A unit is not closed for days that have passed."), _("Give today or a later day."))
    if Unit.objects.filter(parent=unit_id, valid_until=None).exists():
        raise StillNeeded(_("Units below this one are still open."), _("Close them first."))
    if any(custody.load([f"unit:{unit_id}", f"site:{unit_id}"]).values()):
        raise StillNeeded(_("This unit still answers for people."), _("Hand them over to another unit first."))
    owed = Duty.objects.filter(owner_unit=unit_id, state=DutyState.OPEN).count()
    if owed:
        raise StillNeeded(
            _("This unit still owes %(count)d duties.") % {"count": owed},
            _("Do them, or hand over what they are about."),
        )
    after = datetime.combine(on, time.min, clock.CITY)
    for shift in DutyShift.objects.filter(unit_id=unit_id, during__endswith__gt=after):
        cancel_shift(shift.id, reason=reason, at=at, by=by, key=derive(key, "shift", str(shift.id)))
    access.actions.close_unit(unit_id, on=on, reason=reason, at=at, by=by, key=derive(key, "unit"))


@action
def plan_shift(
    unit_id: UUID,
    *,
    role: str,
    user_id: UUID,
    starts_at: datetime,
    ends_at: datetime,
    at: datetime,
    by: Actor,
    key: UUID,
) -> UUID:
    """Put somebody who holds the role at the unit on duty. A vacancy cannot be on duty, and nobody is on duty twice."""
    if ends_at <= starts_at:
        raise ShiftRefused(_("The shift would end before it begins."), _("Give an end that lies after the beginning."))
    holders = access.queries.require_holder(role, unit_id, starts_at.astimezone(clock.CITY).date())
    if user_id not in {holder.user for holder in holders}:
        raise ShiftRefused(
            _("This person does not hold the post on that day."),
            _("Appoint them first, or choose somebody who holds the post."),
        )
    access.queries.locked_user(user_id)
    if DutyShift.objects.filter(user_id=user_id, during__overlap=(starts_at, ends_at)).exists():
        raise OnDutyTwice
    shift: DutyShift = DutyShift.objects.create(
        unit_id=unit_id, role_id=role, user_id=user_id, during=(starts_at, ends_at)
    )
    record(
        key=key,
        kind=events.SHIFT_PLANNED,
        subject=f"unit:{unit_id}",
        at=at,
        by=by,
        unit=unit_id,
        payload={
            "shift": str(shift.id),
            "role": role,
            "user": str(user_id),
            "starts_at": starts_at.isoformat(),
            "ends_at": ends_at.isoformat(),
        },
    )
    return shift.id


@action
def cancel_shift(shift_id: UUID, *, reason: str, at: datetime, by: Actor, key: UUID) -> None:
    """Take a shift off the roster. The ledger keeps that it was there."""
    shift = DutyShift.objects.select_for_update().filter(id=shift_id).first()
    if shift is None:
        raise NotFound(_("There is no such shift."))
    shift.delete()
    record(
        key=key,
        kind=events.SHIFT_CANCELLED,
        subject=f"unit:{shift.unit_id}",
        at=at,
        by=by,
        unit=shift.unit_id,
        payload={"shift": str(shift_id), "user": str(shift.user_id), "reason": reason},
    )


@action
def open_returns(day: date, *, at: datetime, by: Actor, key: UUID) -> None:
    """Open the day's return of every unit that owes one; a return of that day that stands already is left alone."""
    owed_by = {kind.code: kind.returns for kind in kinds().values() if kind.returns}
    cut_off_at = rules.cut_off_at(day, returns_cut_off(), clock.CITY)
    owing = Unit.objects.filter(kind__in=owed_by).exclude(dailyreturn__day=day).order_by("path")
    rows = [(unit, DailyReturn(id=uuid7(), unit_id=unit.id, day=day, cut_off_at=cut_off_at)) for unit in owing]
    DailyReturn.objects.bulk_create([row for _unit, row in rows])
    record_many(
        NewFact(
            key=derive(key, str(unit.id)),
            kind=events.RETURN_DUE,
            subject=row.subject,
            at=at,
            by=by,
            unit=unit.id,
            payload={
                "day": day.isoformat(),
                "cut_off_at": cut_off_at.isoformat(),
                "owed_by": owed_by[unit.kind],
            },
        )
        for unit, row in rows
    )


@action
def submit_return(return_id: UUID, *, remark: str, at: datetime, by: Actor, key: UUID) -> None:
    """Send the unit's return. Its figures are drawn from the loops as they stand; only the remark is by hand."""
    row = DailyReturn.objects.select_for_update(of=("self",)).select_related("unit").filter(id=return_id).first()
    if row is None:
        raise NotFound(_("There is no such return."))
    if row.submitted_at is not None:
        raise ReturnRefused(_("This return was sent already."), _("Say what changed in the next one."))
    row.figures = queries.figures_for(row.unit.path, at)
    row.remark = remark
    row.submitted_at = at
    row.submitted_by_id = UUID(by.id.removeprefix("user:"))
    row.save(update_fields=["figures", "remark", "submitted_at", "submitted_by"])
    record(
        key=key,
        kind=events.RETURN_SUBMITTED,
        subject=row.subject,
        at=at,
        by=by,
        unit=row.unit_id,
        payload={"day": row.day.isoformat(), "figures": row.figures, "remark": remark},
    )
