"""The test database is made by its owner and used by the application's own role, as in production."""

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime

os.environ.setdefault("BIHUAN_SECRET_KEY", "tests-only")
os.environ.setdefault("BIHUAN_DISK_PERCENT_MAX", "101")  # how full the machine's disk is decides nothing here

import psycopg
import pytest
from django.conf import settings
from django.core.management import call_command
from django.db import connection, connections
from django.utils.translation import override

from bihuan.kernel import clock
from bihuan.site import ownership
from bihuan.site.city import database

settings.SECRET_KEY = os.environ["BIHUAN_SECRET_KEY"]  # the settings, read before this file, may have found no key
START = datetime(2022, 6, 20, 10, 0, tzinfo=clock.CITY)


@contextmanager
def as_owner() -> Iterator[None]:
    """Reconnect as the owner of the database: for migrations and for cleaning up, never for what is under test."""
    options = connection.settings_dict["OPTIONS"]
    role = options.pop("options", None)
    connection.close()
    try:
        yield
    finally:
        connection.close()
        if role:
            options["options"] = role


def owner_connection(dbname: str | None = None) -> psycopg.Connection:
    values = connection.settings_dict
    wanted = {
        "dbname": dbname or values["NAME"],
        "user": values["USER"],
        "password": values["PASSWORD"],
        "host": values["HOST"],
        "port": values["PORT"],
    }
    return psycopg.connect(autocommit=True, **{key: value for key, value in wanted.items() if value})


@pytest.fixture(scope="session")
def django_db_setup(django_db_blocker: pytest.fixture) -> Iterator[None]:
    name = connection.settings_dict["NAME"]
    worker = os.environ.get("PYTEST_XDIST_WORKER", "")
    test_name = f"test_{name}{'_' + worker if worker else ''}"
    with database(), django_db_blocker.unblock():
        with owner_connection("postgres") as admin:
            admin.execute(f'DROP DATABASE IF EXISTS "{test_name}" WITH (FORCE)')
            admin.execute(
                f"CREATE DATABASE \"{test_name}\" TEMPLATE template0 ENCODING 'UTF8' LC_COLLATE 'C' LC_CTYPE 'C.UTF-8'"
            )
        connections.close_all()
        settings.DATABASES["default"]["NAME"] = test_name
        connection.settings_dict["NAME"] = test_name
        with owner_connection(test_name) as owner:
            ownership.prepare(owner)
        with as_owner():
            call_command("migrate", verbosity=0, interactive=False)
        yield
        connections.close_all()
        with owner_connection("postgres") as admin:
            admin.execute(f'DROP DATABASE IF EXISTS "{test_name}" WITH (FORCE)')


@pytest.fixture
def owner() -> Iterator[psycopg.Connection]:
    with owner_connection() as held:
        yield held


@pytest.fixture
def transactional(django_db_setup: None, django_db_blocker: pytest.fixture) -> Iterator[None]:
    """Real commits, as the application's role. Afterwards the owner empties every table that a migration left empty."""
    with django_db_blocker.unblock():
        kept = rows_of_migrations()
        yield
        connections.close_all()
        empty_tables(kept)


_KEPT: set[str] | None = None


def rows_of_migrations() -> set[str]:
    global _KEPT
    if _KEPT is None:
        with owner_connection() as held:
            names = [row[0] for row in held.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")]
            _KEPT = {name for name in names if held.execute(f'SELECT EXISTS (SELECT 1 FROM "{name}")').fetchone()[0]}
    return _KEPT


def empty_tables(kept: set[str]) -> None:
    with owner_connection() as held:
        held.execute("SET session_replication_role = replica")
        held.execute("SET lock_timeout = '10s'")
        for (name,) in held.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'").fetchall():
            if name not in kept:
                held.execute(f'DELETE FROM "{name}"')


@pytest.fixture(autouse=True)
def city_time() -> Iterator[None]:
    with clock.given(START):
        yield


@pytest.fixture
def english() -> Iterator[None]:
    """What is refused is said in English, whatever a test before left behind."""
    with override("en"):
        yield


@pytest.fixture
def at() -> Callable[[datetime], object]:
    return clock.given


@pytest.fixture
def city(db: None) -> object:
    """The small named city of tests/world.py, inside the test's transaction."""
    from tests.world import world

    return world()
