"""Measured ceilings of this device: bytes copied and FLOPs multiplied per second.

A data sheet promises more than any program gets; a share of what was just measured shows how much is left. The data
is random: a GPU takes less power for constants, and multiplies them up to 15 % faster than any network's values.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch

from hitzoo.layers.onednn_linear import is_here, onednn_linear
from hitzoo.runtime.device import wait_for
from hitzoo.runtime.float32_precision import float32_precision
from hitzoo.runtime.precision import PRECISIONS

_COPIED = {"cpu": 1 << 28, "cuda": 1 << 30}  # bytes; far more than any cache holds
_SIDE = {"cpu": 2048, "cuda": 8192}  # of square matrices
_TRIES = 7


@dataclass(frozen=True, kw_only=True)
class Ceilings:
    """Ceilings: `bandwidth` in bytes per second, reads and writes together; `rates` in FLOPs per second by precision.

    On CUDA `tf32` is float32 with factors rounded to 10 bits, which no variant uses by itself.
    """

    bandwidth: float
    rates: dict[str, float]

    def or_better(self, other: Ceilings) -> Ceilings:
        """Return the higher of each ceiling: a busy machine measures low."""
        rates = {name: max(rate, other.rates.get(name, 0.0)) for name, rate in self.rates.items()}
        return Ceilings(bandwidth=max(self.bandwidth, other.bandwidth), rates=rates)

    def to_json(self) -> dict[str, Any]:
        """Return plain data."""
        return {"bytes_per_second": self.bandwidth, "flops_per_second": dict(self.rates)}


@torch.inference_mode()
def measure_ceilings(device: torch.device, *, copied: int | None = None, side: int | None = None) -> Ceilings:
    """Measure the best of several large copies, and of several large products by the fastest kernel.

    Args:
        copied: bytes of the tensor copied; by default 256 MiB on a CPU, 1 GiB on CUDA.
        side: of the square matrices; by default 2048 on a CPU, 8192 on CUDA.
    """
    copied = copied or _COPIED.get(device.type, _COPIED["cpu"])
    side = side or _SIDE.get(device.type, _SIDE["cpu"])
    rates = {name: _rate(dtype, side, device) for name, dtype in PRECISIONS.items()}
    if device.type == "cuda":
        rates["tf32"] = _rate_of_tf32(side, device)
    return Ceilings(bandwidth=_bandwidth(copied, device), rates=rates)


def _bandwidth(copied: int, device: torch.device) -> float:
    source = torch.randint(0, 256, (copied,), dtype=torch.uint8, device=device)
    target = torch.zeros_like(source)
    return 2 * copied / _least_seconds(lambda: target.copy_(source), device)


def _rate(dtype: torch.dtype, side: int, device: torch.device) -> float:
    """Try MKL, torch's choice for float32 on CPUs, and oneDNN, which measured twice as fast (docs/benchmarks.md)."""
    left, right = (torch.randn(side, side, device=device).to(dtype) for _ in range(2))
    ways: list[Callable[[], torch.Tensor]] = [lambda: left @ right]
    if device.type == "cpu" and is_here():
        ways.append(lambda: onednn_linear(left, right, None))
    return max(2 * side**3 / _least_seconds(way, device) for way in ways)


def _rate_of_tf32(side: int, device: torch.device) -> float:
    with float32_precision("tf32"):
        return _rate(torch.float32, side, device)


def _least_seconds(work: Callable[[], Any], device: torch.device) -> float:
    """Time several runs after a warm-up and return the shortest."""
    times = []
    for _ in range(1 + _TRIES):
        wait_for(device)
        began = time.perf_counter()
        work()
        wait_for(device)
        times.append(time.perf_counter() - began)
    return min(times[1:])
