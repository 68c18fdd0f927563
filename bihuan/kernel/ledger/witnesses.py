"""Witness files: every checkpoint as it was signed, appended where the database's owner cannot take it back.

Before a note stand lines of tags, the first six bytes of the hash of each leaf since the note before. They prove
nothing, the root does; they tell which of the facts under a broken root was the first to change. A file without them,
or with a few notes only, is a witness too.

    leaves 1200 q83vASNFZ4mr…
    ledger-8f21c09b
    1234
    …
"""

import os
from base64 import b64encode
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from bihuan.kernel.ledger.notes import SIGNATURE_PREFIX, Checkpoint, Note, Unreadable, decoded

TAG_BYTES = 6
TAGS_A_LINE = 1000
TAGS = "leaves "
CUT_SHORT = "cut short"  # stands behind a piece whose writer died; the piece is written again after it
WINDOW_BYTES = 4096


@dataclass(frozen=True, slots=True)
class Entry:
    """A checkpoint in a witness file and the tags before it, `tags` for the leaves from `start` on."""

    line: int
    note: Note
    checkpoint: Checkpoint
    start: int
    tags: bytes

    def tag(self, index: int) -> bytes:
        """The tag of a leaf, empty where this entry has none."""
        place = (index - self.start) * TAG_BYTES
        return self.tags[place : place + TAG_BYTES] if place >= 0 else b""


def tag_of(leaf: bytes) -> bytes:
    return leaf[:TAG_BYTES]


def written(start: int, leaves: Sequence[bytes], note: str) -> str:
    """A note and the tags of the leaves from `start` on as they are appended to a witness."""
    lines = []
    for first in range(0, len(leaves), TAGS_A_LINE):
        tags = b"".join(map(tag_of, leaves[first : first + TAGS_A_LINE]))
        lines.append(f"{TAGS}{start + first} {b64encode(tags).decode()}\n")
    return f"{''.join(lines)}{note}\n"


def append(witness: Path, text: str) -> None:
    """Add to a witness, and come back when it lies on the disk."""
    handle = os.open(witness, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644)
    with os.fdopen(handle, "wb") as file:
        file.write(text.encode())
        file.flush()
        os.fsync(file.fileno())


def last(witness: Path) -> Note | None:
    """The newest note of a witness, or None where there is no file or no note. A piece cut short is marked as such."""
    try:
        size = witness.stat().st_size
    except FileNotFoundError:
        return None
    with witness.open("rb") as file:
        if size and not _is_whole(end := _from(file, max(0, size - WINDOW_BYTES)).decode(errors="replace")):
            append(witness, f"{'' if end.endswith('\n') else '\n'}{CUT_SHORT}\n\n")
        window = WINDOW_BYTES
        while True:
            start = max(0, size - window)
            found = _last_in(_from(file, start).decode(errors="replace"), whole=start == 0)
            if found or start == 0:
                return Note.read(found) if found else None
            window *= 16


def entries(witness: Path, until: int | None = None) -> Iterator[Entry]:
    """The entries of a witness in their order, one in memory at a time; with `until`, of its first so many bytes.

    An end that is not a whole note yet says nothing. Anything else that is no note is Unreadable.
    """
    reading = _Reading()
    left = witness.stat().st_size if until is None else until
    with witness.open("rb") as file:
        for number, raw in enumerate(file, start=1):
            left -= len(raw)
            if left < 0 or not raw.endswith(b"\n"):
                break
            try:
                entry = reading.line(number, raw.decode(errors="replace")[:-1])
            except ValueError as error:
                raise Unreadable(f"line {number} is no part of a witness") from error
            if entry:
                yield entry
    if entry := reading.end():
        yield entry


class _Reading:
    """What was read of the entry that is being read."""

    def __init__(self) -> None:
        self._begin()

    def _begin(self) -> None:
        self.tags: list[str] = []
        self.text: list[str] = []
        self.signatures: list[str] = []
        self.first_line = 0
        self.is_signed = False

    def line(self, number: int, line: str) -> Entry | None:
        if line == CUT_SHORT:
            self._begin()
        elif not line:
            if self.signatures:
                return self.end()
            self.is_signed = bool(self.text)
        elif self.is_signed:
            self.signatures.append(line)
        elif line.startswith(TAGS) and not self.text:
            self.tags.append(line)
        else:
            self.first_line = self.first_line or number
            self.text.append(line)
        return None

    def end(self) -> Entry | None:
        if not self.signatures:
            return None
        note = Note.read("\n".join([*self.text, "", *self.signatures, ""]))
        entry = Entry(self.first_line, note, Checkpoint.read(note.text), *_tags(self.tags))
        self._begin()
        return entry


def _tags(lines: Sequence[str]) -> tuple[int, bytes]:
    """Lines of tags as one: the first leaf, and the tags from it on."""
    start, tags = 0, bytearray()
    for line in lines:
        first, _, text = line.removeprefix(TAGS).partition(" ")
        start = start if tags else int(first)
        if int(first) != start + len(tags) // TAG_BYTES:
            raise Unreadable("The tags are not in order.")
        tags += decoded(text)
    return start, bytes(tags)


def _from(file: BinaryIO, offset: int) -> bytes:
    file.seek(offset)
    return file.read()


def _is_whole(end: str) -> bool:
    """Whether a witness ends with a whole entry, or with the mark of one cut short."""
    line = end.rstrip("\n").rpartition("\n")[2]
    return end.endswith("\n\n") and (line.startswith(SIGNATURE_PREFIX) or line == CUT_SHORT)


def _last_in(text: str, *, whole: bool) -> str | None:
    """The last whole note in the end of a witness."""
    blocks = text.split("\n\n")
    for place in range(len(blocks) - 1, 0, -1):
        signatures = blocks[place]
        if signatures.startswith(SIGNATURE_PREFIX) and not signatures.endswith(f"\n{CUT_SHORT}"):
            _, is_tagged, lines = blocks[place - 1].rpartition(f"\n{TAGS}")
            if is_tagged:
                lines = lines.partition("\n")[2]
            elif place == 1 and not whole:
                return None
            elif lines.startswith(TAGS):
                lines = lines.partition("\n")[2]
            return f"{lines}\n\n{signatures}\n"
    return None
