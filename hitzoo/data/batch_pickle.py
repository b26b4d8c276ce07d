"""Location of the pixels in a pickled batch of CIFAR, found without unpickling it.

A pickle is a program that may call anything. This reads its instructions by the standard library's disassembler, which
runs nothing, and follows only those of which a dictionary with lists, strings and one NumPy array is made. Names of
classes and functions stay text, compared with the three of such an array; nothing is imported or called.
Sources: pickletools.py of CPython; cs.toronto.edu/~kriz/cifar.html for the dictionary.
"""

from __future__ import annotations

import pickletools
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

_MOST = 4_000_000  # instructions; the 50,000 images of CIFAR-100 take a quarter of a million
_LONGEST_NAME = 64  # letters of a key or of a type; of longer strings only the place is kept

_RECONSTRUCT, _ARRAY, _DTYPE = "an array's maker", "an array", "a type of numbers"
_NAMES = {
    "numpy.core.multiarray _reconstruct": _RECONSTRUCT,
    "numpy._core.multiarray _reconstruct": _RECONSTRUCT,
    "numpy ndarray": _ARRAY,
    "numpy dtype": _DTYPE,
}

_NUMBERS = ("BININT", "BININT1", "BININT2", "LONG1")
_CONSTANTS = {"NONE": None, "NEWTRUE": True, "NEWFALSE": False}
_HEADERS = {  # instructions of a string, and the bytes before the string itself
    "SHORT_BINSTRING": 2,
    "BINSTRING": 5,
    "SHORT_BINBYTES": 2,
    "BINBYTES": 5,
    "BINBYTES8": 9,
    "SHORT_BINUNICODE": 2,
    "BINUNICODE": 5,
}
_TUPLES = {"EMPTY_TUPLE": 0, "TUPLE1": 1, "TUPLE2": 2, "TUPLE3": 3}
_NOTHING = ("PROTO", "FRAME", "STOP")


@dataclass(frozen=True)
class Rows:
    """Pixels of `count` images without gaps from byte `first` of the file on."""

    first: int
    count: int


@dataclass(frozen=True)
class _String:
    """A string in the file; `text` is empty for a long one."""

    first: int
    size: int
    text: str


@dataclass(frozen=True)
class _Name:
    """One of the allowed names of NumPy."""

    meaning: str


@dataclass
class _Made:
    """Placeholder for what NumPy would make of `arguments`, and the state it would be given."""

    meaning: str
    arguments: Any
    state: Any = None


_MARK = object()


def rows_of(content: bytes, image_bytes: int) -> Rows:
    """Find the array `data` of a batch: uint8 (images, image_bytes).

    Raises:
        ValueError: it is no such batch, or does anything else than build one; the text completes "the file …".
    """
    machine = _Machine()
    try:
        for count, (instruction, argument, place) in enumerate(pickletools.genops(content)):
            if count >= _MOST:
                raise ValueError(f"has more than {_MOST:,} instructions")
            machine.follow(instruction.name, argument, place or 0)
    except _Refused:
        raise
    except Exception as error:  # an instruction without its operands, or cut off: IndexError, KeyError, ValueError …
        raise ValueError(f"is damaged or no batch of CIFAR ({str(error) or type(error).__name__})") from error
    return _rows(machine.result(), image_bytes)


class _Refused(ValueError):  # noqa: N818 - its text completes a sentence of the caller's
    """A pickle that would do something else."""


