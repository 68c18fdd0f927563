"""Where rows are touched: queries and actions, and of one's own tables."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

from tests.house.plan.house import Breach, House, Room, strings

NO_ROWS_HERE = {"views", "forms", "urls", "rules", "events", "templatetags"}
MANAGERS = {"objects", "_default_manager", "_base_manager"}
TABLE = re.compile(
    r"""\b(?:FROM|JOIN|INTO|UPDATE|TABLE|REFERENCES|ON)\s+(?:ONLY\s+)?(?:public\.)?"?([a-z][a-z0-9_]*_[a-z0-9_]+)"?"""
)
LAWS = {"laws", "unlawful"}  # files that count the breaches of a law
STATEMENT = re.compile(r"\b(SELECT|INSERT INTO|UPDATE|DELETE FROM|TRUNCATE|ALTER TABLE|LOCK TABLE)\b")


def views_hold_no_managers(house: House) -> Iterator[Breach]:
    """Pages see rows only through queries and actions, where the scope is applied."""
    remedy = "move the read to queries.py and the write to actions.py."
    for source in house.sources:
        if source.noun not in NO_ROWS_HERE:
            continue
        for node in ast.walk(source.tree):
            if isinstance(node, ast.Attribute) and node.attr in MANAGERS:
                yield Breach(
                    house.place(source.path, node.lineno), f"a raw manager (.{node.attr}) in {source.noun}.", remedy
                )
            elif isinstance(node, ast.Attribute) and node.attr == "cursor":
                yield Breach(house.place(source.path, node.lineno), f"a database cursor in {source.noun}.", remedy)


def raw_sql_names_own_tables(house: House) -> Iterator[Breach]:
    """SQL written by hand reads and writes the tables of its own room; a law may look at tables beneath:
    a constraint in a migration, or the count of its breaches in queries/laws."""
    for source in house.sources:
        if source.room is None:
            continue
        for text, line in strings(source.tree):
            if STATEMENT.search(text):
                yield from _tables(house, source.room, source.path, line, text)
    for path in house.files("sql"):
        room = house.room_of(path)
        if room is None:
            yield Breach(house.place(path), "SQL outside every room.", "put it beside the module that owns its tables.")
            continue
        without_comments = re.sub(r"--.*", "", path.read_text())
        yield from _tables(house, room, path, None, without_comments)


def _tables(house: House, room: Room, path: Path, line: int | None, text: str) -> Iterator[Breach]:
    is_law = "migrations" in path.parts or path.stem in LAWS
    for name in sorted(set(TABLE.findall(text))):
        owner = next((other for other in house.order if name.startswith(f"{other}_")), None)
        if owner is None or owner == room.name:
            continue
        if is_law and house.order[owner] > house.order[room.name]:
            continue
        yield Breach(
            house.place(path, line),
            f"{room.name} names the table {name} of {owner} in SQL.",
            f"ask {owner} through its queries; only a law (migration or queries/laws) may look at a table beneath.",
        )
