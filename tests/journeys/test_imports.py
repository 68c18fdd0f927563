"""Files by the command line: a list is taken in with its columns said and taken back; results find no tube."""

import json
from pathlib import Path

import pytest

from bihuan.modules.arrivals.models import Arrival, Batch, LearntColumn
from bihuan.modules.people.models import Person
from bihuan.modules.testing.models import ReportRow
from tests.processes import bihuan
from tests.world import world


def told(*words: str) -> dict[str, object]:
    done = bihuan("import", *words, "--json")
    assert done.returncode == 0, done.stderr
    answer: dict[str, object] = json.loads(done.stdout)
    return answer


@pytest.mark.usefixtures("transactional")
class TestCommandLine:
    def test_takes_a_file_in_and_back_and_results_in(self, tmp_path: Path):
        world()
        people, results = tmp_path / "list.csv", tmp_path / "results.csv"
        people.write_text("Holder,No.,Expected arrival\nTraveller,E0000001,2022-06-20\n", "utf-8")
        said = ("--issuer", "Zhengzhou", "--column", "Holder=name", "--column", "No.=document_number")
        taken = told("arrivals", str(people), *said)
        assert (taken["created"], Arrival.objects.count(), LearntColumn.objects.count()) == (1, 1, 2)
        batch = str(taken["batch"])
        assert told("undo", batch, "--reason", "Sent to the wrong city") == {"batch": batch, "kept": {}}
        assert (Arrival.objects.count(), Person.objects.count()) == (0, 0)
        assert Batch.objects.get().state == Batch.State.TAKEN_BACK
        results.write_text("Tube,Result\nZZ999,negative\n", "utf-8")
        found = told("results", str(results), "--laboratory", "laboratory")
        assert (found["doubtful"], found["recorded"]) == (1, 0)
        assert ReportRow.objects.get().code == "ZZ999"
