"""In what a text file was written. Nothing is guessed in silence: what was not certain is said."""

import codecs
import re
from collections.abc import Callable
from dataclasses import dataclass

from charset_normalizer import from_bytes

from .problems import FileProblem
from .sources import Source, head, opened

HEAD_BYTES = 1 << 18
CHUNK_BYTES = 1 << 16
MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
NAMES = {"utf-8-sig": "UTF-8", "utf-8": "UTF-8", "gb18030": "GB18030", "big5hkscs": "Big5"}
CHINESE = ("gb18030", "big5hkscs")
HIGH_RUN = re.compile(rb"[\x80-\xff]+")
HIGH = re.compile(rb"[\x80-\xff]")


@dataclass(frozen=True, slots=True)
class Encoding:
    """A codec, what people call it, and whether it is certain."""

    codec: str
    is_certain: bool = True

    @property
    def name(self) -> str:
        return NAMES.get(self.codec, self.codec.upper())


def encoding_of(source: Source, reads: Callable[[str], bool]) -> Encoding:
    """The encoding of a text. `reads` says whether a piece of text holds headers that we know."""
    start = head(source, HEAD_BYTES)
    for mark, codec in MARKS:
        if start.startswith(mark):
            return Encoding(codec)
    if codec := _wide(start[:4096]):
        return Encoding(codec)
    if _decodes(source, "utf-8"):
        return Encoding("utf-8")
    high = len(HIGH.findall(start))
    if high and len(HIGH.findall(start.decode("utf-8", "ignore").encode())) >= 0.9 * high:
        return Encoding("utf-8")
    if high and max(map(len, HIGH_RUN.findall(start))) == 1:
        return Encoding("cp1252", is_certain=False)
    return _chinese(source, start, reads)


def _wide(start: bytes) -> str:
    """UTF-16 without its mark: every other byte of ASCII characters is zero."""
    if len(start) < 8:
        return ""
    even, odd = start[0::2].count(0) / (len(start) / 2), start[1::2].count(0) / (len(start) / 2)
    if odd > 0.25 and even < 0.05:
        return "utf-16-le"
    return "utf-16-be" if even > 0.25 and odd < 0.05 else ""


def _decodes(source: Source, codec: str) -> bool:
    decoder = codecs.getincrementaldecoder(codec)()
    with opened(source) as file:
        try:
            while chunk := file.read(CHUNK_BYTES):
                decoder.decode(chunk)
            decoder.decode(b"", final=True)
        except UnicodeDecodeError:
            return False
    return True


def _chinese(source: Source, start: bytes, reads: Callable[[str], bool]) -> Encoding:
    whole = [codec for codec in CHINESE if _decodes(source, codec)]
    fitting = [codec for codec in whole or CHINESE if reads(start.decode(codec, "replace"))]
    likely = _likeliest(start)
    if len(fitting) == 1:
        return Encoding(fitting[0])
    if fitting or whole:
        choice = likely if likely in (fitting or whole) else (fitting or whole)[0]
        return Encoding(choice, is_certain=len(whole) == 1 or choice == likely)
    if not likely:
        raise FileProblem("file_unreadable")
    return Encoding(likely, is_certain=False)


def _likeliest(start: bytes) -> str:
    best = from_bytes(start[:65_536]).best()
    if best is None:
        return ""
    if best.encoding in ("big5", "cp950", "big5hkscs"):
        return "big5hkscs"
    return "gb18030" if best.encoding in ("gb2312", "gbk", "gb18030", "hz") else best.encoding
