"""The waits for the device in a piece of work, as torch reports them."""

from __future__ import annotations

import warnings
from collections.abc import Callable

import torch


def waits_in(work: Callable[[], object]) -> list[str]:
    """Return file and line of every call that waited for the device; copies of pageable memory go unnoticed."""
    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always")
        torch.cuda.set_sync_debug_mode("warn")
        try:
            work()
        finally:
            torch.cuda.set_sync_debug_mode("default")
    return [f"{each.filename}:{each.lineno}" for each in told if "synchronizing CUDA operation" in str(each.message)]
