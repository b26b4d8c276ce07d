"""Support checks for the kernels; the functions of `reference` compute the same everywhere else."""

from __future__ import annotations

import os
import re
from functools import cache

import torch

from hitzoo.fold.triton.shared_memory import stage_demand
from hitzoo.fold.triton.tile_choice import fits_smallest
from hitzoo.fold.triton.tiling import device_of
from hitzoo.fold.triton.version import triton_version

_OLDEST = (3, 4)  # the oldest Triton they were compiled with
_CHANNELS = (16, 32, 64, 128)
_TYPES = (torch.float32, torch.bfloat16, torch.float16)
_MOST_IMAGE_CHANNELS = 16
_MOST_LOGITS = 128
_ROOMY = 128 * 1024  # bytes of shared memory: 64 channels in float32 take 112 KiB and more


def interpreting() -> bool:
    """True if Triton runs its kernels as Python on the CPU, which it decides once, at import."""
    return os.environ.get("TRITON_INTERPRET") == "1"


@cache
def _triton_is_here() -> bool:
    numbers = re.match(r"(\d+)\.(\d+)", triton_version() or "")
    return numbers is not None and (int(numbers[1]), int(numbers[2])) >= _OLDEST


def supports_device(device: torch.device) -> bool:
    """True for an NVIDIA GPU from Ampere on, or for any device in the interpreter, with Triton installed."""
    if device.type != "cuda":
        return interpreting() and _triton_is_here()
    if torch.version.cuda is None or torch.cuda.get_device_capability(device) < (8, 0):
        return False
    return _triton_is_here()


def supports_mlp(x: torch.Tensor, hidden: int, outputs: int | None = None) -> bool:
    """True if `fused_mlp` takes [..., C] and `hidden` features, or `fused_last_mlp` with `outputs` image channels."""
    fits = x.shape[-1] in _CHANNELS and hidden >= 16 and hidden % 16 == 0
    small = outputs is None or 1 <= outputs <= _MOST_IMAGE_CHANNELS
    return fits and small and x.dtype in _TYPES and supports_device(x.device)


def supports_stage(x: torch.Tensor, channels: int, hidden: int, heads: int, tokens: int, outputs: int = 1) -> bool:
    """True if `pixel_stage` takes [B, n, C_in] to C channels with these heads and latent tokens (0: no attention)."""
    logits = heads * tokens
    attends = logits == 0 or (16 <= logits <= _MOST_LOGITS and _power_of_two(heads) and _power_of_two(tokens))
    before = x.shape[-1] % 4 == 0 and x.shape[-1] // 4 <= _MOST_LOGITS
    addressable = 4 * x.shape[1] * max(channels, x.shape[-1] // 4) < 2**31
    if not (attends and before and addressable and supports_mlp(x.new_empty(0, channels), hidden, outputs)):
        return False
    device = device_of(x.device)
    if x.dtype == torch.float32 and channels > (64 if device.shared >= _ROOMY else 32):
        return False
    size, width = x.element_size(), x.shape[-1] // 4
    demand = stage_demand(size, width, channels, hidden, logits=logits, depth=1, image=True, ends=False)
    return fits_smallest(demand, device)


def _power_of_two(number: int) -> bool:
    return number > 0 and number & (number - 1) == 0
