"""Signing in takes a password and a code that opens once; too many wrong tries close the door for a while."""

from collections.abc import Callable
from datetime import timedelta
from time import time

import pytest
from django.test import Client, RequestFactory
from django_otp.oath import totp
from django_otp.plugins.otp_totp.models import TOTPDevice

from bihuan.kernel import access, clock
from bihuan.kernel.access import codes, entering, events
from bihuan.kernel.access.models import Role, SignInThrottle, User
from bihuan.kernel.ledger import history
from tests.conftest import START
from tests.signing_in import sign_in
from tests.world import World

pytestmark = pytest.mark.django_db
PASSWORD = "three-green-umbrellas"


@pytest.fixture
def officer(city: World) -> User:
    user = city.user("gate_officer")
    user.set_password(PASSWORD)
    user.save()
    return user


@pytest.fixture
def device(officer: User) -> TOTPDevice:
    return TOTPDevice.objects.create(user=officer, name="phone", confirmed=True)


def code_of(device: TOTPDevice) -> str:
    return f"{totp(device.bin_key, t0=0):06d}"


def password_given(client: Client, password: str = PASSWORD) -> int:
    return client.post("/sign-in", {"username": "gate_officer", "password": password}).status_code


def kinds(user: User) -> list[str]:
    return [fact.kind for fact in history(user.subject)]


class TestSignIn:
    def test_takes_both_steps(self, client: Client, officer: User, device: TOTPDevice) -> None:
        assert password_given(client) == 302
        assert client.get("/me").status_code == 302, "a password alone opens nothing"
        assert client.post("/sign-in/code", {"code": code_of(device)}).status_code == 302
        assert client.get("/me").status_code == 200
        assert kinds(officer) == [events.SIGNED_IN]

    def test_goes_on_to_the_page_that_was_asked_for_but_to_no_other_site(
        self, client: Client, officer: User, device: TOTPDevice
    ) -> None:
        client.post("/sign-in?next=/units/", {"username": "gate_officer", "password": PASSWORD})
        assert client.post("/sign-in/code", {"code": code_of(device)})["Location"] == "/units/"
        client.post("/sign-out")
        client.post("/sign-in?next=https://elsewhere.example/", {"username": "gate_officer", "password": PASSWORD})
        assert client.session["sign_in_next"] == "/"

    def test_gives_the_session_a_new_key(self, client: Client, officer: User, device: TOTPDevice) -> None:
        client.get("/sign-in")
        keys = {client.session.session_key}
        password_given(client)
        keys.add(client.session.session_key)
        client.post("/sign-in/code", {"code": code_of(device)})
        keys.add(client.session.session_key)
        assert len(keys) == 3

    def test_says_the_same_for_a_wrong_password_and_an_unknown_name(self, client: Client, officer: User) -> None:
        wrong = client.post("/sign-in", {"username": "gate_officer", "password": "wrong"})
        unknown = client.post("/sign-in", {"username": "nobody", "password": "wrong"})
        assert wrong.status_code == unknown.status_code == 422
        assert wrong.context["form"].non_field_errors() == unknown.context["form"].non_field_errors()

    def test_is_refused_to_a_closed_account(self, client: Client, officer: User) -> None:
        User.objects.filter(id=officer.id).update(is_active=False)
        assert password_given(client) == 422

    def test_keeps_no_name_that_was_typed(self, client: Client, officer: User) -> None:
        client.post("/sign-in", {"username": PASSWORD, "password": "wrong"})
        assert PASSWORD not in str(list(SignInThrottle.objects.values()))


class TestCode:
    def test_opens_the_door_once(self, officer: User, device: TOTPDevice) -> None:
        code = code_of(device)
        assert codes.matched(officer.id, code) is not None
        assert codes.matched(officer.id, code) is None

    def test_of_an_earlier_step_is_worth_nothing_after_a_later_one(self, officer: User, device: TOTPDevice) -> None:
        earlier, now = (f"{totp(device.bin_key, t0=back):06d}" for back in (30, 0))
        assert codes.matched(officer.id, now) is not None
        TOTPDevice.objects.update(throttling_failure_count=0, throttling_failure_timestamp=None)
        assert codes.matched(officer.id, earlier) is None

    def test_that_opened_the_door_signs_nothing(self, client: Client, officer: User, device: TOTPDevice) -> None:
        """Somebody who looked over a shoulder at the sign-in cannot sign with what they saw."""
        code = code_of(device)
        password_given(client)
        assert client.post("/sign-in/code", {"code": code}).status_code == 302
        request = RequestFactory().post("/", {"signature": code})
        request.scope = access.scope_for(officer)  # type: ignore[attr-defined]
        with pytest.raises(access.SignatureRefused):
            access.confirm_signature(request, act="test")  # type: ignore[arg-type]
        assert kinds(officer)[-1] == events.SIGN_IN_FAILED

    def test_is_wanted_within_five_minutes_of_the_password(
        self, client: Client, officer: User, device: TOTPDevice, at: Callable[..., object]
    ) -> None:
        password_given(client)
        with at(START + entering.PENDING_MAX + timedelta(seconds=1)):
            assert client.post("/sign-in/code", {"code": code_of(device)})["Location"] == "/sign-in"

    def test_is_enrolled_at_the_first_sign_in(self, client: Client, officer: User) -> None:
        password_given(client)
        assert b"<svg" in client.get("/sign-in/code").content
        waiting = TOTPDevice.objects.get(user=officer)
        assert not waiting.confirmed
        assert client.post("/sign-in/code", {"code": "000000"}).status_code == 422
        TOTPDevice.objects.update(throttling_failure_count=0, throttling_failure_timestamp=None)
        assert client.post("/sign-in/code", {"code": code_of(waiting)}).status_code == 302
        assert kinds(officer) == [events.SIGN_IN_FAILED, events.ENROLLED, events.SIGNED_IN]

    def test_of_a_far_step_is_wrong(self, officer: User, device: TOTPDevice) -> None:
        assert codes.matched(officer.id, f"{totp(device.bin_key, t0=int(time()) % 30 - 900):06d}") is None


