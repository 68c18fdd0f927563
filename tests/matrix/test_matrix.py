"""Every route, every role, five places: who gets in where is a table that people review, and the routes keep to it.

The table is routes.csv; a route without a line fails. `UPDATE=1 pytest tests/matrix` writes it as the views answer, and
what changed is then read line by line. The rules below hold whatever the table says.
"""

import csv
import logging
import os
import re
from collections.abc import Iterator
from contextlib import nullcontext
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from uuid import UUID, uuid4

import pytest
from django.contrib.messages.storage import default_storage
from django.contrib.sessions.backends.db import SessionStore
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse
from django.test import Client, RequestFactory
from django.urls import URLPattern, URLResolver, get_resolver, resolve, reverse

from bihuan.kernel import clock
from bihuan.kernel.access.models import Role
from bihuan.kernel.refusals import NotFound, Refused
from bihuan.kernel.web import exporting, pages
from bihuan.modules.people.models import Person
from bihuan.modules.people.queries import masked
from tests.matrix.city import MARK, OUTSIDE, PLACES, Matrix, made

NOW = datetime(2022, 7, 1, 10, tzinfo=clock.CITY)
METHOD_NOT_ALLOWED, NOT_FOUND = 405, 404
TABLE = Path(__file__).parent / "routes.csv"
GENERATED = re.compile(rb'name="(csrfmiddlewaretoken|key)" value="[^"]*"|name="next" value="[^"]*"')
# Names and addresses of units are no secret.
KNOWN_TO_ALL = {"unit", "unit_id", "noun", "room_id", "side", "since", "until"}
WITHOUT_ROWS = {
    "access:demo_entry",  # this is no demo city
    "homes:monitored",  # the first check of somebody who is only monitored is due tomorrow
    "public:checkpoint_note",  # nothing is signed yet
    "web:exports",  # a list is named in the query: TestOverHttp takes every list away
}


@dataclass(frozen=True)
class Route:
    name: str
    pattern: str
    power: str

    @property
    def asks(self) -> list[str]:
        return re.findall(r"<\w+:(\w+)>", self.pattern)


def routes() -> list[Route]:
    return sorted(found(get_resolver().url_patterns), key=lambda one: one.name)


def found(patterns: list[URLPattern | URLResolver], before: str = "", space: str = "") -> Iterator[Route]:
    for one in patterns:
        if isinstance(one, URLResolver):
            inner = space + (f"{one.namespace}:" if one.namespace else "")
            yield from found(one.url_patterns, before + str(one.pattern), inner)
        else:
            yield Route(f"{space}{one.name}", before + str(one.pattern), getattr(one.callback, "power", ""))


def table() -> list[dict[str, str]]:
    with TABLE.open(encoding="utf-8", newline="") as lines:
        return list(csv.DictReader(lines))


@pytest.fixture(autouse=True)
def city_time() -> Iterator[None]:
    with clock.given(NOW):
        yield


@pytest.fixture(scope="module")
def matrix(django_db_setup: None, django_db_blocker: pytest.fixture) -> Iterator[Matrix]:
    with django_db_blocker.unblock(), clock.given(NOW), transaction.atomic():
        yield made()
        transaction.set_rollback(True)


@pytest.fixture(scope="module")
def answers(matrix: Matrix) -> dict[str, dict[str, str]]:
    """For every route and role the letters of the places where the view lets in. Pages are not drawn for this."""
    logging.disable(logging.WARNING)  # "Method Not Allowed", a thousand times
    with pytest.MonkeyPatch.context() as patch, clock.given(NOW):
        patch.setattr(pages, "render", lambda request, template, context, status: HttpResponse(status=status or 200))
        told = {route.name: cells(matrix, route) for route in routes()}
    logging.disable(logging.NOTSET)
    return told


def cells(matrix: Matrix, route: Route) -> dict[str, str]:
    method = "POST" if let_in(matrix, route, holder(matrix, route), "p", "GET") == METHOD_NOT_ALLOWED else "GET"
    return {
        role: "".join(
            place
            for place in places(route, powers)
            if let_in(matrix, route, role, place, method) not in (METHOD_NOT_ALLOWED, NOT_FOUND)
        )
        for role, powers in matrix.powers.items()
    }


def places(route: Route, powers: frozenset[str]) -> str:
    """Where it is tried. A door asks for the power first: without it the widest place tells for all. A list opens to
    whoever holds its power; what it shows outside is looked at below.
    """
    if route.power and route.power not in powers:
        return "p"
    return {"one": "opcsx", "city": "opcsx", "reach": "os", "open": "o"}[rows_of(route)]


def address(matrix: Matrix, route: Route) -> str:
    asked = matrix.ids | matrix.own.get(route.name, {})
    return reverse(route.name, kwargs={name: asked[name] for name in route.asks})


