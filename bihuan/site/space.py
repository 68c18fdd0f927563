"""Room on the disk: what people enter is refused before the disk is full, so that nothing that was taken in is lost.

Reading goes on, and so does what the system itself must do: an order ends although the disk is nearly full.
"""

import os
import time
from pathlib import Path

from django.conf import settings
from django.utils.translation import gettext_lazy as _

from bihuan.kernel.ledger import Actor
from bihuan.kernel.refusals import Refused
from bihuan.site import postgres

KEPT_SECONDS = 5.0

_seen: tuple[float, int] | None = None


class DiskNearlyFull(Refused):
    """The disk with the database, or with what this installation keeps, is nearly full."""


def refuse_when_full(by: Actor) -> None:
    """Called before every action. The system's own steps pass: they give people back their freedom."""
    if by.id.startswith("system:"):
        return
    percent = percent_used()
    if percent >= settings.DISK_PERCENT_MAX:
        raise DiskNearlyFull(
            _("The disk of the server is %(percent)s %% full. Nothing new is taken in, so that nothing is lost.")
            % {"percent": percent},
            _("Reading goes on. Ask the system administrator to make room, then enter it again."),
        )


def percent_used() -> int:
    """Of the fullest disk that we write to, looked at again after a few seconds."""
    global _seen
    if _seen is None or time.monotonic() - _seen[0] > KEPT_SECONDS:
        _seen = (time.monotonic(), max((_percent(place) for place in _places()), default=0))
    return _seen[1]


def _places() -> list[Path]:
    """Our own folder, and the database's where it lies on this machine."""
    home = postgres.default_home()
    places = [home]
    if not os.environ.get("BIHUAN_DATABASE_URL"):
        places.append(postgres.cluster(home).directory)
    elif disk := os.environ.get("BIHUAN_DATABASE_DISK"):
        places.append(Path(disk))
    return [place for place in places if place.exists()]


def _percent(place: Path) -> int:
    """As `df` says it: of what others than root may use. Rounded up, so that it never says too little."""
    found = os.statvfs(place)
    used = found.f_blocks - found.f_bfree
    usable = used + found.f_bavail
    return -(-100 * used // usable) if usable else 0
