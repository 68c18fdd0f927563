"""asvs.toml has a line for each requirement of ASVS 5.0.0, levels 1 and 2, and each line leads somewhere.

What is met is shown by tests that exist, what an installation must do stands in a paragraph that exists, and what is
open is counted: the number can only fall.
"""

import ast
import re
import tomllib
from collections import Counter
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from tests.house.plan import House
from tests.house.plan.house import called, imported

ROOT = Path(__file__).resolve().parents[2]
TABLE: dict[str, Any] = tomllib.loads((ROOT / "asvs.toml").read_text(encoding="utf-8"))
ROWS: list[dict[str, Any]] = TABLE["row"]
LEVELS = {1: 70, 2: 183}
CHAPTERS = {  # requirements of levels 1 and 2
    1: 27, 2: 11, 3: 19, 4: 10, 5: 9, 6: 35, 7: 18, 8: 7, 9: 7, 10: 29, 11: 14, 12: 9, 13: 13, 14: 9, 15: 13, 16: 16,
    17: 7,
}  # fmt: skip
OPEN_MAX = 12
SECURITY = (ROOT / "docs/operating/security.md").read_text(encoding="utf-8")


def of(status: str) -> list[dict[str, Any]]:
    return [row for row in ROWS if row["status"] == status]


@cache
def names_in(path: str) -> frozenset[str]:
    """Every test of a file as pytest names it, without its parameters."""
    found = set()
    for node in ast.parse((ROOT / path).read_text(encoding="utf-8")).body:
        members = node.body if isinstance(node, ast.ClassDef) else [node]
        space = f"{node.name}::" if isinstance(node, ast.ClassDef) else ""
        for one in members:
            if isinstance(one, ast.FunctionDef) and one.name.startswith("test"):
                found.add(f"{path}::{space}{one.name}")
    return frozenset(found)


@cache
def anchors_in(path: str) -> frozenset[str]:
    headings = re.findall(r"^#+ (.+)$", (ROOT / path).read_text(encoding="utf-8"), re.MULTILINE)
    return frozenset(re.sub(r"[^\w\- ]", "", one.lower()).replace(" ", "-") for one in headings)


def lacks(row: dict[str, Any]) -> str:
    """What a line is without; empty when it leads somewhere."""
    doc = row.get("doc", "")
    if doc:
        path, _hash, anchor = doc.partition("#")
        if not (ROOT / path).is_file() or anchor not in anchors_in(path):
            return f"no such paragraph: {doc}"
    for one in row.get("tests", ()):
        path = one.partition("::")[0]
        if not (ROOT / path).is_file() or one not in names_in(path):
            return f"no such test: {one}"
    needed = {"met": "tests", "not-applicable": "reason", "deployment": "doc", "open": "missing"}.get(row["status"])
    if needed is None:
        return f"no such status: {row['status']}"
    return "" if row.get(needed) else f"{row['status']} without {needed}"


class TestTheTable:
    def test_has_every_requirement_of_both_levels_once(self) -> None:
        assert Counter(row["level"] for row in ROWS) == LEVELS
        assert len({row["id"] for row in ROWS}) == len(ROWS) == 253
        chapters = Counter(int(re.fullmatch(r"V(\d+)\.\d+\.\d+", row["id"])[1]) for row in ROWS)  # type: ignore[index]
        assert chapters == CHAPTERS
        assert [key(row) for row in ROWS] == sorted(key(row) for row in ROWS)

    def test_leads_from_every_line_to_what_shows_it(self) -> None:
        assert {row["id"]: lacks(row) for row in ROWS if lacks(row)} == {}

    def test_has_titles_of_its_own(self) -> None:
        for row in ROWS:
            assert 0 < len(row["title"].split()) <= 12, row["id"]
            assert not row["title"].startswith("Verify"), row["id"]

    def test_claims_nothing_that_is_open(self) -> None:
        """Whoever closes one lowers OPEN_MAX; nobody raises it."""
        assert len(of("open")) == TABLE["open"] == OPEN_MAX

    def test_is_told_in_the_table_of_promises_as_it_stands(self) -> None:
        counts = {status: len(of(status)) for status in ("met", "deployment", "not-applicable", "open")}
        told = (
            f"{counts['met']} met, {counts['deployment']} left to the installation, "
            f"{counts['not-applicable']} not applicable, {counts['open']} open"
        )
        assert told in (ROOT / "docs/trust.md").read_text(encoding="utf-8"), told

    @pytest.mark.parametrize(
        "row",
        [
            {"status": "met"},
            {"status": "met", "tests": ["tests/house/test_asvs.py::TestTheTable::test_that_never_was"]},
            {"status": "deployment", "doc": "docs/operating/security.md#nowhere"},
            {"status": "not-applicable"},
            {"status": "hoped-for"},
        ],
    )
    def test_finds_a_line_that_leads_nowhere(self, row: dict[str, Any]) -> None:
        assert lacks(row)


