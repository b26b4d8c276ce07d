"""The question most asked: there is a GPU, so why is it not used?"""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from hitzoo.doctor.report import Outline, Result

_PYTORCH = "https://pytorch.org/get-started/locally/"
_NODES = (Path("/dev/nvidia0"), Path("/dev/dxg"))  # of Linux, and of Windows' subsystem for it


def found_gpu(found: Mapping[str, Any], driver: str | None) -> Result:
    """Compare what torch finds with what the system has."""
    if any(device["device"] != "cpu" for device in found["devices"]):
        return _result("pass")
    hidden = os.environ.get("CUDA_VISIBLE_DEVICES")
    if hidden is not None and hidden.strip() in ("", "-1"):
        return _result("not applicable", "CUDA_VISIBLE_DEVICES hides all GPUs")
    if driver is None and not any(node.exists() for node in _NODES):
        return _result("not applicable", "there is no GPU with a driver; in Docker, a container needs --gpus all")
    told = f"NVIDIA's driver {driver} is installed" if driver else "there is an NVIDIA GPU"
    if not found["cuda_built"]:
        return _result("fail", f"{told}, but this torch was built without CUDA", f"install torch for CUDA: {_PYTORCH}")
    reason = found["cuda_problem"] or "torch finds no device"
    return _result("fail", f"{told}, but: {reason}", f"update the driver, or install torch for it: {_PYTORCH}")


def _result(status: Any, note: str = "", workaround: str = "") -> Result:
    outline = Outline(group="device", name="torch finds the GPU", device="", workaround=workaround)
    return Result(outline=outline, status=status, note=note)
