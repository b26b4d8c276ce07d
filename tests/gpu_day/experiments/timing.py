"""Milliseconds of a piece of work, and what an error says, for rows of tables."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from typing import Any

import torch

from hitzoo.runtime.device import wait_for


def milliseconds(work: Callable[[], object], device: torch.device, *, repeats: int = 5) -> float:
    """Return the median of several runs, after one that does not count."""
    once(work, device)
    return statistics.median(once(work, device) for _ in range(repeats))


def once(work: Callable[[], object], device: torch.device) -> float:
    """Return the milliseconds of one run."""
    wait_for(device)
    began = time.perf_counter()
    work()
    wait_for(device)
    return 1e3 * (time.perf_counter() - began)


def tried(work: Callable[[], dict[str, Any]]) -> dict[str, Any]:
    """Return a row's values, or the first line of the error in their place."""
    try:
        return work()
    except Exception as error:
        torch.cuda.empty_cache() if torch.cuda.is_available() else None
        return {"error": f"{type(error).__name__}: {(str(error).splitlines() or [''])[0]}"}


def relative(found: torch.Tensor, expected: torch.Tensor) -> float:
    """Return the largest difference, over the largest value."""
    return float((found.double() - expected.double()).abs().max() / expected.double().abs().max())


def named(dtype: torch.dtype) -> str:
    """Return `float32` for torch.float32."""
    return str(dtype).removeprefix("torch.")
