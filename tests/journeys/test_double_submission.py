"""What hurried people do: press twice, go back, reload, decide in two tabs at once. Nothing happens twice."""

from typing import Any

import pytest
from playwright.sync_api import Page

from bihuan.kernel.ledger import FactRow, history
from bihuan.modules.arrivals.models import Arrival
from bihuan.modules.measures.models import Order
from tests.journeys.city import PASSWORD, Journey, resident_id, seen, walks_in

pytestmark = pytest.mark.browser
SEND_TWICE = """async () => {
    const form = document.querySelector("main form.form");
    const send = () => fetch(form.action, {method: "POST", body: new FormData(form)});
    const answers = await Promise.all([send(), send()]);
    return answers.map(answer => answer.status);
}"""


def facts(subject: str, kind: str) -> list[FactRow]:
    return [fact for fact in history(subject) if fact.kind == kind]


def fill_walk_in(page: Page) -> None:
    page.goto("/arrivals/walk-in")
    page.fill("#id_name", "周晓明")
    page.fill("#id_id_number", resident_id(31))
    page.fill("#id_phone", "13800000031")
    page.fill("#id_origin_code", "兰州市")
    page.fill("#id_temperature", "36.4")
    page.check("#id_identity_confirmed")


class TestOneFormSentTwice:
    def test_registers_one_arrival(self, journey: Journey) -> None:
        page = journey.sees("gate_officer", phone=True)
        fill_walk_in(page)
        seen(page, "journey-walk-in")
        assert page.evaluate(SEND_TWICE) == [200, 200]
        arrival = Arrival.objects.get()
        assert len(facts(arrival.subject, "arrival.landed")) == 1
        assert Order.objects.count() == 1

    def test_reloads_and_goes_back_without_a_second_arrival(self, journey: Journey) -> None:
        page = journey.sees("gate_officer", phone=True)
        fill_walk_in(page)
        page.locator("main form button[type=submit]").click()
        page.wait_for_url("**/arrivals/*-*")
        page.reload()
        page.go_back()
        if not page.input_value("#id_name"):
            fill_walk_in(page)
        page.locator("main form button[type=submit]").click()
        page.wait_for_load_state()
        seen(page, "journey-walk-in-again")
        assert Arrival.objects.count() == 1
        assert Order.objects.count() == 1


class TestTwoTabs:
    def test_approve_one_order_once(self, journey: Journey) -> None:
        walks_in(journey, 32, "吴晓东")
        order = Order.objects.get()
        tabs = [ready_to_approve(journey, who) for who in ("approver", "city_approver")]
        for tab in tabs:
            send_without_waiting(tab)
        answers = sorted(tab.evaluate("() => window.answer") for tab in tabs)
        assert answers == [200, 409]
        order.refresh_from_db()
        assert order.state == "live"
        assert len(facts(order.subject, "order.approved")) == 1
        assert len(facts(f"person:{order.person_id}", "custody.bound")) == 1

    def test_the_second_is_told_calmly(self, journey: Journey) -> None:
        walks_in(journey, 33, "郑晓红")
        first, second = (ready_to_approve(journey, who) for who in ("approver", "city_approver"))
        for tab in (first, second):
            tab.locator("main form button[type=submit]").click()
            tab.wait_for_load_state()
        second.locator(".note.tone-bad").wait_for()
        seen(second, "journey-approved-by-another")
        assert len(facts(Order.objects.get().subject, "order.approved")) == 1


def ready_to_approve(journey: Journey, who: str) -> Page:
    tab = journey.sees(who)
    tab.goto("/orders/approvals")
    tab.check("input[name=order]")
    tab.fill("#signature", PASSWORD)
    return tab


def send_without_waiting(tab: Page) -> Any:
    return tab.evaluate(
        """() => {
            const form = document.querySelector("main form.form");
            window.answer = fetch(form.action, {method: "POST", body: new FormData(form)}).then(told => told.status);
        }"""
    )
