"""The demo's seven days: nobody is drawn twice, and every page of the loop has somebody on it."""

from collections import Counter
from datetime import timedelta

import pytest

from bihuan.kernel import clock, custody, ledger
from bihuan.kernel.loop import drift
from bihuan.modules.isolation import queries as isolation
from bihuan.site.demo.build import build
from bihuan.site.demo.city import build_city, residents, source
from bihuan.site.demo.days import DAYS, FIRST_DAY, unseen
from bihuan.site.demo.run import BEGINS, ENDS, live_demo_days

SMALL = 200


class TestUnseen:
    @pytest.fixture
    def everybody(self):
        return [one for _household, people in residents(build_city(SMALL)) for one in people]

    def test_are_the_same_for_the_same_seed(self, everybody) -> None:
        assert unseen(everybody, 3) == unseen(everybody, 3) != unseen(everybody, 4)

    def test_are_grown_ups_of_different_households_from_areas_of_risk(self, everybody) -> None:
        found = unseen(everybody)
        assert len({one.resident.household for one in found}) == len(found) == len(source()["unseen"])
        assert all(one.resident.birth_on < FIRST_DAY - timedelta(days=18 * 365) for one in found)
        risky = {area["code"] for area in source()["area"] if area.get("level") in ("high", "medium")}
        assert {one.origin_code for one in found} <= risky

    def test_came_before_they_were_found_and_are_found_in_the_hours_of_the_demo(self, everybody) -> None:
        for one in unseen(everybody):
            assert one.arrived_on < one.found_at.date() < FIRST_DAY + timedelta(days=DAYS)
            assert BEGINS < one.found_at < ENDS
            assert (one.found_at.minute, one.found_at.second) == (0, 0)


@pytest.mark.django_db
class TestTheSevenDays:
    def test_find_somebody_later_and_let_somebody_out_of_hospital(self) -> None:
        with clock.given(BEGINS):
            people = build(SMALL)
        staff = live_demo_days(people, seed=1, per_day=1, told=lambda moment: None)
        with clock.given(ENDS):
            done = Counter(
                fact.kind
                for kind in ("arrival.found", "person.admitted", "person.discharged")
                for fact in ledger.of_kinds([kind], since=BEGINS - timedelta(days=1), until=ENDS + timedelta(days=400))
            )
            assert done["arrival.found"] == len(source()["unseen"])
            assert done["person.admitted"] > done["person.discharged"] > 0, staff.refused
            assert isolation.admitted(staff.scope)
            assert not [line for line in staff.refused if "found later" in line or "discharge" in line]
            assert set(custody.violations().values()) == {0}
            assert drift(clock.now()) == []
