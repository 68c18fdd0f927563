"""Who may reach into whom: imports, foreign keys, templates."""

import ast
import re
from collections.abc import Iterator

from tests.house.plan.house import Breach, House, Source, called, imported, strings

DOORS = {"actions", "queries", "events"}
RELATIONS = {"ForeignKey", "OneToOneField", "ManyToManyField"}
DOOR_REMEDY = "import the other module's actions, queries or events; if the door lacks what you need, add it there."
INCLUDED = re.compile(r"""{%-?\s*(?:extends|include)\s+["']([^"']+)["']""")


def other_rooms_by_their_doors(house: House) -> Iterator[Breach]:
    """A module reaches another one only through actions, queries and events - by import, by dotted string or by
    get_model alike.
    """
    modules = {name for name, room in house.rooms.items() if not room.is_kernel}
    for source in house.sources:
        if source.room is None or source.room.is_kernel:
            continue
        own = source.room.name
        names = [(dotted, line) for dotted, _, line in imported(source)]
        names += [(text, line) for text, line in strings(source.tree) if text.startswith("bihuan.modules.")]
        for dotted, line in names:
            parts = dotted.split(".")
            if parts[:2] != ["bihuan", "modules"] or len(parts) < 3 or parts[2] == own or parts[2] not in modules:
                continue
            if len(parts) < 4 or parts[3] not in DOORS:
                yield Breach(
                    house.place(source.path, line),
                    f"{own} enters {parts[2]} by the wrong door ({dotted}).",
                    DOOR_REMEDY,
                )
        yield from _models_by_name(house, source, own, modules)


def _models_by_name(house: House, source: Source, own: str, modules: set[str]) -> Iterator[Breach]:
    for node in ast.walk(source.tree):
        if not isinstance(node, ast.Call) or not called(node).endswith("get_model") or not node.args:
            continue
        first = node.args[0]
        if isinstance(first, ast.Constant) and isinstance(first.value, str):
            app = first.value.split(".")[0]
            if app in modules and app != own:
                yield Breach(
                    house.place(source.path, node.lineno), f"{own} fetches a model of {app} by its name.", DOOR_REMEDY
                )


def foreign_keys_point_down(house: House) -> Iterator[Breach]:
    """Relations are strings, point at their own room or one beneath, and protect what they point at."""
    for source in house.sources:
        if source.room is None or source.noun != "models":
            continue
        for node in ast.walk(source.tree):
            if isinstance(node, ast.Call) and called(node).split(".")[-1] in RELATIONS:
                yield from _relation(house, source, node)


def _relation(house: House, source: Source, node: ast.Call) -> Iterator[Breach]:
    assert source.room is not None
    own, place = source.room.name, house.place(source.path, node.lineno)
    arguments = {word.arg: word.value for word in node.keywords}
    target = node.args[0] if node.args else arguments.get("to")
    if isinstance(target, ast.Constant) and isinstance(target.value, str):
        app = target.value.split(".")[0] if "." in target.value else own
        if app in house.order and house.order[app] < house.order[own]:
            yield Breach(
                place,
                f"{own} points up at {target.value}.",
                "point downwards: let the upper module hold the key, or let a pathway carry the news up.",
            )
    elif not (isinstance(target, ast.Attribute) and target.attr == "AUTH_USER_MODEL") and not _is_own(source, target):
        yield Breach(
            place,
            "a relation to another room is not written as a string.",
            'write "app.Model", so that import order never matters.',
        )
    if called(node).endswith("ManyToManyField"):
        return
    on_delete = node.args[1] if len(node.args) > 1 else arguments.get("on_delete")
    if on_delete is None or called(on_delete).split(".")[-1] != "PROTECT":
        yield Breach(
            place,
            "a relation does not protect its target.",
            "on_delete=models.PROTECT: records are ended, not deleted.",
        )


def _is_own(source: Source, target: ast.expr | None) -> bool:
    """A class of the same file, or of the same room's models, may be named as itself."""
    assert source.room is not None
    if not isinstance(target, ast.Name):
        return False
    if any(isinstance(node, ast.ClassDef) and node.name == target.id for node in source.tree.body):
        return True
    own = f"bihuan.{'kernel' if source.room.is_kernel else 'modules'}.{source.room.name}.models."
    return any(alias == target.id and dotted.startswith(own) for dotted, alias, _ in imported(source))


def templates_stay_home(house: House) -> Iterator[Breach]:
    """A module's pages use its own templates and the kernel's, and lie in a folder of its own name."""
    kernel = {name for name, room in house.rooms.items() if room.is_kernel}
    remedy = "make it a component in kernel/web, or a link to the other module's page."
    for path in house.files("html"):
        room = house.room_of(path)
        if room is None:
            yield Breach(
                house.place(path),
                "a template lies outside every room.",
                "put it in the templates folder of its module.",
            )
            continue
        allowed = kernel | {room.name}
        inside = path.relative_to(room.path).parts
        if inside[0] != "templates" or (len(inside) < 3 or inside[1] != room.name):
            yield Breach(
                house.place(path),
                "a template lies in the wrong folder.",
                f"move it to {room.name}/templates/{room.name}/.",
            )
        for number, line in enumerate(path.read_text().splitlines(), 1):
            for name in INCLUDED.findall(line):
                if "/" in name and name.split("/")[0] not in allowed:
                    yield Breach(
                        house.place(path, number), f"{room.name} uses the template {name} of another room.", remedy
                    )
    for source in house.sources:
        if source.room is None or source.room.is_kernel:
            continue
        for text, line in strings(source.tree):
            if re.fullmatch(r"[a-z_]+/[\w/-]+\.html(#\w+)?", text) and text.split("/")[0] not in kernel | {
                source.room.name
            }:
                yield Breach(
                    house.place(source.path, line), f"{source.room.name} renders {text} of another room.", remedy
                )
