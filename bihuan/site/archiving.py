"""Keeps a place of backups up to date while `bihuan up` runs: every commit's log goes there at once. Decision 25.

A receiver (pg_receivewal) writes the log as it arises. On the embedded server commits wait for it: what is acknowledged
lies in both places. A place that does not answer holds the city's work up for PATIENCE_SECONDS, no longer: then it is
said loudly, work goes on, and the server keeps the log until the place is back. Nothing else here holds anything up.
"""

import logging
import os
import signal
import subprocess
import threading
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import psycopg

from bihuan.site import backups, postgres, signing
from bihuan.site.backups import PARTIAL, RECEIVER, SEAL, Place, Server

TURN_SECONDS = 0.5
SEAL_SECONDS = 5.0
PATIENCE_SECONDS = 10.0
RETRY_SECONDS = 5.0
FINISH_SECONDS_MAX = 3.0
STREAMS = """
SELECT clock_timestamp(), pg_current_wal_flush_lsn()::text,
       (SELECT flush_lsn::text FROM pg_stat_replication WHERE application_name = %s AND state = 'streaming' LIMIT 1),
       (SELECT count(*) FROM pg_stat_replication WHERE application_name = %s),
       current_setting('synchronous_standby_names')
"""
MAKE_SLOT = """
SELECT pg_create_physical_replication_slot(%s, true) WHERE NOT EXISTS (
  SELECT FROM pg_replication_slots WHERE slot_name = %s)
"""
DROP_LOST_SLOT = """
SELECT pg_drop_replication_slot(slot_name) FROM pg_replication_slots
WHERE slot_name = %s AND wal_status = 'lost' AND NOT active
"""

logger = logging.getLogger(__name__)


def main() -> None:
    """What the supervisor runs beside web and worker."""
    place = backups.chosen_place()
    if place is None:
        raise backups.NoPlace
    stopping = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stopping.set())
    home = postgres.default_home()
    given = os.environ.get("BIHUAN_DATABASE_URL")
    keep_archiving(Place(place), given or postgres.url(home), home, stopping, is_ours=not given)


@dataclass(frozen=True)
class Seen:
    """Where the server's log ended at a moment: everything committed before lies before it."""

    moment: datetime
    lsn: str


class Stream:
    """The receiver, what it has reached, and whether commits wait for it."""

    def __init__(self, place: Place, url: str, *, is_ours: bool) -> None:
        self.place, self.url, self.is_ours = place, url, is_ours
        self.reached: Seen | None = None
        self.server: Server | None = None
        self._expected: Seen | None = None
        self.reached_at = float("-inf")
        self._connection: psycopg.Connection | None = None
        self._receiver: subprocess.Popen[bytes] | None = None

    def turn(self) -> None:
        """Look where the receiver is; begin it where there is none; let commits wait for it while it keeps up."""
        if self._connection is None:
            self.server = Server.at(self.url)
            self._connection = psycopg.connect(self.url, autocommit=True)
        asked = self._connection.execute(STREAMS, [RECEIVER, RECEIVER]).fetchone()
        assert asked is not None
        moment, here, received, receivers, waits = asked
        if self._expected and received and backups.lsn(received) >= backups.lsn(self._expected.lsn):
            self.reached, self.reached_at = self._expected, time.monotonic()
        self._expected = Seen(moment.astimezone(UTC), here)
        keeps_up = time.monotonic() - self.reached_at < PATIENCE_SECONDS
        if self.is_ours and keeps_up != bool(waits):
            self._let_wait(keeps_up)
        if not receivers:  # only now: whatever is wrong with the place, nobody waits for it longer than that
            self._receive()

    def _let_wait(self, waits: bool) -> None:
        assert self._connection is not None
        if waits:
            self._connection.execute(f"ALTER SYSTEM SET synchronous_standby_names = '{RECEIVER}'")
        else:
            logger.error(
                "%s does not keep up: what is recorded now lies on this machine only, until it does.", self.place.root
            )
            self._connection.execute("ALTER SYSTEM RESET synchronous_standby_names")
        self._connection.execute("SELECT pg_reload_conf()")

    def _receive(self) -> None:
        if self._receiver:
            if self._receiver.poll() is None:
                return
            words = self._receiver.communicate()[1].decode(errors="replace").split()
            self._receiver = None
            raise backups.ServerRefuses(
                f"pg_receivewal ended: {' '.join(words)[:600]}",
                "Where it says that a segment has been removed, the place was away too long: name an empty folder.",
            )
        assert self._connection
        assert self.server
        self.place.make()
        self.place.refuse_another(self.server)
        for file in self.place.wal.glob(f"*{PARTIAL}"):
            if file.stat().st_size not in (0, self.server.segment_bytes):
                file.unlink()  # its writer died while it made room; nothing of the log is in it
        self._connection.execute(DROP_LOST_SLOT, [RECEIVER])
        self._connection.execute(MAKE_SLOT, [RECEIVER, RECEIVER])
        program = backups.programs_for(self.server.major) / "pg_receivewal"
        words = ["-D", str(self.place.wal), "--synchronous", "--slot", RECEIVER, "--no-loop", "--no-password"]
        # A group of its own, like the supervisor's children: ctrl-C must not end it before the last commit is there.
        self._receiver = subprocess.Popen(  # noqa: S603 - our own words, no shell
            backups.command(program, *words, url=self.url, name=RECEIVER),
            env=backups.environment(self.url),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            process_group=0,
        )

    def close(self) -> None:
        if self._connection:
            self._connection.close()
        self._connection = None

    def end(self) -> None:
        """Nobody waits for a receiver that is gone."""
        try:
            if self.is_ours:
                if self._connection is None:
                    self._connection = psycopg.connect(self.url, autocommit=True)
                self._connection.execute("ALTER SYSTEM RESET synchronous_standby_names")
                self._connection.execute("SELECT pg_reload_conf()")
        except psycopg.Error:
            logger.exception(
                "The server did not hear that nobody receives its log any more; its next start forgets it."
            )
        self.close()
        if self._receiver:
            self._receiver.send_signal(signal.SIGINT)
            self._receiver.communicate()


