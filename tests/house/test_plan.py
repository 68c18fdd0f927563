"""The house as it stands keeps its plan."""

import tomllib
from pathlib import Path

import pytest

from tests.house.plan import RULES, House

ROOT = Path(__file__).resolve().parents[2]
EXCEPTIONS = tomllib.loads((Path(__file__).parent / "exceptions.toml").read_text())["exception"]


@pytest.fixture(scope="module")
def house() -> House:
    return House(ROOT)


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.__name__)
class TestTheHouse:
    def test_keeps(self, house, rule):
        meant = [one for one in EXCEPTIONS if one["rule"] == rule.__name__]
        found = list(rule(house))
        unneeded = [one for one in meant if not any(is_meant(one, breach) for breach in found)]
        assert not unneeded, f"exceptions that nothing needs any more: remove them from exceptions.toml: {unneeded}"
        breaches = [str(breach) for breach in found if not any(is_meant(one, breach) for one in meant)]
        assert not breaches, f"{rule.__doc__}\n" + "\n".join(breaches)


def is_meant(exception: dict[str, str], breach) -> bool:
    return breach.place.split(":")[0] == exception["place"] and exception["what"] in breach.what
