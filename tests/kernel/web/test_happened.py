"""What was done earlier keeps its own time, within what can have been."""

from datetime import datetime, timedelta

import pytest
from django.utils.datastructures import MultiValueDict

from bihuan.kernel import clock
from bihuan.kernel.web import Entry, HappenedForm

pytestmark = pytest.mark.usefixtures("english")


def entered(at: datetime | None, since: datetime | None = None) -> HappenedForm:
    named = at.astimezone(clock.CITY).strftime("%Y-%m-%dT%H:%M") if at else ""
    return HappenedForm(MultiValueDict({"happened_at": [named]}), since=since)


class TestHappenedForm:
    def test_means_now_where_nothing_is_said(self) -> None:
        form = entered(None)
        assert form.is_valid()
        assert form.moment == clock.now()
        assert form.findings == {}

    def test_takes_the_citys_minute_that_is_named(self) -> None:
        form = entered(clock.now() - timedelta(hours=2))
        assert form.is_valid()
        assert form.moment == clock.now() - timedelta(hours=2)

    def test_refuses_what_is_still_to_come(self) -> None:
        form = entered(clock.now() + timedelta(minutes=1))
        assert "still to come" in str(form.errors["happened_at"])

    def test_refuses_what_could_not_have_been_done_yet_and_says_since_when(self) -> None:
        since = clock.now() - timedelta(hours=1)
        form = entered(since - timedelta(minutes=1), since)
        assert "2022-06-20 09:00" in str(form.errors["happened_at"])

    def test_takes_the_minute_in_which_it_became_possible(self) -> None:
        since = clock.now() - timedelta(hours=1) + timedelta(seconds=42)
        form = entered(since, since)
        assert form.is_valid()
        assert form.moment == since


class TestEntry:
    @pytest.mark.parametrize(("minutes", "is_late"), [(0, False), (5, False), (6, True)])
    def test_says_when_it_was_entered_long_after(self, minutes: int, is_late: bool) -> None:
        entered_at = clock.now() + timedelta(minutes=minutes)
        assert Entry(clock.now(), "Seen", recorded_at=entered_at).entered_late_at == (entered_at if is_late else None)
