"""Sign a test client in as somebody of the small city, with a second factor, as the pages do it."""

from django.conf import settings
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.test import Client
from django_otp import DEVICE_ID_SESSION_KEY
from django_otp.plugins.otp_totp.models import TOTPDevice

from bihuan.kernel import clock
from bihuan.kernel.access import sessions
from bihuan.kernel.access.models import User


def sign_in(client: Client, user: User) -> Client:
    """`client` with an open, proved session of `user` that began now."""
    device, _made = TOTPDevice.objects.get_or_create(user_id=user.id, confirmed=True, defaults={"name": "phone"})
    now = clock.now().isoformat()
    session = client.session
    session.update(
        {
            SESSION_KEY: str(user.pk),
            BACKEND_SESSION_KEY: sessions.BACKEND,
            HASH_SESSION_KEY: user.get_session_auth_hash(),
            DEVICE_ID_SESSION_KEY: device.persistent_id,
            sessions.BEGAN: now,
            sessions.SEEN: now,
        }
    )
    session.save()
    client.cookies[settings.SESSION_COOKIE_NAME] = session.session_key
    return client
