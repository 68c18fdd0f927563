"""What the log says of a fault: where it was and of which kind, never the words of it, which may be somebody's name.

PostgreSQL quotes the row that it refuses, and Python the value that it cannot read. What says why the database does not
answer is kept, for no row stands in it. A line begins with the moment in UTC; one about a request ends with its status,
its method, who asked and from which address. Secret addresses, and signs that would begin a line, are not written out.
"""

import logging
import re
import time
import traceback
from types import TracebackType

from django.db import Error, InterfaceError, OperationalError
from django.http import HttpRequest

WORDS_KEPT = (InterfaceError, OperationalError, OSError, ImportError)

SECRET_ADDRESS = re.compile(r"/p/[^/\s]+")  # whoever has it is that person
BREAKS = {ord(sign): ascii(sign)[1:-1] for sign in map(chr, [*range(32), *range(127, 160), 0x2028, 0x2029])}

type Exc = tuple[type[BaseException], BaseException, TracebackType | None] | tuple[None, None, None]


class Formatter(logging.Formatter):
    """The usual line, and of an exception its kinds and places."""

    converter = staticmethod(time.gmtime)
    default_time_format = "%Y-%m-%dT%H:%M:%S"
    default_msec_format = "%s.%03dZ"

    def formatMessage(self, record: logging.LogRecord) -> str:
        record.message = SECRET_ADDRESS.sub("/p/…", record.message).translate(BREAKS)
        return super().formatMessage(record) + asked(record)

    def formatException(self, ei: Exc) -> str:
        lines = []
        error: BaseException | None = ei[1]
        while error is not None:
            lines += [line.rstrip() for line in traceback.format_tb(error.__traceback__)]
            lines.append(f"  {told(error)}".translate(BREAKS))
            error = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
        return "\n".join(lines)


def asked(record: logging.LogRecord) -> str:
    """Of a line about a request: how it ended, and who asked from which address."""
    request = getattr(record, "request", None)
    if not isinstance(request, HttpRequest):
        return ""
    user = getattr(getattr(request, "whole_scope", None), "user", None)
    who, where = user.subject if user else "nobody", request.META.get("REMOTE_ADDR") or "-"
    words = f" status={getattr(record, 'status_code', '-')} method={request.method} by={who} from={where}"
    return words.translate(BREAKS)


def told(error: BaseException) -> str:
    name = f"{type(error).__module__}.{type(error).__qualname__}"
    if isinstance(error, WORDS_KEPT):
        return f"{name}: {error}"
    if isinstance(error, Error):
        diagnosis = getattr(error.__cause__, "diag", None)
        marks = (getattr(diagnosis, mark, None) for mark in ("sqlstate", "constraint_name", "table_name"))
        return f"{name}: {' '.join(mark for mark in marks if mark)}"
    return name
