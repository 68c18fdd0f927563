"""The first day of somebody new, and what the command sees."""

from uuid import uuid4

import pytest
from django_otp.oath import totp
from django_otp.plugins.otp_totp.models import TOTPDevice

from bihuan.kernel import clock
from bihuan.modules.units import actions as units
from tests.browser import CityPage, check_axe, check_fits, look
from tests.world import World, world

pytestmark = pytest.mark.browser
PASSWORD = "three-green-umbrellas"


@pytest.fixture
def town(server: str) -> World:
    made = world()
    units.open_returns(clock.now().date(), at=clock.now(), by=made.actor("commander"), key=uuid4())
    return made


class TestSomebodyNew:
    def test_enrols_a_device_and_comes_to_their_duties(self, town: World, city_page: CityPage) -> None:
        user = town.user("gate_officer")
        user.set_password(PASSWORD)
        user.save()
        page = city_page(phone=True, language="en")
        page.goto("/")
        check_axe(page)
        page.fill("#id_username", user.username)
        page.fill("#id_password", PASSWORD)
        page.click("main button[type=submit]")
        page.wait_for_url("**/sign-in/code")
        check_axe(page)
        look(page, "enrolment")
        device = TOTPDevice.objects.get(user_id=user.id)
        page.fill("#id_code", f"{totp(device.bin_key):06d}")
        page.click("main button[type=submit]")
        page.wait_for_url("**/")
        assert page.locator("h1").inner_text()
        check_fits(page)


class TestTheCommand:
    @pytest.mark.parametrize(
        ("who", "address", "name"),
        [
            ("team_lead", "/", "my-duties"),
            ("commander", "/board/", "board"),
            ("commander", "/board/wall", "wall"),
            ("commander", "/duties/", "duties"),
            ("commander", "/units/", "units"),
            ("auditor", "/audit/", "audit"),
        ],
    )
    def test_pages_are_fit_to_be_seen(
        self, town: World, city_page: CityPage, who: str, address: str, name: str
    ) -> None:
        for phone in (False, True):
            page = city_page(town.user(who), phone=phone)
            page.goto(address)
            check_fits(page)
            if not phone:
                check_axe(page)
                look(page, name)

    def test_pages_of_a_unit_are_fit_to_be_seen(self, town: World, city_page: CityPage) -> None:
        gate = f"/units/{town.unit('gate-rail').id}"
        for address, name in ((gate, "unit"), (f"{gate}/roster", "roster"), (f"{gate}/appointment", "appointment")):
            page = city_page(town.user("district"), phone=True, language="en")
            page.goto(address)
            check_fits(page)
            check_axe(page)
            look(page, name)
