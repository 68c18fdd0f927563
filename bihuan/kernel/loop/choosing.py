"""Which profile the city has chosen for newcomers. A file of its own: profiles are read before there are tables."""

from datetime import datetime

from bihuan.kernel.loop.models import Choice


def chosen_profile(now: datetime) -> str | None:
    """The profile the city has chosen for newcomers, if it has chosen one."""
    chosen = Choice.objects.filter(since__lte=now).order_by("-since", "-id").first()
    return chosen.profile if chosen is not None else None
