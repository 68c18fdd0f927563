import os
import subprocess
import sys

import click

from bihuan.kernel.refusals import Refused
from bihuan.site import city, postgres, supervisor

THREADS = "32"  # a page that shows progress holds one while it is open


@click.command()
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option("--port", default=8000, show_default=True, type=click.IntRange(1, 65535), help="Port to listen on.")
@click.option("--processes", default=1, show_default=True, type=click.IntRange(1, 64), help="Web processes.")
@click.option(
    "--no-migrate", is_flag=True, help="The tables are up to date: serve with an account that does not own them."
)
def command(host: str, port: int, processes: int, no_migrate: bool) -> None:
    """Serve the pages and do the work until ctrl-C.

    Starts the embedded database unless BIHUAN_DATABASE_URL names a server, brings it up to date, and keeps one web
    server and one worker running, and the place of backups up to date if BIHUAN_BACKUPS names one. Ctrl-C stops all
    of them.

    \b
    bihuan up
    bihuan up --host 0.0.0.0 --port 80
    """
    with city.database():
        if not no_migrate:
            migrate()
        code = serve(host, port, processes)
    raise SystemExit(code)


def migrate() -> None:
    """Bring the database up to date in a process of its own: it acts as the owner, the serving ones never do."""
    done = subprocess.run(supervisor.python("bihuan.site.cli", "migrate"), check=False, stdout=subprocess.DEVNULL)  # noqa: S603
    if done.returncode:
        raise SystemExit(done.returncode)


class NoSecretKey(Refused):
    def __init__(self) -> None:
        super().__init__(
            "This installation has no secret key, so nothing is served.",
            "Run `bihuan migrate` on this machine, or set BIHUAN_SECRET_KEY to the key of the other machines.",
        )


def require_secret() -> None:
    """Sessions that anybody could sign must never be served."""
    from bihuan.site.settings import kept_secret

    if not (os.environ.get("BIHUAN_SECRET_KEY") or kept_secret(postgres.default_home())):
        raise NoSecretKey


def serve(host: str, port: int, processes: int = 1) -> int:
    """Keep web and worker running until ctrl-C. The database must be there (`city.database`) and migrated."""
    require_secret()
    city.make_ready()
    from bihuan.site.words import require_sound_profiles

    require_sound_profiles()
    web = [
        "--interface",
        "wsgi",
        "--host",
        host,
        "--port",
        str(port),
        "--workers",
        str(processes),
        "--log-level",
        "error",
    ]
    commands = {
        "web": supervisor.python("granian", *web, "--blocking-threads", THREADS, "bihuan.site.wsgi:application"),
        "worker": [sys.executable, "-c", "from bihuan.site.worker import main; main()"],
    }
    if os.environ.get("BIHUAN_BACKUPS"):
        commands["backup"] = [sys.executable, "-c", "from bihuan.site.archiving import main; main()"]
    address = f"http://{'localhost' if host in ('127.0.0.1', '0.0.0.0') else host}:{port}/"  # noqa: S104 - compared, not bound
    return supervisor.run(
        commands,
        lambda line: click.echo(line, err=True),
        ready=lambda: click.echo(f"Bihuan is at {address} - ctrl-C stops it."),
        last=["backup"],
    )
