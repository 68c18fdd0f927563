"""A process that ends itself with SIGKILL at a chosen point of its work.

A point is the moment before or after one statement, COPY or COMMIT that goes to the database, and the moment before
something is done outside of it: a file opened to be written, moved or removed, a socket connected. Points are counted
from 1.
"""

import os
import signal
import sys
import warnings
from collections.abc import Callable
from typing import Any

import psycopg
from django.db import connections

OUTSIDE = ("open", "os.rename", "os.remove", "os.rmdir", "os.mkdir", "socket.connect", "shutil.rmtree")
WRITES = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_APPEND
LABEL_LENGTH = 70
LIFE_SECONDS_MAX = 240


class Counter:
    """Counts points and ends the process at `last`; says by `told` where that was."""

    def __init__(self, last: int | None, told: int) -> None:
        self.last, self.told, self.number = last, told, 0

    def passes(self, what: str) -> None:
        self.number += 1
        if self.number == self.last:
            os.write(self.told, what.encode())
            os.kill(os.getpid(), signal.SIGKILL)

    def counted(self, name: str, done: Callable[..., Any]) -> Callable[..., Any]:
        def call(*args: Any, **kwargs: Any) -> Any:
            what = label(name, args)
            self.passes(f"before {what}")
            result = done(*args, **kwargs)
            self.passes(f"after {what}")
            return result

        return call

    def counted_async(self, name: str, done: Callable[..., Any]) -> Callable[..., Any]:
        async def call(*args: Any, **kwargs: Any) -> Any:
            what = label(name, args)
            self.passes(f"before {what}")
            result = await done(*args, **kwargs)
            self.passes(f"after {what}")
            return result

        return call

    def hears(self, event: str, args: tuple[Any, ...]) -> None:
        """What Python says of itself before it does something outside."""
        if event not in OUTSIDE or (event == "open" and not (isinstance(args[2], int) and args[2] & WRITES)):
            return
        self.passes(f"before {event}")


def label(name: str, args: tuple[Any, ...]) -> str:
    text = " ".join(str(args[1]).split()) if name != "COMMIT" and len(args) > 1 else ""
    return f"{name} {text}"[:LABEL_LENGTH].strip()


def install(counter: Counter) -> None:
    """For the rest of this process."""
    for cursor, wrap in ((psycopg.Cursor, counter.counted), (psycopg.AsyncCursor, counter.counted_async)):
        cursor.execute = wrap("execute", cursor.execute)  # type: ignore[attr-defined]
    psycopg.Cursor.copy = counter.counted("copy", psycopg.Cursor.copy)  # type: ignore[method-assign]
    psycopg.Connection.commit = counter.counted("COMMIT", psycopg.Connection.commit)  # type: ignore[method-assign]
    os.fsync = counter.counted("fsync", os.fsync)
    sys.addaudithook(counter.hears)


def live(work: Callable[[], None], last: int | None) -> tuple[str | None, int]:
    """Do the work in a process of its own that ends at the point `last`.

    Where it ended (None if it came to its end), and how many points it passed. A fault of the work is raised here.
    """
    connections.close_all()
    read, told = os.pipe()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # threads of tests before are not needed on the other side
        pid = os.fork()
    if pid == 0:
        counter, status = Counter(last, told), 1
        signal.alarm(LIFE_SECONDS_MAX)  # what waits for ever is a fault with a name, not a suite that never ends
        try:
            os.close(read)
            install(counter)
            work()
            os.write(told, f"={counter.number}".encode())
            status = 0
        except BaseException as error:
            os.write(told, f"!{error!r}"[:2000].encode())
        finally:
            os._exit(status)
    os.close(told)
    said = b"".join(iter(lambda: os.read(read, 4096), b"")).decode()
    os.close(read)
    code = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
    if code == -signal.SIGKILL:
        return said, last or 0
    assert code != -signal.SIGALRM, f"it was still at it after {LIFE_SECONDS_MAX} s"
    assert code == 0, said
    return None, int(said.removeprefix("="))
