"""Words that must not stand where they stand: file names, Chinese, the clock, epidemic words in the kernel."""

import ast
import io
import re
import tokenize
from collections.abc import Iterator

from tests.house.plan.house import Breach, House, Source, called, imported, strings

CHINESE = re.compile(
    r"[\u3001-\u303f\u3400-\u4dbf\u4e00-\u9fff\uff01\uff08\uff09\uff0c\uff1a\uff1b\uff1f]"
)  # Han and its punctuation
NO_NOUNS = {
    "services",
    "service",
    "utils",
    "util",
    "helpers",
    "helper",
    "common",
    "misc",
    "managers",
    "signals",
    "admin",
    "base",
    "lib",
}
EPIDEMIC = re.compile(
    r"\b(patients?|infect\w*|quarantin\w*|vaccin\w*|epidem\w*|pandem\w*|diseases?|virus\w*|covid\w*|mpox|measles|cholera|influenza"
    r"|symptom\w*|fever|outbreaks?|nucleic|contagio\w*|pathogens?|health_?codes?)\b",
    re.IGNORECASE,
)
CLOCK_CALLS = re.compile(
    r"(^|\.)(datetime\.(now|utcnow|today)|date\.today|timezone\.(now|localdate|localtime)|time\.time)$"
)
CLOCK_IMPORTS = {
    "django.db.models.functions.Now",
    "django.utils.timezone.now",
    "django.utils.timezone.localdate",
    "time.time",
}
SQL_CLOCK = re.compile(
    r"\b(now\s*\(\s*\)|current_timestamp|current_date|clock_timestamp|statement_timestamp|localtimestamp)",
    re.IGNORECASE,
)
SQL_WORDS = re.compile(r"\b(SELECT|INSERT|UPDATE|DELETE|CREATE|WHERE)\b")
CLOCK_REMEDY = "take `at`, or ask bihuan.kernel.clock.now(): only the edge (bihuan/site) reads a clock."


def files_have_nouns(house: House) -> Iterator[Breach]:
    """No file named after nothing in particular."""
    for path in house.files("py"):
        if path.stem in NO_NOUNS:
            yield Breach(
                house.place(path),
                f"{path.name} names no thing of ours.",
                "name the file after its noun, or move the function to it.",
            )


def chinese_lives_in_catalogue_and_profiles(house: House) -> Iterator[Breach]:
    """Code and pages speak English message ids; Chinese stands in bihuan/locale and bihuan/profiles."""
    remedy = "write an English message id with gettext and its Chinese in bihuan/locale; data goes to bihuan/profiles."
    for source in house.sources:
        if "profiles" in source.path.relative_to(house.package).parts[:1]:
            continue
        told = set(_docstring_lines(source.tree))
        for token in tokenize.generate_tokens(io.StringIO(source.text).readline):
            is_text = token.type in (tokenize.STRING, tokenize.FSTRING_MIDDLE)
            if is_text and CHINESE.search(token.string) and token.start[0] not in told:
                yield Breach(
                    house.place(source.path, token.start[0]), f"a Chinese literal: {_short(token.string)}", remedy
                )
    for path in house.files("html", "ts", "js", "css", "sql"):
        text = re.sub(r"{#.*?#}", "", path.read_text())
        for number, line in enumerate(text.splitlines(), 1):
            if CHINESE.search(line):
                yield Breach(house.place(path, number), f"a Chinese literal: {_short(line)}", remedy)


def _docstring_lines(tree: ast.Module) -> Iterator[int]:
    for node in ast.walk(tree):
        if isinstance(node, (ast.Module, ast.ClassDef, ast.FunctionDef)) and ast.get_docstring(node, clean=False):
            yield node.body[0].lineno


def _short(text: str) -> str:
    return " ".join(text.split())[:60]


def clock_is_given(house: House) -> Iterator[Breach]:
    """Nothing below the edge reads a clock, in Python or in SQL."""
    for source in house.sources:
        if not source.path.is_relative_to(house.package / "site"):
            yield from _clock_in_python(house, source)
    for path in house.files("sql"):
        for number, line in enumerate(path.read_text().splitlines(), 1):
            if SQL_CLOCK.search(line.split("--")[0]):
                yield Breach(house.place(path, number), "SQL reads the server's clock.", CLOCK_REMEDY)


def _reads_clock(node: ast.Call) -> bool:
    name = called(node)
    if name.endswith(("localtime", "localdate")) and node.args:
        return False  # turns a given moment into the city's time
    return bool(CLOCK_CALLS.search(name))


def _clock_in_python(house: House, source: Source) -> Iterator[Breach]:
    for node in ast.walk(source.tree):
        if isinstance(node, ast.Call) and _reads_clock(node):
            yield Breach(house.place(source.path, node.lineno), f"{called(node)}() reads a clock.", CLOCK_REMEDY)
        elif isinstance(node, ast.keyword) and node.arg in ("auto_now", "auto_now_add"):
            yield Breach(house.place(source.path, node.value.lineno), f"{node.arg} reads a clock.", CLOCK_REMEDY)
    for dotted, _, line in imported(source):
        if dotted in CLOCK_IMPORTS:
            yield Breach(house.place(source.path, line), f"{dotted} reads a clock.", CLOCK_REMEDY)
    for text, line in strings(source.tree):
        if SQL_WORDS.search(text) and SQL_CLOCK.search(text):
            yield Breach(house.place(source.path, line), "SQL reads the server's clock.", CLOCK_REMEDY)


def kernel_knows_no_epidemic_word(house: House) -> Iterator[Breach]:
    """The kernel could run a parcel service: it knows subjects, holders, duties and units, and no illness."""
    for path in house.files("py", "html", "sql", "ts", "toml"):
        room = house.room_of(path)
        if room is None or not room.is_kernel:
            continue
        for number, line in enumerate(path.read_text().splitlines(), 1):
            if found := EPIDEMIC.search(line):
                yield Breach(
                    house.place(path, number),
                    f"the kernel says {found.group()!r}.",
                    "use the kernel's own words (subject, item, duty, unit), or move this to a module or a profile.",
                )


def models_hold_no_workflow(house: House) -> Iterator[Breach]:
    """Tables and constraints only: what happens is said by an action."""
    for source in house.sources:
        if source.noun != "models":
            continue
        for node in ast.walk(source.tree):
            if isinstance(node, ast.FunctionDef) and node.name in ("save", "delete", "full_clean", "clean"):
                yield Breach(
                    house.place(source.path, node.lineno),
                    f"a model overrides {node.name}().",
                    "say it in an action, hold it in a constraint.",
                )