class TestThrottle:
    def test_closes_the_account_to_a_network_after_five_wrong_tries(
        self, client: Client, officer: User, at: Callable[..., object]
    ) -> None:
        for _ in range(5):
            password_given(client, "wrong")
        assert password_given(client) == 422
        assert (
            client.post(
                "/sign-in", {"username": "gate_officer", "password": PASSWORD}, REMOTE_ADDR="10.9.9.9"
            ).status_code
            == 302
        )
        with at(START + timedelta(minutes=2)):
            assert password_given(client) == 302
        assert kinds(officer).count(events.SIGN_IN_FAILED) == 5

    def test_closes_no_other_account_of_that_network(self, client: Client, city: World, officer: User) -> None:
        for _ in range(6):
            password_given(client, "wrong")
        other = city.user("site_staff")
        other.set_password(PASSWORD)
        other.save()
        assert client.post("/sign-in", {"username": "site_staff", "password": PASSWORD}).status_code == 302

    def test_takes_every_address_of_an_ipv6_network_for_one(self, client: Client, officer: User) -> None:
        wrong = {"username": "gate_officer", "password": "wrong"}
        for number in range(5):
            client.post("/sign-in", wrong, REMOTE_ADDR=f"2001:db8:1:2::{number + 1}")
        right = wrong | {"password": PASSWORD}
        assert client.post("/sign-in", right, REMOTE_ADDR="2001:db8:1:2:ffff::9").status_code == 422
        assert client.post("/sign-in", right, REMOTE_ADDR="2001:db8:1:3::1").status_code == 302

    def test_counts_wrong_codes_with_wrong_passwords(self, client: Client, officer: User, device: TOTPDevice) -> None:
        password_given(client)
        for _ in range(5):
            TOTPDevice.objects.update(throttling_failure_count=0, throttling_failure_timestamp=None)
            client.post("/sign-in/code", {"code": "000000"})
        TOTPDevice.objects.update(throttling_failure_count=0, throttling_failure_timestamp=None)
        assert client.post("/sign-in/code", {"code": code_of(device)}).status_code == 422
        assert client.get("/me").status_code == 302

    def test_is_lifted_by_the_security_administrator(self, client: Client, city: World, officer: User) -> None:
        for _ in range(5):
            password_given(client, "wrong")
        assert password_given(client) == 422
        admin = sign_in(Client(), city.user("security_admin"))
        assert admin.post(f"/accounts/{officer.id}/unlocking", {"key": str(officer.id)}).status_code == 302
        assert password_given(client) == 302
        assert events.UNLOCKED in kinds(officer)

    def test_grows_to_half_an_hour_at_most(self, client: Client, officer: User) -> None:
        SignInThrottle.objects.all().delete()
        password_given(client, "wrong")
        SignInThrottle.objects.update(failures=40)
        SignInThrottle.objects.update(locked_until=None)
        password_given(client, "wrong")
        assert SignInThrottle.objects.get().locked_until - clock.now() == timedelta(minutes=30)


class TestDemoEntry:
    def test_does_not_exist_outside_a_demo_city(self, client: Client, officer: User) -> None:
        assert client.post(f"/sign-in/demo/{officer.id}").status_code == 404
        assert client.get("/me").status_code == 302

    def test_takes_one_click_in_a_demo_city(self, client: Client, officer: User, settings: pytest.fixture) -> None:
        settings.DEMO = True
        assert str(officer.id) in client.get("/sign-in").content.decode()
        assert client.post(f"/sign-in/demo/{officer.id}").status_code == 302
        assert client.get("/me").status_code == 200
        settings.DEMO = False
        assert client.get("/me").status_code == 302, "a demo session is worth nothing once the city is real"


