"""Settings of the C allocator, for commands that allocate and free the same large tensors repeatedly on a CPU."""

from __future__ import annotations

import ctypes
import gc
import sys
from contextlib import suppress

import torch

from hitzoo.runtime.free_memory import free_memory, peak_memory

_TRIM_THRESHOLD, _MMAP_MAX = -1, -4  # of glibc's mallopt
_NEVER = 2**31 - 1
_SMALL_SHARE = 0.25  # even twice as much leaves the machine half empty


def keep_freed_memory_if_ample() -> None:
    """Call `keep_freed_memory` if the process's peak so far, after a step, is a small part of the free memory."""
    if 0 < peak_memory() < _SMALL_SHARE * free_memory():
        keep_freed_memory()


def keep_freed_memory(keep: bool = True) -> None:
    """Keep freed memory in the process instead of returning it to the system each time.

    glibc maps every large tensor anew and the system clears its pages on first touch, which measured a fifth of a
    training step (docs/benchmarks.md). The price is memory: what is freed in pieces cannot always be reused as a
    whole, and large training steps measured up to 1.7 times as much. Other allocators than glibc's are left alone. With
    `keep` false glibc's defaults are restored.
    """
    if not sys.platform.startswith("linux"):
        return
    with suppress(OSError, AttributeError):
        mallopt = ctypes.CDLL(None).mallopt
        mallopt(_MMAP_MAX, 0 if keep else 65536)
        mallopt(_TRIM_THRESHOLD, _NEVER if keep else 128 * 1024)


def release_memory(device: torch.device) -> None:
    """Give back the memory of tensors that are gone: on CUDA what torch's allocator holds, else what glibc's does."""
    gc.collect()
    if device.type == "cuda":
        torch.cuda.empty_cache()
    elif sys.platform.startswith("linux"):
        with suppress(OSError, AttributeError):
            ctypes.CDLL(None).malloc_trim(0)
