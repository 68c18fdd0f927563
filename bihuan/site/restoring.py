"""A city as it was at a moment, out of a place of backups, into a home of its own: never over one that lives.

First every byte is looked at, then the copy is laid out and the log replayed up to the moment, then the restored city
is held against its own laws and against the witnesses. Decision 25.
"""

import json
import os
import shutil
import subprocess
import sys
import time
from base64 import b64encode
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from bihuan.kernel.ledger.notes import SIGNATURE_PREFIX, Note, PublicKey
from bihuan.kernel.ledger.witnesses import Entry, entries
from bihuan.kernel.refusals import Refused
from bihuan.site import backups, postgres, signing
from bihuan.site.backups import Chain, OutOfReach, Place

SIGNING = timedelta(minutes=1)  # from the moment that a checkpoint names to the one at which it was committed
LOOK = "from bihuan.site import restoring; from bihuan.site.cli import check; restoring.look(check.violations)"
SECRETS = ("secret-key", signing.KEY, signing.NEXT_KEY)


@dataclass(frozen=True)
class Restored:
    """`until` is the moment asked for or, for the latest, the last one that the backup knows to be complete."""

    home: str
    base: str
    until: str
    facts: int
    witnessed: int
    violations: dict[str, int]
    key: str
    secrets: tuple[str, ...]
    seconds: float


class NotWhole(Refused):
    """What came back is not what it was. It is left where it is, to be looked at."""


def restore(place: Place, to: datetime | None, home: Path) -> Restored:
    """Bring the city back as it was at `to`, or as late as there is anything, into `home`."""
    begun = time.monotonic()
    if postgres.cluster(home).data.exists():
        raise Refused(
            f"There is a database in {home} already, and nothing is ever restored over one.",
            "Name a new folder with --home.",
        )
    chain = chosen(place, to)
    signers = backups.refuse_damaged(chain)
    postgres.plant(
        home,
        lambda folder: _fill(chain, folder),
        until=_target(chain, to),
        database=chain.base.said["database"],
        superuser=chain.base.said["superuser"],
    )
    secrets = _bring_secrets(home)
    with postgres.served(home):
        seen = _looked_at(home, place, signers, to)
    refused = _why_not(seen)
    if refused:
        raise NotWhole(f"What came back is not whole: {refused}.", f"It lies in {home}; let nobody work with it.")
    return Restored(
        home=str(home),
        base=chain.base.folder.name,
        until=(to or chain.reaches).astimezone(UTC).isoformat(),
        facts=seen["facts"],
        witnessed=seen["witnessed"],
        violations=seen["violations"],
        key=seen["key"] or str(chain.base.said["key"]),
        secrets=secrets,
        seconds=round(time.monotonic() - begun, 1),
    )


def chosen(place: Place, to: datetime | None) -> Chain:
    """The latest base before a moment with its log, if the two reach it."""
    bases = place.bases()
    if not bases:
        raise OutOfReach(
            f"There is no finished copy in {place.root}.", "Name the folder that `bihuan backup` wrote to."
        )
    before = [base for base in bases if to is None or base.until <= to]
    if not before:
        raise OutOfReach(
            f"The earliest moment that can be given back is {_told(bases[0].until)}.",
            f"bihuan restore --to {_told(bases[0].until)}",
        )
    chain = place.chain(before[-1])
    if (to is None and chain.missing) or (to and to > chain.reaches):
        why = f"The segment {chain.missing} of the log is missing. " if chain.missing else ""
        raise OutOfReach(
            f"{why}The last moment that can be given back is {_told(chain.reaches)}.",
            f"bihuan restore --to {_told(chain.reaches)}",
        )
    return chain


def _told(moment: datetime) -> str:
    """To the microsecond, and in a form that --to takes."""
    return moment.astimezone(UTC).isoformat().replace("+00:00", "Z")


def _target(chain: Chain, to: datetime | None) -> str:
    """Where replaying stops. PostgreSQL wants a commit after it; where none is, the log's end is that moment."""
    if to is None or chain.last_commit is None or chain.last_commit <= to:
        return ""
    return to.astimezone(UTC).isoformat(sep=" ")


def _fill(chain: Chain, folder: Path) -> None:
    shutil.copytree(chain.base.data, folder / "data-new", symlinks=True)
    log = folder / "log-to-replay"
    log.mkdir()
    for file in chain.files:
        shutil.copyfile(file, log / file.name[:24])


