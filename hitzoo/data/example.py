"""Parser of `tf.train.Example`, the named lists of bytes or numbers that TFRecords usually hold.

Only the fields of such a message are understood (tensorflow/core/example/example.proto and feature.proto, in the wire
format of protobuf.dev/programming-guides/encoding); unknown fields are skipped, and nothing is read out of bounds.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

_VARINT, _EIGHT_BYTES, _COUNTED, _FOUR_BYTES = 0, 1, 2, 5  # the wire types in use
_FIXED = {_EIGHT_BYTES: 8, _FOUR_BYTES: 4}
_LONGEST_VARINT = 10  # bytes

_EXAMPLE_FEATURES = _FEATURES_FEATURE = 1
_KEY, _VALUE = 1, 2
_BYTES_LIST, _INT64_LIST = 1, 3


@dataclass(frozen=True)
class Feature:
    """The values under one name; one of the two is empty. Lists of floats are not kept."""

    contents: list[memoryview] = field(default_factory=list)
    numbers: list[int] = field(default_factory=list)


def parse_example(message: bytes) -> dict[str, Feature]:
    """Parse the features of an Example by name; their contents are views of `message`.

    Raises:
        ValueError: the bytes are not such a message.
    """
    features: dict[str, Feature] = {}
    for number, value in _fields(memoryview(message)):
        if number == _EXAMPLE_FEATURES:
            for inner, entry in _fields(_counted(value)):
                if inner == _FEATURES_FEATURE:
                    name, feature = _entry(_counted(entry))
                    features[name] = feature
    return features


def _entry(message: memoryview) -> tuple[str, Feature]:
    """Parse one name of the map and its value."""
    name, feature = "", Feature()
    for number, value in _fields(message):
        if number == _KEY:
            name = str(_counted(value), "utf-8", "replace")
        elif number == _VALUE:
            feature = _feature(_counted(value))
    return name, feature


def _feature(message: memoryview) -> Feature:
    feature = Feature()
    for kind, values in _fields(message):
        if kind == _BYTES_LIST:
            feature.contents.extend(_counted(value) for number, value in _fields(_counted(values)) if number == 1)
        elif kind == _INT64_LIST:
            for number, value in _fields(_counted(values)):
                if number == 1:
                    feature.numbers.extend(_numbers(value))
    return feature


def _numbers(value: int | memoryview) -> Iterator[int]:
    """Parse signed numbers, repeated or packed."""
    if isinstance(value, int):
        yield _signed(value)
        return
    place = 0
    while place < len(value):
        number, place = _varint(value, place)
        yield _signed(number)


def _signed(number: int) -> int:
    return number - (1 << 64) if number >> 63 else number


def _fields(message: memoryview) -> Iterator[tuple[int, int | memoryview]]:
    """Yield number and value of each field: an int for a varint, else its bytes."""
    place = 0
    while place < len(message):
        key, place = _varint(message, place)
        number, wire_type = key >> 3, key & 7
        if wire_type == _VARINT:
            value, place = _varint(message, place)
            yield number, value
            continue
        if wire_type == _COUNTED:
            size, place = _varint(message, place)
        elif wire_type in _FIXED:
            size = _FIXED[wire_type]
        else:
            raise ValueError(f"not a tf.train.Example: wire type {wire_type}")
        if size > len(message) - place:
            raise ValueError("not a tf.train.Example: a field is longer than the message")
        yield number, message[place : place + size]
        place += size


def _varint(message: memoryview, place: int) -> tuple[int, int]:
    """Parse an unsigned 64-bit number, seven bits per byte, lowest first; also return the next position."""
    number = 0
    for count, byte in enumerate(message[place : place + _LONGEST_VARINT]):
        number |= (byte & 0x7F) << 7 * count
        if byte < 0x80:
            return number & 0xFFFFFFFFFFFFFFFF, place + count + 1
    raise ValueError("not a tf.train.Example: a number does not end")


def _counted(value: int | memoryview) -> memoryview:
    if isinstance(value, int):
        raise ValueError("not a tf.train.Example: a number where a list of bytes belongs")
    return value
