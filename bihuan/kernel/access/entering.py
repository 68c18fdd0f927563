"""The two steps of signing in: the password, then a code. Between them nobody is signed in yet."""

from datetime import datetime, timedelta
from uuid import UUID

from django.conf import settings
from django.contrib.auth import authenticate
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from bihuan.kernel import clock
from bihuan.kernel.access import codes, sessions, throttle
from bihuan.kernel.access.models import User
from bihuan.kernel.refusals import NotFound, Refused

PENDING, PENDING_SINCE = "access_pending", "access_pending_since"
PENDING_MAX = timedelta(minutes=5)


class SignInRefused(Refused):
    """Name, password or code did not fit; which of them is not said."""

    def __init__(self) -> None:
        super().__init__(_("That did not fit."), _("Check what you entered and try again."))


def first_step(request: HttpRequest, *, username: str, password: str) -> None:
    """Check the password and remember, in a fresh session, who is on the way in."""
    throttle.check(username, request)
    user = authenticate(request, username=username, password=password)
    if not isinstance(user, User):
        throttle.failed(username, request, "password")
        raise SignInRefused
    request.session.flush()
    request.session[PENDING] = str(user.pk)
    request.session[PENDING_SINCE] = clock.now().isoformat()


def pending(request: HttpRequest) -> User | None:
    """Who gave the right password in this session within the last five minutes."""
    user_id, since = request.session.get(PENDING), request.session.get(PENDING_SINCE)
    if not user_id or not since or abs(clock.now() - datetime.fromisoformat(since)) > PENDING_MAX:
        return None
    return User.objects.filter(id=user_id, is_active=True).first()


def second_step(request: HttpRequest, *, code: str) -> User:
    """Check the code of whoever is on the way in (or the first code of a new device) and open the session."""
    user = pending(request)
    if user is None:
        raise SignInRefused
    throttle.check(user.username, request)
    device = codes.matched(user.id, code) if codes.is_enrolled(user.id) else codes.confirm(user, code)
    if device is None:
        throttle.failed(user.username, request, "code")
        raise SignInRefused
    throttle.forgiven(user.username, request)
    sessions.begin(request, user, device)
    return user


def demo_entry(request: HttpRequest, *, user_id: UUID) -> User:
    """One-click entry of a demo city; anywhere else it does not exist."""
    user = User.objects.filter(id=user_id, is_active=True).first() if settings.DEMO else None
    if user is None:
        raise NotFound(_("There is no such account."))
    sessions.begin(request, user, None)
    return user
