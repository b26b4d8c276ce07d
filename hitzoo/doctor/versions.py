"""Versions of hitzoo, Python, torch, and what torch stands on."""

from __future__ import annotations

import platform
import shutil
import subprocess
from collections.abc import Mapping
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from hitzoo.doctor.report import Fact, Section

_PACKAGES = {
    "numpy": "NumPy", "pillow": "Pillow", "safetensors": "safetensors", "huggingface-hub": "huggingface_hub",
    "torch-fidelity": "torch-fidelity", "torchvision": "torchvision", "onnx": "ONNX", "onnxruntime": "ONNX Runtime",
}  # fmt: skip
_TRITON = ("triton", "pytorch-triton", "triton-windows", "pytorch-triton-rocm")
_OF_TORCH = {"cuda": "CUDA", "hip": "ROCm", "cudnn": "cuDNN", "nccl": "NCCL", "onednn": "oneDNN", "mkl": "MKL"}
_DRIVER = Path("/proc/driver/nvidia/version")
_PATIENCE = 10  # seconds that nvidia-smi has


def versions(found: Mapping[str, Any] | None, driver: str | None) -> Section:
    """Versions by name; those of torch's build from a `probe`, None where torch could not be loaded."""
    build = found["torch"] if found else {"torch": package_version("torch")}
    facts = [
        _fact("hitzoo", "hitzoo", package_version("hitzoo")),
        _fact("python", "Python", f"{platform.python_version()} ({platform.python_implementation()})"),
        _fact("torch", "torch", build["torch"]),
        *(_fact(key, label, build.get(key), absent="") for key, label in _OF_TORCH.items()),
        _fact("driver", "NVIDIA driver", driver, absent="none"),
        _fact("triton", "Triton", next(filter(None, map(package_version, _TRITON)), None), absent="not installed"),
        *(_fact(key.replace("-", "_"), label, package_version(key), absent="") for key, label in _PACKAGES.items()),
    ]
    return Section(
        key="versions",
        title="Versions",
        about="The programs and libraries that take part; those of CUDA are what torch was built with.",
        facts=tuple(facts),
    )


def package_version(name: str) -> str | None:
    """Version of an installed package; None where there is none."""
    try:
        return version(name)
    except PackageNotFoundError:
        return None


def driver_version() -> str | None:
    """Version of NVIDIA's driver; None where there is none, or a container was started without it."""
    try:
        words = _DRIVER.read_text(encoding="utf-8").split()
        numbers = [word for word in words if word[0].isdigit() and word.count(".") in (1, 2)]
        if numbers:
            return numbers[0]
    except (OSError, UnicodeDecodeError):
        pass
    return _asked_of_nvidia_smi()


def _asked_of_nvidia_smi() -> str | None:
    program = shutil.which("nvidia-smi")
    if program is None:
        return None
    command = [program, "--query-gpu=driver_version", "--format=csv,noheader"]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=_PATIENCE, check=True)
    except (OSError, subprocess.SubprocessError):
        return None
    lines = done.stdout.split()
    return lines[0] if lines and lines[0][0].isdigit() else None


def _fact(key: str, label: str, number: str | None, absent: str = "unknown") -> Fact:
    return Fact(key=key, label=label, text=number or absent, value=number)
