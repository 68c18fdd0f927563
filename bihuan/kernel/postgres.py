"""What we use of PostgreSQL beyond the ORM: COPY, SQL kept in files, and one bounded retry. It defines no model."""

import random
import time
from collections.abc import Callable, Iterable, Sequence
from functools import cache
from importlib.resources import files

from django.db import OperationalError, connection, transaction

RETRIES_MAX = 5
RETRYABLE = {"40001", "40P01"}  # serialization failure, deadlock detected


def copy_rows(table: str, columns: Sequence[str], rows: Iterable[Sequence[object]]) -> int:
    """COPY `rows` into `table` and return their number. Must run inside a transaction; names are ours, never input."""
    assert connection.in_atomic_block, "copy_rows belongs inside an action's transaction"
    connection.ensure_connection()
    count = 0
    with connection.cursor() as cursor:
        names = ", ".join(f'"{name}"' for name in columns)
        with cursor.cursor.copy(f'COPY "{table}" ({names}) FROM STDIN') as copy:
            for row in rows:
                copy.write_row(row)
                count += 1
    return count


def statements(package: str) -> Callable[[str], str]:
    """How a package reads its longer SQL: one statement a file beside its `__init__.py`, named after what it does."""

    @cache
    def statement(name: str) -> str:
        return (files(package) / f"{name}.sql").read_text(encoding="utf-8")

    return statement


def with_retry[R](work: Callable[[], R]) -> R:
    """Run `work` in a transaction of its own; only a deadlock or serialization failure is tried again."""
    assert not connection.in_atomic_block, "a retry inside a transaction would repeat half of it"
    for attempt in range(1, RETRIES_MAX + 1):
        try:
            with transaction.atomic():
                return work()
        except OperationalError as error:
            state = getattr(error.__cause__, "sqlstate", None)
            if state not in RETRYABLE or attempt == RETRIES_MAX:
                raise
            time.sleep(random.uniform(0, 0.05 * 2**attempt))  # noqa: S311 - jitter, not a secret
    raise AssertionError("unreachable")
