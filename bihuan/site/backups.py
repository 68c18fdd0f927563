"""A place of backups: whole copies of the database (bases) and every piece of its log (WAL) since, in one folder.

It writes and reads that folder and decides nothing else. Whatever lies in it is sealed: hashed, and signed with the
ledger's key, so that a copy that somebody cut short or changed is refused and named. Decision 25.

    PLACE/bases/20220620T020000.000000Z/data   the copy as pg_basebackup made it
                                 /note  what it is, and its seal
    PLACE/wal/0000000100…               a segment of the log; .seal beside it; .partial while it grows
    PLACE/wal/edge                      how far the log was complete, and when that was so
    PLACE/witness.txt                   the ledger's checkpoints
"""

import fcntl
import hashlib
import json
import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from typing import Any

import psycopg
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from bihuan.kernel.ledger.notes import Note, PublicKey, SigningKey, Unreadable
from bihuan.kernel.refusals import Refused
from bihuan.site import postgres, signing

RECEIVER = "bihuan_backup"  # the receiver's name at the server, and its slot's
COPIER = "bihuan_copy"  # commits wait for the receiver only, never for a copy that is being made
PARTIAL, SEAL = ".partial", ".seal"
STAMP = "%Y%m%dT%H%M%S.%fZ"  # two copies may be made within one second
UNFINISHED = "unfinished-"
SEGMENT = re.compile(r"[0-9A-F]{24}")
COMMIT = re.compile(r"desc: COMMIT\S* (\d{4}-\d\d-\d\d \d\d:\d\d:\d\d(?:\.\d+)?) UTC")
BEFORE_NEXT = "Keep the folder as it is for whoever finds out, and restore from another one."


class NoPlace(Refused):
    def __init__(self) -> None:
        super().__init__(
            "No place for backups is named.",
            "Name a folder on another disk: set BIHUAN_BACKUPS, or give --to.",
        )


class Damaged(Refused):
    """A file of a backup is not what was written."""

    def __init__(self, file: Path, why: str) -> None:
        super().__init__(f"{file}: {why}.", BEFORE_NEXT)


class OutOfReach(Refused):
    """The moment asked for is not in this backup."""


class ServerRefuses(Refused):
    """The server gives this account no copy."""


def chosen_place() -> Path | None:
    """BIHUAN_BACKUPS: where copies and log go."""
    named = os.environ.get("BIHUAN_BACKUPS", "")
    return Path(named).absolute() if named else None


@dataclass(frozen=True)
class Server:
    """What of a running server a backup depends on."""

    url: str
    major: int
    system: str
    timeline: int
    segment_bytes: int
    database: str
    superuser: str

    @classmethod
    def at(cls, url: str) -> "Server":
        """Ask the server, and refuse early what its programs would refuse late."""
        try:
            with psycopg.connect(url) as asked:
                found = asked.execute(
                    "SELECT (SELECT system_identifier::text FROM pg_control_system()),"
                    " ('x' || substr(pg_walfile_name(pg_current_wal_lsn()), 1, 8))::bit(32)::int,"
                    " (SELECT setting::bigint FROM pg_settings WHERE name = 'wal_segment_size'),"
                    " current_database(), (SELECT rolname FROM pg_roles WHERE oid = 10), current_user,"
                    " (SELECT rolsuper OR rolreplication FROM pg_roles WHERE rolname = current_user),"
                    " current_setting('wal_level')"
                ).fetchone()
                major = asked.info.server_version // 10_000
        except psycopg.OperationalError as error:
            raise ServerRefuses(f"The server does not answer: {str(error).strip()}") from error
        assert found is not None
        system, timeline, segment_bytes, database, superuser, user, may_copy, wal_level = found
        if not may_copy:
            raise ServerRefuses(
                f"The account {user} may not copy the server.",
                f"Let an administrator run: ALTER ROLE {user} REPLICATION; and allow it `replication` in pg_hba.conf.",
            )
        if wal_level == "minimal":
            raise ServerRefuses(
                "The server's wal_level is minimal: its log does not hold enough.", "Set wal_level = replica."
            )
        return cls(url, major, system, timeline, segment_bytes, database, superuser)


