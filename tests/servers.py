"""`python -m tests.servers` prints the URL of this machine's own PostgreSQL, if one answers and lets us make
databases.
"""

import getpass
import sys
from collections.abc import Iterator

import psycopg

VERSION_MIN = 150_000


def candidates() -> Iterator[str]:
    for user in dict.fromkeys((getpass.getuser(), "postgres")):
        yield f"postgresql://{user}@127.0.0.1:5432"
        yield f"postgresql://{user}@/{{}}?host=/var/run/postgresql"


def answers(url: str) -> bool:
    try:
        with psycopg.connect(url, connect_timeout=3) as server:
            row = server.execute("SELECT rolsuper FROM pg_roles WHERE rolname = current_user").fetchone()
            return row == (True,) and server.info.server_version >= VERSION_MIN
    except psycopg.Error:
        return False


def own_server() -> str | None:
    """The URL of a database name that need not exist: the suite makes its test database beside it."""
    for candidate in candidates():
        place = candidate if "{}" in candidate else f"{candidate}/{{}}"
        if answers(place.format("postgres")):
            return place.format("bihuan")
    return None


if __name__ == "__main__":
    found = own_server()
    if found is None:
        sys.exit(1)
    print(found)  # noqa: T201
