"""A gate officer's day on a phone, and an office that hands in a manifest."""

from uuid import uuid4

import pytest

from bihuan.kernel import clock
from bihuan.modules.arrivals import actions
from bihuan.modules.arrivals.models import Arrival
from tests.browser import CityPage, check_axe, check_fits, look
from tests.modules.arrivals.test_actions import raise_level, resident_id, row, sheet, take_in, walk_in
from tests.world import World, world

pytestmark = pytest.mark.browser


@pytest.fixture
def town(server: str) -> World:
    made = world()
    actions.open_gate(
        made.unit("gate-rail").id,
        kind="rail",
        capacity_per_hour=200,
        waiting_capacity=30,
        at=clock.now(),
        by=made.actor("commander"),
        key=uuid4(),
    )
    raise_level(made, "high")
    take_in(made, sheet(row(1), row(2, "李四"), row(3, "王五"), row(3, "赵六"), "孙七,410802199001010011,12,,火星,,,,"))
    walk_in(made, 7, name="周八", origin="410100")
    return made


class TestGateOfficer:
    def test_finds_receives_and_sees_why(self, town: World, city_page: CityPage) -> None:
        page = city_page(user=town.user("gate_officer"), phone=True)
        page.goto("/gates/own")
        check_axe(page)
        check_fits(page)
        look(page, "gate-day")
        page.fill("#filter-q", resident_id(1))
        page.locator("td a").first.wait_for()
        page.goto(f"/arrivals/{Arrival.objects.get(person__id_number=resident_id(1)).id}/landing")
        check_axe(page)
        look(page, "landing")
        page.check("#id_identity_confirmed")
        page.fill("#id_temperature", "36.6")
        page.click("main form button[type=submit]")
        page.wait_for_url("**/arrivals/*")
        check_axe(page)
        check_fits(page)
        look(page, "landed")
        assert Arrival.objects.get(person__id_number=resident_id(1)).measure == "central"

    def test_registers_a_walk_in(self, town: World, city_page: CityPage) -> None:
        page = city_page(user=town.user("gate_officer"), phone=True, language="en")
        page.goto("/arrivals/walk-in")
        check_axe(page)
        check_fits(page)
        look(page, "walk-in")


class TestOffice:
    @pytest.mark.parametrize(
        ("who", "address", "name"),
        [
            ("commander", "/arrivals/", "arrivals"),
            ("commander", "/gates/", "gates"),
            ("commander", "/batches/", "batches"),
            ("commander", "/areas/", "areas"),
            ("clerk", "/areas/new", "area-entry"),
            ("commander", "/people/", "people"),
        ],
    )
    def test_pages_are_fit_to_be_seen(
        self, town: World, city_page: CityPage, who: str, address: str, name: str
    ) -> None:
        page = city_page(user=town.user(who))
        page.goto(address)
        check_axe(page)
        check_fits(page)
        look(page, name)

    def test_hands_in_a_file_and_reads_what_is_wrong(self, town: World, city_page: CityPage) -> None:
        page = city_page(user=town.user("commander"))
        page.goto("/batches/new")
        check_axe(page)
        content = sheet(row(11), row(11, "吴十"), "孙七,410802199001010011,12,,火星,20/6/22,,,")
        page.set_input_files("#id_file", {"name": "名单.csv", "mimeType": "text/csv", "buffer": content})
        page.click("main form button[type=submit]")
        page.wait_for_url("**/preview")
        check_axe(page)
        look(page, "preview")
        page.goto("/batches/")
        page.locator("td a").last.click()
        check_axe(page)
        look(page, "batch")
