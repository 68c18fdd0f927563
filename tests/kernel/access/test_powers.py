"""Doors and posts fit: what a page asks for is held by some role, and what a role holds opens something."""

import re
from pathlib import Path

import pytest

import bihuan
from bihuan.kernel.access.vocabulary import kinds, role_words

SOURCE = Path(bihuan.__file__).parent
ASKED = re.compile(r"""(?:\brequire\(|\.may\(|\.for_power\(|power=)\s*"([a-z_]+\.[a-z_]+)\"""")


def asked() -> set[str]:
    return {power for file in SOURCE.rglob("*.py") for power in ASKED.findall(file.read_text(encoding="utf-8"))}


def given() -> set[str]:
    return {power for role in role_words() for power in role.powers}


class TestPowers:
    def test_that_pages_ask_for_are_held_by_some_role(self) -> None:
        assert asked() - given() == set(), "add them to a role in bihuan/profiles/city/roles.toml"

    def test_that_roles_hold_are_asked_for_somewhere(self) -> None:
        assert given() - asked() == set(), "take them out of bihuan/profiles/city/roles.toml, or ask for them"

    def test_are_never_in_one_hand_with_the_power_to_give_them(self) -> None:
        """Whoever opens accounts gives no posts, and neither of the two can act on a person."""
        for role in role_words():
            powers = set(role.powers)
            assert not {"access.users", "units.appoint"} <= powers, role.code
            if role.code in {"system_admin", "security_admin"}:
                assert not [power for power in powers if not power.startswith(("access.", "units."))]

    @pytest.mark.parametrize("kind", kinds().values(), ids=str)
    def test_posts_of_a_kind_of_unit_are_roles(self, kind: object) -> None:
        roles = {role.code for role in role_words()}
        assert {*kind.posts, *kind.shifts} <= roles  # type: ignore[attr-defined]