def key(row: dict[str, Any]) -> list[int]:
    return [int(part) for part in row["id"][1:].split(".")]


@pytest.fixture(scope="module")
def house() -> House:
    return House(ROOT)


class TestTheCode:
    """What is nowhere in it cannot be attacked."""

    def test_calls_nobody_outside(self, house: House) -> None:
        callers = {
            "urllib.request",
            "http.client",
            "requests",
            "httpx",
            "aiohttp",
            "smtplib",
            "ftplib",
            "ldap",
            "ldap3",
        }
        callers |= {
            "django.core.mail",
            "telnetlib",
            "xmlrpc",
            "websockets",
            "websocket",
            "boto3",
            "pymemcache",
            "redis",
        }
        assert found_imports(house, callers) == []

    def test_runs_nothing_that_was_entered(self, house: House) -> None:
        dangerous = {"eval", "exec", "compile", "__import__", "os.system", "os.popen", "subprocess.getoutput"}
        dangerous |= {"Template", "template.Template", "engine.from_string", "engines.from_string"}
        calls = [
            f"{house.place(source.path, node.lineno)} {called(node)}"
            for source in house.sources
            for node in ast.walk(source.tree)
            if isinstance(node, ast.Call)
            and (
                called(node) in dangerous or any(word.arg == "shell" and is_true(word.value) for word in node.keywords)
            )
        ]
        assert calls == []
        assert found_imports(house, {"pickle", "marshal", "shelve", "yaml", "jinja2", "lxml", "defusedxml.lxml"}) == []

    def test_knows_no_weak_digest_and_takes_secrets_from_the_system(self, house: House) -> None:
        used, drawn = set(), set()
        for source in house.sources:
            for node in ast.walk(source.tree):
                if isinstance(node, ast.Attribute) and called(node).startswith("hashlib."):
                    used.add(called(node).split(".")[1])
            if {"random", "random.Random"} & {name for name, _here, _line in imported(source)}:
                drawn.add(source.path.relative_to(ROOT).as_posix())
        assert used == {"sha256"}
        # How long to wait before the next try, and the invented people of a demo city.
        assert {path for path in drawn if not path.startswith("bihuan/site/demo/")} == {"bihuan/kernel/postgres.py"}
        ciphers = {"cryptography.hazmat.primitives.ciphers", "Crypto", "nacl", "ssl"}
        assert found_imports(house, ciphers) == []

    def test_builds_no_statement_out_of_what_was_entered(self, house: House) -> None:
        """Values are parameters. What is put into the text of a statement is a name of ours, in known files."""
        built = Counter(
            source.path.relative_to(ROOT).as_posix()
            for source in house.sources
            for node in ast.walk(source.tree)
            if isinstance(node, ast.Call)
            and called(node).rpartition(".")[2] in ("execute", "executemany", "raw", "RawSQL", "extra")
            and node.args
            and isinstance(node.args[0], (ast.JoinedStr, ast.BinOp))
        )
        assert not [path for path in built if "/views" in path or path.endswith("forms.py")]
        assert built.keys() <= STATEMENTS_OF_NAMES, built.keys() - STATEMENTS_OF_NAMES

    def test_takes_from_a_form_only_the_fields_that_it_names(self, house: House) -> None:
        text = "\n".join(source.text for source in house.sources)
        assert not re.search(r"ModelForm|modelform_factory|request\.POST\.(dict|items|lists)\(|\*\*request\.", text)

    def test_marks_nothing_as_safe_that_came_from_outside(self, house: House) -> None:
        templates = [path for path in house.files("html") if re.search(r"\|\s*safe\b|autoescape off", path.read_text())]
        assert templates == []
        marking = [source.path.name for source in house.sources if "mark_safe(" in source.text]
        assert marking == ["bihuan.py"], "the drawing of a QR code, and what was escaped when it was rendered"

    def test_loads_nothing_from_elsewhere_and_no_plugin(self, house: House) -> None:
        for path in house.files("html"):
            text = path.read_text()
            assert not re.search(r"<(object|embed|applet|iframe|base)\b", text), path
            assert not re.search(r"(src|href)=\"(https?:)?//", text), path

    def test_asks_for_no_pattern_that_was_entered(self, house: House) -> None:
        """Patterns are written by us or made of a profile's words; none where something is taken in or asked."""
        taking_in = [one for one in house.sources if one.noun in ("views", "forms", "queries", "actions")]
        built = re.compile(r"__i?regex\b|\bre\.\w+\((?:r?f|fr)[\"']")
        assert len(taking_in) > 40
        assert [house.place(one.path) for one in taking_in if built.search(one.text)] == []


