"""The command line as an operator meets it."""

import json
import os
import re
import shutil
import subprocess
import uuid
from datetime import timedelta
from pathlib import Path

import click
import openpyxl
import pytest
from click.testing import CliRunner

from bihuan.kernel import clock
from bihuan.kernel.access import actions as access_actions
from bihuan.kernel.access.actions import NewUnit
from bihuan.kernel.ledger import Actor
from bihuan.kernel.text import Text
from bihuan.site import city
from bihuan.site.cli import COMMANDS, main
from bihuan.site.cli.check import LAWS
from bihuan.site.supervisor import python


@pytest.fixture
def run(transactional, monkeypatch):
    """Run a command against the test database, at the test's time."""
    monkeypatch.setenv("BIHUAN_DATABASE_URL", "the test database is open already")

    def run(*words: str, code: int = 0, **options: object):
        result = CliRunner().invoke(main, list(words), prog_name="bihuan", **options)
        assert result.exit_code == code, f"{result.output}{result.exception!r}"
        return result

    return run


def leaves(command: click.Command, path: tuple[str, ...] = ()):
    """Every command with the words that lead to it."""
    if isinstance(command, click.Group):
        for name in command.list_commands(click.Context(command)):
            yield from leaves(command.get_command(click.Context(command), name), (*path, name))
    else:
        yield path, command


class TestEveryCommand:
    @pytest.mark.parametrize(
        ("path", "command"), list(leaves(main)), ids=lambda value: " ".join(value) if isinstance(value, tuple) else ""
    )
    def test_explains_itself_with_an_example(self, path, command):
        assert command.help, path
        assert re.search(rf"bihuan {' '.join(path)}\b", command.help), f"`bihuan {' '.join(path)}` shows no example"
        for parameter in command.params:
            assert isinstance(parameter, click.Argument) or parameter.help, f"{path}: {parameter.name} is not explained"

    def test_is_named_in_the_help_of_the_whole(self):
        said = CliRunner().invoke(main, ["--help"]).output
        assert all(re.search(rf"^  {name}\b", said, re.MULTILINE) for name in COMMANDS)

    def test_is_refused_with_2_when_it_is_not_understood(self):
        assert CliRunner().invoke(main, ["fly"]).exit_code == 2
        assert CliRunner().invoke(main, ["check", "--loudly"]).exit_code == 2


class TestDemo:
    @pytest.mark.parametrize("words", ["--once --empty", "--at 2021-05-15", "--advance fortnight", "--people 100"])
    def test_is_refused_with_2_when_it_is_asked_for_the_impossible(self, words: str):
        assert CliRunner().invoke(main, ["demo", *words.split()]).exit_code == 2


class TestCompletion:
    @pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
    def test_prints_a_script_for(self, shell):
        said = CliRunner().invoke(main, ["completion", shell])
        assert said.exit_code == 0
        assert "_BIHUAN_COMPLETE" in said.output

    def test_knows_the_commands(self):
        done = subprocess.run(
            python("bihuan.site.cli"),
            env={**os.environ, "_BIHUAN_COMPLETE": "bash_complete", "COMP_WORDS": "bihuan pro", "COMP_CWORD": "1"},
            capture_output=True,
            text=True,
        )
        assert done.stdout == "plain,profile\n"


class TestCheck:
    def test_counts_every_law_and_ends_with_0_when_none_is_broken(self, run):
        said = json.loads(run("check", "--json").output)
        assert said == {"violations": dict.fromkeys(LAWS, 0)}

    def test_ends_with_1_when_one_is_broken(self, run, owner):
        from django.db import transaction

        from bihuan.kernel.ledger import Actor, record

        with transaction.atomic():
            record(
                key=uuid.uuid4(),
                kind="parcel.sent",
                subject=f"parcel:{uuid.uuid4()}",
                at=clock.now(),
                by=Actor.system("test"),
            )
        owner.execute("SET session_replication_role = replica")
        owner.execute("UPDATE ledger_fact SET kind = 'parcel.kept'")
        said = json.loads(run("check", "--json", code=1).output)
        assert said["violations"]["ledger_breaks"] == 1

    def test_speaks_in_words_too(self, run):
        assert (
            "0  loops that are open" in run("check").output
            or "0  open loops without an open duty" in run("check").output
        )


