"""What the application's own role may do, asked of the database itself."""

import stat
import threading

import pytest
from django.db import connection

from bihuan.site import ownership

TABLES = "SELECT relname::text FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p')"


@pytest.fixture
def guest(django_db_setup, owner):
    """An account that may make no roles."""
    name = "bihuan_guest"
    owner.execute(f"DROP DATABASE IF EXISTS {name}")
    owner.execute(f"DROP ROLE IF EXISTS {name}")
    owner.execute(f"CREATE ROLE {name} NOLOGIN NOCREATEROLE")
    yield name
    owner.execute("RESET ROLE")
    owner.execute(f"DROP ROLE {name}")


@pytest.mark.django_db
class TestTheApplicationsRole:
    def asked(self, question: str) -> list[str]:
        with connection.cursor() as cursor:
            cursor.execute(question)
            return [name for (name,) in cursor.fetchall()]

    def test_is_who_the_suite_runs_as(self):
        assert self.asked("SELECT current_user::text") == ["bihuan_app"]

    def test_owns_nothing(self):
        assert self.asked("SELECT relname::text FROM pg_class WHERE pg_get_userbyid(relowner) = 'bihuan_app'") == []

    def test_can_empty_no_table_and_hang_nothing_on_one(self):
        for right in ("TRUNCATE", "TRIGGER", "REFERENCES"):
            assert self.asked(f"{TABLES} AND has_table_privilege('bihuan_app', oid, '{right}')") == [], right

    def test_takes_no_person_and_no_arrival_out_of_the_books(self):
        """What a sender's header was said to mean is neither, and is unsaid with a fact."""
        kept = f"{TABLES} AND relname ~ '^(people|arrivals)_' AND has_table_privilege('bihuan_app', oid, 'DELETE')"
        assert self.asked(kept) == ["arrivals_learntcolumn"]

    def test_makes_no_table(self):
        with pytest.raises(Exception, match="permission denied for schema public"), connection.cursor() as cursor:
            cursor.execute("CREATE TABLE own (n int)")

    def test_reads_every_table(self):
        unread = self.asked(f"{TABLES} AND NOT has_table_privilege('bihuan_app', oid, 'SELECT')")
        assert set(unread) <= {"ledger_key", "ledger_payload"}


class TestPrepare:
    def test_may_be_done_twice(self, django_db_setup, owner):
        ownership.prepare(owner)
        ownership.prepare(owner)

    def test_says_what_an_administrator_must_do(self, django_db_setup, guest, owner):
        wanted = "CREATE ROLE bihuan_app NOLOGIN; CREATE ROLE bihuan_retention NOLOGIN; GRANT bihuan_app"
        owner.execute(f"SET ROLE {guest}")
        with pytest.raises(ownership.NotTheOwner, match=wanted):
            ownership.prepare(owner)


class TestBringUpToDate:
    def test_needs_no_right_to_make_roles_where_they_are_there(
        self, django_db_setup, django_db_blocker, guest, owner, monkeypatch
    ):
        owner.execute(f"GRANT bihuan_app TO {guest}")
        owner.execute(
            f"CREATE DATABASE {guest} OWNER {guest} TEMPLATE template0 ENCODING 'UTF8' "
            "LC_COLLATE 'C' LC_CTYPE 'C.UTF-8'"
        )
        with django_db_blocker.unblock():
            connection.close()
            with monkeypatch.context() as elsewhere:
                elsewhere.setitem(connection.settings_dict, "NAME", guest)
                elsewhere.setitem(connection.settings_dict, "OPTIONS", {"options": f"-c role={guest}"})
                try:
                    ownership.bring_up_to_date(verbosity=0)
                    ownership.bring_up_to_date(verbosity=0)
                    with connection.cursor() as cursor:
                        cursor.execute(f"{TABLES} AND pg_get_userbyid(relowner) <> '{guest}'")
                        assert cursor.fetchall() == []
                finally:
                    connection.close()
        owner.execute(f"DROP DATABASE {guest}")


class TestKeepSecret:
    def test_makes_one_key_that_nobody_else_reads(self, tmp_path):
        threads = [threading.Thread(target=ownership.keep_secret, args=[tmp_path / "home"]) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        kept = tmp_path / "home" / "secret-key"
        assert len(kept.read_text()) > 50
        assert stat.S_IMODE(kept.stat().st_mode) == 0o600

    def test_never_changes_it(self, tmp_path):
        ownership.keep_secret(tmp_path)
        before = (tmp_path / "secret-key").read_text()
        ownership.keep_secret(tmp_path)
        assert (tmp_path / "secret-key").read_text() == before
