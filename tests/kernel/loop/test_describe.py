"""The reference of pathways and facts is written from what is there, and is up to date."""

from pathlib import Path

import pytest

from bihuan.kernel.loop import describe

PAGE = Path("docs/reference/pathways.md")


def test_the_page_is_what_would_be_written() -> None:
    remedy = f"Run: python -m bihuan.kernel.loop.describe {PAGE}"
    assert PAGE.read_text(encoding="utf-8") == describe.page(), remedy


def test_check_says_so_by_its_exit_code(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    page = tmp_path / "pathways.md"
    assert describe.main(["--check", str(page)]) == 1
    assert "out of date" in capsys.readouterr().err
    assert describe.main([str(page)]) == 0
    assert describe.main(["--check", str(page)]) == 0


@pytest.mark.parametrize(
    "source",
    [
        '# What it says.\nLIT = "lamp.lit"\n',
        'LIT = "lamp.lit"\n"""What it says."""\n',
        'LIT = "lamp.lit"  # What it says.\n',
        'LIT = "lamp.lit"  # noqa: S105, E501 - What it says.\n',
        '# What it says.\nLIT = "lamp.lit"  # noqa: S105\n',
    ],
)
def test_takes_what_a_fact_says_from_above_beneath_or_beside_it(source: str) -> None:
    assert list(describe.facts_of(source)) == [("lamp.lit", "What it says.")]
