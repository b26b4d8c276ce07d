from __future__ import annotations

import numpy as np
import pytest

from hitzoo.data.crc32c import crc32c, masked_crc32c
from tests.data.record_writer import masked, slow_crc32c

KNOWN = {  # RFC 3720 section B.4, and the customary one
    b"123456789": 0xE3069283,
    bytes(32): 0x8A9136AA,
    b"\xff" * 32: 0x62A8AB43,
    bytes(range(32)): 0x46DD794E,
    bytes(range(31, -1, -1)): 0x113FDB5C,
    b"": 0,
}


def noise(size: int) -> bytes:
    return np.random.default_rng(size).integers(0, 256, size, np.uint8).tobytes()


@pytest.mark.parametrize("data", KNOWN, ids=bytes.hex)
def test_known_checksums(data: bytes) -> None:
    assert crc32c(data) == slow_crc32c(data) == KNOWN[data]


def test_every_size_on_both_sides_of_the_change_of_method() -> None:
    sizes = [*range(1, 200), 255, 256, 257, 1023, 4096, 4100, 20_003]
    assert [crc32c(noise(size)) for size in sizes] == [slow_crc32c(noise(size)) for size in sizes]


def test_zeros_in_front_count() -> None:
    assert len({crc32c(bytes(size) + noise(100)) for size in range(9)}) == 9


def test_any_buffer_is_read() -> None:
    data = noise(1000)
    assert crc32c(memoryview(b"x" + data)[1:]) == crc32c(data)


def test_every_bit_counts() -> None:
    data = bytearray(noise(300))
    whole = crc32c(bytes(data))
    for place in (0, 3, 4, 150, 299):
        data[place] ^= 0x40
        assert crc32c(bytes(data)) != whole
        data[place] ^= 0x40


def test_the_mask_of_tfrecords() -> None:
    for size in (0, 8, 500):
        assert masked_crc32c(noise(size)) == int.from_bytes(masked(noise(size)), "little")
