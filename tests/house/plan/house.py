"""The tree that the rules read."""

import ast
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path


@dataclass(frozen=True)
class Breach:
    place: str
    what: str
    remedy: str

    def __str__(self) -> str:
        return f"{self.place}: {self.what} Remedy: {self.remedy}"


@dataclass(frozen=True)
class Room:
    """A package with an owner: a module or a part of the kernel."""

    name: str
    path: Path
    is_kernel: bool


@dataclass(frozen=True)
class Source:
    """One Python file of the package, read and parsed."""

    path: Path
    module: str
    text: str
    tree: ast.Module
    room: Room | None

    @property
    def noun(self) -> str:
        """What kind of file it is: `views` for views.py and for every file of a package views/."""
        if self.room is None:
            return self.path.stem
        first = self.path.relative_to(self.room.path).parts[0]
        return first.removesuffix(".py")


class House:
    """A checkout: the package `bihuan` under `root`, with pyproject.toml, docs and tests beside it."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.package = root / "bihuan"

    def place(self, path: Path, line: int | None = None) -> str:
        return f"{path.relative_to(self.root)}{f':{line}' if line else ''}"

    @cached_property
    def rooms(self) -> dict[str, Room]:
        """By name, modules and kernel together: they share the names of Django apps."""
        found = {}
        for area in ("kernel", "modules"):
            for path in sorted((self.package / area).glob("*/__init__.py")):
                found[path.parent.name] = Room(path.parent.name, path.parent, area == "kernel")
        return found

    @cached_property
    def order(self) -> dict[str, int]:
        """How high each room lies, as the import contracts in pyproject.toml have it; the top is 0."""
        contracts = tomllib.loads((self.root / "pyproject.toml").read_text())["tool"]["importlinter"]["contracts"]
        names: list[str] = []
        for container in ("bihuan.modules", "bihuan.kernel"):
            (contract,) = (one for one in contracts if one["type"] == "layers" and one.get("containers") == [container])
            names += [layer.strip("()") for layer in contract["layers"]]
        return {name: height for height, name in enumerate(names)}

    def room_of(self, path: Path) -> Room | None:
        for room in self.rooms.values():
            if path.is_relative_to(room.path):
                return room
        return None

    @cached_property
    def sources(self) -> list[Source]:
        found = []
        for path in self.files("py"):
            if "migrations" in path.parts:
                continue
            text = path.read_text()
            found.append(Source(path, self.module(path), text, ast.parse(text), self.room_of(path)))
        return found

    def module(self, path: Path) -> str:
        """The dotted name of a file: bihuan.modules.arrivals.actions for actions.py and for actions/__init__.py."""
        parts = path.relative_to(self.root).with_suffix("").parts
        return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)

    def files(self, *endings: str) -> list[Path]:
        """Our own files under bihuan/, without what is built or installed."""
        found = (path for ending in endings for path in self.package.rglob(f"*.{ending}"))
        return sorted(path for path in found if not {"node_modules", "dist", "__pycache__"} & set(path.parts))


def imported(source: Source) -> Iterator[tuple[str, str, int]]:
    """Every import as (dotted name, name it gets here, line): `from a import b as c` is ("a.b", "c", …)."""
    package = source.module if source.path.name == "__init__.py" else source.module.rpartition(".")[0]
    for node in ast.walk(source.tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield alias.name, alias.asname or alias.name, node.lineno
        elif isinstance(node, ast.ImportFrom):
            above = package.split(".")[: len(package.split(".")) - node.level + 1] if node.level else []
            origin = ".".join([*above, node.module] if node.module else above)
            for alias in node.names:
                yield f"{origin}.{alias.name}", alias.asname or alias.name, node.lineno


def strings(tree: ast.AST) -> Iterator[tuple[str, int]]:
    """Every string constant that is not a docstring, with its line; the fixed parts of f-strings too."""
    told = set()
    for node in ast.walk(tree):
        if isinstance(node, (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)) and ast.get_docstring(
            node, clean=False
        ):
            told.add(id(node.body[0].value))  # type: ignore[attr-defined]
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in told:
            yield node.value, node.lineno


def called(node: ast.expr) -> str:
    """The dotted name of what is called or decorated with: `actions.land(…)` is "actions.land"; "" if it has no plain
    name.
    """
    if isinstance(node, ast.Call):
        return called(node.func)
    if isinstance(node, ast.Name):
        return node.id
    if isinstance(node, ast.Attribute):
        before = called(node.value)
        return f"{before}.{node.attr}" if before else node.attr
    return ""
