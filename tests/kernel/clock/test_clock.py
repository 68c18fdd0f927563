"""The clock is given; these tests give it, or do not."""

import contextvars
from datetime import UTC, datetime, timedelta

import pytest

from bihuan.kernel import clock
from bihuan.site import edge

NOON = datetime(2022, 6, 28, 12, 0, tzinfo=clock.CITY)


class TestNow:
    def test_is_the_moment_that_was_given(self):
        with clock.given(NOON):
            assert clock.now() == NOON

    def test_is_refused_where_nobody_gave_one(self):
        with pytest.raises(clock.ClockNotGiven, match=r"Enter `with clock\.given"):
            contextvars.Context().run(clock.now)

    def test_stands_still_and_comes_back_to_the_outer_moment(self):
        with clock.given(NOON):
            with clock.given(NOON + timedelta(hours=1)):
                assert clock.now() == NOON + timedelta(hours=1)
            assert clock.now() == clock.now() == NOON

    def test_must_have_a_time_zone(self):
        with pytest.raises(AssertionError, match="no moment"), clock.given(NOON.replace(tzinfo=None)):
            pass


class TestKept:
    def test_lasts_as_long_as_the_clock_stands(self):
        with clock.given(NOON):
            clock.kept()["answer"] = 1
            assert clock.kept() == {"answer": 1}
            with clock.given(NOON):
                assert clock.kept() == {}
            assert clock.kept() == {}
        assert contextvars.Context().run(clock.kept) == {}


@pytest.mark.django_db
class TestTheCitysTime:
    @pytest.fixture(autouse=True)
    def forget(self, monkeypatch):
        monkeypatch.setattr(edge, "_offset", None)

    def test_is_the_real_one_where_no_demo_city_lives(self):
        assert abs(edge.city_now() - datetime.now(UTC)) < timedelta(seconds=5)

    def test_is_the_demo_citys_own_and_runs_on(self):
        edge.set_city_time(NOON)
        first = edge.city_now()
        assert timedelta() <= first - NOON < timedelta(seconds=5)
        assert edge.city_now() > first
