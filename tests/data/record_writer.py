"""Writes TFRecords and the Examples in them, slowly and in the plainest way, to read them back with the package."""

from __future__ import annotations

import struct
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray


def slow_crc32c(data: bytes) -> int:
    """One bit at a time."""
    register = 0xFFFFFFFF
    for byte in data:
        register ^= byte
        for _ in range(8):
            register = (register >> 1) ^ (0x82F63B78 if register & 1 else 0)
    return register ^ 0xFFFFFFFF


def masked(data: bytes) -> bytes:
    checksum = slow_crc32c(data)
    return struct.pack("<I", (((checksum >> 15) | (checksum << 17)) + 0xA282EAD8) & 0xFFFFFFFF)


def record(content: bytes) -> bytes:
    length = struct.pack("<Q", len(content))
    return length + masked(length) + content + masked(content)


def write_records(path: Path, contents: Iterable[bytes]) -> Path:
    path.write_bytes(b"".join(map(record, contents)))
    return path


def varint(number: int) -> bytes:
    number &= (1 << 64) - 1
    digits = bytearray()
    while number >= 0x80:
        digits.append(number & 0x7F | 0x80)
        number >>= 7
    return bytes([*digits, number])


def counted(field: int, content: bytes) -> bytes:
    return varint(field << 3 | 2) + varint(len(content)) + content


def feature(values: bytes | Sequence[int], *, packed: bool = True) -> bytes:
    if isinstance(values, bytes):
        return counted(1, counted(1, values))
    if packed:
        return counted(3, counted(1, b"".join(map(varint, values))))
    return counted(3, b"".join(varint(1 << 3) + varint(value) for value in values))


def example(features: Mapping[str, bytes | Sequence[int]], *, packed: bool = True) -> bytes:
    entries = (
        counted(1, counted(1, name.encode()) + counted(2, feature(values, packed=packed)))
        for name, values in features.items()
    )
    return counted(1, b"".join(entries))


def raw_picture(pixels: NDArray[np.uint8]) -> bytes:
    """The Example of a (channels, height, width) picture, as StyleGAN's data sets have it."""
    return example({"shape": pixels.shape, "data": pixels.tobytes()})


def noise(number: int, side: int = 4, channels: int = 3) -> NDArray[np.uint8]:
    return np.random.default_rng(number).integers(0, 256, (channels, side, side), np.uint8)
