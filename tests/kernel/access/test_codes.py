"""A code opens one door once, also when many hands hold it up in the same moment."""

from concurrent.futures import ThreadPoolExecutor

from django.db import connection
from django_otp.oath import totp
from django_otp.plugins.otp_totp.models import TOTPDevice

from bihuan.kernel.access import codes
from bihuan.kernel.access.models import User


class TestOneCodeAtOnce:
    def test_opens_one_door_of_many(self, transactional: None) -> None:
        user = User.objects.create(username="officer", name="officer", password="-")
        device = TOTPDevice.objects.create(user=user, name="phone", confirmed=True)
        code = f"{totp(device.bin_key, t0=0):06d}"

        def tries(_number: int) -> bool:
            try:
                return codes.matched(user.id, code) is not None
            finally:
                connection.close()

        with ThreadPoolExecutor(8) as threads:
            opened = list(threads.map(tries, range(8)))
        assert opened.count(True) == 1
