"""APNG, frame by frame (PNG third edition, W3C 2025, section 11.3.4). Pillow compresses; its own writer keeps all."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from io import BytesIO
from struct import pack, unpack
from typing import BinaryIO
from zlib import crc32

import numpy as np
from numpy.typing import NDArray

from hitzoo.sampling.picture_file import text_chunks
from hitzoo.sampling.pictures import to_picture

_SIGNATURE = b"\x89PNG\r\n\x1a\n"


class ApngFilm:
    """Writes an APNG that plays for ever, without loss; what cannot play it shows its first frame."""

    def __init__(
        self, file: BinaryIO, *, width: int, height: int, fps: int, frames: int, facts: Mapping[str, str]
    ) -> None:
        self._file, self._facts, self._frames = file, facts, frames
        self._size, self._fps = (width, height), fps
        self._number = 0  # of the next chunk of the animation

    def add(self, pixels: NDArray[np.uint8]) -> None:
        """Write the next frame (H, W, 1|3|4)."""
        first, alone = self._number == 0, BytesIO()
        to_picture(pixels).save(alone, format="PNG", pnginfo=text_chunks(self._facts) if first else None)
        if first:
            self._file.write(_SIGNATURE)
        for kind, data in _chunks(alone.getvalue()):
            if kind == b"IDAT":
                self._control()
                self._data(data, first=first)
            elif first and kind != b"IEND":
                self._file.write(_chunk(kind, data))
                if kind == b"IHDR":
                    self._file.write(_chunk(b"acTL", pack(">II", self._frames, 0)))

    def finish(self) -> None:
        """Write the end."""
        self._file.write(_chunk(b"IEND", b""))

    def _control(self) -> None:
        control = pack(">IIIIIHHBB", self._number, *self._size, 0, 0, 1, self._fps, 0, 0)
        self._file.write(_chunk(b"fcTL", control))
        self._number += 1

    def _data(self, data: bytes, *, first: bool) -> None:
        if first:
            self._file.write(_chunk(b"IDAT", data))
            return
        self._file.write(_chunk(b"fdAT", pack(">I", self._number) + data))
        self._number += 1


def _chunks(png: bytes) -> Iterator[tuple[bytes, bytes]]:
    """The chunks of a PNG; those of its pixels, of which there may be many, as one."""
    place, pixels = len(_SIGNATURE), b""
    while place < len(png):
        (length,), kind = unpack(">I", png[place : place + 4]), png[place + 4 : place + 8]
        data = png[place + 8 : place + 8 + length]
        place += 12 + length
        if kind == b"IDAT":
            pixels += data
            continue
        if pixels:
            yield b"IDAT", pixels
            pixels = b""
        yield kind, data


def _chunk(kind: bytes, data: bytes) -> bytes:
    return pack(">I", len(data)) + kind + data + pack(">I", crc32(kind + data))
