"""Precision of float32 matrix products and convolutions on CUDA: torch's settings, read, set and restored in one place.

torch has two interfaces to them. From 2.9 on, reading the older one raises an error after a program has used the newer
one, `torch.backends.….fp32_precision`, which is therefore the one that is used here wherever torch has it.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass
from functools import cache
from threading import Lock
from typing import Any, Literal, Protocol, TypeAlias

import torch

Float32Precision: TypeAlias = Literal["ieee", "tf32"]
"""As torch names them: all 24 bits of a factor count, or it is rounded to TF32's 11."""


@dataclass(frozen=True)
class Settings:
    """Settings of a process.

    Attributes:
        products: precision of matrix products, `none` where nothing has been asked for, which is as exact as `ieee`.
        convolutions: that of convolutions.
        older: torch.get_float32_matmul_precision(); None where it raises, as the program uses the newer interface.
        on_cpus: precision of oneDNN's products, which the older interface sets along; None without the newer one.
    """

    products: str
    convolutions: str
    older: str | None
    on_cpus: str | None = None


class Interface(Protocol):
    """One of torch's two interfaces."""

    def in_effect(self) -> tuple[str, str]:
        """Read the precision of matrix products and of convolutions; quick."""

    def read(self) -> Settings:
        """Read all settings."""

    def write(self, wanted: Float32Precision, before: Settings) -> None:
        """Set the precision of matrix products and of convolutions; `before` are the settings to be restored."""

    def restore(self, before: Settings) -> None:
        """Restore what `read` returned."""


class Older:
    """The interface before torch 2.9."""

    def in_effect(self) -> tuple[str, str]:
        """Read the precision of matrix products and of convolutions."""
        products = "none" if torch.get_float32_matmul_precision() == "highest" else "tf32"
        return products, "tf32" if torch.backends.cudnn.allow_tf32 else "none"

    def read(self) -> Settings:
        """Read all settings."""
        return Settings(*self.in_effect(), older=torch.get_float32_matmul_precision())

    def write(self, wanted: Float32Precision, before: Settings) -> None:
        """Set the precision of matrix products and of convolutions."""
        torch.backends.cuda.matmul.allow_tf32 = torch.backends.cudnn.allow_tf32 = wanted == "tf32"

    def restore(self, before: Settings) -> None:
        """Restore what `read` returned."""
        assert before.older is not None, "it can always be read"
        torch.set_float32_matmul_precision(before.older)
        torch.backends.cudnn.allow_tf32 = before.convolutions == "tf32"


class Newer:
    """The interface from torch 2.9 on.

    Of matrix products the older one is kept in agreement for a program that uses it, since torch.compile reads it.
    """

    def __init__(self) -> None:
        backends: Any = torch.backends  # torch's stubs lack them
        self._products, self._convolutions = backends.cuda.matmul, backends.cudnn.conv
        self._on_cpus = backends.mkldnn.matmul

    def in_effect(self) -> tuple[str, str]:
        """Read the precision of matrix products and of convolutions."""
        return self._products.fp32_precision, self._convolutions.fp32_precision

    def read(self) -> Settings:
        """Read all settings."""
        return Settings(*self.in_effect(), older=_older_setting(), on_cpus=self._on_cpus.fp32_precision)

    def write(self, wanted: Float32Precision, before: Settings) -> None:
        """Set the precision of matrix products and of convolutions."""
        older, allowed = torch.backends.cuda.matmul, wanted == "tf32"
        if before.older is not None and older.allow_tf32 != allowed:
            older.allow_tf32 = allowed
        self._products.fp32_precision = self._convolutions.fp32_precision = wanted

    def restore(self, before: Settings) -> None:
        """Restore what `read` returned."""
        if before.older is not None and _older_setting() != before.older:
            torch.set_float32_matmul_precision(before.older)
            _put_back(self._on_cpus, before.on_cpus)
        _put_back(self._products, before.products)
        _put_back(self._convolutions, before.convolutions)


def _older_setting() -> str | None:
    """Read torch.get_float32_matmul_precision(); None where the two interfaces disagree."""
    try:
        _ = torch.backends.cuda.matmul.allow_tf32  # raises in cases in which the other does not
        return torch.get_float32_matmul_precision()
    except RuntimeError:
        return None


def _put_back(operation: Any, before: str | None) -> None:
    """Restore a setting, as an inherited one where it would inherit the same: it then follows later changes."""
    operation.fp32_precision = "none"
    if operation.fp32_precision != before:
        operation.fp32_precision = before


class _Requests:
    """Requests of all threads: torch's settings are the process's, so the last thread to leave restores them."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._wanted: list[tuple[object, Float32Precision]] = []
        self._callers: Settings | None = None  # the settings outside of all requests

    def enter(self, request: object, wanted: Float32Precision) -> None:
        with self._lock:
            if self._callers is None:
                self._callers = interface().read()
            self._wanted.append((request, wanted))
            interface().write(wanted, self._callers)

    def leave(self, request: object) -> None:
        with self._lock:
            assert self._callers is not None, "entered"
            self._wanted = [each for each in self._wanted if each[0] is not request]
            if self._wanted:
                interface().write(self._wanted[-1][1], self._callers)
            else:
                interface().restore(self._callers)
                self._callers = None

    def callers(self) -> tuple[str, str]:
        """Return the precision of matrix products and of convolutions outside of all requests."""
        with self._lock:
            before = self._callers
            return precision_in_effect() if before is None else (before.products, before.convolutions)


_requests = _Requests()


@cache
def interface() -> Interface:
    """Return the newer of the interfaces that this torch has."""
    return Newer() if hasattr(torch.backends.cuda.matmul, "fp32_precision") else Older()


def precision_in_effect() -> tuple[str, str]:
    """Return the precision that the next matrix product and the next convolution on CUDA are computed in."""
    return interface().in_effect()


def allows_tf32() -> bool:
    """True where torch's settings round the factors of matrix products on CUDA."""
    return precision_in_effect()[0] == "tf32"


@contextmanager
def float32_precision(wanted: Float32Precision) -> Iterator[None]:
    """Enter it to compute matrix products and convolutions on CUDA in this precision, whatever is set outside.

    Threads may enter it at once; where they want different precisions, the latest counts for all.
    """
    request = object()
    _requests.enter(request, wanted)
    try:
        yield
    finally:
        _requests.leave(request)


def inference_precision(device: torch.device) -> AbstractContextManager[None]:
    """Enter it to generate images: on CUDA, convolutions are as exact as matrix products are by torch's default.

    A program that lets matrix products round to TF32 has chosen: its settings then hold for both.
    """
    if not _is_set_for(device) or _requests.callers()[0] == "tf32":
        return nullcontext()
    return float32_precision("ieee")


def _is_set_for(device: torch.device) -> bool:
    return device.type == "cuda"
