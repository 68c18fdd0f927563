"""When it happened: what was done in the field may be entered afterwards, within what can have been."""

from datetime import datetime, timedelta

from django.utils.translation import gettext_lazy as _

from bihuan.kernel import clock
from bihuan.kernel.refusals import Refused

LATE_MAX = timedelta(days=7)


class StillToCome(Refused):
    def __init__(self) -> None:
        super().__init__(_("This moment is still to come."), _("Enter what has been done."))


class NotYetPossible(Refused):
    def __init__(self, since: datetime) -> None:
        named = f"{since.astimezone(clock.CITY):%Y-%m-%d %H:%M}"
        super().__init__(_("This was not to be done before %(since)s.") % {"since": named}, _("Check day and hour."))


class TooLongAgo(Refused):
    def __init__(self) -> None:
        super().__init__(
            _("Nothing is entered as done more than %(days)s days ago.") % {"days": LATE_MAX.days},
            _("Check day and hour. If it is right, enter it as of now and tell your unit's head."),
        )


def happened(at: datetime, *grounds: datetime | None) -> datetime:
    """The moment of something done in the field: not ahead, not before the `grounds` it rests on, not long ago.

    A page names minutes: the one in which a ground lies is not before it, and means the ground's own moment.
    """
    now = clock.now()
    if at > now:
        raise StillToCome
    since = max((ground for ground in grounds if ground is not None), default=at)
    if at < since.replace(second=0, microsecond=0):
        raise NotYetPossible(since)
    if at < now - LATE_MAX:
        raise TooLongAgo
    return max(at, since)
