"""Stripping a PNG file of texts and colour profiles, which may be too large to unpack.

PNG specification (third edition), section 5: after the signature come chunks of a length (4 bytes, highest first), a
kind (4), the data, and a checksum (4).
"""

from __future__ import annotations

from collections.abc import Iterator
from io import BytesIO
from pathlib import Path
from typing import IO

_SIGNATURE = b"\x89PNG\r\n\x1a\n"
_NOTES = (b"tEXt", b"zTXt", b"iTXt", b"iCCP")
_AROUND = 12  # bytes of a chunk beside its data


def without_notes(source: Path | IO[bytes]) -> BytesIO | None:
    """Return the file without those chunks; None if it is not a PNG or has none of them."""
    content = source.read_bytes() if isinstance(source, Path) else _from_the_start(source)
    if not content.startswith(_SIGNATURE):
        return None
    kept = b"".join([_SIGNATURE, *_kept(content)])
    return BytesIO(kept) if len(kept) < len(content) else None


def _from_the_start(stream: IO[bytes]) -> bytes:
    stream.seek(0)
    return stream.read()


def _kept(content: bytes) -> Iterator[bytes]:
    place = len(_SIGNATURE)
    while place < len(content):
        length = int.from_bytes(content[place : place + 4], "big")
        end = place + _AROUND + length
        if content[place + 4 : place + 8] not in _NOTES:
            yield content[place:end]
        place = end