def keep_archiving(place: Place, url: str, home: Path, stopping: threading.Event, *, is_ours: bool) -> None:
    """Receive and seal until told to stop. What goes wrong is said once, and tried again."""
    stream = Stream(place, url, is_ours=is_ours)
    sealing = threading.Thread(target=_keep_sealing, args=(stream, home, stopping))
    sealing.start()
    said = ""
    while not stopping.wait(TURN_SECONDS):
        try:
            stream.turn()
            said = ""
        except Exception as error:
            stream.close()
            if str(error) != said:
                said = str(error)
                logger.error("The log does not reach %s; trying again. %s", place.root, error)
            stopping.wait(RETRY_SECONDS)
    sealing.join()
    _finish(stream, home)


def _finish(stream: Stream, home: Path) -> None:
    """Web and worker have ended: let the last of what they did arrive, and seal it."""
    try:
        before = time.monotonic()
        stream.turn()
        while stream.reached_at <= before and time.monotonic() - before < FINISH_SECONDS_MAX:
            time.sleep(0.1)
            stream.turn()
        seal_now(stream, home)
    except Exception as error:
        logger.error("The last of the log did not reach %s; the next start sends it. %s", stream.place.root, error)
    stream.end()


def _keep_sealing(stream: Stream, home: Path, stopping: threading.Event) -> None:
    said = ""
    while not stopping.wait(SEAL_SECONDS):
        try:
            seal_now(stream, home)
            said = ""
        except Exception as error:
            if str(error) != said:
                said = str(error)
                logger.error("The backup in %s could not be sealed; trying again. %s", stream.place.root, error)


def seal_now(stream: Stream, home: Path) -> None:
    """Sign every piece of the log that has become complete, and how far the last one is; make the first copy."""
    place, reached, server = stream.place, stream.reached, stream.server
    if reached is None or server is None:
        return
    keys = signing.held_keys(home)
    if not keys:
        raise signing.NoKey
    for file in place.complete():
        sealed = file.with_name(file.name + SEAL)
        if not sealed.exists():
            content = {"what": "log", "segment": file.name, "sha256": backups.sha256(file)}
            backups.seal(sealed, {**content, "system": server.system}, keys[0])
    number, offset = divmod(backups.lsn(reached.lsn), server.segment_bytes)
    name = backups.segment_name(server.timeline, number, server.segment_bytes)
    file = place.segments().get(name, Path(os.devnull))
    try:
        until_there = backups.sha256(file, offset)
    except FileNotFoundError:
        return  # it became complete at this very moment
    backups.seal(
        place.wal / "edge",
        {
            "what": "edge",
            "system": server.system,
            "timeline": server.timeline,
            "lsn": reached.lsn,
            "until": reached.moment.isoformat(),
            "sha256": until_there,
        },
        keys[0],
    )
    if not place.bases():
        backups.take(place, stream.url, keys)
