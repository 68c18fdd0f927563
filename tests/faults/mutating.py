"""How many faults the tests would notice: one function at a time is changed by one operator, and the tests that pass
through it must fail.

    python -m tests.faults.mutating SECONDS SEED MODULE… -- TESTS…

The database is made once. Every test is run once and watched: which functions does it pass through? A mutant is a
function whose code is exchanged in a process of its own (a fork), where those tests run until one fails. What the tests
leave behind in the database goes with their transactions; tests with real commits are left out.
"""

import ast
import copy
import importlib
import os
import random
import signal
import sys
import time
import warnings
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from types import CodeType, FunctionType, ModuleType
from typing import Any

import pytest

TOOL = sys.monitoring.COVERAGE_ID
MUTANT_SECONDS_MAX = 60
COMPARED = {
    ast.Lt: ast.LtE, ast.LtE: ast.Lt, ast.Gt: ast.GtE, ast.GtE: ast.Gt, ast.Eq: ast.NotEq, ast.NotEq: ast.Eq,
    ast.Is: ast.IsNot, ast.IsNot: ast.Is, ast.In: ast.NotIn, ast.NotIn: ast.In,
}  # fmt: skip
COUNTED = {ast.Add: ast.Sub, ast.Sub: ast.Add, ast.Mult: ast.Add, ast.BitOr: ast.BitAnd, ast.BitAnd: ast.BitOr}


@dataclass(frozen=True)
class Mutant:
    module: str
    function: str  # its qualified name
    line: int
    what: str
    code: CodeType


def mutants(name: str) -> Iterator[Mutant]:
    """Every change of every function of a module."""
    module = importlib.import_module(name)
    path = str(module.__file__)
    with open(path, encoding="utf-8") as source:
        tree = ast.parse(source.read())
    for function, qualified in functions(tree):
        for line, what, changed in changes(function):
            altered = copy.deepcopy(tree)
            target = next(one for one, its in functions(altered) if its == qualified and one.lineno == function.lineno)
            target.body = changed
            ast.fix_missing_locations(altered)
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                code = inside(compile(altered, path, "exec"), qualified)
            if code is not None:
                yield Mutant(name, qualified, line, what, code)


def functions(tree: ast.AST, before: str = "") -> Iterator[tuple[ast.FunctionDef, str]]:
    """Of a module and of its classes; what is defined within a function changes with it."""
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, ast.FunctionDef):
            yield node, before + node.name
        elif isinstance(node, ast.ClassDef):
            yield from functions(node, f"{before}{node.name}.")


def inside(code: CodeType, qualified: str) -> CodeType | None:
    for const in code.co_consts:
        if isinstance(const, CodeType):
            if const.co_qualname == qualified:
                return const
            if (found := inside(const, qualified)) is not None:
                return found
    return None


def changes(function: ast.FunctionDef) -> Iterator[tuple[int, str, list[ast.stmt]]]:
    """The function's body with one thing in it changed; docstrings, annotations and assertions stay."""
    skipped = {id(inner) for node in ast.walk(function) for inner in ast.walk(node) if isinstance(node, ast.Assert)}
    for number, node in enumerate(ast.walk(function)):
        if id(node) in skipped:
            continue
        for what, change in operators(node):
            body = copy.deepcopy(function)
            target = list(ast.walk(body))[number]
            change(target)
            yield getattr(node, "lineno", function.lineno), what, body.body


def operators(node: ast.AST) -> Iterator[tuple[str, Any]]:
    if isinstance(node, ast.Compare) and type(node.ops[0]) in COMPARED:
        other = COMPARED[type(node.ops[0])]
        yield f"{type(node.ops[0]).__name__} -> {other.__name__}", lambda it: it.ops.__setitem__(0, other())
    elif isinstance(node, ast.BoolOp):
        other = ast.Or if isinstance(node.op, ast.And) else ast.And
        yield f"{type(node.op).__name__} -> {other.__name__}", lambda it: setattr(it, "op", other())
    elif isinstance(node, ast.BinOp) and type(node.op) in COUNTED:
        other = COUNTED[type(node.op)]
        yield f"{type(node.op).__name__} -> {other.__name__}", lambda it: setattr(it, "op", other())
    elif isinstance(node, ast.If | ast.IfExp | ast.While):
        yield "condition negated", lambda it: setattr(it, "test", ast.UnaryOp(ast.Not(), it.test))
    elif isinstance(node, ast.Constant) and isinstance(node.value, bool):
        yield f"{node.value} -> {not node.value}", lambda it: setattr(it, "value", not it.value)
    elif isinstance(node, ast.Constant) and isinstance(node.value, int):
        yield f"{node.value} -> {node.value + 1}", lambda it: setattr(it, "value", it.value + 1)
    elif isinstance(node, ast.Return) and node.value is not None and not isinstance(node.value, ast.Constant):
        yield "returns nothing", lambda it: setattr(it, "value", ast.Constant(None))
    elif isinstance(node, ast.Expr) and isinstance(node.value, ast.Call):
        yield "call left out", lambda it: setattr(it, "value", ast.Constant(None))
    elif isinstance(node, ast.Raise):
        yield "not refused", lambda it: (setattr(it, "exc", None), setattr(it, "__class__", ast.Pass))[0]


