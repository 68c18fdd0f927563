"""Somebody came by road and passed no gate; the community finds them, and the leak is a number that opens its row."""

from datetime import timedelta

import pytest

from bihuan.kernel import clock, custody
from bihuan.modules.arrivals.models import Arrival
from tests.journeys.city import LANZHOU, Journey, in_june, resident_id, seen

pytestmark = pytest.mark.browser


class TestFoundLater:
    def test_is_registered_on_a_phone_and_counted_by_route(self, journey: Journey) -> None:
        journey.at(in_june(30, 10))
        page = journey.sees("community_worker", phone=True)
        page.goto("/arrivals/found")
        page.locator("main a[href$='/arrivals/found/new'], a.btn[href$='/arrivals/found/new']").first.click()
        page.fill("#id_name", "孙路")
        page.fill("#id_id_number", resident_id(71))
        page.fill("#id_origin_code", LANZHOU)
        page.fill("#id_arrived_on", (clock.now().astimezone(clock.CITY).date() - timedelta(days=2)).isoformat())
        page.select_option("#id_mode", "expressway")
        page.fill("#id_temperature", "36.4")
        seen(page, "found-form")
        page.locator("main form.form button[type=submit]").click()
        page.wait_for_url(lambda url: "/found" not in url)
        seen(page, "found-detail")
        arrival = Arrival.objects.get()
        assert (arrival.mode, arrival.found_unit_id) == ("expressway", arrival.unit_id)
        assert custody.holder_of(f"person:{arrival.person_id}") == f"unit:{arrival.found_unit_id}"
        page = journey.sees("commander", language="en")
        page.goto("/arrivals/found")
        seen(page, "found-list")
        page.locator("main a[href*='late=1-2']").click()
        page.wait_for_url("**late=1-2**")
        assert page.locator("main a[href$='/arrivals/" + str(arrival.id) + "']").count() == 1