@dataclass(frozen=True)
class Base:
    """One whole copy: everything committed before `until` is in it or in the log that came with it."""

    folder: Path
    said: dict[str, Any]

    @property
    def data(self) -> Path:
        return self.folder / "data"

    @property
    def until(self) -> datetime:
        return datetime.fromisoformat(self.said["until"])

    @property
    def line(self) -> tuple[str, int]:
        return self.said["system"], self.said["timeline"]

    @property
    def segment_bytes(self) -> int:
        return int(self.said["segment_bytes"])

    @property
    def first(self) -> int:
        """The number of the segment with which replaying begins."""
        return segment_number(self.said["start"], self.segment_bytes)

    def segment_name(self, number: int) -> str:
        return segment_name(self.said["timeline"], number, self.segment_bytes)

    @property
    def bytes(self) -> int:
        return sum(path.stat().st_size for path in self.data.rglob("*") if path.is_file())


@dataclass(frozen=True)
class Edge:
    """The log up to `lsn` holds everything that was committed before `until`."""

    said: dict[str, Any]

    @property
    def until(self) -> datetime:
        return datetime.fromisoformat(self.said["until"])

    @property
    def lsn(self) -> int:
        return lsn(self.said["lsn"])


@dataclass(frozen=True)
class Chain:
    """The unbroken log behind a base; `missing` is the segment that ends it though the log went on."""

    base: Base
    files: tuple[Path, ...]
    missing: str
    edge: Edge | None

    @cached_property
    def last_commit(self) -> datetime | None:
        return next(filter(None, map(_last_commit, reversed(self.files))), None)

    @property
    def reaches(self) -> datetime:
        """The last moment that can be given back."""
        moments = [self.base.until]
        if self.last_commit:
            moments.append(self.last_commit)
        if self.edge and not self.missing:
            moments.append(self.edge.until)
        return max(moments)


@dataclass(frozen=True)
class Place:
    root: Path

    @property
    def wal(self) -> Path:
        return self.root / "wal"

    @property
    def witness(self) -> Path:
        return self.root / signing.WITNESS

    def make(self) -> None:
        if not self.root.is_dir():  # an unmounted disk must not become a folder on this one
            raise Refused(f"There is no folder {self.root}.", "Mount the disk, or make the folder once.")
        for folder in (self.root / "bases", self.wal):
            folder.mkdir(mode=0o700, exist_ok=True)

    def bases(self) -> list[Base]:
        """Every finished copy, the oldest first."""
        found = [Base(note.parent, unsealed(note)) for note in (self.root / "bases").glob("[0-9]*Z/note")]
        return sorted(found, key=lambda base: base.until)

    def edge(self) -> Edge | None:
        file = self.wal / "edge"
        return Edge(unsealed(file)) if file.exists() else None

    def segments(self) -> dict[str, Path]:
        """What lies here of the log, by the name of the segment."""
        files = self.wal.iterdir() if self.wal.is_dir() else iter(())
        return {path.name[:24]: path for path in sorted(files, reverse=True) if _is_segment(path)}

    def complete(self) -> list[Path]:
        return sorted(path for path in self.segments().values() if path.suffix != PARTIAL)

    def refuse_another(self, server: Server) -> None:
        """One place holds one line of history: another city's, or a restored one's, would be torn apart by this one."""
        known = {base.line for base in self.bases()}
        if edge := self.edge():
            known.add((edge.said["system"], edge.said["timeline"]))
        if known - {(server.system, server.timeline)}:
            raise Refused(
                f"{self.root} holds the backups of another database, or of this one before it was restored.",
                "Name another folder.",
            )

    def chain(self, base: Base) -> Chain:
        """What can be replayed on a base, by the names of the files alone."""
        here, edge = self.segments(), self.edge()
        files: list[Path] = []
        number = base.first
        while True:
            name = base.segment_name(number)
            beside = base.data / "pg_wal" / name
            path = here.get(name) or (beside if beside.exists() else None)
            if path is None:
                break
            files.append(path)
            number += 1
            if path.suffix == PARTIAL:
                break
        went_on = any(later >= base.segment_name(number) for later in here if later[:8] == name[:8])
        if edge and edge.said["timeline"] == base.said["timeline"]:
            went_on |= edge.lsn > number * base.segment_bytes
        return Chain(base, tuple(files), base.segment_name(number) if went_on else "", edge)

    @contextmanager
    def alone(self) -> Iterator[None]:
        """Two that copy at once take turns."""
        self.make()
        with (self.root / "lock").open("w") as held:
            fcntl.flock(held, fcntl.LOCK_EX)
            yield


