"""The device of one of several processes: that of its local rank, or the only one that its launcher shows it."""

from __future__ import annotations

import os
from typing import Any

import torch
from torch.cuda import DeferredCudaCallError

from hitzoo.errors import ArgumentError, RequestError, RunError
from hitzoo.runtime.device import choose_device
from hitzoo.runtime.launcher import launch_environment
from hitzoo.runtime.lost_process import own_words

_VISIBLE = ("CUDA_VISIBLE_DEVICES", "HIP_VISIBLE_DEVICES", "ROCR_VISIBLE_DEVICES")
_ACCELERATORS = ("cuda", "xpu")


def device_of_rank(name: str) -> torch.device:
    """Return the device of this process; with several processes on CUDA or XPU, the one of its local rank.

    A launcher that makes one CUDA device visible to each process has chosen already.

    Raises:
        RequestError: there is no such device; every process meets this.
        RunError: there are fewer devices than processes, or this process's own does not compute.
    """
    who = launch_environment()
    if who.alone:
        return choose_device(name)
    kind, own = "cuda" if name == "auto" else name, False
    if kind in _ACCELERATORS:  # first, since a process keeps memory on every device that it has ever computed on
        own = _make_current(kind, who.local_rank)
    try:
        device = choose_device(name)
    except ArgumentError as error:
        if own:
            raise RunError(str(error)).or_as_option(error.as_option or str(error)) from None
        raise
    if device.type in _ACCELERATORS:
        if device.index is not None:
            raise ArgumentError("device", name, f"every process needs its own device; write {device.type}")
        return torch.device(device.type, getattr(torch, device.type).current_device())
    if device.type != "cpu":
        raise RequestError(f"{device.type} is one device, which {who.size} processes cannot share; take --device cpu")
    return device


def _make_current(kind: str, local_rank: int) -> bool:
    """Make the device of a local rank the process's current one; False where there are none of this kind."""
    accelerator: Any = getattr(torch, kind)
    count = accelerator.device_count()
    if count == 1 and kind == "cuda" and any(os.environ.get(variable) for variable in _VISIBLE):
        local_rank = 0
    if 0 < count <= local_rank:
        raise RunError(
            f"this machine has {count} {kind.upper()} devices, too few for --nproc-per-node {local_rank + 1}"
        )
    if count:
        try:
            accelerator.set_device(local_rank)
        except (RuntimeError, DeferredCudaCallError) as error:  # another program has it for itself, or it has failed
            raise RunError(
                f"{kind}:{local_rank}, the device of this process, is not usable: {own_words(error)}"
            ) from error
    return bool(count)
