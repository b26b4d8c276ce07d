"""The number of processes that decode images."""

from __future__ import annotations

import os

import torch

from hitzoo.runtime.launcher import launch_environment

_MOST = 8


def workers_for(device: torch.device, wanted: int | None) -> int:
    """As many as are wanted; else none where a CPU trains, and one a core, up to 8, beside another device."""
    if wanted is not None:
        return wanted
    if device.type == "cpu":
        return 0
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return min(_MOST, max(1, cores // launch_environment().local_size))
