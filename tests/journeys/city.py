"""A small city that lives through days: people with their screens, a clock that moves, a worker that works.

`journey` is the fixture. `journey.sees("driver", phone=True)` is the driver's screen, signed in anew whenever the day
has moved on, as sessions end by themselves.
"""

import os
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urljoin
from uuid import UUID, uuid4

import pytest
from django.conf import settings
from django.contrib.auth.hashers import make_password
from django.db import close_old_connections
from django.test import Client
from playwright.sync_api import Page

from bihuan.kernel import clock
from bihuan.kernel.access.models import User
from bihuan.modules.arrivals import actions as arrivals
from bihuan.modules.isolation import actions as isolation
from bihuan.modules.isolation.models import Room
from bihuan.modules.people.rules import resident_id_check
from bihuan.modules.places import actions as places
from bihuan.modules.transfers import actions as transfers
from bihuan.site.edge import set_city_time
from bihuan.site.worker import turn
from tests.browser import CityPage, check_axe, check_fits, look
from tests.signing_in import sign_in
from tests.world import World, world

PASSWORD = "three-green-umbrellas"
HASH = make_password(PASSWORD, hasher="default")
SIGNING = ("approver", "city_approver", "reviewer")
SHANGHAI, LANZHOU = "310000", "620100"


def in_june(day: int, hour: int = 10, minute: int = 0) -> datetime:
    return datetime(2022, 6, day, hour, minute, tzinfo=clock.CITY)


def in_july(day: int, hour: int = 10, minute: int = 0) -> datetime:
    return datetime(2022, 7, day, hour, minute, tzinfo=clock.CITY)


@dataclass
class Journey:
    """The city, its clock and its screens."""

    world: World
    open_page: CityPage
    stack: ExitStack
    rooms: dict[str, UUID] = field(default_factory=dict)
    screens: dict[tuple[str, bool, str], Page] = field(default_factory=dict)
    signed_at: dict[tuple[str, bool, str], datetime] = field(default_factory=dict)

    def at(self, moment: datetime) -> None:
        """Let the city live at `moment`: for the server, for the test and for the worker, which does what is due."""
        set_city_time(moment)
        self.stack.enter_context(clock.given(moment))
        self.work()

    def work(self) -> None:
        """The worker's turns until nothing is due."""
        while turn(clock.now()):
            close_old_connections()

    def sees(self, who: str, *, phone: bool = False, language: str = "zh-hans") -> Page:
        """The screen of a member of staff, signed in at this hour."""
        key = (who, phone, language)
        if key not in self.screens:
            self.screens[key] = self.open_page(self.user(who), phone=phone, language=language)
        elif self.signed_at[key] != clock.now():
            session = sign_in(Client(), self.user(who)).session.session_key
            address = urljoin(self.screens[key].url, "/")
            cookie = {"name": settings.SESSION_COOKIE_NAME, "value": session, "url": address}
            self.screens[key].context.add_cookies([cookie])
        self.signed_at[key] = clock.now()
        return self.screens[key]

    def user(self, who: str) -> User:
        return self.world.user(who)

    def unit(self, code: str) -> UUID:
        return self.world.unit(code).id

    def by(self, who: str) -> dict[str, Any]:
        """`who` acts now: the arguments that every action takes."""
        return {"at": clock.now(), "by": self.world.actor(who), "key": uuid4()}


@pytest.fixture
def journey(server: str, city_page: CityPage) -> Iterator[Journey]:
    """The city of tests/world.py with its gate, site, vehicle and driver and two areas at risk: 30 June 2022, 10:00."""
    with ExitStack() as stack:
        made = Journey(world(), city_page, stack)
        made.at(datetime(2022, 6, 30, 10, tzinfo=clock.CITY))
        furnish(made)
        yield made


def furnish(city: Journey) -> None:
    gate, site = city.unit("gate-rail"), city.unit("site-yuntai")
    arrivals.open_gate(gate, kind="rail", capacity_per_hour=200, waiting_capacity=30, **city.by("commander"))
    today = clock.now().date()
    site_id = isolation.open_site(
        site,
        address="云台大道 18 号",
        phone="0391-3918018",
        certificate_until=today + timedelta(days=200),
        inspected_on=today - timedelta(days=20),
        **city.by("site_head"),
    )
    zone = isolation.add_zone(site_id, kind="observation", name="观察区", **city.by("site_head"))
    isolation.add_rooms(zone, numbers=["201", "202", "203"], floor=2, **city.by("site_head"))
    isolation.add_rooms(zone, numbers=["301"], floor=3, capacity=3, **city.by("site_head"))
    city.rooms = dict(Room.objects.values_list("number", "id"))
    transfers.register_vehicle(
        plate="豫H·D2022", unit_id=city.unit("fleet"), kind="minibus", seats=12, **city.by("dispatcher")
    )
    transfers.register_driver(
        user_id=city.user("driver").id,
        unit_id=city.unit("fleet"),
        name=city.user("driver").name,
        phone="13939100022",
        **city.by("dispatcher"),
    )
    for code, level in ((SHANGHAI, "medium"), (LANZHOU, "high")):
        risk = places.propose_risk(
            code, level=level, since=today - timedelta(days=5), order_text="省指挥部通报", **city.by("team_lead")
        )
        arrivals.approve_risk(risk, **city.by("commander"))
    for who in SIGNING:
        city.user(who).password = HASH
        city.user(who).save(update_fields=["password"])


def resident_id(number: int, born: str = "19900101") -> str:
    first17 = f"410802{born}{number:03d}"
    return first17 + resident_id_check(first17)


def send(page: Page, label: str) -> None:
    """Press a button of the page and wait for the page that follows."""
    with page.expect_navigation():
        page.locator("main").get_by_role("button", name=label, exact=True).first.click()


def seen(page: Page, name: str) -> None:
    """What every page we pass through owes: no barrier and nothing off the edge; with BIHUAN_PICTURES=1 a picture."""
    check_axe(page)
    check_fits(page)
    if os.environ.get("BIHUAN_PICTURES") == "1":
        look(page, name)


def walks_in(city: Journey, number: int, name: str, *, origin: str = LANZHOU) -> UUID:
    """Somebody whom nobody announced is received at the station; the arrival. From Lanzhou an order is proposed."""
    return arrivals.walk_in(
        name=name,
        id_type="resident_id",
        id_number=resident_id(number),
        phone=f"1380000{number:04d}",
        origin_code=origin,
        departed_at=clock.now() - timedelta(hours=5),
        unit=city.unit("410811001001"),
        gate_unit=city.unit("gate-rail"),
        temperature="36.5",
        **city.by("gate_officer"),
    )
