"""What a checkpoint says and how it is signed: C2SP's checkpoint in a signed note, Ed25519, keys in its text forms.

ledger-8f21c09b            the ledger's name
1234                       how many facts
qK0Wv…=                    the root over them (RFC 6962)
time 2022-06-20T02:00:00.000000Z
key ledger-8f21c09b+…      only where a key is first used
                           an empty line, then one signature, or two where a key takes over from another
— ledger-8f21c09b x08g…=
"""

import hashlib
import secrets
from base64 import b64decode, b64encode
from binascii import Error as NotBase64
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

ED25519 = b"\x01"  # the signature type in C2SP's key forms
SECRET_PREFIX = "PRIVATE+KEY+"  # noqa: S105 - the beginning of the form, not a key
SIGNATURE_PREFIX = "— "
ROOT_BYTES = 32
MOMENT = "%Y-%m-%dT%H:%M:%S.%fZ"


class Unreadable(ValueError):
    """This text is no note, no checkpoint or no key."""


@dataclass(frozen=True, slots=True)
class PublicKey:
    """Who signs: a name and an Ed25519 public key. `str()` is the form that is handed to auditors."""

    name: str
    raw: bytes

    @property
    def id(self) -> bytes:
        return hashlib.sha256(self.name.encode() + b"\n" + ED25519 + self.raw).digest()[:4]

    def __str__(self) -> str:
        return f"{self.name}+{self.id.hex()}+{_text(ED25519 + self.raw)}"

    @classmethod
    def read(cls, text: str) -> "PublicKey":
        name, raw = _parts(text)
        key = cls(name, raw)
        if str(key) != text:
            raise Unreadable("The key does not carry its own number.")
        return key

    def has_signed(self, note: "Note") -> bool:
        public = Ed25519PublicKey.from_public_bytes(self.raw)
        for name, key_id, signature in note.signatures:
            if (name, key_id) == (self.name, self.id):
                try:
                    public.verify(signature, note.text.encode())
                except InvalidSignature:
                    continue
                return True
        return False


@dataclass(frozen=True, slots=True)
class SigningKey:
    """What signs. `secret` is the form that is kept in a file or a variable; it is never printed by `repr`."""

    name: str
    seed: bytes

    def __repr__(self) -> str:
        return f"SigningKey({self.public})"

    @property
    def public(self) -> PublicKey:
        return PublicKey(self.name, self._private().public_key().public_bytes(Encoding.Raw, PublicFormat.Raw))

    @property
    def secret(self) -> str:
        return f"{SECRET_PREFIX}{self.name}+{self.public.id.hex()}+{_text(ED25519 + self.seed)}"

    @classmethod
    def new(cls, name: str | None = None) -> "SigningKey":
        """A key of a new ledger, or with `name` a further one of a ledger that has one."""
        return cls(name or f"ledger-{secrets.token_hex(4)}", secrets.token_bytes(32))

    @classmethod
    def read(cls, text: str) -> "SigningKey":
        if not text.startswith(SECRET_PREFIX):
            raise Unreadable("This is no signing key.")
        name, seed = _parts(text.removeprefix(SECRET_PREFIX))
        key = cls(name, seed)
        if key.secret != text:
            raise Unreadable("The key does not carry its own number.")
        return key

    def signature(self, text: str) -> str:
        signed = self._private().sign(text.encode())
        return f"{SIGNATURE_PREFIX}{self.name} {_text(self.public.id + signed)}\n"

    def _private(self) -> Ed25519PrivateKey:
        return Ed25519PrivateKey.from_private_bytes(self.seed)


@dataclass(frozen=True, slots=True)
class Note:
    """A signed text: the lines that are signed, and who signed them as (name, number of the key, signature)."""

    text: str
    signatures: tuple[tuple[str, bytes, bytes], ...]

    @classmethod
    def read(cls, written: str) -> "Note":
        text, separator, below = written.partition("\n\n")
        lines = below.splitlines()
        if not separator or not lines or not written.endswith("\n"):
            raise Unreadable("This is no signed note.")
        return cls(f"{text}\n", tuple(_signature(line) for line in lines))


@dataclass(frozen=True, slots=True, kw_only=True)
class Checkpoint:
    """What is signed: the ledger called `origin` had `size` facts with this root at this moment.

    `key` is the public key that is used from here on, and is there only where it is used for the first time.
    """

    origin: str
    size: int
    root: bytes
    at: datetime
    key: PublicKey | None = None

    def text(self) -> str:
        lines = [self.origin, str(self.size), _text(self.root), f"time {self.at.astimezone(UTC).strftime(MOMENT)}"]
        if self.key:
            lines.append(f"key {self.key}")
        return "".join(f"{line}\n" for line in lines)

    def signed(self, keys: Sequence[SigningKey]) -> str:
        text = self.text()
        return text + "\n" + "".join(key.signature(text) for key in keys)

    @classmethod
    def read(cls, text: str) -> "Checkpoint":
        """Of a note's text. What does not come out again as it was written is not read."""
        try:
            origin, size, root, moment, *rest = text.splitlines()
            key = PublicKey.read(rest[0].removeprefix("key ")) if rest else None
            at = datetime.strptime(moment.removeprefix("time "), MOMENT).replace(tzinfo=UTC)
            read = cls(origin=origin, size=int(size), root=decoded(root), at=at, key=key)
        except ValueError as error:
            raise Unreadable("This note is no checkpoint.") from error
        if read.text() != text or len(read.root) != ROOT_BYTES or read.size < 0:
            raise Unreadable("This note is no checkpoint.")
        return read


def _signature(line: str) -> tuple[str, bytes, bytes]:
    name, _, value = line.removeprefix(SIGNATURE_PREFIX).partition(" ")
    raw = decoded(value)
    if not line.startswith(SIGNATURE_PREFIX) or not name or len(raw) < 5:
        raise Unreadable("This is no line of a signature.")
    return name, raw[:4], raw[4:]


def _parts(text: str) -> tuple[str, bytes]:
    """Name and 32 bytes of NAME+NUMBER+KEY; the number is checked by whoever asks."""
    name, _number, key = (*text.split("+", 2), "", "")[:3]
    raw = decoded(key)
    if not name or len(raw) != 33 or raw[:1] != ED25519:
        raise Unreadable("This is no Ed25519 key.")
    return name, raw[1:]


def _text(raw: bytes) -> str:
    return b64encode(raw).decode()


def decoded(text: str) -> bytes:
    try:
        return b64decode(text, validate=True)
    except (NotBase64, ValueError) as error:
        raise Unreadable("This is not base64.") from error
