"""Linear layers on CPUs by oneDNN, in float32: the same sums in another order.

torch sends this product to MKL, which on the shapes of these networks measured half as fast (docs/benchmarks.md).

N rows, C inputs, C' outputs.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any

import torch

_TILE = 64  # rows that one image of the weight gradient's convolution holds
_enabled = True


@cache
def is_here() -> bool:
    """True if this build of torch has oneDNN and the operations used here, which torch keeps for its own compiler."""
    names = ("_linear_pointwise", "_reorder_linear_weight", "_is_mkldnn_bf16_supported")
    return torch.backends.mkldnn.is_available() and all(hasattr(torch.ops.mkldnn, name) for name in names)


def applies(x: torch.Tensor) -> bool:
    """True if oneDNN can compute this layer: float32 on the CPU, outside torch.compile and autocast."""
    return (
        _enabled
        and x.device.type == "cpu"
        and x.dtype == torch.float32
        and not torch.compiler.is_compiling()
        and not torch.is_autocast_enabled("cpu")
        and is_here()
    )


@contextmanager
def without_onednn_linear(off: bool = True) -> Iterator[None]:
    """Compute linear layers by torch's own kernels inside the block, for comparing the two."""
    global _enabled
    before, _enabled = _enabled, _enabled and not off
    try:
        yield
    finally:
        _enabled = before


def onednn_linear(x: torch.Tensor, weight: torch.Tensor, bias: torch.Tensor | None) -> torch.Tensor:
    """x·Wᵀ + b: [..., C], [C', C], [C'] -> [..., C']; its second derivative is torch's."""
    rows: torch.Tensor = _Linear.apply(x.reshape(-1, x.shape[-1]), weight, bias)
    return rows.view(*x.shape[:-1], weight.shape[0])


class _Linear(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, x: torch.Tensor, weight: torch.Tensor, bias: torch.Tensor | None) -> torch.Tensor:
        ctx.save_for_backward(x, weight)
        ctx.has_bias = bias is not None
        return _product(x, weight, bias)

    @staticmethod
    def backward(ctx: Any, *incoming: torch.Tensor) -> tuple[torch.Tensor | None, ...]:
        x, weight = ctx.saved_tensors
        for_x, for_weight, for_bias = ctx.needs_input_grad
        gradient = incoming[0].contiguous()
        again = torch.is_grad_enabled()  # to be differentiated again, which oneDNN's product cannot be
        return (
            (gradient @ weight if again else _product(gradient, weight.t().contiguous(), None)) if for_x else None,
            (gradient.t() @ x if again else _weight_gradient(gradient, x)) if for_weight else None,
            gradient.sum(dim=0) if for_bias and ctx.has_bias else None,
        )


def _product(x: torch.Tensor, weight: torch.Tensor, bias: torch.Tensor | None) -> torch.Tensor:
    product: torch.Tensor = torch.ops.mkldnn._linear_pointwise(x, weight, bias, "none", [], "")
    return product


def _weight_gradient(gradient: torch.Tensor, x: torch.Tensor) -> torch.Tensor:
    """gᵀ·x, [N, C'] and [N, C] -> [C', C], as the weight gradient of a 1×1 convolution over N/64 images of 8×8."""
    if len(x) % _TILE:
        return gradient.t() @ x
    maps = (rows.view(-1, 8, 8, rows.shape[1]).permute(0, 3, 1, 2) for rows in (gradient, x))
    kernel = x.new_empty(gradient.shape[1], x.shape[1], 1, 1)
    found: torch.Tensor = torch.ops.aten.convolution_backward(
        *maps, kernel, None, [1, 1], [0, 0], [1, 1], False, [0, 0], 1, [False, True, False]
    )[1]
    return found.view(gradient.shape[1], x.shape[1])
