"""Clocks say where they stand in words as well as in colour."""

from datetime import datetime, timedelta

import pytest
from django.utils.translation import override

from bihuan.kernel import clock
from bihuan.kernel.web import Clock
from bihuan.kernel.web.templatetags.bihuan import clock_words, span, until

TARGET = datetime(2022, 6, 20, 12, 0, tzinfo=clock.CITY)
DUE = Clock(TARGET, warn_at=TARGET - timedelta(hours=1), breach_at=TARGET + timedelta(hours=1))


class TestClock:
    @pytest.mark.parametrize(
        ("minutes", "standing", "words"),
        [
            (-121, "calm", "Due in 2 h 1 min"),
            (-60, "warn", "Due in 1 h 0 min"),
            (-1, "warn", "Due in 1 min"),
            (1, "warn", "Overdue by 1 min"),
            (60, "breach", "Overdue by 1 h 0 min"),
            (60 * 50, "breach", "Overdue by 2 d 2 h"),
        ],
    )
    def test_stands_by_the_citys_time(self, minutes: int, standing: str, words: str) -> None:
        with clock.given(TARGET + timedelta(minutes=minutes)), override("en"):
            assert (DUE.standing, clock_words(DUE)) == (standing, words)

    def test_knows_whether_it_was_done_in_time(self) -> None:
        in_time = Clock(TARGET, breach_at=DUE.breach_at, done_at=TARGET + timedelta(minutes=59))
        late = Clock(TARGET, breach_at=DUE.breach_at, done_at=TARGET + timedelta(minutes=61))
        assert (in_time.standing, late.standing) == ("done", "late")
        with override("en"):
            assert (clock_words(in_time), clock_words(late)) == ("Done in time", "Done late")

    def test_with_a_target_alone_is_breached_when_it_has_passed(self) -> None:
        with clock.given(TARGET + timedelta(seconds=1)):
            assert Clock(TARGET).standing == "breach"


def test_a_span_is_told_in_its_two_largest_units() -> None:
    with override("en"):
        assert [span(timedelta(minutes=n)) for n in (0, 59, 61, 1439, 2880)] == [
            "0 min",
            "59 min",
            "1 h 1 min",
            "23 h 59 min",
            "2 d 0 h",
        ]


class TestUntil:
    def test_what_ends_at_midnight_ends_with_the_day_before(self) -> None:
        end = datetime(2022, 7, 6, tzinfo=clock.CITY)
        with override("zh-hans"):
            assert until(end) == "2022年7月5日24时"
        with override("en"):
            assert until(end) == "24:00 on 5 July 2022"

    def test_any_other_end_is_a_moment(self) -> None:
        assert until(datetime(2022, 7, 6, 9, 30, tzinfo=clock.CITY)) == "2022-07-06 09:30"
        assert until(None) == ""
