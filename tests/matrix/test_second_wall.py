"""The same city, with the first wall taken out: what the database itself still refuses to show.

`Scope.rows` and its like are replaced by "everything", as if somebody had forgotten the filter in every query.
"""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from uuid import uuid4

import pytest
from django.db import DatabaseError, connection, transaction
from django.db.models import Q
from django.http import HttpResponse
from django.test import Client
from psycopg import ClientCursor

from bihuan.kernel import access, reach
from bihuan.kernel.access import Scope
from bihuan.kernel.db import in_one_pass
from bihuan.kernel.web import exporting
from bihuan.modules.people import queries as people
from bihuan.modules.people.models import Person
from tests.matrix.city import MARK, Matrix
from tests.matrix.test_matrix import Route, address, city_time, holder, matrix, routes, rows_of, shut, words_of

__all__ = ["city_time", "matrix"]

WALLED = "SELECT relname::text FROM pg_class WHERE relforcerowsecurity AND relnamespace = 'public'::regnamespace"
ABOUT_NOBODY = {  # of these tables some rows name nobody: a vehicle that is held, a file, a site's log
    "custody_flow_item", "custody_holding", "custody_line", "ledger_fact", "ledger_payload", "loop_run",
}  # fmt: skip
NAMING = {
    "ledger_fact": "about LIKE 'person:%' OR subject LIKE 'person:%'",
    "loop_run": "about LIKE 'person:%'",
    "custody_holding": "item LIKE 'person:%'",
    "custody_line": "item LIKE 'person:%'",
}
# The mark stands in names of staff, plates, files and notices too, which are about nobody who is looked after.
WORDS_OF_PEOPLE = (f"{MARK}*", f"{MARK}要药", f"{MARK}家", f"{MARK}某")


def counted(table: str, condition: str = "true") -> int:
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT count(*) FROM {table} WHERE {condition}".replace("%", "%%"), [])
        rows: int = cursor.fetchone()[0]
    return rows


def full_tables() -> list[str]:
    with connection.cursor() as cursor:
        cursor.execute(WALLED)
        return [table for (table,) in cursor.fetchall() if counted(table)]


@contextmanager
def without_the_first_wall() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Scope, "rows", lambda self, queryset, *fields: queryset)
        patch.setattr(Scope, "within", lambda self, *fields: Q(pk__isnull=False))
        patch.setattr(Scope, "covers", lambda self, path: True)
        patch.setattr(people, "may_open", lambda scope, person_id: True)
        patch.setattr(access.queries, "unit_ids", lambda scope: None)
        yield


class TestWithoutAReach:
    def test_nobody_is_seen(self, matrix: Matrix) -> None:
        full = full_tables()
        assert len(full) > 20
        with reach.nobody():
            assert {table for table in full if counted(table)} <= ABOUT_NOBODY
            for table, condition in NAMING.items():
                assert counted(table, condition) == 0, table
        for table, condition in NAMING.items():
            assert counted(table, condition), table

    def test_nothing_is_written(self, matrix: Matrix) -> None:
        for asker in (reach.nobody(), matrix.scopes["community_worker", "o"][1].reading()):
            with asker, connection.cursor() as cursor:
                for change in ("UPDATE people_person SET phone = ''", "UPDATE measures_order SET number = ''"):
                    cursor.execute(change)
                    assert cursor.rowcount == 0
                with pytest.raises(DatabaseError, match="row-level security policy"), transaction.atomic():
                    cursor.execute(
                        "INSERT INTO people_household (id, unit_id, address) VALUES (%s, %s, '')",
                        [uuid4(), matrix.ids["unit_id"]],
                    )

    def test_a_statement_past_our_own_cursor_sees_nobody(self, matrix: Matrix) -> None:
        cursor = ClientCursor(connection.connection)
        cursor.execute(reach.NOBODY)
        assert cursor.execute("SELECT count(*) FROM people_person").fetchone() == (0,)


class TestAForgottenFilter:
    def test_is_noticed_where_there_is_no_wall(self, matrix: Matrix, monkeypatch: pytest.MonkeyPatch) -> None:
        """What the next test looks for would be found."""

        @contextmanager
        def no_wall(self: Scope) -> Iterator[None]:
            with reach.whole():
                yield

        monkeypatch.setattr(Scope, "reading", no_wall)
        with without_the_first_wall():
            found = {name for name, shown in crawled(matrix) if strangers(matrix, shown)}
        assert {"arrivals:list", "orders:list", "people:list", "samples:list", "tickets:list"} <= found
        assert {"people:list, taken away", "orders:list, taken away", "people:detail"} <= found

    def test_shows_nobody_of_another_district(self, matrix: Matrix) -> None:
        with without_the_first_wall():
            shown = [(name, strangers(matrix, words)) for name, words in crawled(matrix)]
        assert len(shown) > 100
        assert not [(name, found) for name, found in shown if found]

    def test_counts_nobody_of_another_district(self, matrix: Matrix) -> None:
        with without_the_first_wall():
            for name in ("arrivals:list", "orders:list", "people:list", "samples:list", "tickets:list"):
                route = next(one for one in routes() if one.name == name)
                scope = matrix.scopes[holder(matrix, route), "s"][1]
                with scope.reading():
                    table = exporting.list_at(address(matrix, route), scope).table if name != "tickets:list" else None
                    if table is not None:
                        assert table.source.count(table.filters) == 0, name
                        with in_one_pass():
                            assert list(table.source.rows(table.filters, table.sort, 0, 100)) == [], name


def crawled(matrix: Matrix) -> Iterator[tuple[str, str]]:
    """Every page, list, search, file and part of a page that an officer of the district beside can ask for."""
    for route in routes():
        if route.name in ("access:sign_out", "web:progress_events") or route.name.startswith("public:"):
            continue  # the public pages are open by a secret of each person's own
        role = holder(matrix, route)
        client = matrix.clients[role, "s"]
        asked = rows_of(route) in ("reach", "city")
        for query in ("", *(f"?q={words}" for words in matrix.search if asked)):
            yield f"{route.name}{query}", words_from(client, address(matrix, route) + query)
        if asked:
            yield f"{route.name}, taken away", taken_away(matrix, route, role)


def words_from(client: Client, url: str) -> str:
    with transaction.atomic():
        answer: HttpResponse = client.get(url)
        said = words_of(answer) if answer.status_code == 200 else ""
        shut(answer)
        transaction.set_rollback(True)
    return said


def taken_away(matrix: Matrix, route: Route, role: str) -> str:
    scope = matrix.scopes[role, "s"][1]
    with transaction.atomic(), scope.reading():
        try:
            table = exporting.list_at(address(matrix, route), scope).table
            return repr(table.source.rows(table.filters, table.sort, 0, 100))
        except exporting.NotFound:
            return ""
        finally:
            transaction.set_rollback(True)


def strangers(matrix: Matrix, shown: str) -> list[str]:
    """Of the people in the district what stands in these words: names, even masked, documents, their ids."""
    plain = re.sub(r'value="[^"]*"|\?q=[^"]*', "", shown)
    with reach.whole():
        named = [
            str(one) for row in Person.objects.filter(name__startswith=MARK).values_list("id", "name") for one in row
        ]
    return [one for one in (*named, *WORDS_OF_PEOPLE, *matrix.search[1:]) if one in plain]