class TestDrift:
    def test_finds_nothing_on_an_empty_city(self, run):
        assert json.loads(run("drift", "--json").output) == {"differences": []}


class TestProfileCheck:
    def test_finds_every_profile_of_ours_sound(self):
        for code in ("covid19-cn", "mpox"):
            said = CliRunner().invoke(main, ["profile", "check", f"bihuan/profiles/{code}", "--json"])
            assert said.exit_code == 0, said.output
            found = json.loads(said.output)
            assert found["problems"] == []
            assert found["policies"] == Path(f"bihuan/profiles/{code}/profile.toml").read_text().count("[[policy]]")

    def test_names_file_line_and_remedy_of_a_fault(self, tmp_path):
        (tmp_path / "profile.toml").write_text('code = "flu"\nname = 3\n')
        said = CliRunner().invoke(main, ["profile", "check", str(tmp_path)])
        assert said.exit_code == 1
        assert re.search(r"profile\.toml:2: .+", said.output)

    @pytest.mark.parametrize(
        ("file", "right", "wrong", "complaint"),
        [
            (
                "pathways/order.toml",
                '"order_approver"',
                '"king"',
                r"order\.toml:\d+: There is no post `king`\. Name one",
            ),
            (
                "pathways/order.toml",
                '["order.approved", "order.rejected"]',
                '["order.aproved"]',
                r"order\.toml:\d+: No room records a fact `order\.aproved`\.",
            ),
            (
                "pathways/arrival.toml",
                '"arrivals.close"',
                '"arrivals.klose"',
                r"arrival\.toml:\d+: No room can do `arrivals\.klose`\. Name a verb",
            ),
            ("profile.toml", "COVID-19", "\udcff", r"profile\.toml:\d+: The file is not UTF-8\."),
        ],
    )
    def test_names_what_nobody_holds_what_nobody_records_and_what_is_no_text(
        self, tmp_path, file: str, right: str, wrong: str, complaint: str
    ):
        folder = tmp_path / "covid19-cn"
        shutil.copytree("bihuan/profiles/covid19-cn", folder)
        text = (folder / file).read_text()
        assert right in text
        (folder / file).write_text(text.replace(right, wrong), errors="surrogateescape")
        said = CliRunner().invoke(main, ["profile", "check", str(folder)])
        assert said.exit_code == 1
        assert re.search(complaint, said.output), said.output


class TestStart:
    def test_is_refused_with_every_fault_of_the_citys_own_profiles(self, tmp_path, settings):
        city.make_ready()
        from bihuan.kernel.loop import profile
        from bihuan.site.words import UnsoundProfiles, require_sound_profiles

        folder = tmp_path / "covid19-cn"
        shutil.copytree("bihuan/profiles/covid19-cn", folder)
        held = folder / "pathways/order.toml"
        held.write_text(
            held.read_text().replace('"order_approver"', '"king"').replace("order.approved", "order.aproved")
        )
        require_sound_profiles()
        settings.PROFILES = [*settings.PROFILES, tmp_path]
        profile.current.cache_clear()
        try:
            with pytest.raises(UnsoundProfiles) as refused:
                require_sound_profiles()
        finally:
            profile.current.cache_clear()
        assert re.search(r"order\.toml:\d+: There is no post `king`\. Name one", str(refused.value))
        assert re.search(r"order\.toml:\d+: No room records a fact `order\.aproved`\.", str(refused.value))


