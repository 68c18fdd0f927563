"""A dispatcher's, a driver's and a site's day on the telephone: every button pressed twice, an old page sent again, one
who is not there. Everybody has somebody who answers for them, and nothing happens twice."""

import pytest
from playwright.sync_api import Page

from bihuan.kernel import custody
from bihuan.kernel.ledger import history
from bihuan.modules.measures import actions as measures
from bihuan.modules.measures.models import Order
from bihuan.modules.transfers import actions as transfers
from bihuan.modules.transfers.models import Request, RequestState, Trip, Vehicle
from tests.journeys.city import Journey, in_june, seen, walks_in
from tests.journeys.test_double_submission import SEND_TWICE

pytestmark = pytest.mark.browser


def pressed_twice(page: Page, form: str) -> list[int]:
    """The form sent again before the first answer has come."""
    return sorted(page.evaluate(SEND_TWICE.replace("main form.form", form)))


def asked_for(journey: Journey, number: int, name: str) -> Order:
    """Somebody from Lanzhou under an order, for whom the gate has asked for a vehicle."""
    arrival = walks_in(journey, number, name)
    order: Order = Order.objects.get(id__in=[one.payload["order"] for one in linked(arrival)])
    measures.approve(order.id, **journey.by("approver"))
    transfers.request(order.id, to_unit_id=journey.unit("site-yuntai"), **journey.by("gate_officer"))
    return order


def linked(arrival) -> list:
    return [fact for fact in history(f"arrival:{arrival}") if fact.kind == "order.linked"]


def told(kind: str, *orders: Order) -> int:
    return sum(fact.kind == kind for order in orders for fact in history(f"order:{order.id}"))


@pytest.mark.parametrize("language", ["zh-hans", "en"])
class TestATripOnTheTelephone:
    def test_is_done_once_however_often_it_is_pressed(self, journey: Journey, language: str) -> None:
        coming, absent = asked_for(journey, 51, "何静"), asked_for(journey, 52, "吕建国")
        item = {order: f"person:{order.person_id}" for order in (coming, absent)}
        gate, site = f"unit:{journey.unit('gate-rail')}", f"site:{journey.unit('site-yuntai')}"

        desk = journey.sees("dispatcher", phone=True, language=language)
        desk.goto("/transfers/")
        seen(desk, f"dispatcher-desk-{language}")
        desk.locator("#waiting form button[type=submit]").click()
        desk.wait_for_url("**/trips/new**")
        seen(desk, f"dispatcher-plans-{language}")
        assert pressed_twice(desk, "main form.form") == [200, 200]
        trip = Trip.objects.get()
        desk.locator("main form.form button[type=submit]").click()
        desk.wait_for_url("**/transfers/")
        seen(desk, f"dispatcher-planned-{language}")
        assert (Trip.objects.count(), told("transfer.assigned", coming, absent)) == (1, 2)

        wheel = journey.sees("driver", phone=True, language=language)
        wheel.goto("/trips/mine")
        seen(wheel, f"driver-mine-{language}")
        wheel.locator("main .card .btn-primary").first.click()
        wheel.wait_for_url(f"**/trips/{trip.id}")
        seen(wheel, f"driver-before-{language}")
        assert pressed_twice(wheel, "form[action$='/boarding']") == [200, 200]
        wheel.reload()
        seen(wheel, f"driver-boarding-{language}")
        asked = Request.objects.get(order=coming.id)
        assert pressed_twice(wheel, f"form[action$='/riders/{asked.id}']") == [200, 200]
        assert custody.holder_of(item[coming]) == gate
        wheel.reload()
        seen(wheel, f"driver-aboard-{language}")

        assert pressed_twice(wheel, "form[action$='/departure']") == [200, 200]
        assert (told("transfer.departed", coming), told("transfer.missing", absent)) == (1, 1)
        assert (custody.holder_of(item[coming]), custody.holder_of(item[absent])) == (
            f"vehicle:{trip.vehicle_id}",
            gate,
        )
        wheel.locator("form[action$='/departure'] button").click()  # on the page of before
        with wheel.expect_navigation():
            wheel.locator("dialog[open] .btn-primary").click()
        seen(wheel, f"driver-departed-again-{language}")
        assert (told("transfer.departed", coming), told("transfer.missing", absent)) == (1, 1)

        journey.at(in_june(30, 11))
        wheel = journey.sees("driver", phone=True, language=language)
        wheel.goto(f"/trips/{trip.id}")
        seen(wheel, f"driver-underway-{language}")
        assert pressed_twice(wheel, "form[action$='/arrival']") == [200, 200]
        wheel.reload()
        seen(wheel, f"driver-arrived-{language}")
        assert custody.holder_of(item[coming]) == f"vehicle:{trip.vehicle_id}"
        wheel.go_back()
        wheel.go_forward()
        wheel.locator("main a.btn-primary").click()
        wheel.wait_for_url("**/vehicles/**")
        seen(wheel, f"driver-disinfects-{language}")
        assert Vehicle.objects.get().state == "to_disinfect"

        desk = journey.sees("dispatcher", phone=True, language=language)
        desk.goto("/transfers/")
        seen(desk, f"dispatcher-missing-{language}")
        assert desk.locator("#waiting button[type=submit]").count() == 0  # nobody there who could ride
        desk.locator("#waiting a[href$='/finding']").click()
        desk.wait_for_url("**/finding")
        seen(desk, f"dispatcher-found-{language}")
        assert desk.input_value("#id_unit_id") == str(journey.unit("gate-rail"))
        assert pressed_twice(desk, "main form.form") == [200, 200]
        assert told("transfer.found", absent) == 1
        assert Request.objects.get(order=absent.id).state == RequestState.WAITING

        staff = journey.sees("site_staff", phone=True, language=language)
        staff.goto("/sites/today")
        seen(staff, f"site-door-{language}")
        staff.locator("main a[href$='/arrivals']").first.click()
        staff.locator("main .doors .btn-primary").first.click()
        staff.select_option("#id_room", str(journey.rooms["201"]))
        staff.check("#id_identity_confirmed")
        seen(staff, f"site-check-in-{language}")
        assert pressed_twice(staff, "main form.form") == [200, 200]
        assert told("stay.checked_in", coming) == 1
        assert custody.holder_of(item[coming]) == site
        staff.locator("main form.form button[type=submit]").click()  # and once more from the same page
        staff.wait_for_url(f"**/stays/{coming.id}")
        seen(staff, f"site-stay-{language}")
        assert told("stay.checked_in", coming) == 1
        assert custody.violations() == {"items_without_one_holder": 0, "unbalanced_handovers": 0}