def let_in(matrix: Matrix, route: Route, role: str, place: str, method: str) -> int:
    url = address(matrix, route)
    user, scope = matrix.scopes[role, place]
    request: HttpRequest = getattr(RequestFactory(), method.lower())(
        url, {"key": str(uuid4())} if method == "POST" else {}
    )
    request.user, request.whole_scope, request.session = user, scope, SessionStore()  # type: ignore[attr-defined]
    request._messages = default_storage(request)  # type: ignore[attr-defined]
    view, args, kwargs = resolve(url)
    has_power = not route.power or route.power in matrix.powers[role]
    with transaction.atomic() if has_power else nullcontext():  # a door that stays shut writes nothing
        try:
            status = shut(view(request, *args, **kwargs)).status_code
        except (NotFound, Http404):
            status = NOT_FOUND
        except Refused:
            status = 409
        if has_power:
            transaction.set_rollback(True)
    return status


def shut(answer: HttpResponse) -> HttpResponse:
    """Close the files of an answer that nobody reads; closing the answer itself would close the connection as well."""
    for close in answer._resource_closers:
        close()
    return answer


class TestTheTable:
    def test_has_a_line_for_every_route_and_every_line_is_kept(
        self, matrix: Matrix, answers: dict[str, dict[str, str]]
    ) -> None:
        lines = [
            {"route": route.name, "power": route.power, "rows": rows_of(route)} | answers[route.name]
            for route in routes()
        ]
        if os.environ.get("UPDATE") == "1":
            with TABLE.open("w", encoding="utf-8", newline="") as out:
                writer = csv.DictWriter(out, ["route", "power", "rows", *matrix.powers], lineterminator="\n")
                writer.writeheader()
                writer.writerows(lines)
        reviewed = {line["route"]: line for line in table()}
        differing = [
            f"{line['route']}: {name} is {line[name]!r}, reviewed {reviewed.get(line['route'], {}).get(name)!r}"
            for line in lines
            for name in line
            if line[name] != reviewed.get(line["route"], {}).get(name)
        ]
        assert not differing, "\n".join(differing)
        assert [line["route"] for line in table()] == [line["route"] for line in lines]

    def test_opens_every_route_to_somebody(self, answers: dict[str, dict[str, str]]) -> None:
        assert {name for name, roles in answers.items() if not any(roles.values())} == WITHOUT_ROWS

    def test_lets_nobody_in_without_the_power(self, matrix: Matrix, answers: dict[str, dict[str, str]]) -> None:
        for route in routes():
            for role, letters in answers[route.name].items():
                assert not letters or not route.power or route.power in matrix.powers[role], (route.name, role)

    def test_shows_no_row_to_a_place_outside(self, answers: dict[str, dict[str, str]]) -> None:
        for route in routes():
            if rows_of(route) == "one":
                let_in = {role for role, letters in answers[route.name].items() if set(letters) & set(OUTSIDE)}
                assert not let_in, (route.name, let_in)


def rows_of(route: Route) -> str:
    """What a route is about: one row in somebody's reach, a list or form cut to the reach, or what is open to all."""
    if route.name.split(":")[0] in ("public",) or route.name in OPEN_TO_ALL:
        return OPEN_TO_ALL.get(route.name, "open")
    return "one" if route.asks else "reach"


OPEN_TO_ALL = {
    "areas:list": "city",
    # A risk of an area holds for the whole city: whoever may read it may do so wherever their post is. Deciding one of
    # an area elsewhere, as here, is the city's alone.
    "areas:detail": "city",
    "areas:rejection": "city",
    "arrivals:risk_approval": "city",
}


