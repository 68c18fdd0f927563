"""A day at an isolation site: who is taken in, how the day is logged, and where somebody goes who tested positive."""

import pytest

from bihuan.kernel import custody
from bihuan.kernel.ledger import history
from bihuan.modules.isolation import queries
from bihuan.modules.isolation.models import Day, Room, Service, Stay
from bihuan.modules.measures import actions as measures
from bihuan.modules.measures.models import Order
from bihuan.modules.testing import actions as testing
from bihuan.modules.transfers import actions as transfers
from tests.journeys.city import Journey, in_june, seen, walks_in
from tests.journeys.test_double_submission import SEND_TWICE

pytestmark = pytest.mark.browser
ANSWERS = ("meals", "waste", "disinfected", "staff_well")


def taken_in(journey: Journey) -> Order:
    """Somebody from Lanzhou whose order is approved; the site takes them in on its own screen."""
    walks_in(journey, 41, "何静")
    order: Order = Order.objects.get()
    measures.approve(order.id, **journey.by("approver"))
    transfers.request(order.id, to_unit_id=journey.unit("site-yuntai"), **journey.by("gate_officer"))
    page = journey.sees("site_staff", phone=True)
    page.goto("/sites/today")
    seen(page, "site-first")
    page.locator("main a[href$='/arrivals']").first.click()
    page.locator("main .doors .btn-primary").click()
    page.select_option("#id_room", str(journey.rooms["201"]))
    page.check("#id_identity_confirmed")
    page.locator("main form.form button[type=submit]").click()
    page.wait_for_url(f"**/stays/{order.id}")
    return order


class TestTheSitesDay:
    def test_is_logged_once_and_says_what_was_not_in_order(self, journey: Journey) -> None:
        journey.at(in_june(30, 17))
        page = journey.sees("site_head", phone=True)
        page.goto("/sites/today")
        page.locator("main a[href$='/day']").first.click()
        for question in ANSWERS:
            page.check(f"input[name={question}][value={'no' if question == 'meals' else 'yes'}]")
        page.locator("main form.form button[type=submit]").click()
        page.locator(".invalid, .errorlist, .tone-bad, [aria-invalid=true], .alert").first.wait_for()
        seen(page, "site-day-refused")
        page.fill("#id_remark", "晚餐晚到四十分钟，已补送。")
        assert sorted(page.evaluate(SEND_TWICE)) == [200, 200]
        assert [day.remark for day in Day.objects.all()] == ["晚餐晚到四十分钟，已补送。"]
        assert [fact.kind for fact in history(Service.objects.get().subject)][-1] == "service.day_logged"
        page.goto("/sites/today")
        assert "晚餐晚到四十分钟" in page.inner_text("main")
        seen(page, "site-day-told")
        page.locator("main a[href$='/day']").first.click()
        seen(page, "site-day-logged")


class TestSomebodyPositive:
    def test_stays_with_the_site_until_the_hospital_has_them(self, journey: Journey) -> None:
        order = taken_in(journey)
        journey.at(in_june(30, 12))
        subject, person = f"order:{order.id}", f"person:{order.person_id}"
        sample = testing.take_sample(
            subject,
            person_id=order.person_id,
            unit_id=journey.unit("site-yuntai"),
            purpose="plan",
            **journey.by("site_staff"),
        )
        testing.record_result(
            sample, result="positive", laboratory_id=journey.unit("laboratory"), **journey.by("lab_staff")
        )
        staff = journey.sees("site_staff", phone=True)
        staff.goto("/sites/today")
        seen(staff, "site-positive")
        staff.locator("main .table a").first.click()
        seen(staff, "site-positive-stay")
        staff.locator(f"main a[href='/samples/{sample}/referral']").click()
        staff.select_option("#id_hospital_id", str(journey.unit("hospital")))
        seen(staff, "site-referral")
        staff.locator("main form.form button[type=submit]").click()
        staff.wait_for_url(f"**/samples/{sample}")
        assert custody.holder_of(person) == f"site:{journey.unit('site-yuntai')}"
        staff.goto("/sites/today")
        assert "市第三人民医院" in staff.inner_text("main .table")
        journey.at(in_june(30, 14))
        doctor = journey.sees("hospital_staff", phone=True)
        doctor.goto("/referrals/")
        seen(doctor, "hospital-referred")
        doctor.locator("main .doors .btn-primary").click()
        seen(doctor, "hospital-answer")
        doctor.locator("main form.form button[type=submit]").click()
        doctor.wait_for_url("**/referrals/")
        seen(doctor, "hospital-admitted")
        assert custody.holder_of(person) == f"unit:{journey.unit('hospital')}"
        assert Stay.objects.get().cause == Stay.Cause.ADMITTED
        assert Room.objects.get(number="201").state == "cleaning"
        assert queries.violations() == {"restrictions_without_order_or_evidence": 0}


class TestTheHeadOfTheSite:
    def test_sees_every_page_of_the_site_in_both_languages(self, journey: Journey) -> None:
        taken_in(journey)
        site = queries.sites_by_unit()[journey.unit("site-yuntai")]
        zone, room = Room.objects.values_list("zone_id", "id").get(number="202")
        pages = ("", "/rooms", "/round", "/arrivals", "/day", "/settings", f"/zones/{zone}", f"/rooms/{room}")
        for language in ("zh-hans", "en"):
            head = journey.sees("site_head", phone=True, language=language)
            for path in (*pages, f"/rooms/{room}/furnishing"):
                head.goto(f"/sites/{site}{path}")
                seen(head, f"site-{path.strip('/').partition('/')[0] or 'first'}-{len(path)}-{language}")
