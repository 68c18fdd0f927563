"""Processes of ours as an operator starts them, on the test's database."""

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import quote, urlencode

from django.db import connection

from bihuan.site.supervisor import python

WORKER = "from bihuan.site.worker import main; main()"


def database_url(name: str | None = None) -> str:
    """Where the test's database is, or another one beside it."""
    values = connection.settings_dict
    user = quote(values["USER"]) + (f":{quote(values['PASSWORD'])}" if values["PASSWORD"] else "")
    place = {key: values[key.upper()] for key in ("host", "port") if values[key.upper()]}
    return f"postgresql://{user}@/{name or values['NAME']}?{urlencode(place)}"


def environment(**more: str) -> dict[str, str]:
    return {**os.environ, "BIHUAN_DATABASE_URL": database_url(), **more}


def bihuan(*words: str, **more: str) -> subprocess.CompletedProcess[str]:
    """Run `bihuan` with these words, in a process of its own."""
    return subprocess.run(
        python("bihuan.site.cli", *words), env=environment(**more), capture_output=True, text=True, timeout=300
    )


@contextmanager
def worker(name: str) -> Iterator[subprocess.Popen[bytes]]:
    """A worker as the supervisor starts it; the server knows its connections by `name`. Killed at the end."""
    process = subprocess.Popen(
        [*python("bihuan.site.worker")[:1], "-c", WORKER],
        env=environment(PGAPPNAME=name),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        yield process
    finally:
        process.kill()
        process.wait()