STATEMENTS_OF_NAMES = {
    "bihuan/kernel/ledger/histories.py",
    "bihuan/kernel/ledger/recording.py",
    "bihuan/kernel/loop/reconciling.py",
    "bihuan/modules/arrivals/actions/importing.py",
    "bihuan/modules/people/queries.py",
    "bihuan/site/archiving.py",
    "bihuan/site/cli/demo.py",
    "bihuan/site/ownership.py",
    "bihuan/site/postgres.py",
    "bihuan/site/worker.py",
}


def is_true(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and node.value is True


def found_imports(house: House, names: set[str]) -> list[str]:
    return [
        f"{house.place(source.path, line)} {name}"
        for source in house.sources
        for name, _here, line in imported(source)
        if any(name == one or name.startswith(f"{one}.") for one in names)
    ]


class TestTheIslands:
    """What runs in browsers keeps nothing, trusts nothing and writes text as text."""

    @pytest.mark.parametrize(
        "word",
        [
            "innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "eval(", "new Function", "localStorage",
            "sessionStorage", "indexedDB", "caches.", "postMessage", "WebSocket", "RTCPeerConnection", "__proto__",
            "Object.assign", "onpaste", "jsonp", "http:", "https:/",
        ],
    )  # fmt: skip
    def test_never_say(self, word: str) -> None:
        sources = sorted((ROOT / "islands/src").glob("*.ts"))
        assert len(sources) > 5
        assert [path.name for path in sources if word in path.read_text()] == []

    def test_write_one_cookie_that_holds_a_colour(self) -> None:
        written = [
            line.strip()
            for path in sorted((ROOT / "islands/src").glob("*.ts"))
            for line in path.read_text().splitlines()
            if "document.cookie" in line
        ]
        assert len(written) == 1
        assert "${name}=${button.value}; Path=/" in written[0]


class TestTheDocuments:
    """What operating/security.md says in numbers is what the code does."""

    def test_say_how_guessing_is_stopped(self) -> None:
        from bihuan.kernel.access import throttle
        from bihuan.modules.public.rules import LIMITS, Door

        assert throttle.FREE_FAILURES == 5
        assert "Five wrong passwords, codes or signatures close" in SECURITY
        assert f"for {minutes(throttle.LOCK_FIRST)} minute, each further one for twice as\nlong" in SECURITY
        assert f"{minutes(throttle.LOCK_MAX)} minutes at most" in SECURITY
        limits = (
            f"{LIMITS[Door.DECLARE].requests_max} declarations, {LIMITS[Door.STATUS].requests_max} look-ups, "
            f"{LIMITS[Door.APPEAL].requests_max} appeals, {LIMITS[Door.TICKET].requests_max} requests"
        )
        assert limits in SECURITY

    def test_say_how_long_a_session_lasts_and_that_they_are_not_counted(self) -> None:
        from bihuan.kernel.access import sessions

        told = f"{minutes(sessions.IDLE_MAX)} minutes without use and {minutes(sessions.LENGTH_MAX) // 60} hours in all"
        assert told in SECURITY
        assert "How many sessions an account has at once is not limited" in SECURITY

    def test_say_how_large_a_file_may_be(self) -> None:
        from bihuan.kernel.files import workbooks
        from bihuan.modules.arrivals.forms import FILE_BYTES_MAX
        from bihuan.modules.testing import forms

        assert FILE_BYTES_MAX == forms.FILE_BYTES_MAX
        unpacked, parts = workbooks.UNPACKED_BYTES_MAX >> 30, workbooks.PARTS_MAX
        told = f"{FILE_BYTES_MAX >> 20} MB; a workbook at most {unpacked} GB unpacked, in at most {parts} parts"
        assert told in SECURITY

    def test_name_every_way_in(self) -> None:
        from django.conf import settings

        assert settings.AUTHENTICATION_BACKENDS == ["django.contrib.auth.backends.ModelBackend"]
        for way in ("an account", "a signature", "a personal address", "public pages", "the console", "a demo city"):
            assert f"| {way}" in SECURITY

    def test_say_what_is_costly_and_how_it_is_bounded(self) -> None:
        from django.conf import settings

        from bihuan.kernel.web import exporting, tables, views
        from bihuan.site.cli import up

        assert f"beyond {exporting.AT_ONCE_ROWS_MAX:,} rows" in SECURITY
        assert f"pages of {tables.PAGE_SIZE} rows" in SECURITY
        assert f"for {views.STREAM_SECONDS:.0f} seconds at most" in SECURITY
        assert f"answers {up.THREADS} requests at once" in SECURITY
        assert "from 94 % on" in SECURITY
        assert settings.DISK_PERCENT_MAX > 0

    def test_show_a_line_of_the_log_as_it_is_written(self) -> None:
        line = r"^\d{4}-\d\d-\d\dT[\d:.]+Z [A-Z]+ [\w.]+: .+ status=\d+ method=[A-Z]+ by=user:\S+ from=[\d.]+$"
        assert re.search(line, SECURITY, re.MULTILINE)
        for what in ("facts", "the program", "embedded database", "proxy"):
            assert f"| {what} |" in SECURITY

    def test_list_every_key_and_algorithm(self) -> None:
        for word in ("`secret-key`", "`signing-key`", "HMAC-SHA-256", "Ed25519", "Argon2id", "RFC 6238", "SHA-256"):
            assert word in SECURITY

    def test_say_what_is_talked_to(self) -> None:
        assert "it asks no other host" in SECURITY

    def test_list_what_is_wrong_in_a_file_and_how_limits_bind(self) -> None:
        intake = (ROOT / "docs/reference/intake.md").read_text(encoding="utf-8")
        for defect in ("`id_checksum`", "`phone_length`", "`date_range`", "`birth_future`", "`several_values`"):
            assert defect in intake
        access = (ROOT / "docs/reference/access-and-units.md").read_text(encoding="utf-8")
        assert "An account opens so many people a day" in access
        assert "Lists show names and numbers in part" in access
        assert "A page is behind one power" in access


def minutes(span: Any) -> int:
    return int(span.total_seconds() // 60)
