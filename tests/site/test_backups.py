"""A city is copied while it works, and given back as it was at a second: real clusters, real losses, damaged copies."""

import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import datetime, timedelta
from pathlib import Path

import psycopg
import pytest
from click.testing import CliRunner

from bihuan.kernel.ledger import SigningKey
from bihuan.site import archiving, backups, postgres, restoring, signing
from bihuan.site.backups import Damaged, OutOfReach, Place
from bihuan.site.cli import main
from bihuan.site.supervisor import python
from tests.site.test_postgres import ask, postmaster, remove

PROVE = os.environ.get("BIHUAN_PROVE") == "1"
RTO_SECONDS_MAX = 120
ACT = """
import sys, uuid
from bihuan.kernel import clock, ledger
from bihuan.site import city, postgres, signing
with city.opened():
    from django.db import transaction
    for number in range(int(sys.argv[1])):
        with transaction.atomic():
            ledger.record(key=uuid.uuid4(), kind="drill.done", subject=f"drill:{number}", at=clock.now(),
                          by=ledger.Actor.system("drill"), payload={"number": number})
    signing.sign_now(postgres.default_home())
"""


@pytest.fixture(autouse=True)
def without_settings(monkeypatch):
    for name in ("BIHUAN_DATABASE_URL", "BIHUAN_BACKUPS", "BIHUAN_WITNESSES", "BIHUAN_SIGNING_KEY"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture(scope="module")
def folder() -> Iterator[Path]:
    """Everything of this module, in a short folder that the server's own account can enter."""
    path = Path(tempfile.mkdtemp(prefix="bihuan-backup."))
    path.chmod(0o711)
    yield path
    for home in (path / "drill", path / "cluster"):
        remove(home)
    shutil.rmtree(path, ignore_errors=True)


@pytest.fixture
def home(folder) -> Iterator[Path]:
    """A new home with nothing in it."""
    path = Path(tempfile.mkdtemp(prefix="home", dir=folder))
    path.chmod(0o711)
    yield path
    remove(path)


@pytest.fixture
def place(folder) -> Place:
    return Place(Path(tempfile.mkdtemp(prefix="place", dir=folder)))


@contextmanager
def archived(home: Path, place: Place, patience: float = 60.0) -> Iterator[None]:
    """The keeper at work, as `bihuan up` keeps it, only less patient between two looks."""
    stopping = threading.Event()
    with pytest.MonkeyPatch.context() as hurried:
        hurried.setattr(archiving, "TURN_SECONDS", 0.05)
        hurried.setattr(archiving, "SEAL_SECONDS", 0.1)
        hurried.setattr(archiving, "RETRY_SECONDS", 0.5)
        hurried.setattr(archiving, "PATIENCE_SECONDS", patience)
        keeper = threading.Thread(
            target=archiving.keep_archiving,
            args=(place, postgres.url(home), home, stopping),
            kwargs={"is_ours": True},
        )
        keeper.start()
        try:
            until(lambda: place.bases() and place.edge() and waits(home))
            yield
        finally:
            stopping.set()
            keeper.join()


def until(wanted: Callable[[], object], seconds: float = 120.0) -> None:
    deadline = time.monotonic() + seconds
    while True:
        with suppress(psycopg.Error):
            if wanted():
                return
        assert time.monotonic() < deadline, "it did not happen"
        time.sleep(0.05)


def waits(home: Path) -> bool:
    return ask(home, "SHOW synchronous_standby_names") == backups.RECEIVER


def now_of(home: Path) -> datetime:
    return ask(home, "SELECT clock_timestamp()")


def act(home: Path, facts: int) -> None:
    environment = {**os.environ, "BIHUAN_HOME": str(home)}
    subprocess.run([sys.executable, "-c", ACT, str(facts)], env=environment, check=True)


class Drill:
    """A city of which 40 facts were recorded before a moment, and most of it was deleted after."""

    def __init__(self, home: Path, place: Place) -> None:
        self.home, self.place = home, place
        environment = {**os.environ, "BIHUAN_HOME": str(home)}
        subprocess.run(python("bihuan.site.cli", "migrate"), env=environment, check=True, stdout=subprocess.DEVNULL)
        with postgres.served(home):
            with archived(home, place):
                act(home, 40)
                self.keys = self.facts()
                self.early = Place(home.parent / "early")
                arrives(place, now_of(home))
                shutil.copytree(place.root, self.early.root)
                ask(home, "SELECT pg_switch_wal()")  # a quiet city fills no segment
                act(home, 2)
                self.keys = self.facts()
                self.moment = now_of(home)
                with psycopg.connect(postgres.url(home)) as owner:
                    owner.execute("SET session_replication_role = replica")
                    self.deleted = owner.execute("DELETE FROM ledger_fact").rowcount
                arrives(place, now_of(home))
            until(lambda: not waits(home))

    def facts(self) -> set[object]:
        with psycopg.connect(postgres.url(self.home)) as asked:
            return {key for (key,) in asked.execute("SELECT key FROM ledger_fact")}


def arrives(place: Place, moment: datetime) -> None:
    """What was committed before a moment lies in the place and is signed."""
    until(lambda: (edge := place.edge()) and edge.until > moment)


@pytest.fixture(scope="module")
def drill(folder) -> Drill:
    with pytest.MonkeyPatch.context() as cleared:
        for name in ("BIHUAN_DATABASE_URL", "BIHUAN_BACKUPS", "BIHUAN_WITNESSES", "BIHUAN_SIGNING_KEY"):
            cleared.delenv(name, raising=False)
        for name in ("drill", "log"):
            (folder / name).mkdir(mode=0o711)
        return Drill(folder / "drill", Place(folder / "log"))


@pytest.fixture
def copy(drill, folder) -> Iterator[Place]:
    """The drill's place, to be damaged by putting other files in place of its own (`exchange`)."""
    root = Path(tempfile.mkdtemp(prefix="copy", dir=folder))
    shutil.copytree(drill.place.root, root, dirs_exist_ok=True, copy_function=os.link)
    yield Place(root)
    shutil.rmtree(root)


def exchange(file: Path, raw: bytes) -> None:
    file.unlink()
    file.write_bytes(raw)


class TestRestore:
    def test_gives_back_the_second_before_a_bad_bulk_action(self, drill, home, monkeypatch, capsys):
        monkeypatch.setenv("BIHUAN_HOME", str(drill.home))
        monkeypatch.setenv("BIHUAN_WITNESSES", str(drill.home / signing.WITNESS))
        assert drill.deleted == len(drill.keys) >= 42
        words = ["--from", str(drill.place.root), "--to", drill.moment.isoformat(), "--home", str(home), "--json"]
        done = CliRunner().invoke(main, ["restore", *words])
        assert done.exit_code == 0, done.output
        told = json.loads(done.output)
        with capsys.disabled():
            sys.stdout.write(f"\nrestored {told['facts']} facts in {told['seconds']} seconds ")
        assert told["seconds"] < RTO_SECONDS_MAX
        assert set(told["violations"].values()) == {0}
        assert told["facts"] == told["witnessed"] == len(drill.keys)
        with postgres.served(home), psycopg.connect(postgres.url(home)) as asked:
            assert {key for (key,) in asked.execute("SELECT key FROM ledger_fact")} == drill.keys
            assert asked.execute("SHOW synchronous_standby_names").fetchone() == ("",)
            assert asked.execute("SHOW hot_standby").fetchone() == ("on",)
        with postgres.served(drill.home):
            assert drill.facts() == set(), "the living one stays as it is"
        assert (home / signing.KEY).read_text() == (drill.home / signing.KEY).read_text()

    def test_is_never_over_a_living_one(self, drill, monkeypatch):
        monkeypatch.setenv("BIHUAN_HOME", str(drill.home))
        done = CliRunner().invoke(main, ["restore", "--from", str(drill.place.root), "--to", "latest"])
        assert done.exit_code == 1
        assert "nothing is ever restored over one" in done.output

    def test_says_what_a_witness_knows_and_the_backup_does_not(self, drill, home, monkeypatch):
        monkeypatch.setenv("BIHUAN_HOME", str(home))
        monkeypatch.setenv("BIHUAN_WITNESSES", str(drill.home / signing.WITNESS))
        with pytest.raises(restoring.NotWhole, match=r"from fact \d+ on \(missing\)"):
            restoring.restore(drill.early, None, home)

    def test_refuses_a_copy_that_was_sealed_anew_with_another_key(self, drill, home, copy, monkeypatch):
        monkeypatch.setenv("BIHUAN_HOME", str(home))
        stranger = SigningKey.new()
        for file in (*copy.wal.glob("*.seal"), copy.wal / "edge", *copy.root.glob("bases/*/note")):
            said = backups.unsealed(file)
            backups.seal(file, said, stranger)
        with pytest.raises(restoring.NotWhole, match=rf"not this ledger's: {stranger.public.name}"):
            restoring.restore(copy, drill.moment, home)

    @pytest.mark.parametrize("words", [("--to", "yesterday"), ("--to", "latest", "--from", "/nowhere"), ()])
    def test_is_refused_with_2_when_it_is_not_understood(self, words, tmp_path):
        assert CliRunner().invoke(main, ["restore", "--from", str(tmp_path), *words]).exit_code == 2


class TestChosen:
    def test_says_the_earliest_moment(self, drill):
        first = drill.place.bases()[0].until
        with pytest.raises(OutOfReach, match=rf"earliest.*{first:%H:%M:%S.%f}Z"):
            restoring.chosen(drill.place, first - timedelta(microseconds=1))
        assert restoring.chosen(drill.place, first).base.until == first

    def test_says_the_last_moment(self, drill):
        last = restoring.chosen(drill.place, None).reaches
        assert last > drill.moment
        assert restoring.chosen(drill.place, last)
        with pytest.raises(OutOfReach, match=rf"last.*{last:%H:%M:%S}"):
            restoring.chosen(drill.place, last + timedelta(seconds=1))

    def test_names_the_missing_segment_and_the_last_moment_before_it(self, drill, copy):
        gone = sorted(copy.segments().values())[-1]
        gone.unlink()
        chain = copy.chain(copy.bases()[-1])
        assert chain.missing == gone.name[:24]
        assert chain.base.until < chain.reaches < drill.moment
        for moment in (None, drill.moment):
            with pytest.raises(OutOfReach, match=rf"{gone.name[:24]} .* is missing.*{chain.reaches:%H:%M:%S.%f}Z"):
                restoring.chosen(copy, moment)
        assert restoring.chosen(copy, chain.reaches)

    def test_finds_no_copy_where_none_was_finished(self, place):
        place.make()
        (place.root / "bases" / f"{backups.UNFINISHED}x").mkdir()
        with pytest.raises(OutOfReach, match="no finished copy"):
            restoring.chosen(place, None)


def a_table(place: Place) -> Path:
    return max(place.bases()[-1].data.glob("base/*/*"), key=lambda path: path.stat().st_size)


def its_own_log(place: Place) -> Path:
    return backups._wal_of(place.bases()[-1].data)[0]


def a_segment(place: Place) -> Path:
    own = its_own_log(place).name
    return next(path for path in place.complete() if path.name > own)


def growing(place: Place) -> Path:
    return next(place.wal.glob(f"*{backups.PARTIAL}"))


def manifest(place: Place) -> Path:
    return place.bases()[-1].data / "backup_manifest"


def note(place: Place) -> Path:
    return place.bases()[-1].folder / "note"


def edge(place: Place) -> Path:
    return place.wal / "edge"


def a_seal(place: Place) -> Path:
    return next(iter(sorted(place.wal.glob("*.seal"))))


EVERYTHING = [a_table, its_own_log, a_segment, growing, manifest, note, edge]


class TestDamage:
    def refused(self, place: Place, file: Path) -> None:
        with pytest.raises(Damaged) as refusal:
            backups.refuse_damaged(restoring.chosen(place, None))
        assert file.name in str(refusal.value)

    def test_is_not_seen_where_none_is(self, drill):
        (key,) = signing.held_keys(drill.home)
        assert backups.refuse_damaged(restoring.chosen(drill.place, None)) == {str(key.public)}

    @pytest.mark.parametrize("which", EVERYTHING, ids=lambda which: which.__name__)
    def test_of_one_byte_is_refused_and_named(self, drill, copy, which):
        file = which(copy)
        raw = bytearray(file.read_bytes())
        raw[min(40, len(raw) // 2)] ^= 1
        exchange(file, raw)
        self.refused(copy, file)

    @pytest.mark.parametrize("which", EVERYTHING, ids=lambda which: which.__name__)
    def test_of_a_file_that_was_cut_short_is_refused_and_named(self, drill, copy, which):
        file = which(copy)
        exchange(file, file.read_bytes()[:-100])
        self.refused(copy, file)

    def test_of_a_file_that_is_gone_is_refused_and_named(self, drill, copy):
        file = a_table(copy)
        file.unlink()
        self.refused(copy, file)

    def test_of_a_seal_that_is_gone_is_refused_and_named(self, drill, copy):
        file = a_segment(copy)
        sealed = file.with_name(file.name + backups.SEAL)
        sealed.unlink()
        self.refused(copy, sealed)

    def test_by_an_exchange_of_two_sealed_segments_is_refused(self, drill, copy):
        file = a_segment(copy)
        other = copy.wal / file.name.replace("00000001", "00000009", 1)
        shutil.copyfile(file, other)
        (key,) = signing.held_keys(drill.home)
        backups.seal(
            file.with_name(file.name + backups.SEAL), {"segment": other.name, "sha256": backups.sha256(file)}, key
        )
        self.refused(copy, file)


class TestBackup:
    def run(self, *words: str, code: int = 0) -> str:
        done = CliRunner().invoke(main, ["backup", *words])
        assert done.exit_code == code, done.output
        return done.stdout

    def test_lists_what_can_be_given_back(self, drill):
        (told,) = json.loads(self.run("--to", str(drill.place.root), "--list", "--json"))["copies"]
        assert told["from"] == drill.place.bases()[0].until.isoformat()
        assert datetime.fromisoformat(told["to"]) > drill.moment
        assert (told["missing"], told["bytes"] > 1_000_000) == (None, True)
        assert told["name"] in self.run("--to", str(drill.place.root), "--list")

    def test_wants_a_place(self):
        assert CliRunner().invoke(main, ["backup"]).exit_code == 1

    def test_alone_can_be_restored_drops_what_nothing_needs_and_refuses_another_database(
        self, drill, copy, home, monkeypatch
    ):
        monkeypatch.setenv("BIHUAN_HOME", str(drill.home))
        (first,) = copy.bases()
        keys = signing.held_keys(drill.home)
        with postgres.served(drill.home) as url:
            backups.take(copy, url, keys)
            assert first.segment_name(first.first) in copy.segments()
            shutil.rmtree(first.folder)
            second = backups.take(copy, url, keys)
            assert [base.folder.name for base in copy.bases()][-1] == second.folder.name
        oldest = copy.bases()[0]
        assert all(name >= oldest.segment_name(oldest.first) for name in copy.segments())
        chain = restoring.chosen(copy, None)
        backups.refuse_damaged(chain)
        plant(chain, home)
        assert ask(home, "SELECT count(*) FROM ledger_fact") == 0
        with pytest.raises(postgres.PostgresFailed, match="ever restored over one"):
            plant(chain, home)

    def test_makes_no_folder_where_a_disk_is_not_mounted(self, tmp_path):
        with pytest.raises(backups.Refused, match="Mount the disk"):
            Place(tmp_path / "unmounted").make()
        assert not (tmp_path / "unmounted").exists()

    def test_needs_a_key_to_seal_with(self, place):
        with pytest.raises(signing.NoKey):
            backups.take(place, "postgresql:///nowhere", [])

    def test_says_which_version_of_the_programs_is_wanted(self):
        with pytest.raises(backups.Refused, match=r"PostgreSQL 14, .* Set BIHUAN_PG_BIN"):
            backups.programs_for(14)


@pytest.fixture(scope="module")
def cluster(folder) -> Path:
    """A cluster with a key and one table, and no city in it."""
    home = folder / "cluster"
    home.mkdir(mode=0o711)
    signing.make_key(home)
    postgres.start(home)
    return home


@pytest.fixture
def city(cluster) -> Path:
    postgres.start(cluster)
    with psycopg.connect(postgres.url(cluster), autocommit=True) as owner:
        owner.execute("DROP TABLE IF EXISTS kept")
        owner.execute("CREATE TABLE kept (n int)")
    return cluster


def plant(chain: backups.Chain, home: Path, to: datetime | None = None) -> None:
    postgres.plant(
        home,
        lambda folder: restoring._fill(chain, folder),
        until=restoring._target(chain, to),
        database=chain.base.said["database"],
        superuser=chain.base.said["superuser"],
    )
    postgres.start(home)


class TestServerOfYourOwn:
    """A server that somebody else made: other names, and an account with few rights."""

    def test_is_copied_by_whoever_may_replicate_and_restored_under_our_names(self, city, home, place):
        data = postgres.cluster(city).data
        ours = (data / "pg_ident.conf").read_text()
        key = SigningKey.new()
        with psycopg.connect(postgres.url(city), autocommit=True) as admin:
            admin.execute("CREATE ROLE mayor LOGIN")
            admin.execute("CREATE DATABASE town OWNER mayor")
            (data / "pg_ident.conf").write_text(ours + ours.replace(f'"{postgres.OWNER}"', '"mayor"'))
            admin.execute("SELECT pg_reload_conf()")
            url = postgres.url(city).replace("/bihuan?", "/town?").replace("user=bihuan", "user=mayor")
            with psycopg.connect(url, autocommit=True) as town:
                town.execute("CREATE TABLE theirs AS SELECT generate_series(1, 7) AS n")
            with pytest.raises(backups.ServerRefuses, match="ALTER ROLE mayor REPLICATION"):
                backups.take(place, url, [key])
            admin.execute("ALTER ROLE mayor REPLICATION")
            backups.take(place, url, [key])
        plant(restoring.chosen(place, None), home)
        assert ask(home, "SELECT count(*) FROM theirs") == 7
        assert ask(home, "SELECT current_user") == postgres.OWNER


class TestArchiving:
    def killed_while_it_acknowledges(self, city: Path, place: Place, seconds: float) -> int:
        acknowledged = 0
        with archived(city, place), psycopg.connect(postgres.url(city), autocommit=True) as writer:
            deadline = time.monotonic() + seconds
            while time.monotonic() < deadline or acknowledged < 20:
                writer.execute("INSERT INTO kept VALUES (1)")
                acknowledged += 1
            os.kill(postmaster(postgres.cluster(city)), signal.SIGKILL)
        return acknowledged

    @pytest.mark.parametrize(
        "rounds",
        [1, pytest.param(20, marks=[pytest.mark.slow, pytest.mark.skipif(not PROVE, reason="scripts/prove")])],
    )
    def test_has_everything_that_was_acknowledged_when_the_machine_is_gone(self, city, place, folder, rounds):
        acknowledged = 0
        for number in range(rounds):
            postgres.start(city)
            acknowledged += self.killed_while_it_acknowledges(city, place, 1.0)
            elsewhere = folder / f"home-again-{number}"
            elsewhere.mkdir(mode=0o711)
            try:
                chain = restoring.chosen(place, None)
                backups.refuse_damaged(chain)
                plant(chain, elsewhere)
                found = ask(elsewhere, "SELECT count(*) FROM kept")
            finally:
                remove(elsewhere)
            assert found >= acknowledged
            acknowledged = found  # a commit that was cut off before its answer may be there or not

    def test_holds_the_city_up_for_its_patience_only(self, city, place):
        with archived(city, place, patience=1.0):
            (receiver,) = receivers(place)
            os.kill(receiver, signal.SIGSTOP)
            try:
                with psycopg.connect(postgres.url(city), autocommit=True) as writer:
                    writer.execute("INSERT INTO kept VALUES (1)")
                until(lambda: not waits(city))
            finally:
                os.kill(receiver, signal.SIGCONT)
            until(lambda: waits(city))
        assert not waits(city)

    def test_begins_a_receiver_again_that_was_killed(self, city, place):
        with archived(city, place):
            (receiver,) = receivers(place)
            os.kill(receiver, signal.SIGKILL)
            until(lambda: (found := receivers(place)) and found != [receiver])
            with psycopg.connect(postgres.url(city), autocommit=True) as writer:
                writer.execute("INSERT INTO kept VALUES (1)")

    def test_holds_nobody_up_when_the_place_is_unreadable(self, city, place):
        with archived(city, place, patience=1.0):
            its_note = note(place)
            kept = its_note.read_text()
            its_note.write_text("noise")
            (receiver,) = receivers(place)
            os.kill(receiver, signal.SIGKILL)
            until(lambda: not waits(city))
            its_note.write_text(kept)
            until(lambda: waits(city))

    def test_takes_no_other_database_into_its_place(self, city, drill, copy):
        with pytest.raises(backups.Refused, match="Name another folder"):
            backups.take(copy, postgres.url(city), signing.held_keys(city))

    def test_leaves_nobody_waiting_for_a_receiver_that_died_with_the_server(self, city):
        with psycopg.connect(postgres.url(city), autocommit=True) as owner:
            owner.execute(f"ALTER SYSTEM SET synchronous_standby_names = '{backups.RECEIVER}'")
        os.kill(postmaster(postgres.cluster(city)), signal.SIGKILL)
        postgres.start(city)
        assert not waits(city)


def receivers(place: Place) -> list[int]:
    """The receivers of this very place."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            words = (process / "cmdline").read_bytes().split(b"\0")
            if words[0].endswith(b"pg_receivewal") and os.fsencode(place.wal) in words:
                found.append(int(process.name))
    return found
