"""A file of travellers is taken in by the command line, which is killed in the middle and started once more."""

import csv
import json
import subprocess
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest

from bihuan.kernel.db import uuid7
from bihuan.modules.arrivals.actions.importing import CHUNK_ROWS
from bihuan.modules.arrivals.models import Arrival, Batch, BatchRow
from bihuan.modules.people.models import Person
from bihuan.site.supervisor import python
from tests.conftest import owner_connection
from tests.processes import bihuan, environment
from tests.world import world

ROWS = CHUNK_ROWS + 60
BAD = (3, CHUNK_ROWS + 30)  # rows of the file whose telephone is missing and who therefore cannot be known
NAME = "killed-import"
PATIENCE_SECONDS = 120


def traveller(number: int) -> list[str]:
    document = "" if number in BAD else f"E{number:08d}"
    return [f"Traveller {number}", document, "passport" if document else "", "rail", "G1564", "上海市"]


@pytest.fixture
def file(tmp_path: Path) -> Path:
    made = tmp_path / "train.csv"
    with made.open("w", encoding="utf-8", newline="") as out:
        writer = csv.writer(out)
        writer.writerow(["Name", "ID number", "ID type", "Mode", "Carrier", "Origin"])
        writer.writerows(traveller(number) for number in range(2, ROWS + 2))  # as a spreadsheet numbers them
    return made


def until(happens: Callable[[], bool]) -> None:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not happens():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.05)


def backends(condition: str) -> int:
    """How many connections the import has now; the server shows what they wait for to its owner only."""
    with owner_connection() as server:
        asked = f"SELECT count(*) FROM pg_stat_activity WHERE application_name = %s AND {condition}"
        row = server.execute(asked, [NAME]).fetchone()
    assert row is not None
    return int(row[0])


def kill_in_the_second_set(file: Path) -> None:
    """Somebody of the second set is being registered elsewhere just now: there the import waits, and there it dies."""
    with owner_connection() as elsewhere:
        elsewhere.execute("BEGIN")
        elsewhere.execute(
            "INSERT INTO people_person (id, name, name_key, sex, id_type, id_number, id_disputed, phone, address) "
            "VALUES (%s, 'Somebody', 'somebody', 'unknown', 'passport', %s, false, '', '')",
            [uuid7(), f"E{ROWS:08d}"],
        )
        process = subprocess.Popen(
            python("bihuan.site.cli", "import", "arrivals", str(file)),
            env=environment(PGAPPNAME=NAME),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        try:
            until(lambda: backends("wait_event_type = 'Lock'") == 1)
        finally:
            process.kill()
            process.wait()
            elsewhere.execute("ROLLBACK")
    until(lambda: backends("true") == 0)


@pytest.mark.usefixtures("transactional")
class TestKilledImport:
    def test_loses_nobody_and_takes_nobody_in_twice(self, file: Path, tmp_path: Path):
        world()
        unbroken = json.loads(bihuan("import", "arrivals", str(file), "--preview", "--json").stdout)
        kill_in_the_second_set(file)
        assert Arrival.objects.count() == CHUNK_ROWS - 1
        assert Batch.objects.get().state == Batch.State.RUNNING

        outcome = tmp_path / "outcome.csv"
        done = bihuan("import", "arrivals", str(file), "--json", "--outcome", str(outcome))
        assert done.returncode == 0, done.stderr
        told = json.loads(done.stdout)

        assert {**told, "batch": None} == unbroken
        assert Batch.objects.get().state == Batch.State.TAKEN_IN
        assert Arrival.objects.count() == Person.objects.count() == ROWS - len(BAD)
        assert BatchRow.objects.count() == ROWS
        with outcome.open(encoding="utf-8-sig", newline="") as read:
            rows = list(csv.DictReader(read))
        assert [int(row["bihuan: row"]) for row in rows] == list(range(2, ROWS + 2))
        assert Counter(row["bihuan: outcome"] for row in rows) == {"created": ROWS - len(BAD), "rejected": len(BAD)}
        assert [int(row["bihuan: row"]) for row in rows if row["bihuan: outcome"] == "rejected"] == list(BAD)
