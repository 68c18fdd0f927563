"""Sessions: how one begins, what proves it, and when it is over. Its times are the city's."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.contrib.auth import login, logout
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.utils import translation
from django_otp import DEVICE_ID_SESSION_KEY
from django_otp.plugins.otp_totp.models import TOTPDevice

from bihuan.kernel import clock
from bihuan.kernel.access import events
from bihuan.kernel.access.models import User
from bihuan.kernel.access.throttle import network_of
from bihuan.kernel.db import uuid7
from bihuan.kernel.ledger import record

IDLE_MAX = timedelta(minutes=30)
LENGTH_MAX = timedelta(hours=12)
SEEN_AGAIN_AFTER = timedelta(minutes=1)  # how often an active session is written

BEGAN, SEEN, DEMO_ENTRY = "access_began", "access_seen", "access_demo_entry"
BACKEND = "django.contrib.auth.backends.ModelBackend"


@dataclass(frozen=True, slots=True)
class Times:
    began: datetime
    seen: datetime


def begin(request: HttpRequest, user: User, device: TOTPDevice | None) -> None:
    """Open a session for a user whose second factor was `device`, or who entered a demo city by one click (None)."""
    assert device is not None or settings.DEMO, "outside a demo city nobody enters without a code"
    now = clock.now()
    login(request, user, backend=BACKEND)
    if device is None:
        request.session[DEMO_ENTRY] = True
    else:
        request.session[DEVICE_ID_SESSION_KEY] = device.persistent_id
    request.session[BEGAN] = request.session[SEEN] = now.isoformat()
    with transaction.atomic():
        record(
            key=uuid7(),
            kind=events.SIGNED_IN,
            subject=user.subject,
            at=now,
            by=user.subject,
            payload={"by": "totp" if device else "demo", "network": network_of(request)},
        )


def end(request: HttpRequest, because: str) -> None:
    """Close the session and leave a fact. `because` is asked, idle, too_long or ended."""
    user = request.user
    if isinstance(user, User) or getattr(user, "is_authenticated", False):
        with transaction.atomic():
            record(
                key=uuid7(),
                kind=events.SIGNED_OUT,
                subject=f"user:{user.pk}",
                at=clock.now(),
                by=f"user:{user.pk}",
                payload={"because": because},
            )
    logout(request)


def is_proved(request: HttpRequest) -> bool:
    """Whether a second factor that still stands opened the session (or the one-click entry of a demo city)."""
    if request.session.get(DEMO_ENTRY):
        return bool(settings.DEMO)
    return bool(request.user.is_verified())  # type: ignore[union-attr]


def over_because(request: HttpRequest) -> str:
    """Why the session is over; empty while it stands. A session whose beginning is not known is over."""
    times = times_of(request)
    if times is None:
        return "ended"
    now = clock.now()
    ended_before = getattr(request.user, "sessions_end_before", None)
    if ended_before is not None and times.began <= ended_before:
        return "ended"
    if now - times.began > LENGTH_MAX:
        return "too_long"
    return "idle" if now - times.seen > IDLE_MAX else ""


def times_of(request: HttpRequest) -> Times | None:
    began, seen = request.session.get(BEGAN), request.session.get(SEEN)
    return Times(datetime.fromisoformat(began), datetime.fromisoformat(seen)) if began and seen else None


def touch(request: HttpRequest) -> None:
    """Remember that the session is in use, at most once a minute."""
    times = times_of(request)
    if times is None or abs(clock.now() - times.seen) >= SEEN_AGAIN_AFTER:
        request.session[SEEN] = clock.now().isoformat()


def speak(response: HttpResponse, language: str) -> None:
    """Let the following pages be in `language`."""
    translation.activate(language)
    response.set_cookie(
        settings.LANGUAGE_COOKIE_NAME,
        language,
        max_age=365 * 24 * 3600,
        samesite="Lax",
        secure=settings.SESSION_COOKIE_SECURE,
    )
