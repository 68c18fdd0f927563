"""Every number of the board opens its rows, and the rows are as many as the number says."""

import re

import pytest
from playwright.sync_api import Page

from tests.journeys.city import LANZHOU, SHANGHAI, Journey, in_july, seen, walks_in
from tests.journeys.ordered import checked_in, ordered, underway

pytestmark = pytest.mark.browser


def opened(page: Page, address: str) -> int:
    """How many rows stand behind a number."""
    page.goto(address)
    return int(re.search(r"\d+", page.inner_text(".list-count")).group())


class TestBoard:
    def test_numbers_open_as_many_rows(self, journey: Journey) -> None:
        there, waits = ordered(journey, 1, "王在点"), ordered(journey, 2, "李在等")
        walks_in(journey, 3, "赵待批", origin=LANZHOU)
        walks_in(journey, 4, "孙居家", origin=SHANGHAI)
        underway(journey, there)
        checked_in(journey, there, "201")
        journey.at(in_july(1, 12))
        page = journey.sees("commander")
        page.goto("/board/")
        seen(page, "journey-board")
        assert waits.number in page.inner_text("main")
        duties = [
            (int(link.inner_text()), link.get_attribute("href"))
            for link in page.locator("main a[href*='/duties/']").all()
            if link.inner_text().strip().isdigit()
        ]
        tiles = [
            (int(re.search(r"\d+", tile.inner_text()).group()), tile.get_attribute("href"))
            for tile in page.locator("main .stat a[href*='/duties/'], main .stat a[href*='/orders/']").all()
        ]
        assert len(duties) > 10
        assert len(tiles) == 5
        for number, address in {*duties, *tiles}:
            assert opened(page, address) == number, address
