"""An installation from its first minute, by nothing but the real `bihuan` command on an empty database of its own."""

import json
import os
import signal
import socket
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from bihuan.site.cli.check import LAWS
from bihuan.site.supervisor import python
from tests.conftest import owner_connection
from tests.journeys.city import resident_id
from tests.processes import bihuan, database_url, environment

NAME = "bihuan_test_installation"
UNITS = """代码,类别,名称,上级单位
410800,市,焦作市指挥部,
410811,district,山阳区,410800
410811-gate,gate,焦作站,410811
"""
MANIFEST = f"""姓名,证件号码,联系电话,车次,座位号,出发地,出发时间,预计到达时间,目的地
张建国,{resident_id(11)},13800000011,G1810,05车11A,上海市,2022-07-01 04:10,2022-07-01 09:40,太行社区1号楼
李秀英,410802199001010011,13800000012,G1810,05车12A,上海市,2022-07-01 04:10,2022-07-01 09:40,太行社区1号楼
"""

SHARED = Path(__file__).resolve().parents[3] / "shared" / "data" / "manifests"
PROVE = os.environ.get("BIHUAN_PROVE") == "1"
IN_CI = os.environ.get("CI") == "true"

type Said = subprocess.CompletedProcess[str]


def scratch(name: str) -> None:
    with owner_connection("postgres") as admin:
        admin.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')
        admin.execute(
            f"CREATE DATABASE \"{name}\" TEMPLATE template0 ENCODING 'UTF8' LC_COLLATE 'C' LC_CTYPE 'C.UTF-8'"
        )


def gone(name: str) -> None:
    with owner_connection("postgres") as admin:
        admin.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory, django_db_setup: None) -> Iterator[dict[str, str]]:
    """Where an installation begins: an empty database, an empty home, and nothing else of ours in the environment."""
    name = f"{NAME}_{os.environ.get('PYTEST_XDIST_WORKER', 'main')}"
    scratch(name)
    yield {"BIHUAN_DATABASE_URL": database_url(name), "BIHUAN_HOME": str(tmp_path_factory.mktemp("home"))}
    gone(name)


@pytest.fixture(scope="module")
def city(home: dict[str, str], tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Said]:
    """`bihuan …` in an installation that has been migrated and given its units."""
    folder = tmp_path_factory.mktemp("lists")
    (folder / "units.csv").write_text(UNITS, encoding="utf-8")
    assert bihuan("check", **home).stderr.count("Run `bihuan migrate`.") == 1
    for _ in range(2):
        done = bihuan("migrate", **home)
        assert (done.returncode, done.stdout) == (0, "The database is up to date.\n"), done.stderr

    def run(*words: str, code: int = 0) -> Said:
        done = bihuan(*words, **home)
        assert done.returncode == code, f"{done.stdout}{done.stderr}"
        assert "Traceback" not in done.stderr
        return done

    assert json.loads(run("import", "units", str(folder / "units.csv"), "--json").stdout)["created"] == 3
    return run


class TestImport:
    def test_takes_arrivals_in_and_again_as_duplicates(self, city: Callable[..., Said], tmp_path: Path) -> None:
        (tmp_path / "list.csv").write_bytes(MANIFEST.encode("gb18030"))
        words = ("import", "arrivals", str(tmp_path / "list.csv"), "--outcome", str(tmp_path / "out.csv"), "--json")
        first, second = (json.loads(city(*words).stdout) for _ in range(2))
        assert (first["created"], first["rejected"]) == (1, 1)
        assert (second["created"], second["duplicate"]) == (0, 1)
        assert "410802199001010011" in (tmp_path / "out.csv").read_text(encoding="utf-8-sig")

    def test_refuses_what_is_no_table(self, city: Callable[..., Said], tmp_path: Path) -> None:
        (tmp_path / "list.csv").write_bytes(b"\x00\x01\x02")
        assert city("import", "arrivals", str(tmp_path / "list.csv"), code=1).stderr.startswith("Error: ")


class TestUser:
    def test_opens_closes_and_appoints(self, city: Callable[..., Said]) -> None:
        city(
            *("user", "add", "wang.li", "--name", "王莉", "--password", "a long and rare 9 sentence"),
            *("--role", "gate_officer", "--unit", "410811-gate"),
        )
        city("user", "role", "wang.li", "order_clerk", "410811", "--until", "2099-01-01")
        city("user", "disable", "wang.li")
        [row] = json.loads(city("user", "list", "--json").stdout)["users"]
        assert (row["username"], row["active"], len(row["posts"])) == ("wang.li", False, 2)
        city("user", "enable", "wang.li")
        city("user", "otp", "reset", "wang.li")
        assert city("user", "disable", "nobody.here", code=1).stderr.startswith("Error: ")


class TestProfile:
    def test_is_checked_and_chosen(self, city: Callable[..., Said], tmp_path: Path) -> None:
        (tmp_path / "profile.toml").write_text('code = "flu"\nname = 3\n')
        [problem] = [
            one
            for one in json.loads(city("profile", "check", str(tmp_path), "--json", code=1).stdout)["problems"]
            if one["line"] == 2
        ]
        assert problem["file"].endswith("profile.toml")
        assert problem["remedy"]
        city("profile", "check", "bihuan/profiles/mpox")
        city("profile", "use", "mpox")
        assert city("profile", "use", "plague", code=1).stderr.startswith("Error: ")


