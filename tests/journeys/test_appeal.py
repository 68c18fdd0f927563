"""Whoever is held can say that it is wrong, on their own page; somebody who did not decide it answers, or it lapses."""

import pytest

from bihuan.kernel import custody
from bihuan.modules.measures.models import Appeal, Order
from bihuan.modules.measures.queries import token_of
from bihuan.site.cli.check import violations
from tests.journeys.city import PASSWORD, Journey, in_july, in_june, seen, send
from tests.journeys.ordered import ordered

pytestmark = pytest.mark.browser
WORDS = "我只在该市的车站换乘，没有出站，不应集中隔离。"


def files(city: Journey, order: Order, *, look_as: str = "") -> Appeal:
    """On a phone, without an account, from the page behind the code on the notice."""
    page = city.open_page(phone=True)
    page.goto(f"/p/{token_of(order.id)}")
    page.get_by_role("link", name="申诉", exact=True).click()
    page.wait_for_url("**/appeal")
    page.fill("#id_words", WORDS)
    page.fill("#id_phone", "13700000001")
    if look_as:
        seen(page, f"{look_as}-form")
    send(page, "提交申诉")
    appeal = Appeal.objects.get(order=order)
    assert appeal.number in page.inner_text("main")
    if look_as:
        seen(page, f"{look_as}-filed")
    return appeal


class TestAppeal:
    def test_is_answered_by_somebody_who_did_not_decide(self, journey: Journey) -> None:
        order = ordered(journey, 1, "许申诉")
        appeal = files(journey, order, look_as="journey-appeal")
        journey.at(in_june(30, 16))
        page = journey.sees("approver")
        assert page.goto(f"/appeals/{appeal.id}").status == 404
        page = journey.sees("reviewer")
        page.goto("/")
        assert "许*" in page.inner_text("main")
        page.goto(f"/appeals/{appeal.id}")
        assert WORDS in page.inner_text("main")
        page.locator("input[name=outcome][value=upheld]").check()
        page.fill("#id_grounds", "经核对车次和购票记录，您在当地仅换乘未出站，决定予以解除。")
        page.fill("#signature", PASSWORD)
        seen(page, "journey-appeal-answer")
        send(page, "提交答复")
        seen(page, "journey-appeal-answered")
        order.refresh_from_db()
        assert order.state == "lifted"
        assert custody.holder_of(f"person:{order.person_id}") == "self"
        page = journey.open_page(phone=True, language="en")
        page.goto(f"/p/{token_of(order.id)}")
        assert page.inner_text("h1") == "You are free"

    def test_nobody_answers_lapses_with_the_restriction(self, journey: Journey) -> None:
        order = ordered(journey, 2, "何久等")
        appeal = files(journey, order)
        journey.at(in_july(1, 11))
        page = journey.sees("district")
        page.goto("/")
        assert "何*" in page.inner_text("main")
        journey.at(in_july(2, 10, 30))
        appeal.refresh_from_db()
        order.refresh_from_db()
        assert (appeal.state, order.state) == ("lapsed", "lapsed")
        assert custody.holder_of(f"person:{order.person_id}") == "self"
        page = journey.open_page(phone=True)
        page.goto(f"/p/{token_of(order.id)}")
        assert page.inner_text("h1") == "您已解除管控"
        seen(page, "journey-appeal-lapsed")
        assert not any(violations().values())
