"""The checksum of TFRecords: CRC-32C (Castagnoli), as RFC 3720 section B.4 has it, in NumPy.

A CRC is linear over GF(2): the register after a then b is the register after a, advanced by len(b) zero bytes, xor
the register that b alone leaves when started empty. So neighbours are merged in pairs, all pairs at once, and every
round halves their number. Advancing a register is linear too, hence one look-up for each of its four bytes.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

_POLYNOMIAL = 0x82F63B78  # bits reversed, as the register shifts to the right
_SHORT = 64  # bytes; below it a loop is faster than NumPy's calls
_WORD = np.dtype("<u4")  # the register's lowest byte meets the data's first

Words = NDArray[np.uint32]


def crc32c(data: bytes | memoryview) -> int:
    """The CRC-32C of `data`; 0xE3069283 for b"123456789"."""
    if len(data) < _SHORT:
        return _of_short(data)
    padding = -len(data) % _WORD.itemsize  # zeros in front leave an empty register empty
    content = np.zeros(padding + len(data), np.uint8)
    content[padding:] = np.frombuffer(data, np.uint8)
    content[padding : padding + 4] ^= 0xFF  # the register begins full of ones
    return _past_word(_folded(content.view(_WORD))) ^ 0xFFFFFFFF


def masked_crc32c(data: bytes | memoryview) -> int:
    """Checksum as TFRecords store it: rotated by 15 bits, plus a constant (tensorflow/core/lib/hash/crc32c.h)."""
    checksum = crc32c(data)
    return ((checksum >> 15 | checksum << 17) + 0xA282EAD8) & 0xFFFFFFFF


def _folded(words: Words) -> int:
    """Merge `words` into one that leaves an empty register in the same state."""
    power = 2  # a word is 2² bytes
    while len(words) > 1:
        if len(words) % 2:
            words = np.concatenate([np.zeros(1, _WORD), words])
        words = _moved_on(words[0::2], _moves(power)) ^ words[1::2]
        power += 1
    return int(words[0])


def _past_word(word: int) -> int:
    return int(_moved_on(np.array([word], _WORD), _moves(2))[0])


def _moved_on(registers: Words, moves: Words) -> Words:
    """Advance registers by the zero bytes that the table `moves` stands for."""
    parts = np.ascontiguousarray(registers).view(np.uint8).reshape(-1, 4)
    moved: Words = moves[0][parts[:, 0]]
    for place in (1, 2, 3):
        moved ^= moves[place][parts[:, place]]
    return moved


@lru_cache(maxsize=64)
def _moves(power: int) -> Words:
    """Table (4, 256): each value of each byte of a register, advanced by 2^power zero bytes."""
    if power:
        half = _moves(power - 1)
        return _moved_on(half.reshape(-1), half).reshape(4, 256)
    beyond = np.arange(256, dtype=_WORD) << np.arange(0, 24, 8, dtype=_WORD)[:, None]  # a byte moves down by one place
    return np.concatenate([_byte_table()[None], beyond])


@lru_cache(maxsize=1)
def _byte_table() -> Words:
    table = np.arange(256, dtype=_WORD)
    for _ in range(8):
        table = np.where(table & 1, table >> 1 ^ np.uint32(_POLYNOMIAL), table >> 1).astype(_WORD)
    return table


@lru_cache(maxsize=1)
def _byte_list() -> list[int]:
    return [int(value) for value in _byte_table()]


def _of_short(data: bytes | memoryview) -> int:
    table, register = _byte_list(), 0xFFFFFFFF
    for value in data:
        register = register >> 8 ^ table[(register ^ value) & 0xFF]
    return register ^ 0xFFFFFFFF
