"""What is said before each statement, and that nothing of it stays on the connection."""

from uuid import uuid4

import pytest
from django.db import DatabaseError, connection, connections, transaction
from psycopg import ClientCursor

from bihuan.kernel import reach
from bihuan.kernel.access.models import Unit
from bihuan.kernel.db import beginning

HERE, THERE = uuid4(), uuid4()
SAID = "SELECT current_user::text, current_setting('bihuan.units', true), current_setting('bihuan.person', true)"


def said() -> tuple[str, str, str]:
    with connection.cursor() as cursor:
        cursor.execute(SAID)
        role, units, person = cursor.fetchone()
        return role, units or "", person or ""


def left_behind() -> tuple[str, str, str]:
    """What the connection itself knows when nobody says anything."""
    role, units, person = ClientCursor(connection.connection).execute(SAID).fetchone()
    return role, units or "", person or ""


NOBODY = ("bihuan_app", "", "")


@pytest.mark.usefixtures("transactional")
class TestReach:
    def test_is_nobody_until_it_is_named(self):
        with reach.nobody():
            assert said() == NOBODY

    def test_is_said_outside_a_transaction_and_gone_with_the_statement(self):
        with reach.units([HERE]):
            assert said() == ("bihuan_app", f"{{{HERE}}}", "")
            assert left_behind() == NOBODY
        with reach.person(THERE):
            assert said() == ("bihuan_app", "", str(THERE))
            assert left_behind() == NOBODY
        with reach.whole():
            assert said()[0] == "bihuan_whole"
            assert left_behind() == NOBODY

    def test_changes_within_a_transaction_and_is_gone_with_it(self):
        with reach.units([HERE]), transaction.atomic():
            assert said()[1] == f"{{{HERE}}}"
            with reach.whole():
                assert said()[0] == "bihuan_whole"
            assert said() == ("bihuan_app", f"{{{HERE}}}", "")
            with reach.units([THERE]):
                assert said()[1] == f"{{{THERE}}}"
            assert said()[1] == f"{{{HERE}}}"
        with reach.nobody():
            assert said() == NOBODY
        assert left_behind() == NOBODY

    def test_holds_after_a_statement_failed(self):
        with reach.units([HERE]), transaction.atomic():
            with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
                cursor.execute("SELECT 1 / 0")
            assert said()[1] == f"{{{HERE}}}"
        with reach.units([HERE]), pytest.raises(DatabaseError), connection.cursor() as cursor:
            cursor.execute("SELECT 1 / 0")
        assert left_behind() == NOBODY

    def test_holds_for_rows_fetched_one_after_another(self):
        with reach.units([HERE]):
            told = Unit.objects.extra(select={"told": "current_setting('bihuan.units', true)"}).values_list("told")
            with reach.whole():
                Unit.objects.create(code="a", kind="city", name_zh="甲", name_en="A", path="/a/")
            assert list(told.iterator(chunk_size=1)) == [(f"{{{HERE}}}",)]
            assert left_behind() == NOBODY
            with transaction.atomic():
                assert list(told.iterator(chunk_size=1)) == [(f"{{{HERE}}}",)]

    def test_holds_for_many_statements_sent_at_once(self):
        with reach.units([HERE]), connection.cursor() as cursor:
            cursor.executemany(
                "SELECT set_config('bihuan.seen', current_setting('bihuan.units'), false), %s", [[1], [2]]
            )
            cursor.execute("SELECT current_setting('bihuan.seen')")
            assert cursor.fetchone() == (f"{{{HERE}}}",)
        assert left_behind() == NOBODY

    def test_is_each_threads_own_and_a_new_connection_has_none(self):
        with reach.whole():
            aside = connections.create_connection("default")
            try:
                aside.ensure_connection()
                assert ClientCursor(aside.connection).execute("SELECT current_user::text").fetchone() == ("bihuan_app",)
            finally:
                aside.close()


class TestKept:
    def test_makes_every_piece_of_an_answer_in_the_reach_of_its_request(self):
        def pieces():
            for _each in range(2):
                yield reach.words()

        with reach.units([HERE]):
            wanted = reach.words()
            answer = reach.kept(pieces())
        with reach.nobody():
            for piece in answer:
                assert piece == wanted
                assert reach.words() == reach.NOBODY


class TestBeginning:
    @pytest.mark.parametrize("text", ["wang", "王", "a\ud7ff", "a\U0010ffff", "\U0010ffff", "100%", "a_b\\"])
    def test_says_what_startswith_says(self, text: str, db: None):
        around = [
            text,
            text + "a",
            text + "\U0010ffff",
            text[:-1],
            text[:-1] + chr(min(ord(text[-1]) + 1, 0x10FFFF)),
            "z",
        ]
        wanted = set()
        for number, name in enumerate(dict.fromkeys(one.replace("\ud800", "\ue000") for one in around)):
            Unit.objects.create(code=str(number), kind="city", name_zh=name, name_en="", path=f"/{number}/")
            wanted |= {name} if name.startswith(text) else set()
        assert set(Unit.objects.filter(beginning("name_zh", text)).values_list("name_zh", flat=True)) == wanted
