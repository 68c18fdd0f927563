"""Time-based codes (RFC 6238) from a device of the user's own. A code opens one door once."""

from base64 import b32encode
from binascii import unhexlify
from dataclasses import dataclass
from uuid import UUID

from django.db import transaction
from django_otp.plugins.otp_totp.models import TOTPDevice

from bihuan.kernel import clock
from bihuan.kernel.access import events
from bihuan.kernel.access.models import User
from bihuan.kernel.db import uuid7
from bihuan.kernel.ledger import record

ISSUER = "Bihuan"


@dataclass(frozen=True, slots=True)
class Enrolment:
    """What the enrolment page shows: the address to scan and the secret to type."""

    uri: str
    secret: str


def is_enrolled(user_id: UUID) -> bool:
    return bool(TOTPDevice.objects.filter(user_id=user_id, confirmed=True).exists())


def enrolment(user: User) -> Enrolment:
    """The device that waits for its first code; made when there is none yet."""
    device, _made = TOTPDevice.objects.get_or_create(user_id=user.id, confirmed=False, defaults={"name": "phone"})
    secret = b32encode(unhexlify(device.key)).decode().rstrip("=")
    uri = f"otpauth://totp/{ISSUER}:{user.username}?secret={secret}&issuer={ISSUER}&digits=6&period=30"
    return Enrolment(uri, " ".join(secret[start : start + 4] for start in range(0, len(secret), 4)))


def matched(user_id: UUID, code: str, *, confirmed: bool = True) -> TOTPDevice | None:
    """The user's device if `code` is right now. The row lock makes one of two requests with the same code fail."""
    with transaction.atomic():
        device = TOTPDevice.objects.select_for_update().filter(user_id=user_id, confirmed=confirmed).first()
        return device if device is not None and device.verify_token(code.replace(" ", "")) else None


def confirm(user: User, code: str) -> TOTPDevice | None:
    """Finish the enrolment with a first right code."""
    device = matched(user.id, code, confirmed=False)
    if device is None:
        return None
    with transaction.atomic():
        device.confirmed = True
        device.save(update_fields=["confirmed"])
        record(key=uuid7(), kind=events.ENROLLED, subject=user.subject, at=clock.now(), by=user.subject)
    return device
