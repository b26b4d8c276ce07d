"""Animated WebP, frame by frame (RFC 9649, section 2.7.1). Pillow compresses; its own writer keeps all frames."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from io import BytesIO
from struct import pack, unpack
from typing import BinaryIO

import numpy as np
from numpy.typing import NDArray

from hitzoo.sampling.picture_file import exif_of
from hitzoo.sampling.pictures import to_picture

_ANIMATION, _EXIF, _ALPHA = 0x02, 0x08, 0x10
_OVERWRITE = 0x02  # the frame replaces what was there
_PIXELS = (b"ALPH", b"VP8 ", b"VP8L")


class WebpFilm:
    """Writes an animated WebP that plays for ever."""

    def __init__(
        self,
        file: BinaryIO,
        *,
        width: int,
        height: int,
        fps: int,
        alpha: bool,
        quality: int,
        facts: Mapping[str, str],
    ) -> None:
        self._file, self._fps, self._quality, self._facts = file, fps, quality, facts
        self._size, self._done = _three(width - 1) + _three(height - 1), 0
        flags = _ANIMATION | _EXIF | (_ALPHA if alpha else 0)
        file.write(b"RIFF\x00\x00\x00\x00WEBP")
        file.write(_chunk(b"VP8X", pack("<I", flags) + self._size))
        file.write(_chunk(b"ANIM", b"\xff\xff\xff\xff\x00\x00"))

    def add(self, pixels: NDArray[np.uint8]) -> None:
        """Write the next frame (H, W, 1|3|4)."""
        ends = [round(1000 * place / self._fps) for place in (self._done, self._done + 1)]
        self._done += 1
        alone = BytesIO()
        picture = to_picture(pixels)
        picture.save(alone, format="WEBP", quality=self._quality)
        data = b"".join(_chunk(kind, content) for kind, content in _chunks(alone.getvalue()) if kind in _PIXELS)
        head = _three(0) + _three(0) + self._size + _three(ends[1] - ends[0]) + bytes([_OVERWRITE])
        self._file.write(_chunk(b"ANMF", head + data))

    def finish(self) -> None:
        """Write the end, and the file's length at its beginning."""
        self._file.write(_chunk(b"EXIF", exif_of(self._facts).tobytes()))
        length = self._file.tell()
        self._file.seek(4)
        self._file.write(pack("<I", length - 8))
        self._file.seek(length)


def _three(number: int) -> bytes:
    return pack("<I", number)[:3]


def _chunk(kind: bytes, data: bytes) -> bytes:
    return kind + pack("<I", len(data)) + data + b"\x00" * (len(data) % 2)


def _chunks(webp: bytes) -> Iterator[tuple[bytes, bytes]]:
    place = 12
    while place < len(webp):
        kind, (length,) = webp[place : place + 4], unpack("<I", webp[place + 4 : place + 8])
        yield kind, webp[place + 8 : place + 8 + length]
        place += 8 + length + length % 2