class TestUser:
    def add(self, run, *words: str, code: int = 0):
        return run(
            "user", "add", "wang.li", "--name", "Wang Li", "--password", "a long and rare 9 sentence", *words, code=code
        )

    def listed(self, run) -> dict[str, object]:
        (row,) = json.loads(run("user", "list", "--json").output)["users"]
        return row

    def test_opens_an_account_once(self, run):
        self.add(run)
        assert self.listed(run) == {"username": "wang.li", "name": "Wang Li", "active": True, "posts": []}
        assert "Error: " in self.add(run, code=1).output

    def test_refuses_a_weak_password(self, run):
        run("user", "add", "wang.li", "--name", "Wang Li", "--password", "12345", code=1)

    def test_closes_and_opens_one(self, run):
        self.add(run)
        run("user", "disable", "wang.li")
        assert self.listed(run)["active"] is False
        run("user", "enable", "wang.li")
        assert self.listed(run)["active"] is True

    def test_takes_a_lost_device_away(self, run):
        self.add(run)
        run("user", "otp", "reset", "wang.li")
        run("user", "otp", "reset", "nobody.here", code=1)

    def test_signs_an_account_out_everywhere(self, run):
        self.add(run)
        assert "signed out everywhere" in run("user", "sign-out", "wang.li").output
        run("user", "sign-out", "nobody.here", code=1)

    def test_wants_role_and_unit_together(self, run):
        self.add(run, "--role", "gate_officer", code=2)

    def test_begins_a_city_and_then_leaves_the_posts_that_take_two_people(self, run):
        """The three administrators come from the machine; with the security administrator its part is over."""
        access_actions.adopt_roles(at=clock.now(), by=Actor.system("tests"), key=uuid.uuid4())
        root = NewUnit("410800", "city", Text(zh="市", en="City"))
        access_actions.add_units([root], at=clock.now(), by=Actor.system("tests"), key=uuid.uuid4())
        for name, role in (("li.na", "system_admin"), ("zhao.min", "auditor"), ("wang.li", "security_admin")):
            self.fill(run, name, role)
        assert "two people" in self.fill(run, "qian.yi", "order_approver", code=1)
        posts = {one["username"]: one["posts"] for one in json.loads(run("user", "list", "--json").output)["users"]}
        assert posts["wang.li"] == ["security_admin at 410800"]
        assert posts["qian.yi"] == []

    def fill(self, run, name: str, role: str, code: int = 0) -> str:
        words = ("user", "add", name, "--name", name, "--password", "a long and rare 9 sentence")
        return run(*words, "--role", role, "--unit", "410800", code=code).output

    def test_refuses_a_unit_that_is_not_there(self, run):
        self.add(run)
        assert "Error: " in run("user", "role", "wang.li", "gate_officer", "no-such-unit", code=1).output


class TestImportArrivals:
    def test_takes_columns_by_other_names_and_gives_the_file_back(self, run, tmp_path):
        file, back = tmp_path / "list.csv", tmp_path / "back.xlsx"
        file.write_bytes("旅客,证件,护照号,出发地\n张三,护照,E1,上海市\n李四,护照,E_2,上海市\n".encode("gb18030"))
        words = ("import", "arrivals", str(file), "--issuer", "某公司", "--annotated", str(back))
        run(*words, code=1)
        columns = ("--column", "旅客=姓名", "--column", "证件=证件类型")
        said = run(*words, *columns).output
        assert "1  created" in said
        assert "1  rejected" in said
        assert "GB18030" in said
        sheet = openpyxl.load_workbook(back).worksheets[0]
        assert sheet["C3"].value == "E_2"
        assert sheet["C3"].comment is not None
        assert "1  duplicate" in run(*words).output  # what the columns are is remembered for the issuer

    def test_refuses_a_file_that_is_no_table_with_1(self, run, tmp_path):
        (tmp_path / "noise.csv").write_bytes(b"\x00\x01\x02")
        assert "Error: " in run("import", "arrivals", str(tmp_path / "noise.csv"), code=1).output

    def test_says_with_json_what_is_missing_as_its_one_object(self, run, tmp_path, monkeypatch):
        monkeypatch.setenv("LC_ALL", "en_GB.UTF-8")
        (tmp_path / "list.csv").write_text("姓名,座位号\n张三,1\n")
        words = ("import", "arrivals", str(tmp_path / "list.csv"))
        refused = run(*words, "--json", code=1)
        error = json.loads(refused.stdout)["error"]
        assert error["message"]
        assert error["remedy"]
        assert error["names"]
        assert error["message"] in refused.stderr
        assert run(*words, code=1).stdout == ""

    def test_says_with_json_what_was_not_understood(self, run):
        refused = run("import", "arrivals", "no-such-file.csv", "--json", code=2)
        assert "no-such-file.csv" in json.loads(refused.stdout)["error"]["message"]

    @pytest.mark.parametrize(
        ("terminal", "said"),
        [("en_GB.UTF-8", r"Error: [A-Z][^。]+\. [A-Z][^。]+\.\n"), ("zh_CN.UTF-8", r"Error: [^A-Za-z.]+。[^.]+。\n")],
    )
    def test_refuses_in_the_language_of_the_terminal_in_two_sentences(self, run, tmp_path, monkeypatch, terminal, said):
        monkeypatch.setenv("LC_ALL", terminal)
        (tmp_path / "empty.csv").write_bytes(b"")
        refused = run("import", "arrivals", str(tmp_path / "empty.csv"), code=1).output
        assert re.fullmatch(said, refused), refused

    def test_refuses_a_file_that_is_not_there_with_2(self, run):
        run("import", "arrivals", "no-such-file.csv", code=2)


