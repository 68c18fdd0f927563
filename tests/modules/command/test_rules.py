from dataclasses import dataclass
from datetime import datetime, timedelta

import pytest

from bihuan.modules.command import rules
from tests.conftest import START


@dataclass(frozen=True)
class Count:
    open: int = 1
    ahead: int = 0
    warned: int = 0
    breached: int = 0
    ages: tuple[int, int, int, int] = (1, 0, 0, 0)
    oldest: datetime = START


class TestRollingUp:
    def test_adds_what_shares_a_key_and_keeps_the_oldest(self) -> None:
        long_ago = START - timedelta(days=9)
        counts = [
            ("a", Count(open=2, ahead=4, warned=1, ages=(1, 1, 0, 0))),
            ("b", Count()),
            ("a", Count(open=3, breached=2, ages=(0, 0, 1, 2), oldest=long_ago)),
        ]
        rolled = rules.rolled_up(counts)
        assert list(rolled) == ["a", "b"]
        assert rolled["a"] == Count(5, 4, 1, 2, (1, 1, 1, 2), long_ago)

    def test_of_nothing_has_no_oldest(self) -> None:
        assert rules.rolled_up([]) == {}
        with pytest.raises(AssertionError):
            rules.together([])


class TestPaths:
    @pytest.mark.parametrize(
        ("path", "place", "child"),
        [
            ("/city/a/b/", "/city/", "a"),
            ("/city/a/", "/city/", "a"),
            ("/city/", "/city/", ""),
        ],
    )
    def test_lead_to_the_child_below_a_place(self, path: str, place: str, child: str) -> None:
        assert rules.child_on_the_way(path, place) == child

    @pytest.mark.parametrize("path", ["/city/ab/", "/city/ab/c/"])
    def test_that_lie_elsewhere_lead_to_the_unit_below_the_root(self, path: str) -> None:
        assert rules.child_on_the_way(path, "/city/a/") == "ab"
        assert rules.child_on_the_way("/city/", "/city/a/") == "city"

    def test_go_up_nearest_first(self) -> None:
        assert rules.steps_up("/a/b/c/") == ["/a/b/c/", "/a/b/", "/a/"]
