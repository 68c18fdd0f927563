"""How a post may be filled: where a role has its place, which offices no one person joins, what takes two people."""

from datetime import date
from uuid import UUID

from django.utils.translation import gettext_lazy as _

from bihuan.kernel import clock
from bihuan.kernel.access.models import Appointment, Office, Role, Unit, User
from bihuan.kernel.ledger import Actor
from bihuan.kernel.refusals import NotFound, Refused


class PostRefused(Refused):
    """The post cannot be filled or handed over as asked."""


class TwoNeeded(PostRefused):
    """One person alone may not fill this post."""

    def __init__(self) -> None:
        super().__init__(
            _("This post is filled by two people of two units."),
            _("Name the person on the page of the unit; somebody of another unit confirms it."),
        )


class OfficesApart(PostRefused):
    """One account would hold two of the three offices at a time."""

    def __init__(self) -> None:
        super().__init__(
            _("Nobody is system administrator, security administrator or auditor and another of the three at once."),
            _("Choose somebody else, or end the other appointment first."),
        )


def check(user_id: UUID, role_code: str, unit_id: UUID, since: date, until: date | None, by: Actor) -> Role:
    """The role, if this user may hold it at this unit in this time; otherwise a refusal that says why not."""
    if until is not None and until <= since:
        raise PostRefused(_("The post would end before it begins."), _("Give a last day that lies after the first."))
    if not User.objects.filter(id=user_id, is_active=True).exists():
        raise PostRefused(_("This account is closed or does not exist."), _("Appoint somebody with an open account."))
    role: Role | None = Role.objects.filter(code=role_code).first()
    unit: Unit | None = Unit.objects.filter(id=unit_id, valid_until=None).first()
    if role is None or unit is None:
        raise NotFound(_("There is no such post."))
    if by.id == f"user:{user_id}":
        raise PostRefused(_("Nobody appoints themselves."), _("Ask somebody else who may appoint."))
    if role.kinds and unit.kind not in role.kinds:
        raise PostRefused(
            _("This role has no place in a unit of this kind."), _("Choose another role, or the unit where it belongs.")
        )
    held = Appointment.objects.filter(user_id=user_id, valid__overlap=(since, until))
    if held.filter(role_id=role_code, unit_id=unit_id).exists():
        raise PostRefused(
            _("This person holds the post already in that time."),
            _("Choose other days, or end the present appointment first."),
        )
    if role.office and held.exclude(office__in=["", role.office]).exists():
        raise OfficesApart
    return role


def may_fill_alone(by: Actor) -> bool:
    """Whether the machine itself may fill what takes two: only while the city has no security administrator, so that a
    city can begin, and can begin again when the last one is gone.
    """
    today = clock.now().astimezone(clock.CITY).date()
    standing = Appointment.objects.filter(office=Office.SECURITY, user__is_active=True, valid__contains=today)
    return by.id.startswith("system:") and not standing.exists()
