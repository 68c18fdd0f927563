"""Each story is a TOML file that a health officer can read: what is given, and what must then be so."""

from pathlib import Path

import pytest

from tests.stories.telling import is_called, kinds, moment, name_of, read

STORIES = sorted(Path(__file__).parent.glob("*.toml"))
WORDS = ("open", "ahead", "done", "missed", "cancelled", "breached", "system")
KNOWN = {"at", "closed", "policy", "not_yet", "not_opened", "in_time", "due", "why", *WORDS}


@pytest.mark.parametrize("path", STORIES, ids=lambda path: path.stem)
def test_story(path: Path) -> None:
    story = read(path)
    for expected in story.then:
        assert not set(expected) - KNOWN, f"{path.name} says {set(expected) - KNOWN}, which means nothing"
        at = moment(expected["at"])
        made = story.plan(at)
        where = f"{path.name} at {expected['at']}"
        if expected.get("not_opened"):
            assert made is None, f"{where}: nothing should have opened"
            continue
        assert made is not None, f"{where}: nothing has opened"
        duties = kinds(made, at)
        told = "\n".join(f"  {word}: {[name_of(duty) for duty in found]}" for word, found in duties.items())
        for word in WORDS:
            for name in expected.get(word, []):
                assert any(is_called(duty, name) for duty in duties[word]), f"{where}: {name} is not {word}:\n{told}"
        for name in expected.get("not_yet", []):
            assert not any(is_called(duty, name) for duty in (*duties["open"], *duties["done"])), (
                f"{where}: {name} should not be there yet:\n{told}"
            )
        for name in expected.get("in_time", []):
            assert any(is_called(duty, name) for duty in duties["done"]), f"{where}: {name} is not done:\n{told}"
            assert not any(is_called(duty, name) for duty in duties["breached"]), f"{where}: {name} is late:\n{told}"
        for name, due in expected.get("due", {}).items():
            found = [duty for duty in made.duties if is_called(duty, name) and duty.state == "open"]
            assert [duty.target_at for duty in found] == [moment(due)], f"{where}: {name} is due at {found}"
        for name, why in expected.get("why", {}).items():
            assert {duty.reason for duty in made.duties if is_called(duty, name)} == {why}, f"{where}: {name}"
        assert (made.closed_at is not None) == expected.get("closed", False), (
            f"{where}: closed {made.closed_at}\n{told}"
        )
        if "policy" in expected:
            assert made.policy == expected["policy"], where


def test_there_are_at_least_twenty_stories() -> None:
    assert len(STORIES) >= 20