class TestCheckAndDrift:
    def test_find_nothing(self, city: Callable[..., Said]) -> None:
        assert json.loads(city("check", "--json").stdout) == {"violations": dict.fromkeys(LAWS, 0)}
        assert json.loads(city("drift", "--json").stdout) == {"differences": []}


class TestDemo:
    def test_never_touches_a_real_city(self, city: Callable[..., Said]) -> None:
        for words in (("--once",), ()):
            assert "The database holds a real city." in city("demo", *words, code=1).stderr
        assert json.loads(city("check", "--json").stdout)["violations"] == dict.fromkeys(LAWS, 0)

    def test_builds_an_empty_city_at_a_date_and_lets_time_pass(self, django_db_setup: None, tmp_path: Path) -> None:
        name = f"{NAME}_demo_{os.environ.get('PYTEST_XDIST_WORKER', 'main')}"
        scratch(name)
        place = {"BIHUAN_DATABASE_URL": database_url(name), "BIHUAN_HOME": str(tmp_path)}
        try:
            built = bihuan("demo", "--empty", "--at", "2021-05-15", "--people", "20000", "--json", **place)
            assert built.returncode == 0, built.stderr
            lived = bihuan("demo", "--advance", "6h", "--json", **place)
            assert lived.returncode == 0, lived.stderr
        finally:
            gone(name)
        before, after = json.loads(built.stdout), json.loads(lived.stdout)
        assert before["now"] == "2021-05-15T00:00:00+08:00"
        assert after["now"].startswith("2021-05-15T06:0")
        assert before["people"] >= 20_000
        assert before["violations"] == after["violations"] == dict.fromkeys(LAWS, 0)

    def test_broken_off_is_built_anew_and_no_city_cannot_live_on(self, django_db_setup: None, tmp_path: Path) -> None:
        name = f"{NAME}_half_{os.environ.get('PYTEST_XDIST_WORKER', 'main')}"
        scratch(name)
        place = {"BIHUAN_DATABASE_URL": database_url(name), "BIHUAN_HOME": str(tmp_path)}
        try:
            none = bihuan("demo", "--advance", "1d", **place)
            building = subprocess.Popen(
                python("bihuan.site.cli", "demo", "--empty", "--people", "20000"),
                env=environment(**place),
                stderr=subprocess.PIPE,
                text=True,
            )
            assert building.stderr is not None
            assert building.stderr.readline().startswith("Building")
            building.kill()
            building.communicate()
            half = bihuan("demo", "--advance", "1d", **place)
        finally:
            gone(name)
        assert none.returncode == half.returncode == 1
        assert "There is no demo city" in none.stderr
        assert "There is no demo city" in half.stderr

    @pytest.mark.skipif(not PROVE, reason="scripts/prove")
    @pytest.mark.skipif(not SHARED.exists() and not IN_CI, reason="the real manifests are not here")
    def test_a_small_city_brings_the_travellers_of_a_real_list_through(
        self, django_db_setup: None, tmp_path: Path
    ) -> None:
        name = f"{NAME}_lived_{os.environ.get('PYTEST_XDIST_WORKER', 'main')}"
        scratch(name)
        place = {"BIHUAN_DATABASE_URL": database_url(name), "BIHUAN_HOME": str(tmp_path)}
        steps = (
            ("demo", "--empty", "--at", "2021-05-15", "--people", "300", "--json"),
            ("import", "arrivals", str(SHARED / "SDX-Format.csv"), "--json"),
            *[("demo", "--advance", "7d", "--json")] * 3,
        )
        try:
            for step in steps:
                said = bihuan(*step, **place)
                assert said.returncode == 0, (step, said.stderr)
        finally:
            gone(name)
        after = json.loads(said.stdout)
        assert after["arrivals"] == 11
        assert after["violations"] == dict.fromkeys(LAWS, 0)


class TestUp:
    def test_serves_until_ctrl_c(self, city: Callable[..., Said], home: dict[str, str]) -> None:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        process = subprocess.Popen(
            python("bihuan.site.cli", "up", "--port", str(port)),
            env=environment(**home, PYTHONUNBUFFERED="1"),
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
            process_group=0,
        )
        try:
            assert process.stdout is not None
            assert process.stdout.readline() == f"Bihuan is at http://localhost:{port}/ - ctrl-C stops it.\n"
            assert answer(f"http://127.0.0.1:{port}/sign-in") == 200
        finally:
            os.killpg(process.pid, signal.SIGINT)
            process.communicate(timeout=60)
        assert process.returncode == 0
        with pytest.raises(urllib.error.URLError):
            urllib.request.urlopen(f"http://127.0.0.1:{port}/sign-in", timeout=5)


def answer(address: str) -> int:
    """What the server says, once it listens."""
    for _ in range(300):
        try:
            with urllib.request.urlopen(address, timeout=30) as said:  # noqa: S310 - our own address
                return said.status
        except urllib.error.URLError:
            time.sleep(0.2)
    raise AssertionError(f"nobody answers at {address}")