class TestOverHttp:
    def test_hides_what_is_there_as_it_hides_what_is_not(self, matrix: Matrix) -> None:
        """Sent by a browser, for every page about one row: the same answer as for a row that never was."""
        for route in routes():
            if rows_of(route) != "one" or route.name in WITHOUT_ROWS:
                continue
            role = holder(matrix, route)
            client = matrix.clients[role, "s"]
            hidden = address(matrix, route)
            never = re.sub(r"[0-9a-f]{8}-[0-9a-f-]{27}", str(UUID(int=0)), hidden)
            for send in (client.get, client.post):
                told = [send(url) for url in (hidden, never)]
                assert [one.status_code for one in told] in ([404, 404], [405, 405]), (route.name, send)
                first, second = (GENERATED.sub(b"", one.content) for one in told)
                assert first == second, route.name

    def test_shows_nothing_of_it_in_any_list_search_count_or_file(self, matrix: Matrix) -> None:
        marks = [MARK, *(str(one) for name, one in matrix.ids.items() if name not in KNOWN_TO_ALL)]
        for route in routes():
            if rows_of(route) != "reach" or route.name == "access:sign_out":
                continue
            role = holder(matrix, route)
            for query in ("", *(f"?q={words}" for words in matrix.search)):
                answer = matrix.clients[role, "s"].get(address(matrix, route) + query)
                shown = words_of(answer).replace(f'value="{MARK}"', "")
                assert not [mark for mark in marks if mark in shown], (route.name, role, query)
            taken = rows_taken_away(matrix, route, role, "s")
            assert not [mark for mark in marks if mark in taken], (route.name, role)

    def test_shows_no_person_to_the_three_administrators(self, matrix: Matrix) -> None:
        """On no page they can open, wherever their post is: not a name, nor a number, nor the masked form of one."""
        people = Person.objects.exclude(name="")
        secrets = {word for one in people for word in (one.name, masked(one.name), one.id_number, one.phone) if word}
        opened = 0
        for role in Role.objects.exclude(office="").values_list("code", flat=True):
            for route in routes():
                if route.power in matrix.powers[role]:
                    for place in "op":
                        answer = matrix.clients[role, place].get(address(matrix, route))
                        opened += answer.status_code == 200
                        assert not [word for word in secrets if word in words_of(answer)], (route.name, role)
        assert opened > 20

    def test_cuts_no_list_to_a_place_that_is_not_in_reach(self, matrix: Matrix) -> None:
        for route in routes():
            if route.power and not route.asks:
                answer = matrix.clients[holder(matrix, route), "s"].get(
                    address(matrix, route) + f"?below={PLACES['o']}"
                )
                assert answer.status_code in (404, 405), route.name

    def test_shows_it_to_its_own_district(self, matrix: Matrix) -> None:
        """What the three tests above look for can be found by whoever may: they would notice."""
        for name in ("arrivals:list", "orders:list", "people:list", "samples:list", "tickets:list", "vehicles:list"):
            route = next(one for one in routes() if one.name == name)
            role = holder(matrix, route)
            assert MARK in words_of(matrix.clients[role, "o"].get(address(matrix, route))), name
            assert MARK in rows_taken_away(matrix, route, role, "o") or name not in LISTS_THAT_LEAVE, name


class TestWhatEveryAnswerSays:
    """Every route, by somebody who is let in, by somebody without an account, and by a form of another site."""

    def test_keeps_browsers_from_guessing_framing_telling_and_remembering(self, matrix: Matrix) -> None:
        for route in routes():
            for client in (matrix.clients[holder(matrix, route), "o"], Client()):
                for send in (client.get, client.post):
                    with transaction.atomic():
                        cookies = client.cookies.copy()
                        answer = shut(send(address(matrix, route)))
                        client.cookies = cookies
                        transaction.set_rollback(True)
                    said = answer.headers
                    policy = said["Content-Security-Policy"]
                    assert said["X-Content-Type-Options"] == "nosniff", route.name
                    assert "frame-ancestors 'none'" in policy, route.name
                    assert "unsafe" not in policy, route.name
                    assert said["Referrer-Policy"] == "same-origin", route.name
                    assert "no-store" in said["Cache-Control"], route.name
                    if said.get("Content-Type", "").startswith("text/html"):
                        assert not INLINE.search(answer.content), (route.name, INLINE.search(answer.content))

    def test_refuses_every_form_that_was_not_ours(self, matrix: Matrix) -> None:
        role, place = "gate_officer", "o"
        visitor = Client(enforce_csrf_checks=True)
        visitor.cookies = matrix.clients[role, place].cookies
        for route in routes():
            assert visitor.post(address(matrix, route)).status_code == 403, route.name


# Scripts and styles that stand in the page itself, and handlers in an attribute: the policy would refuse them.
INLINE = re.compile(
    rb"<script(?![^>]*\b(src|type=\"(application/json|importmap)\"))[^>]*>|<style|<[^>]+\s(on[a-z]+|style)=\""
)


LISTS_THAT_LEAVE = {"arrivals:list", "orders:list", "people:list", "samples:list", "vehicles:list"}


def holder(matrix: Matrix, route: Route) -> str:
    """The first role that holds the power of the route."""
    return next((one for one, powers in matrix.powers.items() if route.power in powers), "gate_officer")


def rows_taken_away(matrix: Matrix, route: Route, role: str, place: str) -> str:
    """What a file of the list would hold: its rows and how many there are."""
    with transaction.atomic():
        try:
            table = exporting.list_at(address(matrix, route), matrix.scopes[role, place][1]).table
        except NotFound:
            return ""
        finally:
            transaction.set_rollback(True)
    rows = table.source.rows(table.filters, table.sort, 0, 100)
    assert len(rows) == table.source.count(table.filters), route.name
    return repr(rows)


def words_of(answer: HttpResponse) -> str:
    content = b"".join(answer.streaming_content) if answer.streaming else answer.content  # type: ignore[attr-defined]
    return content.decode("utf-8", "replace")
