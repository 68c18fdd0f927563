"""The database is lost under writers who record facts through real actions: killed with all its processes at random
moments, or out of room on its disk.

What a writer was told is there afterwards; what it was not told is there whole or not at all; every law holds.
"""

import json
import os
import random
import statistics
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any
from uuid import uuid4

import psycopg
import pytest

from bihuan.site import postgres
from tests.faults import clusters

PROVE = os.environ.get("BIHUAN_PROVE") == "1"
SEED = int(os.environ.get("BIHUAN_SEED", "20220626"))
ROUNDS = [(4, 100), (8, 100), (16, 100)] if PROVE else [(4, 3)]  # writers, kills
SEGMENT_BYTES = 16 << 20


@pytest.fixture(scope="module")
def home() -> Iterator[Path]:
    with clusters.own_city() as made:
        yield made


@pytest.fixture(scope="module")
def journals(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("journals")


def judged(home: Path, journals: Path) -> dict[str, Any]:
    """What the journals and the database say to each other; nothing of it may be wrong."""
    found: dict[str, Any] = json.loads(clusters.run(home, "tests.faults.crew", "judge", str(journals)))
    wrong = {name: found[name] for name in ("lost", "half", "failed", "broken") if found[name]}
    assert not wrong, f"seed {SEED}: {wrong}"
    return found


@pytest.mark.slow
class TestDatabaseLostUnderWriters:
    def test_by_kills_loses_nothing_that_was_acknowledged(self, home: Path, journals: Path) -> None:
        chance = random.Random(SEED)  # noqa: S311 - moments, no secrets
        cluster = postgres.cluster(home)
        restarts: list[float] = []
        for writers, kills in ROUNDS:
            with clusters.crew(home, journals, writers, SEED):
                for _kill in range(kills):
                    clusters.until_told(journals)  # they are at it, however slow the machine
                    time.sleep(chance.uniform(0.0, 0.8))
                    clusters.kill(cluster)
                    restarts.append(clusters.start_again(home))
                clusters.until_told(journals)
            found = judged(home, journals)
            print(  # noqa: T201 - the figure of docs/trust.md
                f"seed {SEED}: {len(restarts)} kills, {found['acknowledged']} acknowledged, {found['unheard']} unheard "
                f"({found['unheard but done']} done all the same), restart median {statistics.median(restarts):.2f} s, "
                f"longest {max(restarts):.2f} s"
            )
        assert found["acknowledged"] > len(restarts)

    def test_by_a_full_disk_loses_nothing_that_was_acknowledged(self, home: Path, journals: Path) -> None:
        """A limit on the size of files does to the server what a full disk does, and needs no disk of its own: the next
        piece of its log cannot be written, and it goes down.
        """
        cluster = postgres.cluster(home)
        with clusters.crew(home, journals, 4, SEED + 1):
            clusters.until_told(journals)
            clusters.limit_files(cluster, SEGMENT_BYTES // 2)
            deadline = time.monotonic() + clusters.PATIENCE_SECONDS
            while "File too large" not in cluster.log.read_text(errors="replace"):
                assert time.monotonic() < deadline, "the disk did not become full"
                with suppress(psycopg.Error), psycopg.connect(postgres.url(home), autocommit=True) as owner:
                    owner.execute("SELECT pg_switch_wal()")
                time.sleep(0.1)
            time.sleep(1)  # the writers meet it
            if postgres.running(cluster):
                clusters.kill(cluster)
            clusters.start_again(home)  # there is room again
            clusters.until_told(journals)
        found = judged(home, journals)
        print(f"seed {SEED}: a full disk, {found['acknowledged']} acknowledged in all, 0 lost")  # noqa: T201

    def test_is_seen_by_the_same_judge_once_something_is_wrong(self, home: Path, journals: Path) -> None:
        """A fact is told of that nobody wrote, and a row is taken away behind everybody's back."""
        phantom = str(uuid4())
        (journals / "phantom.journal").write_text(json.dumps(["walk_in", phantom, "told", None]) + "\n")
        with psycopg.connect(postgres.url(home), autocommit=True) as owner:
            owner.execute("SET session_replication_role = replica")
            owner.execute("DELETE FROM ledger_payload WHERE fact = (SELECT max(fact) FROM ledger_payload)")
        found = json.loads(clusters.run(home, "tests.faults.crew", "judge", str(journals)))
        assert found["lost"] == [phantom]
        assert "payloads" in found["half"]
