"""Speed of copies and of matrix products on a device; these figures have no bounds."""

from __future__ import annotations

import time
from functools import cache

import torch

from hitzoo.bench.ceilings import Ceilings, measure_ceilings
from hitzoo.doctor.check import Measured, NotApplicable
from hitzoo.runtime.device import wait_for

_QUICK = {"cpu": (1 << 27, 1024), "cuda": (1 << 29, 4096)}  # bytes copied, side of the matrices
_CARRIED = 1 << 27  # bytes from the host
_TRIES = 4


def copy_bandwidth(device: torch.device, *, full: bool) -> Measured:
    """Measure the bytes that a large copy on the device reads and writes per second."""
    return Measured(value=_ceilings(device, full).bandwidth, unit="B/s")


def matrix_rate(device: torch.device, precision: str, *, full: bool) -> Measured:
    """Measure the FLOPs per second of a large product of matrices."""
    rates = _ceilings(device, full).rates
    if precision not in rates:
        raise NotApplicable("only CUDA has TF32")
    return Measured(value=rates[precision], unit="FLOP/s")


def host_copy(device: torch.device) -> Measured:
    """Measure the bytes per second from pinned memory of the host to the device, as training images go."""
    if device.type != "cuda":
        raise NotApplicable("only for CUDA")
    source = torch.ones(_CARRIED, dtype=torch.uint8).pin_memory()
    target = torch.empty_like(source, device=device)
    times = []
    for _ in range(_TRIES):
        wait_for(device)
        began = time.perf_counter()
        target.copy_(source, non_blocking=True)
        wait_for(device)
        times.append(time.perf_counter() - began)
    return Measured(value=_CARRIED / min(times), unit="B/s")


@cache
def _ceilings(device: torch.device, full: bool) -> Ceilings:
    copied, side = (None, None) if full else _QUICK.get(device.type, _QUICK["cpu"])
    return measure_ceilings(device, copied=copied, side=side)
