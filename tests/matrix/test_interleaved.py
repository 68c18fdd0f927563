"""A thousand requests of different officers share four connections: nobody sees what was said for another."""

import threading
from datetime import datetime, timedelta
from queue import SimpleQueue
from random import Random
from uuid import uuid4

import pytest
from django.db import connection, connections
from django.db.backends.postgresql.psycopg_any import DateRange
from django.test import Client

from bihuan.kernel import clock
from bihuan.kernel.access import Scope
from bihuan.kernel.access.models import Appointment, User
from bihuan.modules.people import actions as people_actions
from bihuan.modules.people import queries as people
from tests.signing_in import sign_in
from tests.world import World, world

NOW = datetime(2022, 6, 20, 10, tzinfo=clock.CITY)
REQUESTS, CONNECTIONS, ASKERS = 1_000, 4, 8


@pytest.mark.usefixtures("transactional")
class TestInterleaved:
    def test_a_thousand_requests_over_four_connections_never_cross(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """Eight askers at once, of two districts, of the city and of nowhere, share the connections of one pool."""
        askers = officers(world())
        monkeypatch.setattr(Scope, "rows", lambda self, queryset, *fields: queryset)  # the second wall stands alone
        faults: SimpleQueue[str] = SimpleQueue()
        connections.close_all()
        wrapper = connections.settings["default"]
        with monkeypatch.context() as pooled:
            pooled.setitem(wrapper, "CONN_MAX_AGE", 0)
            pooled.setitem(
                wrapper["OPTIONS"], "pool", {"min_size": CONNECTIONS, "max_size": CONNECTIONS, "timeout": 240}
            )
            threads = [threading.Thread(target=ask, args=[askers, number, faults]) for number in range(ASKERS)]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
            connection.close_pool()
        told = [faults.get() for _ in range(faults.qsize())]
        assert told.count("answered") == REQUESTS
        assert set(told) == {"answered"}


def officers(made: World) -> list[tuple[Client, str, str]]:
    """Whoever asks, the family name they must see and those they must not."""
    someone = made.user("commander")
    by = made.actor("commander")
    names = {"410811001001": "禤", "410802001001": "褟"}
    for unit, family in names.items():
        asked = [people.NewPerson(id=uuid4(), name=f"{family}{n}", unit=made.unit(unit).id) for n in range(10)]
        people_actions.enrol_many(asked, at=clock.now(), by=by, key=uuid4())
    made_for = {}
    for code in ("410811", "410802"):
        user = User.objects.create(username=f"reads-{code}", name=code)
        day = DateRange(clock.now().date() - timedelta(days=1), None)
        Appointment.objects.create(user=user, role_id="district_command", unit=made.unit(code), valid=day)
        made_for[code] = sign_in(Client(), user)
    return [
        (made_for["410811"], "禤", "褟"),
        (made_for["410802"], "褟", "禤"),
        (sign_in(Client(), someone), "禤褟", ""),
        (Client(), "", "禤褟"),
    ]


def ask(askers: list[tuple[Client, str, str]], number: int, told: SimpleQueue[str]) -> None:
    chance = Random(number)  # noqa: S311 - which of four asks next
    clients = [(Client(), wanted, unwanted, client.cookies) for client, wanted, unwanted in askers]
    for _each in range(REQUESTS // ASKERS):
        client, wanted, unwanted, cookies = chance.choice(clients)
        client.cookies = cookies.copy()
        try:
            with clock.given(NOW):
                shown = client.get("/people/?size=50").content.decode()
            missed = [family for family in wanted if shown.count(f"{family}*") < 10]
            strange = [family for family in unwanted if family in shown]
            told.put("answered" if not missed and not strange else f"{missed} missed, {strange} strange")
        except Exception as error:
            told.put(repr(error))
        finally:
            connections.close_all()  # back into the pool
