"""Whoever is shown a link may follow it: every member of staff, from their first screen on, and a traveller as well."""

from collections import Counter, deque
from collections.abc import Iterator
from contextlib import ExitStack
from html.parser import HTMLParser
from typing import cast
from urllib.parse import parse_qsl, urljoin, urlsplit

import pytest
from django.test import Client
from django.urls import resolve

from bihuan.modules.arrivals import actions as arrivals
from bihuan.modules.measures import actions as measures
from tests.browser import CityPage
from tests.journeys.city import Journey, furnish, in_july, walks_in
from tests.journeys.ordered import asked, checked_in, ordered, underway
from tests.journeys.test_manifest_file import manifest
from tests.signing_in import sign_in
from tests.world import STAFF, world

EACH = 1  # pages of one kind that are opened


class Links(HTMLParser):
    def __init__(self, text: str) -> None:
        super().__init__()
        self.found: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        named = dict(attrs)
        if tag == "a" and "download" not in named and (address := named.get("href")):
            self.found.append(address)


@pytest.fixture
def busy(transactional: None) -> Iterator[Journey]:
    """A city in the middle of its work: people expected, waiting, proposed for an order, asked for, underway, at the
    site, and one who appeals."""
    with ExitStack() as stack:
        city = Journey(world(), cast("CityPage", None), stack)
        city.at(in_july(1))
        furnish(city)
        arrivals.import_arrivals(manifest(), "G1810.csv", unit=city.unit("410811"), **city.by("district"))
        inside, _riding, waiting, _bound = (ordered(city, 50 + n, name) for n, name in enumerate("甲乙丙丁"))
        walks_in(city, 60, "待批")
        checked_in(city, inside, "201")
        underway(city, _riding)
        asked(city, waiting)
        measures.file_appeal(inside.id, words="我没有去过那里", phone="13800000050", **city.by("clerk"))
        yield city


def dead_ends(client: Client, first: str = "/") -> list[str]:
    """What does not answer among the pages that lead from the first one, each with the page that shows it."""
    waiting, met, wrong = deque([(first, "")]), Counter[object](), []
    while waiting:
        address, shown_on = waiting.popleft()
        path, query = urlsplit(address)[2:4]
        kind = (resolve(path).view_name, *(name for name, _value in parse_qsl(query)))
        met[kind] += 1
        if met[kind] > EACH:
            continue
        answer = client.get(address, follow=True)
        if answer.status_code != 200:
            wrong.append(f"{address} ({answer.status_code}) on {shown_on}")
        elif answer["Content-Type"].startswith("text/html"):
            for link in Links(answer.content.decode()).found:
                target = urljoin(address, link).partition("#")[0]
                if target.startswith("/"):
                    waiting.append((target, address))
    return wrong


class TestLinks:
    def test_lead_somewhere_for_everybody_who_works_here(self, busy: Journey) -> None:
        found = {who: dead_ends(sign_in(Client(), busy.user(who))) for who, *_post in STAFF}
        assert {who: wrong for who, wrong in found.items() if wrong} == {}

    def test_lead_somewhere_for_a_traveller(self, busy: Journey) -> None:
        assert dead_ends(Client(), "/public/") == []
