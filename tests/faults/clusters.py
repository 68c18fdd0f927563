"""A city on a PostgreSQL of its own, whose processes may be killed and whose disk may be filled."""

import os
import resource
import shutil
import signal
import subprocess
import tempfile
import time
import warnings
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import psutil

from bihuan.site import postgres
from bihuan.site.supervisor import python

PATIENCE_SECONDS = 240
ROOT = Path(__file__).parents[2]
NOT_THEIRS = ("BIHUAN_DATABASE_URL", "BIHUAN_BACKUPS", "BIHUAN_WITNESSES", "BIHUAN_SIGNING_KEY")


@contextmanager
def own_city() -> Iterator[Path]:
    """The home of a furnished city; nothing of it is left afterwards."""
    home = Path(tempfile.mkdtemp(prefix="bihuan-faults."))
    home.chmod(0o711)
    try:
        postgres.start(home)
        run(home, "bihuan.site.cli", "migrate")
        run(home, "tests.faults.crew", "furnish")
        yield home
    finally:
        cluster = postgres.cluster(home)
        if postgres.running(cluster):
            kill(cluster)
        for path in (cluster.sockets, cluster.directory, home):
            shutil.rmtree(path, ignore_errors=True)


def environment(home: Path) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if name not in NOT_THEIRS}
    # The server's place is named, so that nobody but the test starts it or stops it.
    return {**kept, "BIHUAN_HOME": str(home), "BIHUAN_DATABASE_URL": postgres.url(home), "PYTHONPATH": str(ROOT)}


def run(home: Path, module: str, *words: str) -> str:
    done = subprocess.run(
        python(module, *words),
        env=environment(home),
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=PATIENCE_SECONDS * 5,
    )
    assert done.returncode == 0, done.stderr[-4000:]
    return done.stdout


@contextmanager
def crew(home: Path, folder: Path, writers: int, seed: int) -> Iterator[subprocess.Popen[str]]:
    """Writers at work inside the block. At its end they finish what they do; one that failed fails the test."""
    process = subprocess.Popen(
        python("tests.faults.crew", "write", str(folder), str(writers), str(seed)),
        env=environment(home),
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    try:
        said = process.stdout.readline()
        assert said == "at work\n", process.stderr.read() if process.stderr else ""
        yield process
        process.terminate()
        _, errors = process.communicate(timeout=PATIENCE_SECONDS)
        assert process.returncode == 0, errors[-4000:]
    finally:
        with suppress(psutil.NoSuchProcess):
            for child in psutil.Process(process.pid).children(recursive=True):
                child.kill()
        process.kill()
        process.wait()


def told(folder: Path) -> int:
    """How often the writers were told that something was done."""
    return sum(journal.read_text().count('"told"') for journal in folder.glob("*.journal"))


def until_told(folder: Path) -> None:
    """Until somebody was told once more."""
    before = told(folder)
    deadline = time.monotonic() + PATIENCE_SECONDS
    while told(folder) <= before:
        assert time.monotonic() < deadline, "nobody was told anything"
        time.sleep(0.05)


def kill(cluster: postgres.Cluster) -> None:
    """SIGKILL for the server and every process of it, as if the machine had lost its power."""
    processes(cluster)[0].suspend()  # so that it starts no more while we count
    for process in processes(cluster):
        with suppress(psutil.NoSuchProcess):
            os.kill(process.pid, signal.SIGKILL)


def limit_files(cluster: postgres.Cluster, size: int) -> None:
    """No process of the server can make a file larger than this any more. One started anew has no such limit."""
    pids = [process.pid for process in processes(cluster)]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # threads of tests before are not needed on the other side
        child = os.fork()
    if child == 0:  # as the server's own account: another's limits may be changed by nobody in a container
        try:
            if cluster.account:
                os.setgroups([])
                os.setgid(cluster.account.gid)
                os.setuid(cluster.account.uid)
            for pid in pids:
                with suppress(ProcessLookupError):
                    _, hard = resource.prlimit(pid, resource.RLIMIT_FSIZE)
                    resource.prlimit(pid, resource.RLIMIT_FSIZE, (size, hard))
        except BaseException:
            os._exit(1)
        os._exit(0)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0


def processes(cluster: postgres.Cluster) -> list[psutil.Process]:
    first = psutil.Process(int((cluster.data / "postmaster.pid").read_text().split("\n")[0]))
    return [first, *first.children(recursive=True)]


def start_again(home: Path) -> float:
    """How many seconds the killed server needed until it answered."""
    begun = time.monotonic()
    assert postgres.start(home)
    return time.monotonic() - begun
