"""Where a file comes from: its bytes, or a path to them. Whoever reads opens it anew and reads from the start."""

import io
from pathlib import Path
from typing import BinaryIO

type Source = bytes | Path


def opened(source: Source) -> BinaryIO:
    return io.BytesIO(source) if isinstance(source, bytes) else source.open("rb")


def head(source: Source, size: int) -> bytes:
    with opened(source) as file:
        return file.read(size)
