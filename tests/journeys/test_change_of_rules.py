"""The rules change while people are held: a new edition frees them earlier, never later; a lowered area at once."""

import pytest

from bihuan.kernel import clock, custody
from bihuan.modules.arrivals import actions as arrivals
from bihuan.modules.arrivals.models import Arrival
from bihuan.modules.measures.models import Order
from bihuan.modules.measures.queries import token_of
from bihuan.modules.places import actions as places
from bihuan.modules.places.models import AreaRisk
from bihuan.site.cli.check import violations
from tests.browser import check_axe
from tests.journeys.city import LANZHOU, PASSWORD, SHANGHAI, Journey, in_june, seen, send, walks_in
from tests.journeys.ordered import checked_in, ordered, underway

pytestmark = pytest.mark.browser
WUHAN = "420100"


class TestNinthEdition:
    def test_takes_over_at_midnight_and_lengthens_nothing(self, before_the_change: Journey) -> None:
        city = before_the_change
        medium, high = ordered(city, 1, "魏中风险", origin=SHANGHAI), ordered(city, 2, "蒋高风险", origin=LANZHOU)
        assert (medium.policy, medium.kind) == ("ed8", "central")
        underway(city, medium, high)
        city.at(in_june(26, 12))
        checked_in(city, medium, "201")
        checked_in(city, high, "202")
        before = {order.id: order.ends_at for order in (medium, high)}
        city.at(in_june(28, 0, 10))
        for order in (medium, high):
            order.refresh_from_db()
            assert order.policy == "ed9"
            assert order.ends_at <= before[order.id]
        assert medium.kind == "home"
        city.at(in_june(28, 8))
        page = city.open_page(phone=True)
        page.goto(f"/p/{token_of(medium.id)}")
        assert page.inner_text("h1") == "居家隔离"
        assert "集中隔离14天" not in page.inner_text("main")
        assert "期限已按第九版防控方案调整" in page.inner_text("main")
        seen(page, "journey-retimed-own-page")
        page = city.sees("clerk")
        page.goto(f"/orders/{medium.id}")
        assert "调整期限" in page.inner_text("main")
        seen(page, "journey-retimed-order")
        page = city.sees("site_staff", phone=True)
        page.goto("/sites/today")
        assert "魏中风险" in page.inner_text("main")
        assert not any(violations().values())


class TestArea:
    def test_raised_binds_people_already_here_by_a_proposal(self, journey: Journey) -> None:
        arrival = walks_in(journey, 3, "沈已到", origin=WUHAN)
        assert not Order.objects.exists()
        journey.at(in_june(30, 15))
        page = journey.sees("clerk")
        page.goto("/areas/new")
        seen(page, "journey-area-entry")
        page.fill("#id_area", WUHAN)
        page.check("input[name=level][value=high]")
        page.fill("#id_since", "2022-06-28")
        page.fill("#id_order_text", "武汉市疫情防控指挥部通告（演示）")
        page.locator("main form button[type=submit]").click()
        page.wait_for_url("**/areas/**")
        assert not Order.objects.exists()
        risk = AreaRisk.objects.get(area__code=WUHAN)
        page = journey.sees("city_approver")
        page.goto(f"/areas/{risk.id}")
        seen(page, "journey-area-approval")
        page.fill("#signature", PASSWORD)
        send(page, "批准生效")
        order = Order.objects.get()
        assert (order.state, order.person_id) == ("proposed", Arrival.objects.get(pk=arrival).person_id)
        page = journey.sees("approver")
        page.goto("/orders/approvals")
        assert order.number in page.inner_text("main")
        check_axe(page)

    def test_lowered_frees_people_at_once(self, journey: Journey) -> None:
        order = ordered(journey, 4, "杨可返", origin=LANZHOU)
        assert order.state == "live"
        journey.at(in_june(30, 15))
        risk = places.propose_risk(
            LANZHOU,
            level="low",
            since=clock.now().date(),
            order_text="兰州市通告：调整为低风险区（演示）",
            **journey.by("team_lead"),
        )
        arrivals.approve_risk(risk, **journey.by("commander"))
        order.refresh_from_db()
        assert order.state == "lifted"
        assert custody.holder_of(f"person:{order.person_id}") == "self"
        for language, words in (("zh-hans", "您已解除管控"), ("en", "You are free")):
            page = journey.open_page(phone=True, language=language)
            page.goto(f"/p/{token_of(order.id)}")
            assert page.inner_text("h1") == words
            seen(page, f"journey-lowered-own-page-{language}")
        assert not any(violations().values())
