"""Kernels turned off on this machine, because a check found them wrong; torch's own operations take their place.

The list is kept beside hitzoo's other caches, one file for each device and set of versions: another hitzoo, torch,
Triton or driver starts with every kernel on.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Iterable, Mapping
from functools import cache
from hashlib import sha256
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Literal, get_args

import torch

from hitzoo.files import parse_json, write_text, writing
from hitzoo.fold.triton.version import triton_version
from hitzoo.places import hitzoo_cache

KernelName = Literal["mlp", "mlp_to_image", "stage"]
KERNELS: tuple[KernelName, ...] = get_args(KernelName)

_DRIVER = Path("/proc/driver/nvidia/version")
_log = logging.getLogger(__name__)
_off: dict[torch.device, frozenset[str]] = {}


def disabled_kernels(device: torch.device) -> frozenset[str]:
    """Names of the kernels that are off on a device, in this process or by its stored list.

    Where there are any, one warning a process and device says so.
    """
    device = _with_index(device)
    off = _off.get(device)
    if off is None:
        off = _off[device] = _stored(device)
        if off:
            _say(device, off)
    return off


def disable_kernels(
    device: torch.device, names: Iterable[str], reasons: Mapping[str, str] | None = None
) -> Path | None:
    """Turn exactly these kernels of `KERNELS` off on a device, for this process and later ones; none: all are on again.

    Args:
        device: a CUDA device; of any other the list holds for this process only.
        names: those that are off from now on, in place of an earlier list.
        reasons: one line a name, kept in the file for whoever reads it.

    Returns:
        The file that holds the list; None where nothing is stored: no name, no CUDA device, or a user without a home.

    Raises:
        OutputError: the list cannot be stored; it holds for this process all the same.
    """
    device, off = _with_index(device), frozenset(names)
    unknown = sorted(off.difference(KERNELS))
    assert not unknown, unknown
    _off[device] = off
    path = _path(device)
    if path is None:
        return None
    if not off:
        with writing(path):
            path.unlink(missing_ok=True)
        return None
    disabled = {name: (reasons or {}).get(name, "") for name in sorted(off)}
    write_text(path, json.dumps({"machine": _machine(device), "disabled": disabled}, indent=2) + "\n")
    return path


def _stored(device: torch.device) -> frozenset[str]:
    """The stored list; empty where there is none, or none that can be read."""
    path = _path(device)
    if path is None:
        return frozenset()
    try:
        found = parse_json(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return frozenset()
    if not isinstance(found, dict) or found.get("machine") != _machine(device):
        return frozenset()
    listed = found.get("disabled")
    return frozenset(listed).intersection(KERNELS) if isinstance(listed, dict) else frozenset()


def _say(device: torch.device, off: frozenset[str]) -> None:
    which = f"the Triton kernel {min(off)} is" if len(off) == 1 else f"the Triton kernels {', '.join(sorted(off))} are"
    _log.warning(
        "%s turned off on %s, where an earlier check failed (%s); torch's own operations compute the same, slower; "
        "`hitzoo doctor` checks again",
        which,
        torch.cuda.get_device_name(device),
        _path(device),
    )


def _path(device: torch.device) -> Path | None:
    """Path of the list; None where nothing is stored."""
    folder = hitzoo_cache()
    if device.type != "cuda" or folder is None:
        return None
    key = sha256(json.dumps(_machine(device), sort_keys=True).encode()).hexdigest()
    return folder / "disabled-kernels" / f"{key[:16]}.json"


def _machine(device: torch.device) -> dict[str, str]:
    """All that a verdict on a kernel depends on."""
    return {
        "device": torch.cuda.get_device_name(device),
        "driver": _driver(),
        "hitzoo": _hitzoo(),
        "torch": str(torch.__version__),
        "triton": triton_version() or "",
    }


@cache
def _driver() -> str:
    """Version of NVIDIA's driver; where the system does not tell, the newest CUDA that it runs."""
    try:
        return _DRIVER.read_text(encoding="utf-8").splitlines()[0]
    except (OSError, UnicodeDecodeError, IndexError):
        return f"CUDA {getattr(torch._C, '_cuda_getDriverVersion', str)()}"


@cache
def _hitzoo() -> str:
    try:
        return version("hitzoo")
    except PackageNotFoundError:  # run from its files
        return ""


def _with_index(device: torch.device) -> torch.device:
    if device.type != "cuda" or device.index is not None:
        return device
    return torch.device("cuda", torch.cuda.current_device())
