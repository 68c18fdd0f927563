"""Every route is asked what no page would ask, by members of staff and by strangers: no answer is a fault of ours.

Addresses, filters and forms are filled with what breaks programs: too long, too large, broken characters, other types,
other people's ids. What is refused is refused in words; nothing falls over. Each request is undone again.
"""

import html
import logging
import os
import random
import re
from collections import Counter
from collections.abc import Iterator
from urllib.parse import quote
from uuid import UUID, uuid4

import pytest
from django.db import transaction
from django.http import HttpResponse
from django.test import Client
from django.urls import reverse

from bihuan.kernel import clock
from tests.matrix.city import Matrix, made
from tests.matrix.test_matrix import NOW, Route, routes, shut

PROVE = os.environ.get("BIHUAN_PROVE") == "1"
SEED = int(os.environ.get("BIHUAN_SEED", "20220626"))
REQUESTS = int(os.environ.get("BIHUAN_HOSTILE_REQUESTS", "20000")) if PROVE else 200
FIELD = re.compile(r'<(?:input|select|textarea)[^>]*\bname="([^"]+)"')
VALUE = re.compile(r'<(?:input|option)[^>]*\bvalue="([^"]*)"')
HOSTILE = (
    "",
    " ",
    "\0",
    "a\0b",
    "\ud800",
    "\u202e\u2066",
    "禤" * 5000,
    "a" * 100_000,
    "-1",
    "0",
    "99999999999999999999999999",
    "1e400",
    "NaN",
    "-Infinity",
    "0001-01-01",
    "9999-12-31",
    "9999-12-31T23:59",
    "0001-01-01T00:00",
    "2022-02-30",
    "2022-06-28T24:00",
    "' OR 1=1 --",
    "%",
    "_%\\",
    "{{7*7}}{% debug %}",
    "<script>alert(1)</script>",
    "../../../../etc/passwd",
    "//example.org/",
    "javascript:alert(1)",
    "http://[::1",
    "[]",
    "{}",
    "null",
    "true",
    "00000000-0000-0000-0000-000000000000",
    "ffffffff-ffff-ffff-ffff-ffffffffffff",
    "\r\nSet-Cookie: a=b",
    "٣٤٥",
    "\uff11\uff12",
    "=cmd|' /C calc'!A0",
)
QUERY_NAMES = (
    "q",
    "page",
    "sort",
    "tab",
    "list",
    "next",
    "link",
    "day",
    "since",
    "until",
    "form",
    "state",
    "unit",
    "of",
)
HEADERS = (
    {},
    {"HX-Request": "true"},
    {"Accept-Language": "\u00ff" * 10},
    {"Referer": "http://[::1"},
    {"Accept": "application/json"},
    {"X-Requested-With": "XMLHttpRequest", "HX-Target": "\u00ff"},
    {"HX-Request": "true", "HX-Current-URL": "http://[::1"},
)


@pytest.fixture(autouse=True)
def city_time() -> Iterator[None]:
    with clock.given(NOW):
        yield


@pytest.fixture(scope="module")
def matrix(django_db_setup: None, django_db_blocker: pytest.fixture) -> Iterator[Matrix]:
    with django_db_blocker.unblock(), clock.given(NOW), transaction.atomic():
        yield made()
        transaction.set_rollback(True)