class _Machine:
    """The stack and memory of an unpickler that makes only containers, strings, numbers and placeholders."""

    def __init__(self) -> None:
        self._stack: list[Any] = []
        self._memory: dict[int, Any] = {}
        self._steps: dict[str, Callable[[], None]] = {
            "MARK": lambda: self._stack.append(_MARK),
            "EMPTY_LIST": lambda: self._stack.append([]),
            "EMPTY_DICT": lambda: self._stack.append({}),
            "APPEND": lambda: self._extend([self._stack.pop()]),
            "APPENDS": lambda: self._extend(self._to_mark()),
            "SETITEM": lambda: self._set([self._stack.pop(-2), self._stack.pop()]),
            "SETITEMS": lambda: self._set(self._to_mark()),
            "TUPLE": lambda: self._stack.append(tuple(self._to_mark())),
            "MEMOIZE": lambda: self._memory.__setitem__(len(self._memory), self._stack[-1]),
        }

    def follow(self, name: str, argument: Any, place: int) -> None:
        """Follow one instruction at byte `place`.

        Raises:
            ValueError, IndexError, KeyError, TypeError: no batch needs it, or its operands are not there.
        """
        if name in self._steps:
            self._steps[name]()
        elif name in _NUMBERS:
            self._stack.append(argument)
        elif name in _CONSTANTS:
            self._stack.append(_CONSTANTS[name])
        elif name in _HEADERS:
            self._stack.append(_string(argument, place + _HEADERS[name]))
        elif name in _TUPLES:
            size = len(self._stack) - _TUPLES[name]
            self._stack[size:] = [tuple(self._stack[size:])]
        elif name in ("BINPUT", "LONG_BINPUT"):
            self._memory[argument] = self._stack[-1]
        elif name in ("BINGET", "LONG_BINGET"):
            self._stack.append(self._memory[argument])
        elif name in ("GLOBAL", "STACK_GLOBAL", "REDUCE", "BUILD"):
            self._object(name, argument, place)
        elif name not in _NOTHING:
            raise _Refused(f"has the instruction {name} at byte {place:,}, which no batch of CIFAR has")

    def result(self) -> Any:
        """Return the object on the stack at the end."""
        return self._stack[-1] if self._stack else None

    def _object(self, name: str, argument: Any, place: int) -> None:
        if name == "GLOBAL":
            self._stack.append(_name(argument, place))
        elif name == "STACK_GLOBAL":
            attribute, module = self._stack.pop(), self._stack.pop()
            self._stack.append(_name(f"{module.text} {attribute.text}", place))
        elif name == "REDUCE":
            arguments, function = self._stack.pop(), self._stack.pop()
            if not isinstance(function, _Name) or function.meaning == _ARRAY:
                raise _Refused(f"calls something at byte {place:,} that no batch of CIFAR calls")
            self._stack.append(_Made(function.meaning, arguments))
        else:
            state = self._stack.pop()
            if not isinstance(self._stack[-1], _Made):
                raise _Refused(f"sets the state of something at byte {place:,} that is no array")
            self._stack[-1].state = state

    def _to_mark(self) -> list[Any]:
        """Take all that is above the last mark, and the mark."""
        place = len(self._stack) - 1
        while self._stack[place] is not _MARK:
            place -= 1
            if place < 0:
                raise ValueError("a mark is missing")
        above = self._stack[place + 1 :]
        del self._stack[place:]
        return above

    def _extend(self, items: list[Any]) -> None:
        if not isinstance(self._stack[-1], list):
            raise ValueError("something is appended to what is no list")
        self._stack[-1].extend(items)

    def _set(self, items: list[Any]) -> None:
        if not isinstance(self._stack[-1], dict):
            raise ValueError("an item is set in what is no dictionary")
        for key, value in zip(items[::2], items[1::2], strict=True):
            self._stack[-1][key.text] = value


def _string(value: Any, first: int) -> _String:
    text = value.decode("latin-1") if isinstance(value, bytes) else value
    return _String(first, len(text), text if len(text) <= _LONGEST_NAME else "")


def _name(name: str, place: int) -> _Name:
    if name not in _NAMES:
        said = ".".join(name.split(" "))[:_LONGEST_NAME]
        raise _Refused(f"names {said!r} at byte {place:,}, which is not run: no published batch of CIFAR has it")
    return _Name(_NAMES[name])


def _rows(batch: Any, image_bytes: int) -> Rows:
    data = batch.get("data") if isinstance(batch, dict) else None
    if not isinstance(data, _Made) or data.meaning != _RECONSTRUCT:
        raise ValueError("is no batch of CIFAR: it holds no array under 'data'")
    try:
        _, shape, kind, by_columns, pixels = data.state
        is_bytes = kind.meaning == _DTYPE and kind.arguments[0].text.strip("|") in ("u1", "uint8")
        rows, width = map(int, shape)
        held = pixels.size
    except (AttributeError, IndexError, TypeError, ValueError):
        raise ValueError("is no batch of CIFAR: its array is not written as NumPy writes one") from None
    if not is_bytes or by_columns or width != image_bytes or held != rows * width:
        raise ValueError(
            f"is no batch of CIFAR: its array has the shape ({rows:,}, {width:,}) and {held:,} bytes, not (images,"
            f" {image_bytes:,}) of one byte each, row by row"
        )
    return Rows(pixels.first, rows)
