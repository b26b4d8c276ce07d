"""Choice of the device to compute on."""

from __future__ import annotations

import torch

from hitzoo.errors import ArgumentError

_KNOWN = ("cpu", "cuda", "mps", "xpu")


def choose_device(name: str | torch.device = "auto") -> torch.device:
    """Choose a device: `auto` takes CUDA, else Apple's MPS, else the CPU; any other word is torch's name for a device.

    Raises:
        ArgumentError: torch knows no such device, or this machine has none.
    """
    name = str(name)  # a program may hand over torch's own word for it
    if name == "auto":
        accelerated = "cuda" if torch.cuda.is_available() else "mps" if torch.backends.mps.is_available() else "cpu"
        return torch.device(accelerated)
    if name.split(":")[0] not in _KNOWN:
        raise ArgumentError("device", name, f"not a device; possible: auto, {', '.join(_KNOWN)}")
    try:
        device = torch.device(name)
        torch.empty(1, device=device)
    except (RuntimeError, AssertionError, NotImplementedError, ImportError) as error:
        reason = str(error).splitlines()[0]
        raise ArgumentError("device", name, f"not available on this machine ({reason}); try auto or cpu") from None
    return device


def wait_for(device: torch.device) -> None:
    """Wait until all work queued on a device is done."""
    if device.type == "mps":
        torch.mps.synchronize()
    elif device.type != "cpu":
        getattr(torch, device.type).synchronize(device)
