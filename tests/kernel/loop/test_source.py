"""The line of every key is known, and a table complains kindly."""

import tomllib
from pathlib import Path

import pytest

from bihuan.kernel.loop.source import ProfileError, Source, duration, lines_of

TEXT = '''# a comment
a = 1
"b c" = """
x = 2
"""
[one.two]
d.e = { f = 1, g = [1, 2] }  # not = here
list = [
    { h = "]" },

    # between
    { h = 'it''s' },
]
[[step]]
name = "x"
[step.repeat]
at = 1979-05-27T07:32:00
[[step]]
name = "y \\" ]"
[step.repeat]
at = [[1], [2]]
'''.replace("'it''s'", "'its'")


def test_the_line_of_every_key_and_element() -> None:
    tomllib.loads(TEXT)
    lines = lines_of(TEXT)
    found = {
        ("a",): 2,
        ("b c",): 3,
        ("one", "two"): 6,
        ("one", "two", "d", "e", "g", 1): 7,
        ("one", "two", "list", 0, "h"): 9,
        ("one", "two", "list", 1): 12,
        ("step", 0, "name"): 15,
        ("step", 0, "repeat", "at"): 17,
        ("step", 1, "name"): 19,
        ("step", 1, "repeat"): 20,
        ("step", 1, "repeat", "at", 1, 0): 21,
    }
    assert {where: lines[where] for where in found} == found


@pytest.mark.parametrize("path", sorted(Path("bihuan/profiles").rglob("*.toml")), ids=str)
def test_walks_every_file_we_ship_to_its_end(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    lines = lines_of(text)

    def check(where: tuple[str | int, ...], value: object) -> None:
        assert where in lines, where
        items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
        for key, inner in items:
            check((*where, key), inner)

    check((), tomllib.loads(text))


@pytest.mark.parametrize(
    ("text", "minutes"), [("1 d", 1440), ("2 h 30 min", 150), ("-45 min", -45), ("90min", 90), ("0 min", 0)]
)
def test_durations(text: str, minutes: int) -> None:
    found = duration(text)
    assert found is not None
    assert found.total_seconds() == minutes * 60


@pytest.mark.parametrize("text", ["", "1", "one day", "1 w", None, 5])
def test_no_durations(text: object) -> None:
    assert duration(text) is None


def test_says_where_the_syntax_is_wrong() -> None:
    with pytest.raises(ProfileError) as caught:
        Source.parse("a = 1\nb = [\nc = 2\n", "x.toml")
    assert str(caught.value).startswith("x.toml:")
    assert "This is not TOML" in str(caught.value)


def test_names_a_key_nobody_asked_for_and_the_nearest_word() -> None:
    source = Source.parse('name = "x"\nownr = "y"\n', "x.toml")
    table = source.table()
    table.string("name")
    table.string("owner", default="")
    table.finish()
    assert [str(problem) for problem in source.problems] == [
        "x.toml:2: `ownr` is not a word of this language. Did you mean `owner`?"
    ]
