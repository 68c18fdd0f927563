"""The catalogue finds every message, keeps what was translated, and says what is missing."""

from pathlib import Path

import polib

from bihuan.kernel.web import catalogue
from bihuan.kernel.web.catalogue import Message


def test_finds_the_messages_of_python_and_of_templates(tmp_path: Path) -> None:
    package = tmp_path / "bihuan"
    package.mkdir()
    (package / "views.py").write_text(
        'a = _("One " "two")\nb = ngettext("%(n)s row", "%(n)s rows", 2)\nc = pgettext("verb", "Order")\nd = _(name)\n'
    )
    (package / "page.html").write_text(
        '{% load i18n %}{% translate "It\'s open" %}'
        "{% blocktranslate with a=b trimmed %}\n Dear {{ a }}, 100%\n{% endblocktranslate %}"
        "{% blocktranslate count n=x %}{{ n }} bus{% plural %}{{ n }} buses{% endblocktranslate %}"
    )
    assert set(catalogue.used(package)) == {
        Message("One two"),
        Message("%(n)s row", "%(n)s rows"),
        Message("Order", context="verb"),
        Message("It's open"),
        Message("Dear %(a)s, 100%%"),
        Message("%(n)s bus", "%(n)s buses"),
    }


def entries(**words: str) -> polib.POFile:
    made = polib.POFile()
    made.extend(polib.POEntry(msgid=msgid, msgstr=msgstr) for msgid, msgstr in words.items())
    return made


USED = {Message("Gate"): ["a.py"], Message("Bus"): ["a.py"], Message("%(n)s bus", "%(n)s buses"): ["b.html"]}


def test_keeps_translations_adds_what_is_new_and_drops_what_is_gone() -> None:
    made, problems = catalogue.updated(USED, [entries(Gate="站口", Gone="旧"), entries(Bus="大巴", Gate="关口")])
    assert {entry.msgid: entry.msgstr for entry in made if not entry.msgid_plural} == {"Bus": "大巴", "Gate": "站口"}
    assert problems.missing == ["'%(n)s bus' (b.html)"]
    assert problems.conflicts == ["'Gate': '站口', '关口'"]


def test_says_what_is_missing_unused_or_has_other_placeholders() -> None:
    standing = entries(Gate="", Gone="旧")
    standing.append(polib.POEntry(msgid="%(n)s bus", msgid_plural="%(n)s buses", msgstr_plural={0: "%(m)s 辆"}))
    problems = catalogue.compared(USED, standing)
    assert problems.missing == ["'Bus' (a.py)", "'Gate' (a.py)"]
    assert problems.unused == ["'Gone'"]
    assert problems.placeholders == ["'%(n)s bus': '%(m)s 辆'"]
