"""Facts that only torch knows: how it was built, what it found, and the devices; JSON data throughout."""

from __future__ import annotations

import re
import warnings
from collections.abc import Callable
from typing import Any

import torch

from hitzoo.doctor.check import reason_of
from hitzoo.fold.triton.disabled import disabled_kernels

_backends: Any = torch.backends  # whose functions torch does not type
_cuda: Any = torch.cuda


def probe() -> dict[str, Any]:
    """Return `torch`'s build, its `threads`, the `devices`, and why there is no CUDA device, if there is none."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of cards that are too old: a check says so
        return {
            "torch": _build(),
            "threads": torch.get_num_threads(),
            "interop_threads": torch.get_num_interop_threads(),
            "cpu_capability": _or_none(torch.backends.cpu.get_cpu_capability),
            "cuda_built": _backends.cuda.is_built(),
            "cuda_problem": _cuda_problem(),
            "devices": [_cpu(), *_cuda_devices(), *_others()],
        }


def _build() -> dict[str, str | None]:
    """Versions of torch and of the libraries that it was built with; None where it has none of them."""
    config = torch.__config__.show()
    return {
        "torch": str(torch.__version__),
        "cuda": torch.version.cuda,
        "hip": torch.version.hip,
        "cudnn": _or_none(_cudnn),
        "nccl": _or_none(lambda: ".".join(map(str, _cuda.nccl.version()))) if _has_nccl() else None,
        "onednn": _found(r"(?:MKL-DNN|oneDNN) v([\w.]+)", config),
        "mkl": _found(r"Math Kernel Library Version ([\d.]+)", config),
        "openmp": _found(r"\(a\.k\.a\. OpenMP ([\w.]+)\)", config),
        "blas": _found(r"BLAS_INFO=(\w+)", config),
    }


def _cudnn() -> str | None:
    """Version of cuDNN: 92600 is 9.26.0, and 8902 was 8.9.2."""
    number = _backends.cudnn.version()
    if number is None:
        return None
    scale = 10_000 if number >= 10_000 else 1_000
    return f"{number // scale}.{number % scale // 100}.{number % 100}"


def _has_nccl() -> bool:
    return torch.distributed.is_available() and torch.distributed.is_nccl_available()


def _cuda_problem() -> str | None:
    """Reason why torch finds no CUDA device; None where it finds one, or was not built for CUDA."""
    if torch.cuda.is_available() or not _backends.cuda.is_built():
        return None
    try:
        _cuda.init()
    except Exception as error:
        return reason_of(error)
    return "torch finds no device"


def _cpu() -> dict[str, Any]:
    return {
        "device": "cpu",
        "name": None,
        "memory": None,
        "free": None,
        "capability": None,
        "processors": None,
        "turned_off": [],
    }


def _cuda_devices() -> list[dict[str, Any]]:
    if not torch.cuda.is_available():
        return []
    return [_cuda_device(number) for number in range(torch.cuda.device_count())]


def _cuda_device(number: int) -> dict[str, Any]:
    found = torch.cuda.get_device_properties(number)
    return {
        "device": f"cuda:{number}",
        "name": found.name,
        "memory": found.total_memory,
        "free": _or_none(lambda: torch.cuda.mem_get_info(number)[0]),
        "capability": f"{found.major}.{found.minor}",
        "processors": found.multi_processor_count,
        "turned_off": _or_none(lambda: sorted(disabled_kernels(torch.device("cuda", number)))) or [],
    }


def _others() -> list[dict[str, Any]]:
    """Apple's and Intel's devices."""
    found = []
    if torch.backends.mps.is_available():
        memory = _or_none(torch.mps.recommended_max_memory)
        found.append(_cpu() | {"device": "mps", "name": "Apple GPU", "memory": memory})
    if hasattr(torch, "xpu") and torch.xpu.is_available():
        for number in range(torch.xpu.device_count()):
            of_device = torch.xpu.get_device_properties(number)
            of_memory = {"name": of_device.name, "memory": of_device.total_memory}
            found.append(_cpu() | {"device": f"xpu:{number}"} | of_memory)
    return found


def _found(pattern: str, text: str) -> str | None:
    match = re.search(pattern, text)
    return match[1] if match else None


def _or_none(look: Callable[[], Any]) -> Any:
    try:
        return look()
    except Exception:
        return None