def take(place: Place, url: str, keys: Sequence[SigningKey]) -> Base:
    """Copy the whole database while it works, seal the copy, and drop the log that no copy needs any more."""
    if not keys:
        raise signing.NoKey
    server = Server.at(url)
    programs = programs_for(server.major)
    with place.alone():
        place.refuse_another(server)
        for left in (place.root / "bases").glob(f"{UNFINISHED}*"):
            shutil.rmtree(left)
        half = Path(tempfile.mkdtemp(prefix=UNFINISHED, dir=place.root / "bases"))
        words = ["-D", str(half / "data"), "-X", "stream", "-c", "fast", "--manifest-checksums=SHA256", "--no-password"]
        done = run(programs / "pg_basebackup", *words, url=url)
        if done.returncode:
            shutil.rmtree(half)
            raise ServerRefuses(
                f"The copy failed: {said(done)}",
                "See that the folder has room, and that pg_hba.conf lets this account in for `replication`.",
            )
        with psycopg.connect(url) as asked:
            row = asked.execute("SELECT clock_timestamp()").fetchone()
        assert row is not None
        until = row[0].astimezone(UTC)
        manifest = half / "data" / "backup_manifest"
        (log,) = json.loads(manifest.read_text())["WAL-Ranges"]
        seal(
            half / "note",
            {
                "what": "base",
                "until": until.isoformat(),
                "system": server.system,
                "timeline": server.timeline,
                "start": log["Start-LSN"],
                "segment_bytes": server.segment_bytes,
                "postgres": server.major,
                "database": server.database,
                "superuser": server.superuser,
                "manifest": sha256(manifest),
                "wal": {path.name: sha256(path) for path in _wal_of(half / "data")},
            },
            keys[0],
        )
        base = half.rename(place.root / "bases" / until.strftime(STAMP))
        _fsync_folder(base.parent)
        bases = place.bases()
        _drop_log_before(place, bases[0])
    return next(one for one in bases if one.folder == base)


def _drop_log_before(place: Place, oldest: Base) -> None:
    for name, path in place.segments().items():
        if name[:8] == oldest.segment_name(0)[:8] and name < oldest.segment_name(oldest.first):
            path.with_name(name + SEAL).unlink(missing_ok=True)
            path.unlink()


def refuse_damaged(chain: Chain) -> set[str]:
    """Go through every byte of a base and its log; says which keys sealed them."""
    base = chain.base
    manifest = base.data / "backup_manifest"
    if not manifest.exists() or sha256(manifest) != base.said["manifest"]:
        raise Damaged(manifest, "the list of files is not the one that was written")
    done = run(programs_for(base.said["postgres"]) / "pg_verifybackup", "-n", "-e", str(base.data))
    if done.returncode:
        raise Damaged(base.data, f"pg_verifybackup says: {said(done)}")
    came_with_it = {path.name: path for path in _wal_of(base.data)}
    for name, wanted in base.said["wal"].items():
        if name not in came_with_it or sha256(came_with_it[name]) != wanted:
            raise Damaged(base.data / "pg_wal" / name, "it is not what was written, or it is gone")
    signers = {str(base.said["key"])}
    edge = chain.edge
    edge_number, offset = divmod(edge.lsn, base.segment_bytes) if edge else (-1, 0)
    for number, file in enumerate(chain.files, start=base.first):
        if file.stat().st_size != base.segment_bytes:
            raise Damaged(file, f"it has {file.stat().st_size:,} bytes instead of {base.segment_bytes:,}")
        if edge and number == edge_number:
            signers.add(str(edge.said["key"]))
            if sha256(file, offset) != edge.said["sha256"]:
                raise Damaged(file, f"its first {offset:,} bytes are not what was written")
        if file.parent != base.data / "pg_wal" and file.suffix != PARTIAL:
            signers |= _sealed_by(file, must_be=number < edge_number)
    return signers


def _sealed_by(file: Path, *, must_be: bool) -> set[str]:
    """Only what came after the edge was signed may lie here without a seal."""
    sealed = file.with_name(file.name + SEAL)
    if not sealed.exists():
        if must_be:
            raise Damaged(sealed, "the seal of this piece of the log is gone")
        return set()
    found = unsealed(sealed)
    if (found["segment"], found["sha256"]) != (file.name, sha256(file)):
        raise Damaged(file, "it is not what was written")
    return {str(found["key"])}


