"""Nothing exists that no document mentions, no test mirrors or no catalogue translates."""

import ast
import re
from collections.abc import Iterator

import polib

from tests.house.plan.house import Breach, House

FACT = re.compile(r"[a-z_]+\.[a-z_]+")
MIRRORED = ("rules", "actions")


def documents_know_everything(house: House) -> Iterator[Breach]:
    """Every module, fact kind and pathway stands in docs/reference, in backticks."""
    pages = sorted((house.root / "docs" / "reference").glob("*.md"))
    told = set(re.findall(r"`([^`\n]+)`", "\n".join(page.read_text() for page in pages)))
    remedy = "mention it in backticks on a page of docs/reference."
    for room in house.rooms.values():
        if room.name not in told:
            yield Breach(house.place(room.path), f"no document mentions the room {room.name}.", remedy)
    for source in house.sources:
        if source.noun != "events" or source.room is None:
            continue
        for kind, line in fact_kinds(source.tree):
            if kind not in told:
                yield Breach(house.place(source.path, line), f"no document mentions the fact {kind}.", remedy)
    for path in house.files("toml"):
        if path.parent.name == "pathways":
            name = f"{path.parent.parent.name}/{path.stem}"
            if name not in told:
                yield Breach(house.place(path), f"no document mentions the pathway {name}.", remedy)


def fact_kinds(tree: ast.Module) -> Iterator[tuple[str, int]]:
    """The constants of an events file that name a fact: LANDED = "arrival.landed"."""
    for node in tree.body:
        value = node.value if isinstance(node, (ast.Assign, ast.AnnAssign)) else None
        if isinstance(value, ast.Constant) and isinstance(value.value, str) and FACT.fullmatch(value.value):
            yield value.value, node.lineno


def tests_mirror_the_house(house: House) -> Iterator[Breach]:
    """Decisions and actions have their tests where everybody looks for them."""
    for room in house.rooms.values():
        tests = house.root / "tests" / ("kernel" if room.is_kernel else "modules") / room.name
        for noun in () if room.is_kernel else MIRRORED:
            if not ((room.path / f"{noun}.py").exists() or (room.path / noun).is_dir()):
                continue
            if not (list(tests.glob(f"test_{noun}*.py")) or (tests / f"test_{noun}").is_dir()):
                yield Breach(
                    house.place(room.path),
                    f"{room.name}/{noun} has no test.",
                    f"write tests/modules/{room.name}/test_{noun}.py.",
                )
        if room.is_kernel and not list(tests.rglob("test_*.py")):
            yield Breach(
                house.place(room.path),
                f"the kernel's {room.name} has no tests.",
                f"write tests/kernel/{room.name}/test_….py.",
            )


def catalogue_is_complete(house: House) -> Iterator[Breach]:
    """Every message id of the code has its Chinese, none is left over, and both have the same placeholders."""
    from bihuan.kernel.web import catalogue

    path = house.package / "locale" / "zh_Hans" / "LC_MESSAGES" / "django.po"
    for problem in catalogue.compared(catalogue.used(house.package), polib.pofile(str(path))):
        yield Breach(house.place(path), problem, "translate it, then run `python -m bihuan.kernel.web.catalogue`.")
