from datetime import date, datetime, time, timedelta

import pytest

from bihuan.kernel import clock
from bihuan.modules.units import rules

CUT_OFF = datetime(2022, 6, 20, 17, 0, tzinfo=clock.CITY)
MINUTE = timedelta(minutes=1)


class TestCutOff:
    def test_lies_on_the_day_in_city_time(self) -> None:
        assert rules.cut_off_at(date(2022, 6, 20), time(17), clock.CITY) == CUT_OFF


class TestStanding:
    @pytest.mark.parametrize(
        ("submitted_at", "now", "expected"),
        [
            (None, CUT_OFF, "open"),
            (None, CUT_OFF + MINUTE, "missing"),
            (CUT_OFF, CUT_OFF + MINUTE, "sent"),
            (CUT_OFF + MINUTE, CUT_OFF + 60 * MINUTE, "late"),
        ],
    )
    def test_follows_the_cut_off(self, submitted_at: datetime | None, now: datetime, expected: str) -> None:
        assert rules.standing(CUT_OFF, submitted_at, now) == expected