class Asker:
    """Makes up requests, each from its own number, so that one can be made again."""

    def __init__(self, matrix: Matrix, known: list[Route]) -> None:
        self.matrix, self.known = matrix, known
        self.fields: dict[str, list[str]] = {}

    def ask(self, number: int) -> tuple[str, HttpResponse]:
        chance = random.Random(f"{SEED}-{number}")  # noqa: S311 - choices, no secrets
        route = self.known[number % len(self.known)]
        role, client = self.somebody(chance, route)
        address = self.address(chance, route)
        names = sorted({*self.names(route, client), *chance.sample(QUERY_NAMES, 3)})
        values = {name: self.value(chance) for name in names if chance.random() < 0.6}
        headers = chance.choice(HEADERS)
        method = chance.choice(["get", "get", "post", "post", "put", "delete", "head", "options"])
        told = f"request {number}: {method} {address[:200]!r} by {role} with {str(values)[:600]} and {headers}"
        try:
            if method == "post":
                body = chance.choice(["form", "form", "form", "json", "broken"])
                if body == "form":
                    answer = client.post(address, encodable(values), headers=headers)
                else:
                    content = '{"a": [' if body == "json" else "\0\r\n--x"
                    kind = "application/json" if body == "json" else "multipart/form-data; boundary=y"
                    answer = client.post(address, content, content_type=kind, headers=headers)
            else:
                query = "&".join(f"{quote(name)}={percent(value)}" for name, value in values.items())
                answer = getattr(client, method)(f"{address}?{query}", headers=headers)
        except Exception as error:
            raise AssertionError(f"seed {SEED}, {told}: {error!r}") from error
        return told, shut(answer)

    def somebody(self, chance: random.Random, route: Route) -> tuple[str, Client]:
        """Mostly one who may enter there; now and then another one, or nobody."""
        if chance.random() < 0.1:
            return "a stranger", Client()
        able = [role for role, powers in self.matrix.powers.items() if not route.power or route.power in powers]
        role = chance.choice(able if able and chance.random() < 0.8 else sorted(self.matrix.powers))
        place = chance.choice("oop")
        return f"{role} at {place}", self.matrix.clients[role, place]

    def address(self, chance: random.Random, route: Route) -> str:
        known = self.matrix.ids | self.matrix.own.get(route.name, {})
        asked = {name: known[name] for name in route.asks}
        for name, value in asked.items():
            if chance.random() < 0.2:
                asked[name] = uuid4() if isinstance(value, UUID) else chance.choice(["x", "%00", "é" * 300, "-", "0"])
        try:
            return reverse(route.name, kwargs=asked)
        except Exception:  # it fits no route: then only the right one is left
            return reverse(route.name, kwargs={name: known[name] for name in route.asks})

    def names(self, route: Route, client: Client) -> list[str]:
        """What the forms of the page ask for, and with the page's own values now and then."""
        if route.name not in self.fields:
            usual = reverse(
                route.name, kwargs={n: (self.matrix.ids | self.matrix.own.get(route.name, {}))[n] for n in route.asks}
            )
            answer = undone(lambda: client.get(usual))
            shut(answer)
            text = "" if answer.streaming else answer.content.decode(errors="replace")
            self.fields[route.name] = [name for name in set(FIELD.findall(text)) if name != "csrfmiddlewaretoken"]
            self.good = [html.unescape(value) for value in set(VALUE.findall(text)) if len(value) < 100] or ["x"]
        return self.fields[route.name]

    def value(self, chance: random.Random) -> str:
        return (
            chance.choice(self.good)
            if chance.random() < 0.4 and getattr(self, "good", None)
            else chance.choice(HOSTILE)
        )


def encodable(values: dict[str, str]) -> dict[str, str]:
    return {name: value.encode("utf-8", "replace").decode() for name, value in values.items()}


def percent(value: str) -> str:
    return quote(value.encode("utf-8", "surrogatepass"))


def undone(ask: object) -> HttpResponse:
    with transaction.atomic():
        answer = ask()  # type: ignore[operator]
        transaction.set_rollback(True)
    return answer


@pytest.mark.slow
class TestHostileRequests:
    @pytest.fixture(autouse=True)
    def quietly(self) -> Iterator[None]:
        logging.disable(logging.CRITICAL)  # "Not Found", a thousand times
        yield
        logging.disable(logging.NOTSET)

    def test_are_answered_without_a_fault(self, matrix: Matrix) -> None:
        asker = Asker(matrix, [route for route in routes() if not route.name.endswith(("events", "stream"))])
        outcomes: Counter[int] = Counter()
        faults: dict[str, str] = {}
        number = int(os.environ.get("BIHUAN_HOSTILE_FROM", "0"))
        for asked in range(number, number + REQUESTS):
            try:
                told, answer = undone(lambda asked=asked: asker.ask(asked))
            except AssertionError as fault:
                faults.setdefault(f"{asker.known[asked % len(asker.known)].name} {str(fault)[-120:]}", str(fault))
                continue
            outcomes[answer.status_code] += 1
            if answer.status_code >= 500:
                faults.setdefault(told, f"{answer.status_code}")
        print(f"seed {SEED}: {REQUESTS} hostile requests to {len(asker.known)} routes: {dict(outcomes)}")  # noqa: T201
        assert not faults, f"{len(faults)}:\n" + "\n\n".join(list(faults.values())[:30])
        assert outcomes[200] > REQUESTS // 20


class TestOnceAFault:
    """What was found so, and is answered since."""

    @pytest.mark.parametrize("query", ["q=%00", "state=a%00b"])
    def test_an_address_with_a_nul_leads_nowhere(self, matrix: Matrix, query: str) -> None:
        client = matrix.clients["city_command", "p"]
        assert undone(lambda: client.get(f"/arrivals/?{query}")).status_code == 404
        assert undone(lambda: client.get("/exports", {"list": f"/people/?{query}"})).status_code < 500

    @pytest.mark.parametrize("address", ["x", "access:me", "javascript:alert(1)", "https://example.org/"])
    def test_after_signing_in_only_an_address_of_ours_follows(self, matrix: Matrix, address: str) -> None:
        client = matrix.clients["city_command", "p"]
        assert undone(lambda: client.get("/sign-in", {"next": address}))["Location"] == "/"

    def test_an_id_that_is_none_belongs_to_nothing(self, matrix: Matrix) -> None:
        client = matrix.clients["order_approver", "p"]
        sent = {"order": "x", "key": str(uuid4())}
        assert undone(lambda: client.post("/orders/approvals", sent)).status_code == 404
