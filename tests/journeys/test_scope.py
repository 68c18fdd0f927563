"""An officer of another district: to them these people do not exist, whichever way they look."""

from dataclasses import dataclass
from urllib.parse import urlencode
from uuid import UUID, uuid4

import pytest
from playwright.sync_api import Page

from bihuan.modules.arrivals import actions as arrivals
from bihuan.modules.arrivals.models import Arrival, Batch
from bihuan.modules.isolation import actions as isolation
from bihuan.modules.isolation.models import Site
from bihuan.modules.measures import actions as measures
from bihuan.modules.measures.models import Order
from tests.journeys.city import Journey, resident_id, seen, walks_in
from tests.journeys.test_manifest_file import manifest

pytestmark = pytest.mark.browser
NAME = "许志强"
LISTS = [
    "/arrivals/",
    "/orders/",
    "/people/",
    "/samples/",
    "/sites/",
    "/trips/",
    "/gates/",
    "/duties/",
    "/transfers/stranded",
]


@dataclass(frozen=True)
class Held:
    """Somebody at the site of Shanyang District, and every page about them."""

    person: UUID
    pages: tuple[str, ...]


@pytest.fixture
def held(journey: Journey) -> Held:
    arrival = Arrival.objects.get(id=walks_in(journey, 41, NAME))
    order = Order.objects.get()
    measures.approve(order.id, **journey.by("approver"))
    isolation.check_in(order.id, room_id=journey.rooms["201"], identity_confirmed=True, **journey.by("site_staff"))
    arrivals.import_arrivals(manifest(), "G1810.csv", unit=journey.unit("410811"), **journey.by("district"))
    site, batch = Site.objects.get(), Batch.objects.get()
    return Held(
        arrival.person_id,
        (
            f"/arrivals/{arrival.id}",
            f"/people/{arrival.person_id}",
            f"/orders/{order.id}",
            f"/orders/{order.id}/notice",
            f"/stays/{order.id}",
            f"/sites/{site.id}",
            f"/sites/{site.id}/rooms",
            f"/gates/{journey.unit('gate-rail')}",
            f"/batches/{batch.id}",
            f"/batches/{batch.id}/outcome.csv",
            f"/units/{journey.unit('410811')}",
        ),
    )


def words(page: Page) -> str:
    return page.locator("main").inner_text()


class TestAnOfficerOfAnotherDistrict:
    def test_finds_nothing(self, journey: Journey, held: Held) -> None:
        own, page = journey.sees("district"), journey.sees("stranger")
        own.goto(f"/arrivals/?q={resident_id(41)}")
        assert own.locator("#rows tbody tr").count() == 1
        for address in LISTS:
            answer = page.goto(address)
            assert answer is not None
            assert answer.status in (200, 404), address
            assert "许" not in words(page), address
        for address in ("/arrivals/", "/people/", "/orders/"):
            page.goto(f"{address}?q={NAME}")
            assert page.locator("#rows tbody tr").count() == 0, address
            page.goto(f"{address}?q={resident_id(41)}")
            assert page.locator("#rows tbody tr").count() == 0, address
        seen(page, "journey-nothing-found")
        page.goto("/board/")
        assert "许" not in words(page)
        seen(page, "journey-board-of-another-district")

    def test_is_told_the_same_of_what_is_hidden_and_of_what_never_was(self, journey: Journey, held: Held) -> None:
        own, page = journey.sees("district"), journey.sees("stranger")
        missing = page.goto(f"/arrivals/{uuid4()}")
        assert missing is not None
        assert missing.status == 404
        told = words(page)
        seen(page, "journey-not-found")
        for address in (*held.pages, "/laboratory/", "/orders/approvals", "/audit/"):
            hidden = page.request.get(address)
            page.goto(address) if not address.endswith(".csv") else None
            assert (address, hidden.status) == (address, 404)
            assert words(page) == told, address
        for address in held.pages:
            assert own.request.get(address).status == 200, address

    def test_exports_a_file_without_them(self, journey: Journey, held: Held) -> None:
        own = exported(journey.sees("district"))
        assert "共 5 行" in own[0]
        assert len(own) == 2 + 5
        assert len(exported(journey.sees("stranger"))) == 2


def exported(page: Page) -> list[str]:
    """The lines of the file of arrivals, as the page asks for it and hands it out."""
    page.goto(f"/exports?{urlencode({'list': '/arrivals/'})}")
    page.locator("input[value=csv]").check()
    page.locator("[name=purpose]").select_option("report")
    with page.expect_download() as download:
        page.get_by_role("button", name="生成文件").click()
    return download.value.path().read_text(encoding="utf-8-sig").splitlines()
