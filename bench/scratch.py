"""A database of its own for a measurement: made beside the configured one, migrated, and dropped afterwards."""

import os
from collections.abc import Iterator
from contextlib import contextmanager

import psycopg

from bihuan.site import city


@contextmanager
def scratch_database(name: str) -> Iterator[psycopg.Connection]:
    """Set Django up, as the application's role, on an empty migrated database; hands out a connection as its owner."""
    os.environ.setdefault("BIHUAN_SECRET_KEY", "measurements-only")
    with city.database():
        city.make_ready()
        from django.db import connection, connections

        values = connection.settings_dict
        values["NAME"] = name
        drop = f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)'
        with as_owner("postgres") as admin:
            admin.execute(drop)
            admin.execute(
                f"CREATE DATABASE \"{name}\" TEMPLATE template0 ENCODING 'UTF8' LC_COLLATE 'C' LC_CTYPE 'C.UTF-8'"
            )
            try:
                with as_owner(name) as owner:
                    migrate(owner)
                    yield owner
            finally:
                connections.close_all()
                admin.execute(drop)


def as_owner(name: str) -> psycopg.Connection:
    from django.db import connection

    values = connection.settings_dict
    wanted = {
        "dbname": name,
        "user": values["USER"],
        "password": values["PASSWORD"],
        "host": values["HOST"],
        "port": values["PORT"],
    }
    return psycopg.connect(autocommit=True, **{key: value for key, value in wanted.items() if value})


def migrate(owner: psycopg.Connection) -> None:
    """Apply the migrations as the owner, then go on as the application's role."""
    from django.core.management import call_command
    from django.db import connection

    from bihuan.site import ownership

    ownership.prepare(owner)
    options = connection.settings_dict["OPTIONS"]
    role = options.pop("options", None)
    call_command("migrate", verbosity=0, interactive=False)
    connection.close()
    if role:
        options["options"] = role
