"""Which profile the city has chosen for newcomers. A file of its own: profiles are read before there are tables."""

from datetime import datetime

from bihuan.kernel import clock
from bihuan.kernel.loop.models import Choice


def chosen_profile(now: datetime) -> str | None:
    """The profile the city has chosen for newcomers, if it has chosen one. Asked for once while the clock stands."""
    kept = clock.kept()
    if (chosen_profile, now) not in kept:
        chosen = Choice.objects.filter(since__lte=now).order_by("-since", "-id").first()
        kept[chosen_profile, now] = chosen.profile if chosen is not None else None
    found: str | None = kept[chosen_profile, now]
    return found


def choose(code: str, since: datetime) -> None:
    """From `since` on newcomers are met with this profile."""
    Choice.objects.create(profile=code, since=since)
    clock.kept().clear()
