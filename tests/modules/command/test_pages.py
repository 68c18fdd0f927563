from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import datetime, timedelta
from uuid import uuid4

import pytest
from django.test import Client

from bihuan.kernel import clock
from bihuan.kernel.loop import work
from bihuan.kernel.loop.models import Duty
from bihuan.modules.units import actions as units
from tests.conftest import START
from tests.signing_in import sign_in
from tests.world import STAFF, World

pytestmark = pytest.mark.django_db


@pytest.fixture
def owing(city: World) -> World:
    units.open_returns(START.date(), at=clock.now(), by=city.actor("commander"), key=uuid4())
    return city


class TestHome:
    @pytest.mark.parametrize("who", [attribute for attribute, *_ in STAFF])
    def test_is_there_for_everybody(self, client: Client, city: World, who: str) -> None:
        assert sign_in(client, city.user(who)).get("/").status_code == 200


class TestBoard:
    @pytest.mark.parametrize(
        ("who", "place", "status"),
        [
            ("commander", "", 200),
            ("commander", "410811", 200),
            ("commander", "site-yuntai", 200),
            ("district", "", 200),
            ("district", "410802", 404),
            ("site_head", "", 200),
            ("team_lead", "", 200),
            ("gate_officer", "", 404),
        ],
    )
    def test_is_for_the_command_of_the_place(
        self, client: Client, city: World, who: str, place: str, status: int
    ) -> None:
        assert sign_in(client, city.user(who)).get(f"/board/?place={place}").status_code == status


class TestDuties:
    def test_are_listed_with_filters_that_the_board_links_to(self, client: Client, owing: World) -> None:
        sign_in(client, owing.user("commander"))
        for query in ("", "?standing=breached&step=submit", "?below=410811&age=0", "?sector=isolation_team&told=1"):
            assert client.get(f"/duties/{query}").status_code == 200

    def test_are_found_by_part_of_the_name_of_a_unit(self, client: Client, owing: World) -> None:
        sign_in(client, owing.user("commander"))
        by_name, by_code, other = (
            len(client.get(f"/duties/?unit={text}").context["table"].found) for text in ("山阳", "410811", "无此单位")
        )
        assert (by_name, by_code, other) == (1, 1, 0)

    def test_that_are_breached_are_explained(
        self, client: Client, owing: World, at: Callable[..., AbstractContextManager[datetime]]
    ) -> None:
        late = START + timedelta(hours=40)
        with at(late):
            work(late)
            duty = Duty.objects.get(owner_unit=owing.unit("410811").id)
            sign_in(client, owing.user("district"))
            address = f"/duties/{duty.id}/reason"
            assert client.get(address).status_code == 200
            assert client.post(address, {"reason": "", "key": uuid4()}).status_code == 422
            assert client.post(address, {"reason": "the line was down", "key": uuid4()}).status_code == 302
            assert Duty.objects.get(id=duty.id).reason == "the line was down"
            assert sign_in(client, owing.user("stranger")).get(address).status_code == 404
