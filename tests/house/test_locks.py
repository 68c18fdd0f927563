"""The locks say exactly which code, and nothing about where it came from (decision 1)."""

import json
import re
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
LOCKS = ("requirements.lock", "requirements-dev.lock")


def locked(name: str) -> dict[str, str]:
    """Distribution -> its lines, hashes included."""
    entries = re.split(r"\n(?=[a-z0-9])", (ROOT / name).read_text().strip())
    return {re.split(r"[=\[ ]", entry)[0]: entry for entry in entries}


def wanted(requirements: list[str]) -> set[str]:
    return {re.split(r"[\[<>=! ]", one)[0].lower().replace("_", "-") for one in requirements}


@pytest.mark.parametrize("name", LOCKS)
class TestALock:
    def test_holds_no_address(self, name):
        assert not re.search(r"https?:|--(extra-)?index-url|--find-links|file:", (ROOT / name).read_text())

    def test_pins_every_distribution_by_its_hashes(self, name):
        bare = [one for one, lines in locked(name).items() if "==" not in lines or "--hash=sha256:" not in lines]
        assert not bare

    def test_holds_all_that_the_project_asks_for(self, name):
        project = tomllib.loads((ROOT / "pyproject.toml").read_text())
        needed = wanted(project["project"]["dependencies"])
        if name == "requirements-dev.lock":
            needed |= wanted(project["dependency-groups"]["dev"])
        missing = needed - set(locked(name))
        assert not missing, f"run scripts/setup --lock: {missing}"


class TestTheIslandsLock:
    def test_holds_no_address_and_a_hash_for_every_package(self):
        packages = json.loads((ROOT / "islands" / "package-lock.json").read_text())["packages"]
        del packages[""]
        assert not [name for name, entry in packages.items() if "resolved" in entry]
        assert not [name for name, entry in packages.items() if not entry.get("integrity", "").startswith("sha512-")]

    def test_names_the_package_of_every_platform(self):
        packages = json.loads((ROOT / "islands" / "package-lock.json").read_text())["packages"]
        named = {name for entry in packages.values() for name in entry.get("optionalDependencies", {})}
        missing = {name for name in named if not any(path.endswith(f"node_modules/{name}") for path in packages)}
        assert not missing, f"npm ci refuses this lock: pin a version whose programs exist everywhere: {missing}"
