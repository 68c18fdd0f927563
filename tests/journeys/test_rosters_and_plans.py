"""Who is on duty, how a county fetches its people, and the return that is in before its cut-off or shown as missing."""

from datetime import timedelta

import pytest

from bihuan.kernel import clock
from bihuan.kernel.access import actions as access
from bihuan.kernel.access.actions import NewUser
from bihuan.kernel.access.queries import user_ids
from bihuan.modules.transfers.models import PickupPlan
from bihuan.modules.units import actions as units
from bihuan.modules.units.models import DailyReturn, DutyShift
from tests.journeys.city import Journey, seen, send

pytestmark = pytest.mark.browser


def county_driver(city: Journey) -> None:
    """Somebody holds the driver's post of the county."""
    access.add_user(NewUser("county-driver", "许师傅", "13800002101"), **city.by("system_admin"))
    (user,) = user_ids(["county-driver"]).values()
    today = clock.now().date()
    access.appoint(user, role="driver", unit_id=city.unit("410811"), since=today, **city.by("district"))


class TestPickupPlan:
    def test_is_drafted_by_the_county_returned_completed_and_approved_by_the_city(self, journey: Journey) -> None:
        county_driver(journey)
        page = journey.sees("district")
        for plate, seats in (("豫H·S1101", "7"), ("豫H·S1102", "18")):
            page.goto("/vehicles/new")
            page.fill("#id_plate", plate)
            page.select_option("#id_kind", "minibus")
            page.fill("#id_seats", seats)
            page.select_option("#id_unit_id", str(journey.unit("410811")))
            send(page, "登记车辆")
        page.goto("/vehicles/drivers/new")
        page.select_option("#id_user_id", label="许师傅 · 山阳区")
        page.fill("#id_phone", "13800002101")
        send(page, "登记驾驶员")
        seen(page, "journey-county-drivers")

        page.goto("/plans/new")
        page.select_option("#id_unit_id", str(journey.unit("410811")))
        for name, value in (
            ("begins_on", "2022-06-30"), ("ends_on", "2022-07-06"), ("seats_wanted", "20"), ("eta_minutes", "50"),
            ("contact_name", "韩区长"), ("contact_phone", "0391-3000000"),
        ):  # fmt: skip
            page.fill(f"#id_{name}", value)
        send(page, "编制方案")
        self.promise(journey, "豫H·S1101")
        send(page, "报市级审批")
        address = page.url
        assert "缺 13 个座位" in page.inner_text("main")

        city = journey.sees("commander")
        city.goto(address)
        city.fill("[name=remark]", "座位缺口大，请增加车辆。")
        send(city, "退回县（市、区）")
        page.goto(address)
        assert "座位缺口大，请增加车辆。" in page.inner_text("main")
        seen(page, "journey-plan-returned")
        self.promise(journey, "豫H·S1102")
        assert "个座位" not in page.inner_text("main")
        send(page, "报市级审批")

        city.goto(address)
        send(city, "批准")
        seen(city, "journey-plan-approved")
        assert PickupPlan.objects.get().state == "approved"

    def promise(self, journey: Journey, plate: str) -> None:
        page = journey.sees("district")
        page.locator("main a[href$='/vehicles']").click()
        option = page.locator("#id_vehicle_id option", has_text=plate).get_attribute("value")
        page.select_option("#id_vehicle_id", option)
        page.fill("#id_call_from", "06:00")
        page.fill("#id_call_until", "23:00")
        send(page, "列入方案")


class TestRoster:
    def test_shows_the_gate_without_anybody_until_somebody_is_put_on_duty(self, journey: Journey) -> None:
        gate = journey.unit("gate-rail")
        page = journey.sees("district", phone=True)
        page.goto(f"/units/{gate}/roster")
        today = page.locator("main section.card").first
        assert "无人值班" in today.inner_text()
        seen(page, "journey-roster-empty")
        for _again in range(2):
            page.goto(f"/units/{gate}/roster")
            page.locator("main section.card").first.locator("a[href*='/shift']").last.click()
            page.select_option("#id_holder", f"gate_officer:{journey.user('gate_officer').id}")
            send(page, "安排值班")
        assert "该人员在此时段已有值班安排。" in page.inner_text("main")
        assert DutyShift.objects.count() == 1
        page.goto(f"/units/{gate}/roster")
        assert "王站口" in page.locator("main section.card").first.inner_text()
        seen(page, "journey-roster")
        page.locator("main").get_by_role("link", name="取消班次").click()
        page.fill("#id_reason", "临时调岗")
        send(page, "取消班次")
        assert not DutyShift.objects.exists()


class TestDailyReturn:
    def test_is_in_before_the_cut_off_or_shown_as_missing(self, journey: Journey) -> None:
        units.open_returns(clock.now().date(), **journey.by("commander"))
        owed = DailyReturn.objects.count()
        mine = DailyReturn.objects.get(unit=journey.unit("410811"))
        page = journey.sees("district", phone=True)
        page.goto(f"/returns/{mine.id}")
        page.fill("#id_remark", "今日无异常。")
        send(page, "报送日报")
        seen(page, "journey-return")
        journey.at(mine.cut_off_at.astimezone(clock.CITY) + timedelta(minutes=5))
        command = journey.sees("commander")
        command.goto("/returns/?standing=missing")
        rows = command.locator("main tbody tr")
        assert rows.count() == owed - 1
        assert "山阳区" not in command.inner_text("main tbody")
        seen(command, "journey-returns-missing")
        command.goto("/board/")
        tile = command.locator(".stat", has_text="缺报单位")
        assert str(owed - 1) in tile.first.inner_text()
