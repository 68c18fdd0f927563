"""An act that binds is signed anew: a session left open on a desk signs nothing."""

from types import SimpleNamespace

import pytest
from django.test import RequestFactory
from django_otp.oath import totp
from django_otp.plugins.otp_totp.models import TOTPDevice

from bihuan.kernel import access
from bihuan.kernel.access import events
from bihuan.kernel.access.throttle import LockedOut
from bihuan.kernel.ledger import history
from tests.world import World

pytestmark = pytest.mark.django_db


def sign(city: World, signature: str) -> None:
    request = RequestFactory().post("/", {"signature": signature})
    request.scope = access.scope_for(city.user("approver")).for_power("measures.approve")  # type: ignore[attr-defined]
    access.confirm_signature(request, act="order.approved", refers=["order:1"])  # type: ignore[arg-type]


@pytest.fixture
def signer(city: World) -> World:
    user = city.user("approver")
    user.set_password("three-green-umbrellas")
    user.save()
    return city


class TestSignature:
    def test_by_password_leaves_a_fact_that_says_what_was_signed(self, signer: World) -> None:
        sign(signer, "three-green-umbrellas")
        (fact,) = history(signer.user("approver").subject)
        assert (fact.kind, fact.payload) == (events.SIGNED, {"act": "order.approved", "refers": ["order:1"]})

    def test_by_code_takes_the_code_once(self, signer: World) -> None:
        device = TOTPDevice.objects.create(user=signer.user("approver"), name="phone", confirmed=True)
        code = f"{totp(device.bin_key):06d}"
        sign(signer, code)
        with pytest.raises(access.SignatureRefused):
            sign(signer, code)

    @pytest.mark.parametrize("wrong", ["", "wrong", "246810"])
    def test_that_is_wrong_is_refused(self, signer: World, wrong: str) -> None:
        with pytest.raises(access.SignatureRefused):
            sign(signer, wrong)

    def test_by_the_demo_code_holds_in_a_demo_city_only(self, signer: World, settings: SimpleNamespace) -> None:
        settings.DEMO = True
        sign(signer, settings.DEMO_SIGNATURE)

    def test_cannot_be_guessed_for_long(self, signer: World) -> None:
        for _ in range(5):
            with pytest.raises(access.SignatureRefused):
                sign(signer, "wrong")
        with pytest.raises(LockedOut):
            sign(signer, "three-green-umbrellas")
