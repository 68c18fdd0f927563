"""Who waits too long is named to whoever answers; who is not there at the door is searched for and found."""

import pytest

from bihuan.kernel import custody
from bihuan.kernel.loop import queries as loop
from bihuan.site.cli.check import violations
from tests.browser import check_axe
from tests.journeys.city import Journey, in_july, in_june, seen
from tests.journeys.ordered import checked_in, ordered, request_of, underway

pytestmark = pytest.mark.browser


class TestStranded:
    def test_is_named_to_the_owner_and_counted_on_the_board(self, journey: Journey) -> None:
        order = ordered(journey, 1, "韩滞留")
        page = journey.sees("gate_officer", phone=True)
        page.goto("/transfers/")
        assert "韩滞留" not in page.inner_text("#waiting")
        assert order.number in page.inner_text("#unrequested")
        journey.at(in_june(30, 22))
        page = journey.sees("gate_officer", phone=True)
        page.goto("/transfers/stranded")
        assert "韩滞留" in page.inner_text("main")
        seen(page, "journey-stranded")
        page = journey.sees("commander")
        page.goto("/board/")
        tile = page.locator(".stat", has_text="滞留").first
        assert "1" in tile.inner_text()
        seen(page, "journey-board-stranded")
        tile.click()
        page.wait_for_url("**/transfers/stranded")
        assert order.number in page.inner_text("main")

    def test_breach_is_told_on_both_lines(self, journey: Journey) -> None:
        ordered(journey, 2, "冯逾期")
        journey.at(in_june(30, 22))
        for who in ("district", "team_lead"):
            page = journey.sees(who)
            page.goto("/")
            assert "冯*" in page.inner_text("main"), who
            check_axe(page, ("light",))


class TestMissing:
    def test_stays_with_the_sender_is_searched_for_and_found(self, journey: Journey) -> None:
        here, lost = ordered(journey, 3, "周在车"), ordered(journey, 4, "吴失联")
        trip = underway(journey, here, lost)
        journey.at(in_june(30, 10, 45))
        page = journey.sees("driver", phone=True)
        page.goto(f"/trips/{trip}")
        page.check(f"input[name=missing][value='{request_of(lost).id}']")
        seen(page, "journey-one-short")
        page.locator("main form[action*='/arrival'] button").click()
        page.locator("main a[href*='/vehicles/']").wait_for()
        checked_in(journey, here, "201")
        assert custody.holder_of(f"person:{lost.person_id}").startswith("vehicle:")
        page = journey.sees("dispatcher")
        page.goto("/transfers/")
        assert "吴失联" in page.inner_text("#waiting")
        seen(page, "journey-desk-missing")
        page.locator("main a[href$='/finding']").click()
        page.wait_for_url("**/finding")
        seen(page, "journey-finding")
        page.select_option("#id_unit_id", str(journey.unit("410811001001")))
        page.fill("#id_words", "本人已自行返家，电话核实，社区工作人员上门见到本人。")
        page.locator("main form button[type=submit]").click()
        page.wait_for_url("**/transfers/**")
        assert custody.holder_of(f"person:{lost.person_id}") == f"unit:{journey.unit('410811001001')}"
        assert request_of(lost).state == "waiting"
        assert not any(violations().values())


class TestMissedCheck:
    def test_is_seen_by_the_site_and_told_on_both_lines(self, journey: Journey) -> None:
        order = ordered(journey, 5, "郑漏检")
        underway(journey, order)
        journey.at(in_june(30, 11))
        checked_in(journey, order, "202")
        journey.at(in_july(2, 8))
        assert any(duty.step == "check" and duty.breach_at < in_july(2) for duty in loop.duties_of(order.subject))
        page = journey.sees("site_staff", phone=True)
        page.goto("/sites/today")
        assert "郑漏检" in page.inner_text("main")
        seen(page, "journey-missed-check")
        for who in ("site_head", "team_lead"):
            page = journey.sees(who)
            page.goto("/")
            assert "郑*" in page.inner_text("main"), who
