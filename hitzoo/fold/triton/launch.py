"""Settings common to all launches: the device, the form of gelu, and the precision of float32 products."""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext
from typing import Any, Literal

import torch

from hitzoo.fold.triton.tiling import Tile
from hitzoo.runtime.float32_precision import allows_tf32

Gelu = Literal["exact", "approximate"]
Precision = Literal["ieee", "tf32x3", "tf32"]


def resolve_precision(precision: Precision | None) -> Precision:
    """The given precision, else torch's setting for float32 products: TF32 where it is allowed, else tf32x3.

    tf32x3 sums three TF32 products, so that about 21 bits count of float32's 24, at a third of TF32's speed, which is
    still above that of the ordinary units, "ieee". Of 16-bit features all are the same.
    """
    if precision is not None:
        return precision
    return "tf32" if allows_tf32() else "tf32x3"


def resolve_gelu(gelu: Gelu, x: torch.Tensor) -> str:
    """Choose the form the kernel computes; the hardware's tanh, good to 2^-11, only where 16 bits are kept anyway."""
    assert gelu in ("exact", "approximate"), gelu
    if gelu == "approximate" and x.device.type == "cuda" and x.dtype != torch.float32:
        return "approximate_by_hardware"
    return gelu


def on(x: torch.Tensor) -> AbstractContextManager[object]:
    """Make the device of `x` the current one, on which Triton launches."""
    return torch.cuda.device(x.device) if x.device.type == "cuda" else nullcontext()


def options(tile: Tile) -> dict[str, Any]:
    """The compiler's options; multiply and add are one instruction, as in torch's own kernels."""
    return {"num_warps": tile.warps, "num_stages": tile.stages, "enable_fp_fusion": True}


def check(like: torch.Tensor, tensor: torch.Tensor, *shape: int, matrix: bool = False) -> None:
    """Assert that shape, layout, device and (for matrices) type are those the kernel reads."""
    assert tensor.shape == shape, (tuple(tensor.shape), shape)
    assert tensor.is_contiguous()
    assert tensor.device == like.device
    assert not matrix or tensor.dtype == like.dtype, (tensor.dtype, like.dtype)
