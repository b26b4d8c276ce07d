"""Launching kernels that Triton may not be able to build, or not with the tile that was chosen.

That is no reason to make no images: a smaller tile may fit, and torch's own operations compute the same. What was found
is remembered for each kernel and its compile-time sizes, so that one that fails costs no other.
"""

from __future__ import annotations

import logging
import traceback
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

import torch

from hitzoo.errors import first_line
from hitzoo.fold.triton.disabled import KernelName
from hitzoo.fold.triton.tiling import Tile, smaller

_TOO_LARGE = ("OutOfResources", "PTXASError")
_TO_BUILD_WITH = ("triton.runtime.build", "triton.runtime.driver")
_UNLOADABLE = ("kernel image", "unsupported toolchain", "PTX JIT compiler")

_log = logging.getLogger(__name__)
_tiles: dict[Specialization, Tile | None] = {}
_broken: set[torch.device] = set()

Result = TypeVar("Result")


@dataclass(frozen=True, kw_only=True)
class Specialization:
    """A kernel and all that Triton compiles it for; `sizes` in the words of the warning."""

    kernel: KernelName
    device: torch.device
    dtype: torch.dtype
    sizes: tuple[tuple[int, str], ...]
    forms: tuple[str, ...]

    def __str__(self) -> str:
        """Say it in a sentence."""
        sizes = ", ".join(f"{number} {what}" for number, what in self.sizes)
        return f"the kernel {self.kernel} of {sizes} in {str(self.dtype).removeprefix('torch.')}"


class KernelUnavailable(Exception):  # noqa: N818 - not an error: torch's own operations take its place
    """Triton cannot build a kernel for its sizes on this device."""


def run_or_none(call: Callable[[], Result]) -> Result | None:
    """Call what launches a kernel; None where the kernel is unavailable. Errors propagate."""
    try:
        return call()
    except KernelUnavailable:
        return None


def launch_fitting(kernel: Specialization, choose: Callable[[], Tile], launch: Callable[[Tile], None]) -> None:
    """Launch with the chosen tile, or with the next smaller one that the device has the resources for.

    Raises:
        KernelUnavailable: none can be built, here or in an earlier call; the first time a warning says why.
    """
    if kernel.device in _broken:
        raise KernelUnavailable
    if kernel in _tiles:
        tile = _tiles[kernel]
        if tile is None:
            raise KernelUnavailable
        launch(tile)
        return
    tile = choose()
    while True:
        try:
            launch(tile)
        except Exception as error:
            if not _is_of_the_build(error):
                raise
            less = smaller(tile) if type(error).__name__ in _TOO_LARGE else None
            if less is None:
                _give_up(kernel, error)
                raise KernelUnavailable from error
            _log.info("%s does not fit as %s: %s", kernel, tile, first_line(error))
            tile = less
        else:
            _tiles[kernel] = tile
            return


def _give_up(kernel: Specialization, error: Exception) -> None:
    """Remember it, of the kernel or of the whole device, and say so."""
    if _is_of_the_machine(error):
        _broken.add(kernel.device)
        which, theirs = "its kernels here", "their"
    else:
        _tiles[kernel] = None
        which, theirs = str(kernel), "its"
    reason = first_line(error)
    _log.warning("Triton cannot build %s (%s); torch's own operations take %s place", which, reason, theirs)


def _is_of_the_build(error: Exception) -> bool:
    """True if Triton's own code raised it, whose errors have no common class, and not the device in doing its work.

    A full memory passes, and an illegal access would only surface later: neither is hidden.
    """
    if isinstance(error, (torch.OutOfMemoryError, MemoryError, getattr(torch, "AcceleratorError", ()))):
        return False
    if not any(module.startswith("triton.") for module in _modules(error)):
        return False
    text = str(error)
    return not text.startswith("Triton Error [CUDA]") or any(words in text for words in _UNLOADABLE)


def _is_of_the_machine(error: Exception) -> bool:
    """True if no kernel can be built: no C compiler, no assembler, a cache folder that cannot be written."""
    return isinstance(error, OSError) or any(module.startswith(_TO_BUILD_WITH) for module in _modules(error))


def _modules(error: Exception) -> list[str]:
    return [str(frame.f_globals.get("__name__")) for frame, _ in traceback.walk_tb(error.__traceback__)]
