"""Writes to the watch list. A level is entered by one person and decided by another from another unit, one whose
territory contains the area: an area elsewhere concerns the whole city, and the whole city's unit decides."""

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from uuid import UUID

from django.db.backends.postgresql.psycopg_any import DateRange
from django.utils.translation import gettext_lazy as _

from bihuan.kernel import clock
from bihuan.kernel.ledger import Actor, Json, derive, record
from bihuan.kernel.loop import action
from bihuan.kernel.refusals import NotFound, Refused

from . import events, queries
from .models import Area, AreaRisk, RiskState


class SecondPersonNeeded(Refused):
    """The same person, or somebody of the same unit, cannot approve."""

    def __init__(self) -> None:
        super().__init__(
            _("A level is put in force by another person from another unit than the one that entered it."),
            _("Ask somebody with the power to approve in another unit."),
        )


class NotYourArea(Refused):
    """The decider's unit does not contain the area: a village does not bind a city."""

    def __init__(self) -> None:
        super().__init__(
            _("The area does not lie in your unit's territory, so you cannot decide its level."),
            _("Leave it to the approver of the unit the area lies in, or of the city. Areas elsewhere are the city's."),
        )


class NobodyLeftToDecide(Refused):
    """Only the entering unit could decide, and it may not decide what it entered."""

    def __init__(self) -> None:
        super().__init__(
            _("Only your own unit decides this area's level, and whoever enters a level cannot decide it."),
            _("Let a district or a team enter it; your unit then approves."),
        )


class AlreadyDecided(Refused):
    """The line no longer waits for a decision."""

    def __init__(self) -> None:
        super().__init__(_("This line has already been decided."), _("Open the watch list to see how it stands."))


class LaterLineStands(Refused):
    """A line that begins later is already in force for this area."""

    def __init__(self) -> None:
        super().__init__(
            _("For this area a line that begins on the same day or later is already in force."),
            _("Enter a level that begins after it."),
        )


@action
def propose_risk(
    area_code: str,
    *,
    level: str,
    since: date,
    order_text: str,
    at: datetime,
    by: Actor,
    key: UUID,
    until: date | None = None,
) -> UUID:
    """Enter a level for an area from a day on (`until`: the last day, if it is known). Nothing follows before it is
    approved.
    """
    area = Area.objects.filter(code=area_code).first()
    if area is None:
        raise NotFound(_("There is no area with this code."), _("Look it up in the register of areas."))
    if until is not None and until < since:
        raise Refused(_("The last day lies before the first."), _("Correct the two dates."))
    if by.unit is None:
        raise SecondPersonNeeded
    if not queries.deciding_units(area.code) - {by.unit}:
        raise NobodyLeftToDecide
    line: AreaRisk = AreaRisk.objects.create(
        area=area,
        level=level,
        during=DateRange(since, until + timedelta(days=1) if until else None),
        order_text=order_text,
        entered_by=by.id,
        entered_unit_id=by.unit,
        entered_at=at,
    )
    _tell(line, events.PROPOSED, {"since": since, "until": until, "order": order_text}, at=at, by=by, key=key)
    return line.id


@action
def put_in_force(risk_id: UUID, *, at: datetime, by: Actor, key: UUID) -> UUID:
    """Approve a level. The line in force before ends the day before this one begins (or at once, if it begins in the
    past).
    """
    line = _proposed(risk_id)
    if by.unit is None or by.id == line.entered_by or by.unit == line.entered_unit_id:
        raise SecondPersonNeeded
    if by.unit not in queries.deciding_units(line.area.code):
        raise NotYourArea
    before = _end_earlier(line, at=at, by=by, key=key)
    line.state = RiskState.IN_FORCE
    line.approved_by, line.approved_unit_id, line.approved_at = by.id, by.unit, at
    line.save(update_fields=["state", "approved_by", "approved_unit", "approved_at"])
    told: dict[str, Json] = {
        "since": line.during.lower,
        "until": line.during.upper,
        "order": line.order_text,
        "before": before,
    }
    _tell(line, events.IN_FORCE, told, at=at, by=by, key=key)
    return line.id


@action
def reject_risk(risk_id: UUID, *, reason: str, at: datetime, by: Actor, key: UUID) -> None:
    """Refuse a level that was entered."""
    line = _proposed(risk_id)
    if by.unit not in queries.deciding_units(line.area.code):
        raise NotYourArea
    line.state = RiskState.REJECTED
    line.save(update_fields=["state"])
    _tell(line, events.REJECTED, {"reason": reason}, at=at, by=by, key=key)


def _proposed(risk_id: UUID) -> AreaRisk:
    """A line that waits for its decision, locked."""
    line: AreaRisk | None = (
        AreaRisk.objects.select_for_update(of=("self",)).select_related("area").filter(id=risk_id).first()
    )
    if line is None:
        raise NotFound(_("There is no such line on the watch list."))
    if line.state != RiskState.PROPOSED:
        raise AlreadyDecided
    return line


def _tell(line: AreaRisk, kind: str, payload: Mapping[str, Json], *, at: datetime, by: Actor, key: UUID) -> None:
    """Record what became of a line of the watch list."""
    told: dict[str, Json] = {"area": line.area.code, "level": line.level, **payload}
    record(key=key, kind=kind, subject=line.subject, at=at, by=by, unit=by.unit, payload=told)


def _end_earlier(line: AreaRisk, *, at: datetime, by: Actor, key: UUID) -> str:
    today = at.astimezone(clock.CITY).date()
    before = "none"
    earlier = AreaRisk.objects.select_for_update().filter(
        area_id=line.area_id, state=RiskState.IN_FORCE, during__overlap=line.during
    )
    for old in earlier:
        if old.during.lower >= line.during.lower:
            raise LaterLineStands
        if today in old.during:
            before = old.level
        old.during = DateRange(old.during.lower, line.during.lower)
        old.save(update_fields=["during"])
        record(
            key=derive(key, "ended", str(old.id)),
            kind=events.ENDED,
            subject=old.subject,
            at=at,
            by=by,
            unit=by.unit,
            payload={"area": line.area.code, "level": old.level, "until": line.during.lower, "by": line.subject},
        )
    return before
