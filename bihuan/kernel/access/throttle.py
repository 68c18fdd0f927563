"""Wrong passwords and codes cost time: after a few, the account is closed to that network, longer each time."""

import hashlib
import hmac
from datetime import timedelta
from ipaddress import ip_address, ip_network

from django.conf import settings
from django.db import transaction
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from bihuan.kernel import clock
from bihuan.kernel.access import events
from bihuan.kernel.access.models import SignInThrottle, User
from bihuan.kernel.db import uuid7
from bihuan.kernel.ledger import record
from bihuan.kernel.refusals import Refused

FREE_FAILURES = 5
LOCK_FIRST = timedelta(minutes=1)
LOCK_MAX = timedelta(minutes=30)
IPV6_SITE_BITS = 64


class LockedOut(Refused):
    """Too many wrong tries for this account from this network."""

    def __init__(self, minutes: int) -> None:
        super().__init__(
            _("Too many wrong tries from here."),
            _("Try again in %(minutes)s minutes, or ask your security administrator.") % {"minutes": minutes},
        )


def network_of(request: HttpRequest) -> str:
    """The asker's network: the address itself, for IPv6 the /64 it lies in."""
    try:
        address = ip_address(request.META.get("REMOTE_ADDR", ""))
    except ValueError:
        return "unknown"
    return str(address) if address.version == 4 else str(ip_network((address, IPV6_SITE_BITS), strict=False))


def account_digest(username: str) -> str:
    """What is kept of a name that was typed: people type passwords into the wrong field."""
    return hmac.new(settings.SECRET_KEY.encode(), username.strip().casefold().encode(), hashlib.sha256).hexdigest()[:32]


def check(username: str, request: HttpRequest) -> None:
    """Refuse while the account is closed to this network."""
    row = SignInThrottle.objects.filter(account=account_digest(username), network=network_of(request)).first()
    if row and row.locked_until and row.locked_until > clock.now():
        raise LockedOut(minutes=max(1, -(-int((row.locked_until - clock.now()).total_seconds()) // 60)))


def failed(username: str, request: HttpRequest, because: str) -> None:
    """Count a wrong try and leave a fact about it."""
    user_id = User.objects.filter(username=username).values_list("id", flat=True).first()
    account, network = account_digest(username), network_of(request)
    with transaction.atomic():
        row, _made = SignInThrottle.objects.select_for_update().get_or_create(account=account, network=network)
        row.failures += 1
        if row.failures >= FREE_FAILURES:
            row.locked_until = clock.now() + min(LOCK_FIRST * 2 ** (row.failures - FREE_FAILURES), LOCK_MAX)
        row.save(update_fields=["failures", "locked_until"])
        record(
            key=uuid7(),
            kind=events.SIGN_IN_FAILED,
            subject=f"user:{user_id}" if user_id else f"account:{account}",
            at=clock.now(),
            by=f"user:{user_id}" if user_id else "public:sign-in",
            payload={"network": network, "because": because},
        )


def forgiven(username: str, request: HttpRequest) -> None:
    """A right try clears the count."""
    SignInThrottle.objects.filter(account=account_digest(username), network=network_of(request)).delete()


def forget(username: str) -> None:
    """Clear the counts of an account from every network."""
    SignInThrottle.objects.filter(account=account_digest(username)).delete()
