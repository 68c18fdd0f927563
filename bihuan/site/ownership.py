"""What the owner of the database does: bring the tables up to date and say what the application's own role may do with
them.

The serving processes act as `bihuan_app`, which owns nothing: it reads and writes rows of the tables it is given and
can neither change a table nor empty one. The ledger's and the custody's migrations take further rights away from it.
Decision 4.
"""

import os
import secrets
from pathlib import Path

import psycopg
from django.core.management import call_command
from django.db import connection

from bihuan.kernel.refusals import Refused
from bihuan.site.postgres import APP_ROLE, RETENTION_ROLE, VERSION_MIN

DEFAULT_PRIVILEGES = (
    f"ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO {APP_ROLE}",
    f"ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT USAGE, SELECT ON SEQUENCES TO {APP_ROLE}",
    f"GRANT USAGE ON SCHEMA public TO {APP_ROLE}",
)

# Roles belong to the whole server: another database's migration may make it at the same moment.
MAKE_ROLE = """
DO $$ BEGIN
  CREATE ROLE {role} NOLOGIN;
EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL;
END $$
"""


class NotTheOwner(Refused):
    """The account in BIHUAN_DATABASE_URL may not do what the owner must."""


def prepare(owner: psycopg.Connection) -> None:
    """Make the two roles if they are not there, and promise the application's the rows of every table made from now on.

    An owner who may not make roles is enough where an administrator has made them.
    """
    version = owner.info.server_version // 10_000
    if version < VERSION_MIN:
        raise NotTheOwner(f"The server is PostgreSQL {version}.", f"Bihuan needs {VERSION_MIN} or later.")
    try:
        for role in (APP_ROLE, RETENTION_ROLE):
            if not owner.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", [role]).fetchone():
                owner.execute(MAKE_ROLE.format(role=role))
        if not owner.execute("SELECT 1 WHERE pg_has_role(current_user, %s, 'MEMBER')", [APP_ROLE]).fetchone():
            owner.execute(f"GRANT {APP_ROLE} TO CURRENT_USER")
        for statement in DEFAULT_PRIVILEGES:
            owner.execute(statement)
    except psycopg.errors.InsufficientPrivilege as error:
        raise NotTheOwner(
            f"The account in BIHUAN_DATABASE_URL may not prepare the database: {error}",
            f"Let an administrator run: CREATE ROLE {APP_ROLE} NOLOGIN; CREATE ROLE {RETENTION_ROLE} NOLOGIN; "
            f"GRANT {APP_ROLE} TO <that account>; and make that account the database's owner.",
        ) from error


def bring_up_to_date(verbosity: int) -> None:
    """Apply the migrations. Django must have been set up with BIHUAN_AS_OWNER=1."""
    connection.ensure_connection()
    prepare(connection.connection)
    call_command("migrate", verbosity=verbosity, interactive=False)
    with connection.cursor() as cursor:
        cursor.execute(f"REVOKE INSERT, UPDATE, DELETE ON django_migrations FROM {APP_ROLE}")


def keep_secret(home: Path) -> None:
    """Make this installation's secret key once, readable by nobody else. Two that come at once agree on the first."""
    home.mkdir(parents=True, exist_ok=True)
    try:
        handle = os.open(home / "secret-key", os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return
    with os.fdopen(handle, "w") as kept:
        kept.write(secrets.token_urlsafe(50))
