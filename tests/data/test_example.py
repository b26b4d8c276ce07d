from __future__ import annotations

import numpy as np
import pytest

from hitzoo.data.example import parse_example
from tests.data.record_writer import counted, example, feature, varint

MESSAGE = example({"shape": [3, 4, 4], "data": b"\x00\xff" * 24})


@pytest.mark.parametrize("packed", [True, False])
def test_names_bytes_and_numbers(packed: bool) -> None:
    numbers = [3, 1024, 0, -1, 2**63 - 1, -(2**63)]
    features = parse_example(example({"shape": numbers, "data": b"abc", "größe": []}, packed=packed))
    assert list(features) == ["shape", "data", "größe"]
    assert (features["shape"].numbers, features["shape"].contents) == (numbers, [])
    assert (features["data"].numbers, features["data"].contents) == ([], [b"abc"])
    assert (features["größe"].numbers, features["größe"].contents) == ([], [])


def test_several_contents_under_one_name() -> None:
    values = counted(1, counted(1, b"a") + counted(1, b"") + counted(1, b"b"))
    features = parse_example(counted(1, counted(1, counted(1, b"x") + counted(2, values))))
    assert features["x"].contents == [b"a", b"", b"b"]


def test_the_last_of_a_name_counts_and_parts_of_a_message_are_joined() -> None:
    features = parse_example(example({"x": b"old", "y": [1]}) + example({"x": b"new"}))
    assert (features["x"].contents, features["y"].numbers) == ([b"new"], [1])


def test_what_is_unknown_is_passed_over() -> None:
    unknown = varint(9 << 3) + varint(300) + varint(10 << 3 | 1) + bytes(8) + varint(11 << 3 | 5) + bytes(4)
    floats = counted(2, counted(2, counted(1, bytes(8))))
    entry = unknown + counted(1, b"x") + floats + counted(2, unknown + feature(b"a")) + counted(7, b"z")
    features = parse_example(unknown + counted(1, counted(1, entry) + counted(4, b"z")) + unknown)
    assert features["x"].contents == [b"a"]


def test_nothing_at_all() -> None:
    assert parse_example(b"") == {}


@pytest.mark.parametrize(
    ("message", "said"),
    [
        (counted(1, b"ab")[:-1], "longer than the message"),
        (b"\x0a" + varint(2**63), "longer than the message"),
        (b"\x09" + bytes(7), "longer than the message"),
        (b"\x0a\xff", "a number does not end"),
        (b"\xff" * 11, "a number does not end"),
        (b"\x08\x01", "a number where a list of bytes belongs"),
        (b"\x0b", "wire type 3"),
    ],
)
def test_what_is_no_example(message: bytes, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        parse_example(message)


def test_every_cut_and_every_damaged_byte_is_refused_or_read_but_never_worse() -> None:
    random = np.random.default_rng(0)
    damaged = [MESSAGE[:size] for size in range(len(MESSAGE))]
    for place in range(len(MESSAGE)):
        changed = bytearray(MESSAGE)
        changed[place] = random.integers(256)
        damaged.append(bytes(changed))
    refused = 0
    for message in damaged:
        try:
            parse_example(message)
        except ValueError:
            refused += 1
    assert refused > len(MESSAGE)
