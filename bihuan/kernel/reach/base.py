"""The database engine: Django's for PostgreSQL, whose cursors say the reach before every statement.

A statement outside a transaction is sent together with its reach in one message, which the server runs as one
transaction: nothing is left on the connection for whoever uses it next, and it costs no further trip to the server.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import psycopg
from django.db.backends.postgresql import base
from psycopg.pq import TransactionStatus
from psycopg.sql import Composable

from bihuan.kernel.reach import APP_ROLE, words

OF_TRANSACTIONS = ("SAVEPOINT", "RELEASE", "ROLLBACK")  # must be heard in a transaction that has failed as well


class Cursor(base.Cursor, psycopg.ClientCursor[Any]):
    def execute(self, query: Any, params: Any = None, **given: Any) -> Any:
        text = query.as_string(self) if isinstance(query, Composable) else query
        if text.startswith(OF_TRANSACTIONS):
            return super().execute(text, params, **given)
        said = words()
        super().execute(said + text, params, **given)
        for _each in range(said.count(";")):  # what these words answered
            self.nextset()
        return self

    def executemany(self, query: Any, params_seq: Any, **given: Any) -> None:
        with told(self.connection):
            super().executemany(query, params_seq, **given)

    @contextmanager
    def copy(self, statement: Any, params: Any = None, **given: Any) -> Iterator[Any]:
        with told(self.connection), super().copy(statement, params, **given) as found:
            yield found


class ServerSideCursor(base.ServerSideCursor, psycopg.ServerCursor[Any]):
    """Held by the server over many fetches. Its rows are chosen when it is declared, in the reach of then."""

    def execute(self, query: Any, params: Any = None, **given: Any) -> Any:
        with told(self.connection):
            return super().execute(query, params, **given)


@contextmanager
def told(connection: Any) -> Iterator[None]:
    """The reach said by itself, in the transaction that runs or in one that ends with the block."""
    if connection.info.transaction_status == TransactionStatus.IDLE and connection.autocommit:
        with connection.transaction():
            connection.execute(words())
            yield
    else:
        connection.execute(words())
        yield


class DatabaseWrapper(base.DatabaseWrapper):
    def get_connection_params(self) -> dict[str, Any]:
        params = super().get_connection_params()
        if f"role={APP_ROLE}" in params.get("options", ""):  # the owner stands before the wall
            params["cursor_factory"] = Cursor
        return params

    def create_cursor(self, name: str | None = None) -> Any:
        cursor = super().create_cursor(name)
        if name and isinstance(cursor, base.ServerSideCursor) and self.connection.cursor_factory is Cursor:
            cursor.__class__ = ServerSideCursor
        return cursor
