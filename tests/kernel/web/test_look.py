"""Pages in a real browser: free of axe's findings, usable by thumb, by keyboard and without scripts."""

import re

import pytest
from playwright.sync_api import Page, expect

from tests.browser import PHONE, CityPage, check_axe, check_fits, look
from tests.kernel.web import gallery

pytestmark = pytest.mark.browser

STATUS = {"refused": 409, "missing": 404}
PAGES = ["list", "form", "detail", "paper", "refused", "missing", "sealed"]


class TestPages:
    @pytest.mark.parametrize("name", PAGES)
    def test_pass_axe_and_fit_in_both_languages(self, gallery_site: None, city_page: CityPage, name: str) -> None:
        for language in ("en", "zh-hans"):
            page = city_page(language=language)
            answer = page.goto(f"/{name}?size=8")
            assert answer is not None
            assert answer.status == STATUS.get(name, 200)
            check_fits(page)
            check_axe(page, ("light",))
            page.set_viewport_size(PHONE)
            check_fits(page)
        check_axe(page)
        look(page, f"gallery-{name}")

    def test_begin_at_one_left_edge(self, gallery_site: None, city_page: CityPage) -> None:
        """A narrow page for people at work, a list and a record."""
        page = city_page(language="en")
        edges = {}
        for name in ("form", "list", "detail"):
            page.goto(f"/{name}?size=8")
            edges[name] = page.locator("h1").evaluate("heading => heading.getBoundingClientRect().left")
        assert len(set(edges.values())) == 1, edges

    def test_work_without_scripts(self, gallery_site: None, city_page: CityPage) -> None:
        page = city_page(scripts=False, language="en")
        page.goto("/list")
        page.get_by_label("姓名或证件号码").fill("张")
        page.get_by_role("button", name="Filter").click()
        expect(page.get_by_text("24 rows")).to_be_visible()
        page.get_by_role("link", name="登记未报备人员").click()
        fill_in(page)
        expect(page.get_by_text("已登记。")).to_be_visible()
        page.get_by_role("button", name="简体中文").click()
        expect(page.locator("html")).to_have_attribute("lang", "zh-Hans")


class TestList:
    def test_filters_while_typing_and_keeps_the_caret(self, gallery_site: None, city_page: CityPage) -> None:
        page = city_page(language="en")
        page.goto("/list")
        field = page.get_by_label("姓名或证件号码")
        field.press_sequentially("张")
        expect(page.get_by_text("24 rows")).to_be_visible()
        assert "q=%E5%BC%A0" in page.url
        expect(field).to_be_focused()
        page.get_by_role("link", name="姓名").click()
        expect(page.get_by_role("columnheader", name="姓名")).to_have_attribute("aria-sort", "ascending")
        page.go_back()
        expect(page.get_by_role("heading", name="今日到达")).to_be_visible()

    def test_breaks_no_rule_of_its_own_policy(self, gallery_site: None, city_page: CityPage) -> None:
        page = city_page(language="en")
        said: list[str] = []
        page.on("console", lambda message: said.append(message.text))
        page.on("pageerror", lambda error: said.append(str(error)))
        for name in ("list", "form", "detail", "paper"):
            page.goto(f"/{name}", wait_until="networkidle")
        assert said == []


class TestForm:
    def test_asks_before_it_is_sent(self, gallery_site: None, city_page: CityPage) -> None:
        page = city_page(phone=True, language="en")
        page.goto("/form")
        fill_in(page)
        dialog = page.get_by_role("dialog", name="确认登记？")
        dialog.get_by_role("button", name="Cancel").click()
        assert gallery.DONE == []
        page.get_by_role("button", name="登记", exact=True).click()
        dialog.get_by_role("button", name="Confirm").click()
        expect(page.get_by_text("已登记。")).to_be_visible()
        assert len(gallery.DONE) == 1

    def test_shows_what_is_wrong_first(self, gallery_site: None, city_page: CityPage) -> None:
        page = city_page(language="en", scripts=False)
        page.goto("/form")
        page.get_by_role("button", name="登记", exact=True).click()
        alert = page.get_by_role("alert")
        expect(alert).to_be_visible()
        alert.get_by_role("link", name="姓名").click()
        assert page.url.endswith("#id_name")
        look_at = city_page()
        look_at.goto("/form")
        look_at.evaluate("document.querySelector('form.form').removeAttribute('data-confirm')")
        look_at.get_by_role("button", name="登记", exact=True).click()
        expect(look_at.get_by_role("alert")).to_be_focused()
        check_axe(look_at)
        look(look_at, "gallery-form-errors")


class TestFrame:
    def test_switches_to_dark_at_once_and_remembers_it(self, gallery_site: None, city_page: CityPage) -> None:
        page = city_page(language="en")
        page.goto("/detail")
        page.get_by_role("button", name="Dark colours").click()
        expect(page.locator("html")).to_have_attribute("data-bs-theme", "dark")
        page.reload()
        expect(page.locator("html")).to_have_attribute("data-bs-theme", "dark")
        expect(page.get_by_role("button", name="Light colours")).to_be_visible()

    def test_follows_the_system_until_somebody_chooses(self, gallery_site: None, city_page: CityPage) -> None:
        page = city_page(dark=True)
        page.goto("/detail")
        expect(page.locator("html")).to_have_attribute("data-bs-theme", "dark")

    def test_opens_its_drawer_on_a_phone_and_closes_it_with_escape(
        self, gallery_site: None, city_page: CityPage
    ) -> None:
        page = city_page(phone=True, language="en")
        page.goto("/list?size=3")
        drawer = page.get_by_role("navigation", name="Main navigation")
        expect(drawer).to_be_hidden()
        page.get_by_role("button", name="Menu").click()
        expect(drawer).to_be_visible()
        check_axe(page)
        page.screenshot(path=".screenshots/gallery-drawer-phone.png")
        page.keyboard.press("Escape")
        expect(drawer).to_be_hidden()
        page.locator("summary").click()
        expect(page.get_by_role("button", name="Sign out")).to_be_visible()
        check_axe(page)
        page.screenshot(path=".screenshots/gallery-menu-phone.png")

    def test_is_walked_by_keyboard_past_its_navigation(self, gallery_site: None, city_page: CityPage) -> None:
        page = city_page(language="en")
        page.goto("/list?size=3")
        page.keyboard.press("Tab")
        skip = page.get_by_role("link", name="Skip to the content")
        expect(skip).to_be_focused()
        page.keyboard.press("Enter")
        expect(page.locator("main")).to_be_focused()

    def test_lets_a_clock_run_on(self, gallery_site: None, city_page: CityPage) -> None:
        page = city_page(language="en")
        page.clock.install()
        page.goto("/detail")
        badge = page.locator("bh-clock")
        expect(badge).to_have_text(re.compile("Due in 2[45] min"))
        page.clock.run_for(40 * 60 * 1000)
        expect(badge).to_have_text(re.compile("Overdue by 1[45] min"))
        expect(badge).to_have_class(re.compile("tone-warn"))


def fill_in(page: Page) -> None:
    page.get_by_label("姓名").fill("张三丰")
    page.get_by_label("体温").fill("36.5")
    page.get_by_label("站口").select_option("rail")
    page.get_by_label("已核对").check()
    page.get_by_role("button", name="登记", exact=True).click()
