"""Signing what was committed: the keys this machine holds, where its witnesses lie, and the worker's thread that signs.

Signing never holds up the city's work: what keeps it from being done is said in the log, and shows in `bihuan verify`.
"""

import logging
import os
import threading
from pathlib import Path

from bihuan.kernel.ledger import SigningKey, publish, sign
from bihuan.kernel.refusals import Refused

EVERY_SECONDS = 15.0
KEY, NEXT_KEY, WITNESS = "signing-key", "signing-key.next", "witness.txt"

logger = logging.getLogger(__name__)


class NoKey(Refused):
    def __init__(self) -> None:
        super().__init__(
            "This machine holds no signing key, so no checkpoint is signed here.",
            "Run `bihuan migrate`, or give it the ledger's key in BIHUAN_SIGNING_KEY.",
        )


class NothingSigned(Refused):
    def __init__(self) -> None:
        super().__init__(
            "Nothing has been signed yet, so there is no key to take over from.",
            "Delete the key and run `bihuan migrate`: nobody knows it yet.",
        )


def make_key(home: Path) -> None:
    """Make this installation's signing key once, unless one is given; nobody else can read it."""
    if not held_keys(home):
        keep(home / KEY, SigningKey.new())


def keep(file: Path, key: SigningKey) -> None:
    """Two that come at once agree on the first."""
    try:
        handle = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return
    with os.fdopen(handle, "w") as kept:
        kept.write(key.secret)
        kept.flush()
        os.fsync(kept.fileno())


def held_keys(home: Path) -> list[SigningKey]:
    """The keys that this machine may sign with; which one goes on, the ledger knows."""
    texts = [os.environ.get("BIHUAN_SIGNING_KEY", "")]
    texts += [(home / name).read_text() for name in (KEY, NEXT_KEY) if (home / name).exists()]
    return [SigningKey.read(text.strip()) for text in texts if text.strip()]


def next_key(home: Path, signs_now: str) -> SigningKey:
    """The key that is to take over, on the disk before it is signed for: no ledger may wait for one that nobody kept.

    One that has taken over already, before somebody pulled the plug, gets its place first.
    """
    file = home / NEXT_KEY
    if file.exists() and str(SigningKey.read(file.read_text()).public) == signs_now:
        file.replace(home / KEY)
    keep(file, SigningKey.new(signs_now.partition("+")[0]))
    return SigningKey.read(file.read_text())


def adopt_next_key(home: Path) -> None:
    (home / NEXT_KEY).replace(home / KEY)


def witnesses(home: Path) -> list[Path]:
    """The first lies beside the key, one in the place of backups; BIHUAN_WITNESSES names others, on other mounts."""
    named = os.environ.get("BIHUAN_WITNESSES", "").split(":")
    backups = os.environ.get("BIHUAN_BACKUPS")
    return [home / WITNESS, *([Path(backups) / WITNESS] if backups else []), *(Path(name) for name in named if name)]


def keep_signing(home: Path, stopping: threading.Event) -> None:
    """Sign and publish until told to stop. What goes wrong is said once, and tried again."""
    from django.db import connections

    from bihuan.kernel import clock
    from bihuan.site.edge import city_now

    said = ""
    while not stopping.is_set():
        try:
            with clock.given(city_now()):
                sign_now(home)
            said = ""
        except Exception as error:
            if str(error) != said:
                said = str(error)
                logger.exception("What was recorded could not be signed or handed to a witness; trying again.")
            connections.close_all()
        stopping.wait(EVERY_SECONDS)
    connections.close_all()


def sign_now(home: Path) -> int:
    """Sign what is new and bring every witness up to date; says how many checkpoints that made."""
    keys = held_keys(home)
    if not keys:
        raise NoKey
    made = sign(keys, witnesses(home))
    failed: list[OSError] = []
    for witness in witnesses(home):
        try:
            publish(witness)
        except OSError as error:
            failed.append(error)
    if failed:
        raise failed[0]
    return made
