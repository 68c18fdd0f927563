"""The signature under an act that binds: whoever is signed in proves once more that it is they."""

from collections.abc import Sequence

from django.conf import settings
from django.contrib.auth.hashers import check_password
from django.db import transaction
from django.utils.translation import gettext_lazy as _

from bihuan.kernel import clock
from bihuan.kernel.access import codes, events, throttle
from bihuan.kernel.access.guards import Request
from bihuan.kernel.db import uuid7
from bihuan.kernel.ledger import record
from bihuan.kernel.refusals import Refused


class SignatureRefused(Refused):
    """The signature was missing or wrong, so nothing was done."""

    def __init__(self) -> None:
        super().__init__(
            _("The signature is not right, so nothing was signed."),
            _("Enter a fresh code from your device, or your password."),
        )


def confirm_signature(request: Request, *, act: str, refers: Sequence[str] = ()) -> None:
    """Check the field `signature` of a posted form (a code or the password) and record who signed which act on what."""
    user = request.scope.user
    throttle.check(user.username, request)
    if not is_right(request, request.POST.get("signature", "").strip()):
        throttle.failed(user.username, request, "signature")
        raise SignatureRefused
    with transaction.atomic():
        record(
            key=uuid7(),
            kind=events.SIGNED,
            subject=user.subject,
            at=clock.now(),
            by=request.scope.actor,
            unit=request.scope.actor.unit,
            payload={"act": act, "refers": list(refers)},
        )


def is_right(request: Request, given: str) -> bool:
    user = request.scope.user
    if settings.DEMO and given == settings.DEMO_SIGNATURE:
        return True
    if given.replace(" ", "").isdigit():
        return codes.matched(user.id, given) is not None
    return bool(given) and check_password(given, user.password)
