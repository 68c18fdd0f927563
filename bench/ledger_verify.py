"""What it costs to verify a whole ledger, against hashing the same bytes alone in the same run, as the ledger grows.

    python -m bench.ledger_verify [--sizes 10000 100000 1000000] [--json]

"Bare" is SHA-256 over every sealed text and every payload, once each, with nothing read and nothing compared. Facts are
laid down set by set in SQL with the ledger's own seals, 100,000 under a checkpoint, and one witness knows all of them.
"""

import argparse
import hashlib
import json
import re
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import psycopg

from bench.scratch import scratch_database

AT = datetime(2022, 6, 20, 2, 0, tzinfo=UTC)
AT_ONCE = 100_000
PAD = b"\7" * 64
LAY_DOWN = """
    WITH made AS (
        SELECT n, gen_random_uuid() AS key, 'lamp.lit' AS kind, 'lamp:' || n % 20000 AS subject, NULL::text AS about,
               NULL::uuid AS unit, now() AS happened_at, now() AS recorded_at, 'user:1' AS actor,
               '{{"colour":"amber","n":' || n || ',"place":"corner of the third street and the canal"}}' AS text, k.*
        FROM generate_series({start}, {end} - 1) n, (SELECT id, inner_pad, outer_pad FROM ledger_key LIMIT 1) k
    ), sealed AS (
        SELECT made.*, ledger_commitment(inner_pad, outer_pad, text) AS commitment FROM made
    ), fact AS (
        INSERT INTO ledger_fact
            (seq, key, kind, subject, about, unit, happened_at, recorded_at, actor, secret, commitment, leaf_hash)
        SELECT n, key, kind, subject, about, unit, happened_at, recorded_at, actor, id, commitment,
               ledger_leaf_hash(ROW(n, key, kind, subject, about, unit, happened_at, recorded_at, actor, id,
                                    commitment, NULL, NULL)::ledger_fact)
        FROM sealed RETURNING seq, leaf_hash
    ), leaf AS (
        INSERT INTO ledger_leaf (index, fact, hash) SELECT seq, seq, leaf_hash FROM fact
    )
    INSERT INTO ledger_payload (fact, text) SELECT n, text FROM sealed
"""


def seconds(work: Callable[[], object]) -> float:
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def peak_mb(work: Callable[[], object]) -> float:
    """The most memory this process holds while the work is done, all of it counted."""
    Path("/proc/self/clear_refs").write_text("5")
    work()
    return resident("VmHWM") / 1024


def resident(name: str) -> int:
    found = re.search(rf"{name}:\s+(\d+) kB", Path("/proc/self/status").read_text())
    if not found:
        raise SystemExit("This system does not say how much memory a process holds.")
    return int(found[1])


def lay_down(owner: psycopg.Connection, start: int, end: int, witness: Path) -> None:
    from bihuan.kernel.ledger import publish, sign
    from bihuan.kernel.ledger.notes import SigningKey

    key = SigningKey("bench", b"\7" * 32)
    for first in range(start, end, AT_ONCE):
        owner.execute(LAY_DOWN.format(start=first, end=min(end, first + AT_ONCE)))
        sign([key], [witness])
        publish(witness)
    owner.execute("VACUUM ANALYZE ledger_fact, ledger_leaf, ledger_payload")


def bare(size: int) -> float:
    """The seconds that the hashes alone take; reading the bytes is not counted."""
    from django.db import transaction

    from bihuan.kernel.ledger import evidence

    spent, step = 0.0, 50_000
    with transaction.atomic():
        for start in range(0, size, step):
            texts = [text for row in evidence.rows(start, start + step) for text in (row.entry, row.payload or b"")]
            begun = time.perf_counter()
            for text in texts:
                hashlib.sha256(text).digest()
            spent += time.perf_counter() - begun
    return spent


def look(size: int, witness: Path) -> None:
    from bihuan.kernel.ledger import Witness, snapshot, verify

    seen = [Witness.seen(witness)]
    with snapshot():
        verdict = verify(seen)
    if verdict.broken or verdict.facts != size or verdict.witnesses[0].facts != size:
        raise SystemExit(f"These figures are worth nothing: {verdict}")


def measured(owner: psycopg.Connection, sizes: list[int], witness: Path) -> list[dict[str, float]]:
    from bihuan.kernel import clock

    figures = []
    owner.execute("INSERT INTO ledger_key (owner, inner_pad, outer_pad) VALUES ('lamps', %s, %s)", [PAD, PAD])
    with clock.given(AT):
        before = 0
        for size in sizes:
            lay_down(owner, before, size, witness)
            figures.append(at_size(owner, size, witness))
            print(figures[-1], file=sys.stderr)  # noqa: T201
            before = size
    return figures


def at_size(owner: psycopg.Connection, size: int, witness: Path) -> dict[str, float]:
    from bihuan.kernel.ledger import prove

    begun = time.perf_counter()
    memory = peak_mb(lambda: look(size, witness))
    took = time.perf_counter() - begun
    (key,) = owner.execute("SELECT key FROM ledger_fact WHERE seq = %s", [size // 2]).fetchall()[0]
    return {
        "facts": size,
        "seconds": round(took, 1),
        "facts_per_second": round(size / took),
        "ratio_to_bare_sha256": round(took / bare(size), 1),
        "peak_memory_mb": round(memory),
        "prove_one_s": round(seconds(lambda: prove(key)), 2),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sizes", type=int, nargs="+", default=[10_000, 100_000, 1_000_000])
    parser.add_argument("--json", action="store_true")
    asked = parser.parse_args()
    with scratch_database("bihuan_bench_verify") as owner, tempfile.TemporaryDirectory() as folder:
        figures = measured(owner, sorted(asked.sizes), Path(folder) / "witness.txt")
    if asked.json:
        print(json.dumps(figures))  # noqa: T201
        return
    for name in figures[0]:
        print(f"{name:24}" + "".join(f"{row[name]:>14,}" for row in figures))  # noqa: T201


if __name__ == "__main__":
    main()
