"""What people do to the loop itself: say why a duty was breached, and choose the profile newcomers are met with."""

from datetime import datetime
from uuid import UUID

from django.utils.translation import gettext_lazy as _

from bihuan.kernel.ledger import Actor, record
from bihuan.kernel.loop import events, profile
from bihuan.kernel.loop.action import action
from bihuan.kernel.loop.choosing import choose
from bihuan.kernel.loop.models import Duty
from bihuan.kernel.refusals import NotFound, Refused


class NotBreached(Refused):
    def __init__(self) -> None:
        super().__init__(_("This duty was not breached, so there is nothing to explain."), _("Reload the page."))


class NoReason(Refused):
    def __init__(self) -> None:
        super().__init__(_("A breach needs a reason."), _("Write what kept you, in a sentence."))


class NoSuchProfile(Refused):
    def __init__(self, code: str) -> None:
        super().__init__(
            _("There is no profile called %(code)s.") % {"code": code},
            _("Choose one of: %(codes)s.") % {"codes": ", ".join(profile.current())},
        )


@action
def explain_breach(duty_id: UUID, *, reason: str, at: datetime, by: Actor, key: UUID) -> None:
    """Say why a duty was not done in time. A later explanation replaces an earlier one; both stay on record."""
    duty = Duty.objects.select_related("run").filter(pk=duty_id).first()
    if duty is None:
        raise NotFound(_("There is no such duty."), _("Go back to the list."))
    if duty.escalated_at is None:
        raise NotBreached
    if not reason.strip():
        raise NoReason
    record(
        key=key,
        kind=events.EXPLAINED,
        subject=duty.subject,
        about=duty.run.about,
        at=at,
        by=by,
        payload={
            "pathway": duty.pathway,
            "step": duty.step,
            "occurrence": duty.occurrence,
            "reason": reason.strip(),
        },
    )


@action
def choose_profile(code: str, *, at: datetime, by: Actor, key: UUID) -> None:
    """From now on newcomers are met with this profile. Loops that run keep theirs."""
    if code not in profile.current():
        raise NoSuchProfile(code)
    choose(code, at)
    record(key=key, kind=events.CHOSEN, subject=f"profile:{code}", at=at, by=by, payload={})