def _bring_secrets(home: Path) -> tuple[str, ...]:
    """The keys of the home that worked here before, where this is its machine; says which are there now."""
    before = postgres.default_home()
    for name in SECRETS:
        if (before / name).exists() and not (home / name).exists():
            shutil.copyfile(before / name, home / name)
            (home / name).chmod(0o600)
    return tuple(name for name in SECRETS if (home / name).exists())


def _looked_at(home: Path, place: Place, signers: Iterable[str], to: datetime | None) -> dict[str, Any]:
    """What a process that lives in the new home finds there."""
    witnesses = [place.witness, *signing.witnesses(postgres.default_home())]
    asked = {
        "to": to.isoformat() if to else None,
        "signers": sorted(signers),
        "witnesses": sorted({str(path.resolve()) for path in witnesses if path.exists()}),
    }
    left_out = ("BIHUAN_DATABASE_URL", "BIHUAN_BACKUPS", "BIHUAN_WITNESSES")
    known = {name: value for name, value in os.environ.items() if name not in left_out}
    done = subprocess.run(  # noqa: S603 - our own words, no shell
        [sys.executable, "-c", LOOK],
        input=json.dumps(asked),
        env={**known, "BIHUAN_HOME": str(home)},
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise NotWhole(
            f"The restored city could not be looked at: {done.stderr.strip().splitlines()[-1:]}",
            f"It lies in {home}. If another version of Bihuan made the backup, take that one.",
        )
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return found


def _why_not(seen: dict[str, Any]) -> str:
    if seen["strangers"]:
        return f"the backup is sealed with a key that is not this ledger's: {', '.join(seen['strangers'])}"
    if broken := seen["broken"]:
        return f"the ledger is not what was witnessed, from fact {broken['index']:,} on ({broken['reason']})"
    return ""


def look(violations: Callable[[], dict[str, int]]) -> None:
    """Run in the new home. Number what was committed, count the breaches of every law, and hold the past against what
    witnesses knew by then.
    """
    from bihuan.site import city

    asked = json.loads(sys.stdin.read())
    to = datetime.fromisoformat(asked["to"]) if asked["to"] else None
    with city.opened(), TemporaryDirectory() as folder:
        from bihuan.kernel import clock, ledger

        ledger.sequence()
        signed = ledger.latest()
        known = [list(entries(Path(path))) for path in asked["witnesses"]]
        city_then = to + (clock.now() - datetime.now(UTC)) if to else None
        with ledger.snapshot():
            facts = ledger.total()
            paths = [_as_known_then(one, facts, city_then, Path(folder)) for one in known if _is_of(one, signed)]
            verdict = ledger.verify([ledger.Witness.seen(path) for path in paths])
        keys = _keys(known, signed)
        found = {
            "facts": facts,
            "witnessed": max((one.facts for one in verdict.witnesses), default=0),
            "violations": violations(),
            "broken": asdict(verdict.broken) if verdict.broken else None,
            "strangers": [key for key in asked["signers"] if keys and key not in keys],
            "key": verdict.key,
        }
    sys.stdout.write(f"{json.dumps(found, default=str)}\n")


def _is_of(known: Sequence[Entry], signed: "Any") -> bool:
    """Whether a witness speaks of this ledger. One that signed nothing yet has no name that could differ."""
    return bool(known) and (signed is None or known[0].checkpoint.origin == signed.checkpoint.origin)


def _as_known_then(known: Sequence[Entry], facts: int, then: datetime | None, folder: Path) -> Path:
    """A witness as it was at a moment: without what came later, and was not meant to come back."""
    path = folder / f"{len(list(folder.iterdir()))}.txt"
    kept = [
        entry.note
        for entry in known
        if then is None or entry.checkpoint.size <= facts or entry.checkpoint.at <= then - SIGNING
    ]
    path.write_text("\n".join(_written(note) for note in kept))
    return path


def _written(note: Note) -> str:
    signatures = (f"{SIGNATURE_PREFIX}{name} {b64encode(key + raw).decode()}\n" for name, key, raw in note.signatures)
    return f"{note.text}\n{''.join(signatures)}"


def _keys(known: Iterable[Sequence[Entry]], signed: "Any") -> set[str]:
    """The keys that this ledger was ever signed with, and those that took over later, as far as a witness saw that."""
    keys = {signed.key} if signed else set()
    for witness in known:
        for entry in witness:
            new = entry.checkpoint.key
            if new and (not keys or any(PublicKey.read(key).has_signed(entry.note) for key in keys)):
                keys.add(str(new))
    return keys