def seal(file: Path, content: dict[str, Any], key: SigningKey) -> None:
    """Write a signed note, whole or not at all, and come back when it lies on the disk."""
    text = json.dumps({**content, "key": str(key.public)}) + "\n"
    half = file.with_name(f"{file.name}.new")
    with half.open("w") as written:
        written.write(f"{text}\n{key.signature(text)}")
        written.flush()
        os.fsync(written.fileno())
    half.rename(file)
    _fsync_folder(file.parent)


def unsealed(file: Path) -> dict[str, Any]:
    """What a note says, if the key that it names has signed it. Whose key that is, the ledger must say."""
    try:
        note = Note.read(file.read_text())
        content: dict[str, Any] = json.loads(note.text)
        is_signed = PublicKey.read(content["key"]).has_signed(note)
    except (Unreadable, ValueError, KeyError, TypeError) as error:
        raise Damaged(file, "it cannot be read") from error
    if not is_signed:
        raise Damaged(file, "its signature does not fit")
    return content


def programs_for(major: int) -> Path:
    """The folder of PostgreSQL's programs, which must be of the very version that made the data."""
    folder = postgres.programs()
    done = run(folder / "postgres", "--version")
    ours = done.stdout.split()[2].split(".")[0] if not done.returncode else "?"
    if ours != str(major):
        raise Refused(
            f"The database is of PostgreSQL {major}, the programs here are of {ours}.",
            f"Set BIHUAN_PG_BIN to the folder of PostgreSQL {major}'s programs.",
        )
    return folder


def run(program: Path, *words: str, url: str = "") -> subprocess.CompletedProcess[str]:
    return subprocess.run(  # noqa: S603 - our own words, no shell
        command(program, *words, url=url), env=environment(url), capture_output=True, text=True, check=False
    )


def command(program: Path, *words: str, url: str = "", name: str = COPIER) -> list[str]:
    """No password stands in a command line, where everybody on the machine could read it."""
    if not url:
        return [str(program), *words]
    parts = {key: str(value) for key, value in conninfo_to_dict(url).items() if key != "password"}
    return [str(program), "-d", make_conninfo(**{**parts, "application_name": name}), *words]


def environment(url: str = "") -> dict[str, str]:
    password = conninfo_to_dict(url).get("password") if url else None
    return {**os.environ, "LC_ALL": "C.UTF-8", "TZ": "UTC", **({"PGPASSWORD": str(password)} if password else {})}


def said(done: subprocess.CompletedProcess[str]) -> str:
    return " ".join((done.stderr or done.stdout).split())[:600] or f"exit code {done.returncode}"


def sha256(file: Path, length: int | None = None) -> str:
    """Of a file, or of its first `length` bytes."""
    found = hashlib.sha256()
    left = file.stat().st_size if length is None else length
    with file.open("rb") as read:
        while left and (piece := read.read(min(left, 1 << 20))):
            found.update(piece)
            left -= len(piece)
    return found.hexdigest()


def lsn(text: str) -> int:
    high, _, low = text.partition("/")
    return int(high, 16) << 32 | int(low, 16)


def segment_number(text: str, segment_bytes: int) -> int:
    return lsn(text) // segment_bytes


def segment_name(timeline: int, number: int, segment_bytes: int) -> str:
    a_log = (1 << 32) // segment_bytes
    return f"{timeline:08X}{number // a_log:08X}{number % a_log:08X}"


def _is_segment(path: Path) -> bool:
    return bool(SEGMENT.fullmatch(path.name.removesuffix(PARTIAL)))


def _wal_of(data: Path) -> list[Path]:
    return sorted(path for path in (data / "pg_wal").iterdir() if SEGMENT.fullmatch(path.name))


def _last_commit(file: Path) -> datetime | None:
    """When the last transaction in a segment was committed. pg_waldump wants a segment to have its own name."""
    with tempfile.TemporaryDirectory() as folder:
        named = Path(folder) / file.name[:24]
        named.symlink_to(file.absolute())
        done = run(postgres.programs() / "pg_waldump", "--rmgr=Transaction", str(named))
    found = COMMIT.findall(done.stdout)
    return datetime.fromisoformat(found[-1]).replace(tzinfo=UTC) if found else None


def _fsync_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
