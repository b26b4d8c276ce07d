"""torch.compile: a small function compiled for a device."""

from __future__ import annotations

import os
import shutil
import sys
from importlib.util import find_spec

import torch
import torch.nn.functional as F

from hitzoo.doctor.check import Measured, NotApplicable
from hitzoo.doctor.checks.specimen import difference

_LIMIT = 1e-2
_COMPILERS = {"cpu": ("CXX", "g++", "clang++", "c++", "cl"), "cuda": ("CC", "gcc", "clang", "cc", "cl")}


def compiles(device: torch.device) -> Measured:
    """Compare a small compiled function with the same in float64."""
    require_compiler(device)
    random = torch.Generator().manual_seed(0)
    x, weight = (torch.randn(32, 32, generator=random) for _ in range(2))
    found = torch.compile(_function, dynamic=False)(x.to(device), weight.to(device))
    return Measured(value=difference(found, _function(x.double(), weight.double())), unit="relative", limit=_LIMIT)


def compiles_later() -> Measured:
    """Put the check off: on a CPU the first function that is compiled takes 10 seconds, and 150 MB of headers."""
    raise NotApplicable("not tried: it takes a while on a CPU; hitzoo doctor --full tries it")


def require_compiler(device: torch.device) -> None:
    """Raise `NotApplicable` where torch.compile has nothing to compile with on a device."""
    if device.type == "cuda" and find_spec("triton") is None:
        raise NotApplicable("torch.compile needs Triton on a GPU, which is not installed")
    variable, *programs = _COMPILERS.get(device.type, _COMPILERS["cpu"])
    if not os.environ.get(variable) and not any(map(shutil.which, programs)):
        kind = "C++" if device.type == "cpu" else "C"
        name = "Visual Studio's" if sys.platform == "win32" else f"a {kind}"
        raise NotApplicable(f"torch.compile needs {name} compiler, and none is installed")


def _function(x: torch.Tensor, weight: torch.Tensor) -> torch.Tensor:
    return F.gelu(x @ weight) + x.softmax(-1)