class TestImportUnits:
    LIST = "代码,类别,名称,上级单位\n410802,district,解放区,410800\n410800,市,焦作市指挥部,\nx,hut,棚,410800\n"

    def test_takes_a_list_in_and_changes_nothing_the_second_time(self, run, tmp_path):
        (tmp_path / "units.csv").write_text(self.LIST)
        words = ("import", "units", str(tmp_path / "units.csv"), "--json")
        previewed = json.loads(run(*words, "--preview").output)
        first, second = (json.loads(run(*words).output) for _ in range(2))
        told = ("created", "updated", "duplicate", "rejected")
        assert [previewed[name] for name in told] == [first[name] for name in told] == [2, 0, 0, 1]
        assert [second[name] for name in told] == [0, 0, 2, 1]
        [problem] = second["problems"]
        assert (problem["row"], problem["column"], problem["value"]) == (4, "类别", "hut")
        assert set(problem["remedy"]) == {"zh", "en"}

    def test_speaks_in_words_too(self, run, tmp_path):
        (tmp_path / "units.csv").write_text(self.LIST)
        assert "4 类别: " in run("import", "units", str(tmp_path / "units.csv")).output

    def test_refuses_a_file_that_is_no_table_with_1(self, run, tmp_path):
        (tmp_path / "noise.csv").write_bytes(b"\x00\x01\x02")
        assert "Error: " in run("import", "units", str(tmp_path / "noise.csv"), code=1).output


class TestProfileUse:
    def test_chooses_once_what_newcomers_are_met_with(self, run):
        from bihuan.kernel.ledger import history
        from bihuan.kernel.loop import profile
        from bihuan.site import edge

        for _ in range(2):
            run("profile", "use", "mpox")
        assert profile.active(edge.city_now()).code == "mpox"
        assert len(history("profile:mpox")) == 1

    def test_refuses_one_that_is_not_there(self, run):
        assert "Error: " in run("profile", "use", "plague", code=1).output


class TestMigrate:
    def test_takes_over_the_roles_of_the_citys_profile_once(self, transactional):
        from bihuan.kernel.access import queries, vocabulary
        from bihuan.kernel.ledger import history
        from bihuan.site.cli.migrate import adopt_roles

        for _ in range(2):
            adopt_roles()
        assert [code for code, _ in queries.roles()] == [words.code for words in vocabulary.role_words()]
        assert len(history("roles:city")) == 1


class TestOpened:
    def test_says_what_to_do_when_the_database_is_not_migrated(self):
        done = subprocess.run(
            python("bihuan.site.cli", "check"),
            env={**os.environ, "BIHUAN_DATABASE_URL": "postgresql://nobody@127.0.0.1:1/nothing"},
            capture_output=True,
            text=True,
        )
        assert done.returncode == 1
        assert "Run `bihuan migrate`." in done.stderr
        assert "Traceback" not in done.stderr

    def test_gives_the_citys_time(self, transactional, monkeypatch):
        monkeypatch.setenv("BIHUAN_DATABASE_URL", "the test database is open already")
        from bihuan.site import edge

        wanted = clock.now()
        edge.set_city_time(wanted)
        with city.opened():
            assert abs(clock.now() - wanted) < timedelta(minutes=1)
