"""Somebody opens people beyond their work: they are asked, told, stopped and seen. And a post that two people fill."""

from uuid import uuid4

import pytest

from bihuan.kernel import access
from bihuan.kernel.access.models import Nomination
from bihuan.modules.arrivals.models import Arrival
from bihuan.modules.measures.models import Order
from bihuan.modules.measures.queries import token_of
from tests.journeys.city import HASH, Journey, seen, send, walks_in

pytestmark = pytest.mark.browser
LANGUAGES = [("zh-hans", False), ("en", True)]


def opens_many(city: Journey, who: str, people: int) -> None:
    scope = access.scope_for(city.user(who))
    for _ in range(people):
        access.opened(scope, uuid4(), "care")


class TestOpening:
    @pytest.mark.parametrize(("language", "phone"), LANGUAGES)
    def test_is_asked_for_told_stopped_and_seen(self, journey: Journey, language: str, phone: bool) -> None:
        english = language == "en"
        person = Arrival.objects.get(pk=walks_in(journey, 3, "杨可查")).person_id
        page = journey.sees("community_worker", phone=phone, language=language)
        page.goto(f"/people/{person}")
        assert "杨可查" not in page.inner_text("main")
        seen(page, f"opening-asked-{language}")
        page.get_by_label("Look after them" if english else "照料服务").check()
        page.fill("#id_reason", "0630-17")
        opens_many(journey, "community_worker", 250)
        send(page, "Open the record" if english else "查看档案")
        assert "杨可查" in page.inner_text("h1")
        assert "251" in page.inner_text("main")
        seen(page, f"opening-near-{language}")
        opens_many(journey, "community_worker", 49)
        other = Arrival.objects.get(pk=walks_in(journey, 4, "杨可拒")).person_id
        page.goto(f"/people/{other}")
        page.get_by_label("Look after them" if english else "照料服务").check()
        page.fill("#id_reason", "0630-18")
        page.get_by_role("button", name="Open the record" if english else "查看档案").click()
        page.get_by_text("limit for a day" if english else "达到当日限额").first.wait_for()
        assert "杨可拒" not in page.inner_text("main")
        seen(page, f"opening-refused-{language}")

        auditor = journey.sees("auditor", phone=phone, language=language)
        auditor.goto("/audit/")
        assert journey.user("community_worker").name in auditor.locator("main .tone-bad").first.inner_text()
        seen(auditor, f"opening-alarm-{language}")

        head = journey.sees("district", phone=phone, language=language)
        community = journey.unit("410811001001")
        head.goto(f"/units/{community}")
        head.get_by_role("link", name="More openings today" if english else "调高今日查看限额").click()
        head.fill("#id_extra", "20")
        head.fill("#id_reason", "0630")
        seen(head, f"opening-raised-{language}")
        send(head, "Raise the limit of openings for today" if english else "调高当日查看限额")
        page.goto(f"/people/{other}")
        page.get_by_label("Look after them" if english else "照料服务").check()
        page.fill("#id_reason", "0630-18")
        send(page, "Open the record" if english else "查看档案")
        assert "杨可拒" in page.inner_text("h1")

    @pytest.mark.parametrize(("language", "phone"), LANGUAGES)
    def test_stands_on_the_persons_own_page(self, journey: Journey, language: str, phone: bool) -> None:
        from bihuan.modules.measures import actions as measures

        arrival = Arrival.objects.get(pk=walks_in(journey, 5, "杨可见"))
        order = Order.objects.get(person_id=arrival.person_id)
        measures.approve(order.id, **journey.by("approver"))
        for _ in range(3):
            access.opened(access.scope_for(journey.user("clerk")), arrival.person_id, "order")
        page = journey.open_page(phone=phone, language=language)
        page.goto(f"/p/{token_of(order.id)}")
        told = page.inner_text("main")
        assert ("Order clerk" if language == "en" else "决定书经办人") in told
        assert ("Looking at the order" if language == "en" else "查看您的管控决定") in told
        assert journey.user("clerk").name not in told
        seen(page, f"opening-own-page-{language}")


class TestPostOfTwo:
    @pytest.mark.parametrize(("language", "phone"), LANGUAGES)
    def test_is_named_by_one_unit_and_confirmed_by_another(self, journey: Journey, language: str, phone: bool) -> None:
        english = language == "en"
        page = journey.sees("district", phone=phone, language=language)
        district = journey.unit("410811")
        page.goto(f"/units/{district}/appointment")
        page.select_option("#id_user", str(journey.user("colleague").id))
        page.select_option("#id_role", "order_approver")
        send(page, "Appoint" if english else "任命")
        seen(page, f"nomination-waits-{language}")
        second = journey.user("security_admin")
        second.password = HASH
        second.save(update_fields=["password"])
        page = journey.sees("security_admin", phone=phone, language=language)
        page.goto("/units/nominations/")
        seen(page, f"nominations-{language}")
        page.locator("main ul a").first.click()
        page.get_by_label("Confirm" if english else "确认", exact=True).check()
        page.fill("#signature", "three-green-umbrellas")
        seen(page, f"nomination-{language}")
        send(page, "Sign" if english else "签名")
        assert Nomination.objects.get().state == "confirmed"
        assert access.scope_for(journey.user("colleague")).may("measures.approve")
        page.goto(f"/accounts/{journey.user('driver').id}")
        seen(page, f"account-security-{language}")
