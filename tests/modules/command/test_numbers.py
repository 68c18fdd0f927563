"""Every number of a board opens its rows, and the rows are as many as it says, whoever reads whichever board."""

import re
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import datetime

import pytest
from django.test import Client

from bihuan.kernel import clock
from bihuan.kernel.loop import work
from bihuan.modules.testing import actions as testing
from bihuan.modules.units import actions as units
from tests.journeys.city import LANZHOU, SHANGHAI, Journey, furnish, in_july, walks_in
from tests.journeys.ordered import asked, checked_in, ordered, underway
from tests.signing_in import sign_in
from tests.world import World

pytestmark = pytest.mark.django_db
BOARDS = [
    ("commander", ""),
    ("commander", "410811"),
    ("commander", "site-yuntai"),
    ("district", ""),
    ("team_lead", ""),
    ("site_head", ""),
    ("community_worker", ""),
    ("dispatcher", ""),
    ("approver", ""),
]
LINK = re.compile(r'<a(?: class="[^"]*")? href="([^"]+)">\s*(\d+)\s*</a>')
TILE = re.compile(r'<a href="([^"]+)"><span class="stat-label">.*?<span class="stat-value">(\d+)</span>')


class Living(Journey):
    """The city of the journeys without screens, inside the test's transaction."""

    def at(self, moment: datetime) -> None:
        self.stack.enter_context(clock.given(moment))
        while work(moment):
            pass


@pytest.fixture
def living(city: World) -> Iterator[Journey]:
    """Somebody in every state that a board counts, and hours in which nobody did anything."""
    with ExitStack() as stack:
        made = Living(city, None, stack)  # type: ignore[arg-type]
        made.at(in_july(1, 8))
        furnish(made)
        units.open_returns(clock.now().date(), **made.by("commander"))
        there, aboard = ordered(made, 1, "王在点"), ordered(made, 2, "李在途")
        ordered(made, 3, "周未叫车")
        asked(made, ordered(made, 4, "吴在等"))
        walks_in(made, 5, "赵待批", origin=LANZHOU)
        walks_in(made, 6, "孙居家", origin=SHANGHAI)
        underway(made, there, aboard)
        checked_in(made, there, "201")
        for order, result in ((there, "positive"), (aboard, "negative")):
            sample = testing.take_sample(
                f"order:{order.id}",
                person_id=order.person_id,
                unit_id=made.unit("site-yuntai"),
                purpose="plan",
                day=1,
                **made.by("site_staff"),
            )
            if result == "positive":
                testing.record_result(
                    sample, result=result, laboratory_id=made.unit("laboratory"), **made.by("lab_staff")
                )
        made.at(in_july(1, 20))
        yield made


def numbers(body: str) -> set[tuple[str, int]]:
    found = [*LINK.findall(body), *TILE.findall(body)]
    return {(address.replace("&amp;", "&"), int(number)) for address, number in found}


def rows(client: Client, address: str) -> int:
    """How many stand behind an address: of gates and sites, how many people wait and how many rooms are free there; of
    rooms, those shown or the people in them.
    """
    answer = client.get(address)
    assert answer.status_code == 200, address
    if answer.resolver_match.view_name == "gates:list":
        return sum(row["gate"].waiting for row in answer.context["rows"])
    if answer.resolver_match.view_name == "gates:day":
        return len(answer.context["waiting"])
    if answer.resolver_match.view_name == "sites:list":
        return sum(site.usable_free for site in answer.context["table"].found)
    if answer.resolver_match.view_name == "sites:rooms":
        cells = [cell for _floor, found in answer.context["floors"] for cell in found]
        return sum(len(cell.guests) for cell in cells) if address.endswith("#people") else len(cells)
    return int(answer.context["table"].pages.count)


class TestNumbers:
    def test_of_every_board_are_those_of_their_rows(self, client: Client, living: Journey) -> None:
        seen = {}
        for who, place in BOARDS:
            sign_in(client, living.user(who))
            pages = [client.get(page, {"place": place}) for page in ("/board/", "/board/wall")]
            bodies = [page.content.decode() for page in pages if page.status_code == 200]
            for address, number in set().union(*map(numbers, bodies)):
                seen[who, place, address] = number, rows(client, address)
        assert {key: pair for key, pair in seen.items() if pair[0] != pair[1]} == {}
        assert len([pair for pair in seen.values() if pair[0]]) > 100

    def test_of_the_whole_city_are_what_was_laid_down(self, client: Client, living: Journey) -> None:
        board = sign_in(client, living.user("commander")).get("/board/").context["board"]
        assert (board.orders.live, board.orders.proposed, board.orders.central) == (4, 2, 4)
        assert (board.sides.unaccepted, board.sides.stranded) == (1, 3)
        assert (board.tests.sampled, board.tests.resulted, board.tests.positive) == (2, 1, 1)
        assert board.returns.missing == 3
        assert [(site.free, site.occupied) for site in board.rooms] == [(3, 1)]


class TestBelow:
    def test_cuts_any_page_to_a_place_and_says_so(self, client: Client, living: Journey) -> None:
        sign_in(client, living.user("commander"))
        cut = client.get("/orders/?below=410802&state=live")
        assert cut.context["table"].pages.count == 0
        assert "解放区" in cut.content.decode()
        assert 'href="/orders/?state=live"' in cut.content.decode()
        whole = client.get("/orders/?below=410811&state=live").context["table"]
        assert whole.pages.count == 4
        assert "below=410811" in whole.heads[0].url

    @pytest.mark.parametrize("code", ["410802", "no-such-unit"])
    def test_gives_nobody_a_reach_they_do_not_have(self, client: Client, city: World, code: str) -> None:
        assert sign_in(client, city.user("district")).get(f"/orders/?below={code}").status_code == 404