class TestSession:
    def test_ends_after_half_an_hour_without_use(
        self, client: Client, officer: User, at: Callable[..., object]
    ) -> None:
        sign_in(client, officer)
        with at(START + timedelta(minutes=29)):
            assert client.get("/me").status_code == 200
        with at(START + timedelta(minutes=58)):
            assert client.get("/me").status_code == 200
        with at(START + timedelta(minutes=89)):
            assert client.get("/me").status_code == 302
        assert history(officer.subject)[-1].payload == {"because": "idle"}

    def test_ends_after_twelve_hours_however_busy(
        self, client: Client, officer: User, at: Callable[..., object]
    ) -> None:
        sign_in(client, officer)
        for quarter in range(48):
            with at(START + timedelta(minutes=15 * quarter)):
                assert client.get("/me").status_code == 200
        with at(START + timedelta(hours=12, minutes=1)):
            assert client.get("/me").status_code == 302
        assert history(officer.subject)[-1].payload == {"because": "too_long"}

    def test_ends_at_the_next_request_of_a_closed_account(self, client: Client, city: World, officer: User) -> None:
        sign_in(client, officer)
        access.actions.disable_user(officer.id, at=clock.now(), by=city.actor("system_admin"), key=officer.id)
        assert client.get("/me").status_code == 302

    def test_ends_when_the_device_is_taken_away(self, client: Client, city: World, officer: User) -> None:
        sign_in(client, officer)
        access.actions.reset_code(officer.id, at=clock.now(), by=city.actor("system_admin"), key=officer.id)
        assert client.get("/me").status_code == 302

    def test_ends_when_a_password_is_set(self, client: Client, city: World, officer: User) -> None:
        sign_in(client, officer)
        given = {"at": clock.now(), "by": city.actor("system_admin"), "key": officer.id}
        access.actions.set_password(officer.id, password_hash=officer.password, **given)
        assert client.get("/me").status_code == 302

    def test_ends_when_the_administrator_says_so_and_can_be_opened_anew(
        self, client: Client, city: World, officer: User, at: Callable[..., object]
    ) -> None:
        sign_in(client, officer)
        admin = sign_in(Client(), city.user("security_admin"))
        key = str(officer.id)
        assert admin.post(f"/accounts/{officer.id}/sessions", {"key": key}).status_code == 302
        assert client.get("/me").status_code == 302
        assert events.SESSIONS_ENDED in kinds(officer)
        with at(START + timedelta(minutes=1)):
            assert sign_in(Client(), officer).get("/me").status_code == 200

    def test_loses_a_power_at_the_next_request(self, client: Client, officer: User) -> None:
        sign_in(client, officer)
        assert client.get("/units/").status_code == 200
        officer.appointments.all().delete()
        assert client.get("/units/").status_code == 404

    def test_loses_a_post_that_is_ended_or_a_power_that_is_taken_from_the_role_at_the_next_request(
        self, client: Client, city: World, officer: User
    ) -> None:
        sign_in(client, officer)
        assert client.get("/people/").status_code == client.get("/units/").status_code == 200
        role = Role.objects.get(code="gate_officer")
        Role.objects.filter(code=role.code).update(powers=[one for one in role.powers if one != "people.read"])
        assert [client.get(page).status_code for page in ("/people/", "/units/")] == [404, 200]
        today = access.queries.today()
        given = {"at": clock.now(), "by": city.actor("security_admin"), "key": officer.id}
        access.actions.end_appointment(officer.appointments.get().id, until=today, reason="moved", **given)
        assert [client.get(page).status_code for page in ("/people/", "/units/")] == [404, 404]

    def test_ends_on_signing_out(self, client: Client, officer: User) -> None:
        sign_in(client, officer)
        client.post("/sign-out")
        assert client.get("/me").status_code == 302
        assert history(officer.subject)[-1].payload == {"because": "asked"}

    def test_that_nobody_began_here_is_over(self, client: Client, officer: User) -> None:
        client.force_login(officer)
        assert client.get("/me").status_code == 302


class TestDoors:
    def test_a_page_one_may_not_see_looks_like_one_that_is_not_there(self, client: Client, officer: User) -> None:
        sign_in(client, officer)
        forbidden, absent = client.get("/accounts/"), client.get("/no-such-page")
        assert forbidden.status_code == absent.status_code == 404
        assert forbidden.templates[0].name == absent.templates[0].name

    def test_a_part_of_a_page_sends_the_browser_to_sign_in(self, client: Client) -> None:
        answer = client.get("/units/", headers={"HX-Request": "true", "HX-Current-URL": "/units/?q=x"})
        assert answer.status_code == 204
        assert answer["HX-Redirect"] == "/sign-in?next=%2Funits%2F%3Fq%3Dx"
