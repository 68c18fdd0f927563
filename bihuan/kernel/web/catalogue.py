"""The catalogue of Chinese words: `python -m bihuan.kernel.web.catalogue`.

English is the message id and needs no catalogue. Without an option the catalogue is brought up to date with the code:
new ids are added empty, ids nobody uses any more are dropped. `--merge FILE…` takes translations over from other .po
files, `--check` fails when something is missing, `--compile` makes the .mo file that Django reads. It needs polib (a
development dependency), not gettext's tools.
"""

import argparse
import ast
import re
import string
import sys
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

import polib
from django.conf import settings
from django.utils.translation import templatize

PACKAGE = Path(__file__).resolve().parents[2]
CATALOGUE = PACKAGE / "locale" / "zh_Hans" / "LC_MESSAGES" / "django.po"
PLAIN = {"_", "gettext", "gettext_lazy", "gettext_noop", "pgettext", "pgettext_lazy"}
PLURAL = {"ngettext", "ngettext_lazy", "npgettext", "npgettext_lazy"}
HEADER = {
    "Project-Id-Version": "bihuan",
    "Language": "zh_Hans",
    "MIME-Version": "1.0",
    "Content-Type": "text/plain; charset=utf-8",
    "Content-Transfer-Encoding": "8bit",
    "Plural-Forms": "nplurals=1; plural=0;",
}
LITERAL = r"""u?('(?:\\.|[^'\\])*'|"(?:\\.|[^"\\])*")"""
IN_TEMPLATE = re.compile(rf"\b(n?p?gettext|_)\(\s*{LITERAL}(?:\s*,\s*{LITERAL})?(?:\s*,\s*{LITERAL})?")
PLACEHOLDER = re.compile(r"%\((\w+)\)[sd]")


class Message(NamedTuple):
    id: str
    plural: str = ""
    context: str = ""


@dataclass
class Problems:
    missing: list[str] = field(default_factory=list)
    unused: list[str] = field(default_factory=list)
    placeholders: list[str] = field(default_factory=list)
    conflicts: list[str] = field(default_factory=list)

    def __iter__(self) -> Iterator[str]:
        yield from (f"no Chinese: {text}" for text in self.missing)
        yield from (f"in the catalogue but not in the code: {text}" for text in self.unused)
        yield from (f"placeholders differ: {text}" for text in self.placeholders)
        yield from (f"translated in two ways: {text}" for text in self.conflicts)


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m bihuan.kernel.web.catalogue", description=__doc__)
    parser.add_argument(
        "--merge", nargs="+", type=Path, default=[], metavar="FILE", help="take translations over from these .po files"
    )
    parser.add_argument(
        "--check", action="store_true", help="change nothing; fail when the catalogue and the code do not agree"
    )
    parser.add_argument("--compile", action="store_true", help="change nothing but the compiled catalogue")
    options = parser.parse_args(arguments)
    if options.compile:
        compiled(polib.pofile(str(CATALOGUE)))
        return 0
    if not settings.configured:
        settings.configure(USE_I18N=False)
    messages = used(PACKAGE)
    if options.check:
        problems = compared(messages, polib.pofile(str(CATALOGUE)))
    else:
        catalogue, problems = updated(
            messages, [polib.pofile(str(file)) for file in (CATALOGUE, *options.merge) if file.is_file()]
        )
        CATALOGUE.parent.mkdir(parents=True, exist_ok=True)
        catalogue.save(str(CATALOGUE))
        compiled(catalogue)
    for problem in problems:
        sys.stdout.write(f"{problem}\n")
    return 1 if options.check and any(problems) else 0


def used(package: Path) -> dict[Message, list[str]]:
    """Every message id in the package's Python and templates, with the files that use it."""
    found: dict[Message, list[str]] = {}
    for file in sorted(package.rglob("*")):
        if file.suffix == ".py":
            messages = in_python(file.read_text("utf-8"))
        elif file.suffix == ".html":
            messages = in_template(file.read_text("utf-8"))
        else:
            continue
        for message in messages:
            found.setdefault(message, []).append(file.relative_to(package.parent).as_posix())
    return found


def in_python(source: str) -> Iterator[Message]:
    for node in ast.walk(ast.parse(source)):
        if not isinstance(node, ast.Call):
            continue
        name = node.func.id if isinstance(node.func, ast.Name) else getattr(node.func, "attr", "")
        if name in PLAIN | PLURAL:
            words = [word.value for word in node.args if isinstance(word, ast.Constant) and isinstance(word.value, str)]
            if words:
                yield _message(name, words)


def in_template(source: str) -> Iterator[Message]:
    for found in IN_TEMPLATE.finditer(templatize(source)):
        name, *literals = found.groups()
        yield _message(name, [ast.literal_eval(literal) for literal in literals if literal])


def _message(name: str, words: list[str]) -> Message:
    context = words.pop(0) if "pgettext" in name else ""
    return Message(words[0], words[1] if name.startswith("n") and len(words) > 1 else "", context)


def updated(messages: dict[Message, list[str]], sources: Iterable[polib.POFile]) -> tuple[polib.POFile, Problems]:
    """A catalogue of exactly these messages, with the translations the sources have; the first source wins."""
    problems = Problems()
    known: dict[tuple[str, str], str] = {}
    for source in sources:
        for entry in source:
            words = entry.msgstr_plural.get(0, "") if entry.msgid_plural else entry.msgstr
            place = (entry.msgid, entry.msgctxt or "")
            if words and not entry.fuzzy and known.setdefault(place, words) != words:
                problems.conflicts.append(f"{entry.msgid!r}: {known[place]!r}, {words!r}")
    catalogue = polib.POFile(wrapwidth=120)
    catalogue.metadata = dict(HEADER)
    for message in sorted(messages):
        words = known.get((message.id, message.context), "")
        entry = polib.POEntry(msgid=message.id, msgctxt=message.context or None)
        if message.plural:
            entry.msgid_plural, entry.msgstr_plural = message.plural, {0: words}
        else:
            entry.msgstr = words
        catalogue.append(entry)
    checked = compared(messages, catalogue)
    problems.missing, problems.placeholders = checked.missing, checked.placeholders
    return catalogue, problems


def compared(messages: dict[Message, list[str]], catalogue: polib.POFile) -> Problems:
    problems = Problems()
    entries = {(entry.msgid, entry.msgctxt or ""): entry for entry in catalogue}
    for message, files in sorted(messages.items()):
        entry = entries.get((message.id, message.context))
        words = (
            "" if entry is None or entry.fuzzy else entry.msgstr_plural.get(0, "") if message.plural else entry.msgstr
        )
        if not words:
            problems.missing.append(f"{message.id!r} ({files[0]})")
        elif placeholders(message.plural or message.id) != placeholders(words):
            problems.placeholders.append(f"{message.id!r}: {words!r}")
    names = {(message.id, message.context) for message in messages}
    problems.unused = [repr(place[0]) for place in entries if place not in names]
    return problems


def placeholders(text: str) -> set[str]:
    """The names of %(name)s and of {name}."""
    try:
        braces = {name for _, name, _, _ in string.Formatter().parse(text) if name}
    except ValueError:
        braces = set()
    return set(PLACEHOLDER.findall(text)) | braces


def compiled(catalogue: polib.POFile) -> None:
    catalogue.save_as_mofile(str(CATALOGUE.with_suffix(".mo")))


if __name__ == "__main__":
    sys.exit(main())
