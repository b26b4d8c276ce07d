"""Pictures of every format that is read, small, and damaged in a way that follows from a number."""

from __future__ import annotations

import struct
import zlib
from functools import lru_cache
from io import BytesIO

import numpy as np
from PIL import Image

from hitzoo.data.formats import formats

_MODES = {
    "PNG": ["RGB", "RGBA", "P", "LA", "L", "1", "I;16", "P+"],
    "JPEG": ["RGB", "L", "CMYK"],
    "WEBP": ["RGB", "RGBA"],
    "GIF": ["P", "P+", "L"],
    "BMP": ["RGB", "P", "L", "1"],
    "TIFF": ["RGB", "RGBA", "P", "LAB", "CMYK", "I;16", "F", "1", "YCbCr"],
    "AVIF": ["RGB", "RGBA"],
}
KINDS = [(kind, mode) for kind in formats() if kind in _MODES for mode in _MODES[kind]]


@lru_cache(maxsize=64)
def whole_picture(kind: str, mode: str) -> bytes:
    """A picture of 12×9 pixels, of noise; `P+` has a transparent colour."""
    noise = Image.fromarray(np.random.default_rng(len(kind + mode)).integers(0, 256, (9, 12, 3), np.uint8))
    if mode == "LAB":
        image = Image.frombytes("LAB", noise.size, noise.tobytes())
    elif mode in ("I;16", "F"):
        image = Image.fromarray(np.asarray(noise.convert("L")).astype(np.uint16 if mode == "I;16" else np.float32))
    else:
        image = noise.convert(mode.removesuffix("+"))
    options: dict[str, object] = {"transparency": 3} if mode.endswith("+") else {}
    if kind == "TIFF" and mode in ("RGB", "CMYK"):
        options["compression"] = "tiff_lzw"
    stream = BytesIO()
    image.save(stream, kind, **options)
    return stream.getvalue()


def damaged_picture(number: int) -> tuple[str, bytes]:
    """Format and content of damaged picture `number`: bytes changed, a cut, a hole, or bytes put in.

    Every second PNG has wrong contents under right checksums instead, which are not found out by these.
    """
    kind, mode = KINDS[number % len(KINDS)]
    random = np.random.default_rng(number)
    if kind == "PNG" and number % 2:
        return kind, _other_chunks(whole_picture(kind, mode), random)
    content = bytearray(whole_picture(kind, mode))
    for _ in range(int(random.integers(1, 4))):
        place = int(random.integers(len(content)))
        match int(random.integers(5)):
            case 0 | 1:
                content[place] ^= 1 << int(random.integers(8))
            case 2:
                content[place] = int(random.integers(256))
            case 3:
                del content[place : place + int(random.integers(1, 1 + len(content) // 2))]
            case _:
                content[place:place] = random.bytes(int(random.integers(1, 9)))
        if not content:
            break
    return kind, bytes(content)


def png_chunk(kind: bytes, data: bytes) -> bytes:
    """One chunk of a PNG file, with its checksum."""
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def _other_chunks(content: bytes, random: np.random.Generator) -> bytes:
    """A PNG file with a byte of a chunk before its pixels changed, or a chunk more, less or longer."""
    chunks, place = list[tuple[bytes, bytes]](), 8
    while place < len(content):
        length = int.from_bytes(content[place : place + 4], "big")
        chunks.append((content[place + 4 : place + 8], content[place + 8 : place + 8 + length]))
        place += length + 12
    pixels = next(index for index, (kind, _) in enumerate(chunks) if kind == b"IDAT")
    for _ in range(int(random.integers(1, 3))):
        index = int(random.integers(pixels))
        kind, data = chunks[index]
        changed = bytearray(data)
        match int(random.integers(4)):
            case 0 if kind == b"IHDR":
                changed[int(random.integers(8, 13))] = int(random.integers(17))  # depth, colours, filter, interlacing
            case 0 | 1 if changed:
                place = 7 if kind == b"IHDR" else int(random.integers(len(changed)))  # not a height of millions
                changed[place] ^= 1 << int(random.integers(8))
            case 2:
                names = (b"tRNS", b"PLTE", b"gAMA", b"tEXt", b"iCCP", b"sBIT", b"acTL", b"fcTL", b"eXIf")
                chunks.insert(
                    index + 1, (names[int(random.integers(len(names)))], random.bytes(int(random.integers(600))))
                )
                continue
            case _:
                changed += random.bytes(int(random.integers(1, 900)))
        chunks[index] = (kind, bytes(changed))
    return content[:8] + b"".join(png_chunk(kind, data) for kind, data in chunks)
