"""Linear layers on CPUs by oneDNN, in float32: the same sums in another order.

torch sends this product to MKL, which on the shapes of these networks measured half as fast, and sums the bias's
gradient by itself (docs/benchmarks.md).

N rows, C inputs, C' outputs.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any

import torch
from torch.autograd.function import once_differentiable

_PIECE = 1 << 20  # numbers of the wider side that a weight gradient takes at once: they stay in a cache
_FEWEST_ROWS = 2048  # of a piece: each adds to sums that are as large as the weight
_FEW = 64  # rows that torch multiplies at once
_enabled = True


@cache
def is_here() -> bool:
    """True if this build of torch has oneDNN and the operations used here, which torch keeps for its own compiler."""
    names = ("_linear_pointwise", "_reorder_linear_weight", "_is_mkldnn_bf16_supported")
    return (
        torch.backends.mkldnn.is_available()
        and all(hasattr(torch.ops.mkldnn, name) for name in names)
        and hasattr(torch.ops.aten, "mkldnn_linear_backward_weights")
    )


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
    """x·Wᵀ + b: [..., C], [C', C], [C'] -> [..., C']; differentiable once."""
    rows: torch.Tensor = _Linear.apply(x.reshape(-1, x.shape[-1]), weight, bias)
    return rows.view(*x.shape[:-1], weight.shape[0])


class _Linear(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, x: torch.Tensor, weight: torch.Tensor, bias: torch.Tensor | None) -> torch.Tensor:
        ctx.save_for_backward(x, weight)
        ctx.has_bias = bias is not None
        return _product(x, weight, bias)

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, gradient: torch.Tensor) -> tuple[torch.Tensor | None, ...]:
        x, weight = ctx.saved_tensors
        for_x, for_weight, for_bias = ctx.needs_input_grad
        gradient = gradient.contiguous()
        by_x = _product(gradient, weight.t().contiguous(), None) if for_x else None
        if not for_weight:
            return by_x, None, gradient.sum(dim=0) if for_bias and ctx.has_bias else None
        by_weight, by_bias = _weight_and_bias_gradients(gradient, x, weight)
        return by_x, by_weight, by_bias if for_bias and ctx.has_bias else None


def _product(x: torch.Tensor, weight: torch.Tensor, bias: torch.Tensor | None) -> torch.Tensor:
    product: torch.Tensor = torch.ops.mkldnn._linear_pointwise(x, weight, bias, "none", [], "")
    return product


def _weight_and_bias_gradients(
    gradient: torch.Tensor, x: torch.Tensor, weight: torch.Tensor
) -> tuple[torch.Tensor, torch.Tensor]:
    """gᵀ·x and the sum of g's rows: [N, C'], [N, C] -> [C', C], [C']."""
    if len(x) < _FEW:
        return gradient.t() @ x, gradient.sum(dim=0)
    sums: list[torch.Tensor] = []
    rows = max(_PIECE // max(weight.shape), _FEWEST_ROWS)
    for parts in zip(gradient.split(rows), x.split(rows), strict=True):
        of_piece, input_ = (part.to_mkldnn() for part in parts)
        found = torch.ops.aten.mkldnn_linear_backward_weights(of_piece, input_, weight, True)
        if sums:
            torch._foreach_add_(sums, found)
        else:
            sums = list(found)
    by_weight, by_bias = sums
    return by_weight, by_bias
