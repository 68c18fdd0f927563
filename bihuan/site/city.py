"""The edge of everything that is not a web request: commands and the worker enter here."""

import os
from collections.abc import Iterator
from contextlib import contextmanager

from bihuan.kernel.refusals import Refused
from bihuan.site import postgres


class DatabaseUnready(Refused):
    """The database does not answer, or has not been migrated."""


@contextmanager
def database() -> Iterator[None]:
    """Have a database inside the block: the server of BIHUAN_DATABASE_URL, or else the embedded one."""
    if os.environ.get("BIHUAN_DATABASE_URL"):
        yield
    else:
        with postgres.served(postgres.default_home()):
            yield


def make_ready(*, as_owner: bool = False) -> None:
    """Set Django up, once a process. `as_owner` only for migrations: see `ownership`."""
    import django

    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "bihuan.site.settings")
    if as_owner:
        os.environ["BIHUAN_AS_OWNER"] = "1"
    django.setup()


def language() -> str:
    """The language of the terminal: Chinese where it says so, else English."""
    said = os.environ.get("LC_ALL") or os.environ.get("LC_MESSAGES") or os.environ.get("LANG") or ""
    return "zh-hans" if said.lower().startswith("zh") else "en"


@contextmanager
def opened() -> Iterator[None]:
    """What a command needs: a database, Django as the application's role, the city's time, the terminal's language."""
    with database():
        make_ready()
        from django.db import OperationalError, ProgrammingError
        from django.utils import translation

        from bihuan.kernel import clock
        from bihuan.site.edge import city_now

        try:
            moment = city_now()
        except (OperationalError, ProgrammingError) as error:
            raise DatabaseUnready(
                f"The database is not ready: {str(error).strip()}", "Run `bihuan migrate`."
            ) from error
        with clock.given(moment), translation.override(language()):
            yield
