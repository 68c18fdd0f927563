"""What only the whole house knows of a profile: which facts its rooms record, and which posts the city has."""

from collections.abc import Iterator
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from django.apps import apps

from bihuan.kernel.access.vocabulary import role_words
from bihuan.kernel.loop import Profile, profile
from bihuan.kernel.loop.source import Problem, ProfileError, Source, Where
from bihuan.kernel.loop.working import verb
from bihuan.kernel.refusals import Refused

POSTS = ("owner", "territorial", "sector")


class UnsoundProfiles(Refused):
    """A city does not start on pathways that nobody could walk."""


def require_sound_profiles() -> None:
    """Read every profile of this installation and refuse those with faults, each with its file, line and remedy."""
    try:
        found = [problem for each in profile.current().values() for problem in unknown_words(each)]
    except ProfileError as error:
        found = list(error.problems)
    if found:
        lines = "\n".join(str(problem) for problem in found)
        raise UnsoundProfiles(
            f"The profiles have faults, so nothing is served:\n{lines}\n", "Correct them and start again."
        )


def unknown_words(found: Profile) -> Iterator[Problem]:
    """A duty that nobody can hold, that no fact can end, or that the system could not do, with its line."""
    posts, recorded = {role.code for role in role_words()}, set(facts_of_the_house())
    for pathway in found.pathways:
        source = Source.read(found.folder / "pathways" / Path(pathway.file).name, shown=pathway.file)
        unheard = set(pathway.kinds()) - recorded
        for where, word in words(source.data):
            if where[-1] in POSTS and where[0] == "step" and word not in posts:
                remedy = f"Name one of roles.toml: {', '.join(sorted(posts))}."
                yield Problem(source.file, source.line(where), f"There is no post `{word}`.", remedy)
            elif where[-1] == "does" and where[0] == "step" and not can_do(word):
                remedy = "Name a verb of the actions of a module, as in docs/reference/pathways.md."
                yield Problem(source.file, source.line(where), f"No room can do `{word}`.", remedy)
            elif word in unheard:
                remedy = "Name one of docs/reference/facts.md."
                yield Problem(source.file, source.line(where), f"No room records a fact `{word}`.", remedy)


def can_do(word: str) -> bool:
    """Whether the worker finds an action by these words."""
    try:
        return callable(verb(word))
    except (ImportError, AttributeError):
        return False


def facts_of_the_house() -> Iterator[str]:
    for app in apps.get_app_configs():
        if app.name.startswith("bihuan.") and find_spec(f"{app.name}.events"):
            constants = vars(import_module(f"{app.name}.events")).items()
            yield from (value for name, value in constants if name.isupper() and isinstance(value, str))


def words(value: Any, where: Where = ()) -> Iterator[tuple[Where, str]]:
    """Every string in a TOML document and where it stands."""
    if isinstance(value, str):
        yield where, value
    elif isinstance(value, dict | list):
        items = value.items() if isinstance(value, dict) else enumerate(value)
        for key, item in items:
            yield from words(item, (*where, key))
