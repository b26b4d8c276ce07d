"""A safetensors file opened for reading, mapped into memory, or read into it where the file system cannot map."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Protocol

import safetensors.torch
import torch
from safetensors import SafetensorError, safe_open

from hitzoo.errors import WeightsError
from hitzoo.files import reason_of

_LENGTH = 8  # bytes at the beginning that say how long the header is


class WeightsFile(Protocol):
    """The interface of an opened file, which `safetensors.safe_open` and `_InMemory` have."""

    def metadata(self) -> dict[str, str] | None:
        """The texts of its header."""

    def keys(self) -> list[str]:
        """The names of its tensors."""

    def get_slice(self, name: str) -> Any:
        """A tensor's dtype and shape, by `get_dtype()` and `get_shape()`."""

    def get_tensor(self, name: str) -> torch.Tensor:
        """A tensor, on the CPU."""


@contextmanager
def opened(path: Path) -> Iterator[WeightsFile]:
    """The file, closed when the block ends.

    Raises:
        WeightsError: it is missing, cut, not safetensors, or cannot be read.
    """
    with reading(path):
        file = _open(path)
    with file as readable:
        yield readable


@contextmanager
def reading(path: Path) -> Iterator[None]:
    """Turn what a weights file is refused for into a `WeightsError` that names it."""
    try:
        if not path.is_file():
            raise WeightsError(f"no weights file at {path}")
        yield
    except SafetensorError as error:
        reason = str(error).removeprefix("Error while deserializing header: ")
        raise WeightsError(f"{path} is cut or is not a safetensors file ({reason}); fetch or write it again") from None
    except OSError as error:
        raise WeightsError(f"{path} cannot be read: {reason_of(error)}") from None
    except (ValueError, RecursionError) as error:
        raise WeightsError(f"{path} is not a safetensors file ({error}); fetch or write it again") from None


def _open(path: Path) -> Any:
    try:
        if is_text(path):
            return safe_open(path, framework="pt")
    except OSError:  # FUSE and some network mounts read files but do not map them
        pass
    return _InMemory(path.read_bytes())


def is_text(path: Path) -> bool:
    """Check for a path that the library takes, which is one in UTF-8."""
    try:
        return bool(str(path).encode())
    except UnicodeEncodeError:
        return False


class _InMemory:
    """A file read as a whole; the library checks it as it checks a mapped one."""

    def __init__(self, content: bytes) -> None:
        self._tensors = safetensors.torch.load(content)
        length = int.from_bytes(content[:_LENGTH], "little")
        self._header = json.loads(content[_LENGTH : _LENGTH + length])

    def __enter__(self) -> _InMemory:
        return self

    def __exit__(self, *raised: object) -> None:
        self._tensors = {}

    def metadata(self) -> dict[str, str] | None:
        found: dict[str, str] | None = self._header.get("__metadata__")
        return found

    def keys(self) -> list[str]:
        return list(self._tensors)

    def get_slice(self, name: str) -> _Slice:
        return _Slice(**{key: self._header[name][key] for key in ("dtype", "shape")})

    def get_tensor(self, name: str) -> torch.Tensor:
        return self._tensors[name]


class _Slice:
    def __init__(self, dtype: str, shape: list[int]) -> None:
        self._dtype, self._shape = dtype, shape

    def get_dtype(self) -> str:
        return self._dtype

    def get_shape(self) -> list[int]:
        return self._shape
