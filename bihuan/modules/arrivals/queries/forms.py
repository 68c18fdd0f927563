"""The forms of file we know and the words for what is wrong with them, read from the data in profiles/formats."""

import tomllib
from collections.abc import Mapping
from functools import cache
from pathlib import Path

from bihuan.kernel import access, clock
from bihuan.kernel.files import FileProblem, Form, Note, defects, form_of, refusal
from bihuan.kernel.text import Text
from bihuan.modules.arrivals.models import Gate
from bihuan.modules.arrivals.rules import Lookups, Problem
from bihuan.modules.places import queries as places

FORMATS = Path(__file__).resolve().parents[3] / "profiles" / "formats"
NOT_FORMS = ("problems", "units", "us-states")


@cache
def forms() -> tuple[Form, ...]:
    """Every form, machine-made ones first."""
    found = [
        form_of(tomllib.loads(path.read_text("utf-8")))
        for path in sorted(FORMATS.glob("*.toml"))
        if path.stem not in NOT_FORMS
    ]
    return tuple(sorted(found, key=lambda form: (not form.signature, form.code)))


@cache
def form_names() -> dict[str, Text]:
    """What each form is called."""
    data = [
        tomllib.loads(path.read_text("utf-8")) for path in sorted(FORMATS.glob("*.toml")) if path.stem not in NOT_FORMS
    ]
    return {one["code"]: Text.of(one["name"]) for one in data}


def template_headers(language: str) -> list[str]:
    """The headers of our own template in one language: the first name is Chinese, the second English."""
    template = next(form for form in forms() if not form.signature)
    return [column.headers[0 if language.startswith("zh") else 1] for column in template.columns]


def lookups() -> Lookups:
    """What names and codes mean today: areas, countries, gates and communities of this city."""
    gates: dict[str, str] = {}
    for gate, code, zh, en in Gate.objects.values_list("id", "unit__code", "unit__name_zh", "unit__name_en"):
        gates.update({name.casefold(): str(gate) for name in (code, zh, en) if name})
    return Lookups(
        area=places.gazetteer().find,
        county_decides=places.county_decides(clock.now().astimezone(clock.CITY).date()),
        states=_states(),
        gates=gates,
        units=_communities(),
    )


@cache
def _words() -> Mapping[str, Mapping[str, Mapping[str, str]]]:
    words: Mapping[str, Mapping[str, Mapping[str, str]]]
    with (FORMATS / "problems.toml").open("rb") as file:
        words = {
            part: {code: {**entry} for code, entry in entries.items()} for part, entries in tomllib.load(file).items()
        }
    return words


def reason(problem: Problem) -> Text:
    """What is wrong with a cell, in both languages."""
    if problem.code in defects():
        note = _note(problem)
        return Text(zh=note.reason("zh"), en=note.reason("en"))
    entry = _words()["cell"][problem.code]
    return Text(zh=entry["zh"], en=entry["en"]).filled(value=problem.value.strip())


def remedy(problem: Problem) -> Text:
    """What to do about it, in both languages."""
    if problem.code in defects():
        note = _note(problem)
        return Text(zh=note.remedy("zh"), en=note.remedy("en"))
    entry = _words()["cell"][problem.code]
    return Text(zh=entry["fix_zh"], en=entry["fix_en"])


def file_reason(problem: FileProblem) -> tuple[Text, Text]:
    """Why a file cannot be taken in, and what to do."""
    return note_words(refusal(problem))


def note_words(note: Note) -> tuple[Text, Text]:
    """What is said of a file as a whole, and what to do."""
    return Text(zh=note.reason("zh"), en=note.reason("en")), Text(zh=note.remedy("zh"), en=note.remedy("en"))


def _note(problem: Problem) -> Note:
    return Note(problem.code, problem.row, problem.column, problem.value, problem.became, problem.names)


@cache
def _states() -> frozenset[str]:
    with (FORMATS / "us-states.toml").open("rb") as file:
        return frozenset(name.casefold() for name in tomllib.load(file)["states"])


def _communities() -> dict[str, str]:
    found: dict[str, str] = {}
    for unit in access.queries.units_of_kinds("community", "grid"):
        for name in (unit.code, unit.name.zh, unit.name.en):
            found.setdefault(name.casefold(), str(unit.id))
    return found
