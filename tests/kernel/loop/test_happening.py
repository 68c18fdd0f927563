"""What was done in the field is taken down as of then: not ahead, not before what it rests on, not long ago."""

from datetime import timedelta

import pytest

from bihuan.kernel import clock
from bihuan.kernel.loop import happened
from bihuan.kernel.loop.happening import LATE_MAX, NotYetPossible, StillToCome, TooLongAgo

pytestmark = pytest.mark.usefixtures("english")
MINUTE = timedelta(minutes=1)


class TestHappened:
    def test_takes_the_moment_given(self) -> None:
        assert happened(clock.now()) == clock.now()
        assert happened(clock.now() - LATE_MAX) == clock.now() - LATE_MAX

    def test_refuses_what_is_still_to_come(self) -> None:
        with pytest.raises(StillToCome):
            happened(clock.now() + timedelta(microseconds=1))

    def test_refuses_what_lies_before_the_last_of_its_grounds_and_says_since_when(self) -> None:
        grounds = [clock.now() - timedelta(hours=2), None, clock.now() - timedelta(hours=1)]
        with pytest.raises(NotYetPossible, match="2022-06-20 09:00"):
            happened(clock.now() - timedelta(hours=1) - MINUTE, *grounds)
        assert happened(clock.now() - timedelta(hours=1), *grounds) == clock.now() - timedelta(hours=1)

    def test_takes_the_minute_in_which_it_became_possible_as_that_moment(self) -> None:
        since = clock.now() - timedelta(hours=1) + timedelta(seconds=42)
        assert happened(since - timedelta(seconds=42), since) == since
        with pytest.raises(NotYetPossible):
            happened(since - timedelta(seconds=43), since)

    def test_refuses_what_lies_further_back_than_is_entered_afterwards(self) -> None:
        with pytest.raises(TooLongAgo, match="7 days"):
            happened(clock.now() - LATE_MAX - timedelta(microseconds=1))
