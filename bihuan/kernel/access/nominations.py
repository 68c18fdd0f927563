"""Posts that take two people of two units: one names somebody, another confirms. Unconfirmed, it lapses by itself."""

from datetime import date, datetime, timedelta
from uuid import UUID

from django.utils.translation import gettext_lazy as _

from bihuan.kernel.access import events, posts
from bihuan.kernel.access.actions import NewAppointment, appoint_many
from bihuan.kernel.access.models import Appointment, Nomination, Unit
from bihuan.kernel.access.posts import PostRefused
from bihuan.kernel.access.vocabulary import nomination_days
from bihuan.kernel.ledger import Actor, derive, record
from bihuan.kernel.loop.action import action
from bihuan.kernel.refusals import NotFound


class OtherUnitNeeded(PostRefused):
    """The confirming person is the naming one, the named one, of the same unit, or of one without a say."""

    def __init__(self) -> None:
        super().__init__(
            _("A post that takes two people is confirmed by another person, of another unit, that stands above it."),
            _("Ask somebody of such a unit. A post of the city itself is confirmed by any other unit."),
        )


@action
def nominate(
    user_id: UUID,
    *,
    role: str,
    unit_id: UUID,
    since: date,
    until: date | None = None,
    at: datetime,
    by: Actor,
    key: UUID,
) -> UUID:
    """Name somebody for a post. It gives nothing before it is confirmed."""
    posts.check(user_id, role, unit_id, since, until, by)
    if by.unit is None:
        raise OtherUnitNeeded
    made: Nomination = Nomination.objects.create(
        user_id=user_id,
        role_id=role,
        unit_id=unit_id,
        since=since,
        until=until,
        named_by=by.id,
        named_unit_id=by.unit,
        named_at=at,
        lapses_at=at + timedelta(days=nomination_days()),
    )
    record(
        key=key,
        kind=events.POST_NAMED,
        subject=f"unit:{unit_id}",
        at=at,
        by=by,
        unit=unit_id,
        payload={
            "nomination": str(made.id),
            "role": role,
            "user": str(user_id),
            "since": since.isoformat(),
            "until": until.isoformat() if until else None,
        },
    )
    return made.id


@action
def confirm_nomination(nomination_id: UUID, *, at: datetime, by: Actor, key: UUID) -> UUID:
    """Confirm as the second person, of another unit; the post is filled. Everything is looked at once more."""
    named = open_nomination(nomination_id, at)
    refuse_the_wrong_second(named, by)
    posts.check(named.user_id, named.role_id, named.unit_id, named.since, named.until, by)
    new = NewAppointment(named.user_id, named.role_id, named.unit_id, named.since, named.until)
    decide(named, Nomination.State.CONFIRMED, at=at, by=by)
    appoint_many([new], at=at, by=by, key=derive(key, "appointments"), second=named.named_by)
    made: Appointment = Appointment.objects.get(
        user_id=new.user, role_id=new.role, unit_id=new.unit, valid__contains=new.since
    )
    return made.id


@action
def refuse_nomination(nomination_id: UUID, *, reason: str, at: datetime, by: Actor, key: UUID) -> None:
    """Refuse as the second person, or take back what one named oneself."""
    named = open_nomination(nomination_id, at)
    if by.id != named.named_by:
        refuse_the_wrong_second(named, by)
    decide(named, Nomination.State.REFUSED, at=at, by=by)
    record(
        key=key,
        kind=events.POST_REFUSED,
        subject=f"unit:{named.unit_id}",
        at=at,
        by=by,
        unit=named.unit_id,
        payload={"nomination": str(named.id), "role": named.role_id, "user": str(named.user_id), "reason": reason},
    )


def open_nomination(nomination_id: UUID, at: datetime) -> Nomination:
    named: Nomination | None = Nomination.objects.select_for_update().filter(id=nomination_id).first()
    if named is None:
        raise NotFound(_("There is no such nomination."))
    if named.state != Nomination.State.OPEN or named.lapses_at <= at:
        raise PostRefused(
            _("This nomination was decided, or nobody confirmed it in time."), _("Name the person again if need be.")
        )
    return named


def refuse_the_wrong_second(named: Nomination, by: Actor) -> None:
    """The second person stands above the post, so that no district makes its own approver; for a post of the city
    itself, above which nobody stands, any other unit does.
    """
    if by.unit is None or by.unit == named.named_unit_id or by.id in (named.named_by, f"user:{named.user_id}"):
        raise OtherUnitNeeded
    post, own = Unit.objects.get(id=named.unit_id), Unit.objects.get(id=by.unit)
    if post.parent_id is not None and not post.path.startswith(own.path):
        raise OtherUnitNeeded


def decide(named: Nomination, state: str, *, at: datetime, by: Actor) -> None:
    named.state, named.decided_by, named.decided_unit_id, named.decided_at = state, by.id, by.unit, at
    named.save(update_fields=["state", "decided_by", "decided_unit", "decided_at"])
