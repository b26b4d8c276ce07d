"""Choice of the device to compute on."""

from __future__ import annotations

import logging

import torch
from torch.cuda import DeferredCudaCallError

from hitzoo.errors import ArgumentError, first_line
from hitzoo.runtime.launcher import launch_environment

_KNOWN = ("cpu", "cuda", "mps", "xpu")
_NO_CODE = "no kernel image"  # in CUDA's words for a card that the wheel has no kernels for

_log = logging.getLogger(__name__)
_told: set[str] = set()


def choose_device(name: str | torch.device = "auto") -> torch.device:
    """Choose a device: `auto` takes CUDA, else Apple's MPS, else the CPU; any other word is torch's name for a device.

    A device is taken only after it has computed something. What `auto` passes over is logged once; but one of several
    processes does not pass over its own: the others would wait for it.

    Raises:
        ArgumentError: torch knows no such device, this machine has none, or it cannot compute.
    """
    name = str(name)  # a program may hand over torch's own word for it
    if name == "auto":
        return _automatic()
    if name.split(":")[0] not in _KNOWN:
        raise ArgumentError("device", name, f"not a device; possible: auto, {', '.join(_KNOWN)}")
    try:
        device = torch.device(name)
    except RuntimeError as error:
        raise ArgumentError("device", name, f"not a device ({first_line(error)}); try auto or cpu") from None
    if (reason := _failure(device)) is not None:
        raise _refusal(name, device, reason)
    return device


def _automatic() -> torch.device:
    there = {"cuda": torch.cuda.is_available(), "mps": torch.backends.mps.is_available()}
    for device in (torch.device(kind) for kind, present in there.items() if present):
        reason = _failure(device)
        if reason is None:
            return device
        if not launch_environment().alone:
            raise _refusal("auto", device, reason)
        if device.type not in _told:
            _told.add(device.type)
            way_on = f"; {_another_wheel(device)}" if _NO_CODE in reason else ""
            _log.warning("%s cannot compute here (%s) and is passed over%s", device, reason, way_on)
    return torch.device("cpu")


def _refusal(name: str, device: torch.device, reason: str) -> ArgumentError:
    way_on = f"{_another_wheel(device)}, or take cpu" if _NO_CODE in reason else "try auto or cpu"
    return ArgumentError("device", name, f"not available on this machine ({reason}); {way_on}")


def _another_wheel(device: torch.device) -> str:
    major, minor = torch.cuda.get_device_capability(device)
    kernels = ", ".join(torch.cuda.get_arch_list()) or "no card"
    return (
        f"this card is sm_{major}{minor}, and torch {torch.__version__} has kernels for {kernels}: install a wheel of"
        " torch that has them for it"
    )


def _failure(device: torch.device) -> str | None:
    """Compute something and read it back: a device that is there may have no kernel that runs on it."""
    try:
        found = torch.ones(1, device=device).add(1).item()
    except (RuntimeError, AssertionError, NotImplementedError, ImportError, DeferredCudaCallError) as error:
        return first_line(error)
    return None if found == 2 else f"1 + 1 gave {found:g}"


def wait_for(device: torch.device) -> None:
    """Wait until all work queued on a device is done."""
    if device.type == "mps":
        torch.mps.synchronize()
    elif device.type != "cpu":
        getattr(torch, device.type).synchronize(device)
