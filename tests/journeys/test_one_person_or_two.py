"""An order clerk finds one man entered twice, looks at both records, joins them, and later takes them apart again."""

from datetime import date
from uuid import uuid4

import pytest

from bihuan.kernel import clock
from bihuan.kernel.ledger import history
from bihuan.modules.people import actions
from bihuan.modules.people.models import Pair, Person
from tests.browser import CityPage, check_axe, check_fits, look
from tests.world import World, world

pytestmark = pytest.mark.browser

ENTRIES = [  # one man, two sisters born on one day
    ("张三丰", date(1990, 3, 12), "13800000001", "太行路1号阳光花园3号楼", "passport", "E12345678"),
    ("張三峰", date(1990, 3, 12), "13911112222", "焦作市太行路1号阳光花园3号楼", "none", ""),
    ("李子涵", date(2015, 6, 1), "13700000001", "民主路2号", "none", ""),
    ("李子轩", date(2015, 6, 1), "13700000001", "民主路2号", "none", ""),
]


@pytest.fixture
def town(server: str) -> World:
    made = world()
    for name, born, phone, address, id_type, number in ENTRIES:
        actions.register(
            name=name,
            birth_on=born,
            sex="female" if name.startswith("李") else "male",
            phone=phone,
            address=address,
            id_type=id_type,
            id_number=number,
            unit=made.unit("410811001001").id,
            at=clock.now(),
            by=made.actor("gate_officer"),
            key=uuid4(),
        )
    return made


class TestOrderClerk:
    def test_joins_two_records_with_the_keyboard_and_takes_them_apart(self, town: World, city_page: CityPage) -> None:
        page = city_page(user=town.user("clerk"))
        page.goto("/people/pairs")
        check_axe(page)
        look(page, "pairs")
        page.locator("td a").first.focus()
        page.keyboard.press("Enter")
        page.wait_for_url("**/people/pairs/*")
        check_axe(page)
        look(page, "pair")
        page.focus("input[name=reason]")
        page.keyboard.type("电话核实")
        page.keyboard.press("Enter")
        page.wait_for_url("**/people/pairs")
        gone = Person.objects.exclude(merged_into=None).get()
        assert gone.name == "張三峰"
        page.goto(f"/people/{gone.merged_into_id}")
        check_axe(page)
        look(page, "joined")
        page.click(f"main a[href='/people/{gone.id}/separation']")
        check_axe(page)
        look(page, "separation")
        page.fill("input[name=reason]", "证件核实")
        page.click("main form button[type=submit]")
        page.wait_for_url("**/people/pairs")
        assert not Person.objects.exclude(merged_into=None).exists()
        assert [fact.kind for fact in history(gone.subject)][-2:] == ["person.merged", "person.unmerged"]

    def test_tells_sisters_apart_on_a_phone(self, town: World, city_page: CityPage) -> None:
        page = city_page(user=town.user("clerk"), phone=True, language="en")
        sisters = Pair.objects.get(outcome="possible")
        page.goto("/people/pairs")
        check_axe(page)
        check_fits(page)
        look(page, "pairs-en")
        page.goto(f"/people/pairs/{sisters.id}")
        check_axe(page)
        check_fits(page)
        look(page, "pair-en")
        page.click("form[action$='/distinction'] button[type=submit]")
        page.wait_for_url("**/people/pairs")
        assert Pair.objects.get(id=sisters.id).state == "distinct"
        assert page.locator("tbody tr").count() == 1
