"""GIF, frame by frame (GIF89a, CompuServe 1990). Pillow compresses a frame; its own writer keeps all of them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from io import BytesIO
from struct import pack
from typing import BinaryIO

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from hitzoo.sampling.film.frame import opaque
from hitzoo.sampling.pictures import to_picture

_COLOURS = 256
_BLOCK = 255  # bytes of one piece of data
_HEADER = 13  # bytes before the table of colours


class GifFilm:
    """Writes a GIF that plays for ever; each frame has the 256 colours that suit it best."""

    def __init__(self, file: BinaryIO, *, width: int, height: int, fps: int, facts: Mapping[str, str]) -> None:
        self._file, self._fps, self._done = file, fps, 0
        file.write(b"GIF89a" + pack("<HHBBB", width, height, 0x70, 0, 0))  # 8 bits per colour, no table for all
        file.write(b"\x21\xff\x0bNETSCAPE2.0\x03\x01\x00\x00\x00")  # begins again without end
        file.write(b"\x21\xfe" + _pieces(json.dumps(dict(facts)).encode()))

    def add(self, pixels: NDArray[np.uint8]) -> None:
        """Write the next frame (H, W, 1|3|4); a GIF has whole hundredths of a second, whose sum is kept right."""
        ends = [round(100 * place / self._fps) for place in (self._done, self._done + 1)]
        self._done += 1
        picture = to_picture(opaque(pixels)).convert("RGB").quantize(_COLOURS, Image.Quantize.MEDIANCUT)
        alone = BytesIO()
        picture.save(alone, format="GIF", optimize=False, interlace=False)
        self._file.write(b"\x21\xf9\x04" + pack("<BHBB", 0x04, ends[1] - ends[0], 0, 0))
        self._file.write(_image_of(alone.getvalue()))

    def finish(self) -> None:
        """Write the end."""
        self._file.write(b"\x3b")


def _image_of(gif: bytes) -> bytes:
    """The image of a GIF of one frame, with the table of colours as its own."""
    flags = gif[10]
    size = 3 << ((flags & 7) + 1)
    table, rest = gif[_HEADER : _HEADER + size], _HEADER + size
    while gif[rest] == 0x21:  # extensions before the image
        rest += 2
        while gif[rest]:
            rest += gif[rest] + 1
        rest += 1
    descriptor = gif[rest : rest + 9] + bytes([0x80 | (flags & 7)])
    return descriptor + table + gif[rest + 10 :].removesuffix(b"\x3b")


def _pieces(data: bytes) -> bytes:
    parts = [data[start : start + _BLOCK] for start in range(0, len(data), _BLOCK)]
    return b"".join(bytes([len(part)]) + part for part in parts) + b"\x00"
