from datetime import date, datetime, timedelta

import pytest

from bihuan.kernel import clock
from bihuan.modules.transfers.rules import Promise, demand, ended_by, is_in_force, nearest, shared, wait_tone

AT = datetime(2022, 6, 20, 10, tzinfo=clock.CITY)


class TestFleet:
    def test_nearest_in_the_tree_serves(self):
        fleets = [("city", "/410800/fleet/"), ("county", "/410800/410811/county-fleet/")]
        assert nearest("/410800/410811/gate/", fleets) == "county"
        assert nearest("/410800/410802/gate/", fleets) == "city"

    def test_is_none_where_there_is_none(self):
        assert nearest("/410800/", []) is None

    def test_paths_share_steps_not_letters(self):
        assert shared("/1/23/", "/1/2/") == 1


class TestPlan:
    def test_says_how_many_seats_are_short(self):
        assert demand([Promise(18), Promise(7)], 30).short == 5
        assert demand([Promise(45)], 30).short == 0

    @pytest.mark.parametrize(("day", "expected"), [(19, False), (20, True), (22, True), (23, False)])
    def test_is_in_force_from_its_first_to_its_last_day(self, day: int, expected: bool):
        assert is_in_force(date(2022, 6, 20), date(2022, 6, 22), date(2022, 6, day)) is expected


class TestWait:
    @pytest.mark.parametrize(("hours", "tone"), [(1, "good"), (2, "warn"), (4, "bad")])
    def test_turns_urgent_at_half_its_limit_and_bad_at_its_end(self, hours: int, tone: str):
        assert wait_tone(timedelta(hours=hours), timedelta(hours=4)) == tone


class TestReservation:
    def test_is_cut_short_and_never_prolonged(self):
        assert ended_by(AT, AT + timedelta(hours=2), AT + timedelta(hours=1)) == AT + timedelta(hours=1)
        assert ended_by(AT, AT + timedelta(hours=2), AT + timedelta(hours=5)) == AT + timedelta(hours=2)

    def test_is_never_empty(self):
        assert ended_by(AT, AT + timedelta(hours=2), AT - timedelta(hours=1)) > AT