def living(module: ModuleType, qualified: str) -> FunctionType | None:
    """The function itself, under whatever decorates it."""
    found: Any = module
    for part in qualified.split("."):
        found = vars(found).get(part) if isinstance(found, type) else getattr(found, part, None)
    if isinstance(found, property):
        found = found.fget
    for name in ("func", "__func__"):
        found = getattr(found, name, found) if not isinstance(found, FunctionType) else found
    while hasattr(found, "__wrapped__"):
        found = found.__wrapped__
    return found if isinstance(found, FunctionType) else None


class Runner:
    """A plugin of pytest that takes the place of its loop over the tests."""

    def __init__(self, names: list[str], seconds: float, seed: int) -> None:
        self.names, self.seconds, self.seed = names, seconds, seed
        self.watched: set[CodeType] = set()
        self.passing: set[CodeType] = set()

    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        items = [
            item for item in session.items if not {"transactional", "browser"} & {*item.fixturenames, *item.keywords}
        ]
        todo = [one for name in self.names for one in mutants(name)]
        random.Random(self.seed).shuffle(todo)  # noqa: S311 - the order, no secret
        alive = {one: living(sys.modules[one.module], one.function) for one in todo}
        self.watched = {function.__code__ for function in alive.values() if function}
        through = self.watch(items)
        self.tell(todo, alive, through)
        return True

    def watch(self, items: list[pytest.Item]) -> dict[CodeType, list[pytest.Item]]:
        """Run every test once; which of them pass through which function, the quickest first."""
        monitoring = sys.monitoring
        monitoring.use_tool_id(TOOL, "mutating")
        monitoring.register_callback(TOOL, monitoring.events.PY_START, lambda code, _: self.passing.add(code))
        monitoring.set_events(TOOL, 0)
        for code in self.watched:
            monitoring.set_local_events(TOOL, code, monitoring.events.PY_START)
        through: dict[CodeType, list[tuple[float, int]]] = defaultdict(list)
        for number, item in enumerate(items):
            self.passing = set()
            begun = time.monotonic()
            if not passes(item, items[number + 1] if number + 1 < len(items) else None):
                sys.stdout.write(f"left out, it fails unchanged: {item.nodeid}\n")
                continue
            for code in self.passing:
                through[code].append((time.monotonic() - begun, number))
        monitoring.free_tool_id(TOOL)
        return {code: [items[number] for _, number in sorted(found)] for code, found in through.items()}

    def tell(
        self,
        todo: list[Mutant],
        alive: dict[Mutant, FunctionType | None],
        through: dict[CodeType, list[pytest.Item]],
    ) -> None:
        ends = time.monotonic() + self.seconds
        tally: dict[str, list[int]] = defaultdict(lambda: [0, 0])
        for mutant in todo:
            if time.monotonic() > ends:
                break
            function = alive[mutant]
            if function is None or len(function.__code__.co_freevars) != len(mutant.code.co_freevars):
                continue
            is_killed = self.lives(mutant, function, through.get(function.__code__, []))
            package = ".".join(mutant.module.split(".")[:3])
            tally[package][0] += is_killed
            tally[package][1] += 1
            if not is_killed:
                sys.stdout.write(f"survived: {mutant.module}:{mutant.line} {mutant.function}: {mutant.what}\n")
            sys.stdout.flush()
        for package, (killed, tried) in sorted(tally.items()):
            sys.stdout.write(f"{package}: {killed} of {tried} mutants noticed, {100 * killed / tried:.1f} %\n")
        killed, tried = (sum(counts[place] for counts in tally.values()) for place in (0, 1))
        sys.stdout.write(
            f"seed {self.seed}: {killed} of {tried} (of {len(todo)} there are), {100 * killed / max(1, tried):.1f} %\n"
        )

    def lives(self, mutant: Mutant, function: FunctionType, items: list[pytest.Item]) -> bool:
        """Whether some test notices it; one that takes for ever is noticed as well."""
        if not items:
            return False
        from django.db import connections

        connections.close_all()
        sys.stdout.flush()
        pid = os.fork()
        if pid == 0:
            null = os.open(os.devnull, os.O_WRONLY)
            os.dup2(null, 1)
            os.dup2(null, 2)
            signal.signal(signal.SIGALRM, signal.SIG_DFL)
            signal.alarm(MUTANT_SECONDS_MAX)
            function.__code__ = mutant.code
            noticed = not all(passes(item, None) for item in items[:60])
            os._exit(1 if noticed else 0)
        return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) != 0


def passes(item: pytest.Item, following: pytest.Item | None) -> bool:
    from _pytest.runner import runtestprotocol

    reports = runtestprotocol(item, log=False, nextitem=following)
    return all(report.passed or report.skipped for report in reports)


def main() -> int:
    seconds, seed, *words = sys.argv[1:]
    border = words.index("--")
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "bihuan.site.settings")
    runner = Runner(words[:border], float(seconds), int(seed))
    options = ["-q", "-p", "no:cacheprovider", "-W", "ignore", *words[border + 1 :]]
    return int(pytest.main(options, plugins=[runner]))


if __name__ == "__main__":
    sys.exit(main())
