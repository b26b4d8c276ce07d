"""Attention on the meta device as the real kernels do it, for counting memory.

There torch takes the mathematical path, which keeps every matrix of scores for the backward pass; the kernels that run
on CPUs and GPUs keep only inputs, output and one number per row.
"""

from __future__ import annotations

from contextlib import AbstractContextManager
from typing import Any

import torch
import torch.nn.functional as F

from hitzoo.layers.attend import attention_by
from hitzoo.layers.double_backward import is_twice_differentiable


def fused_attention() -> AbstractContextManager[None]:
    """Inside, attention has the shapes and the memory of a fused kernel, and no contents.

    Where its backward pass is differentiated again there is no such kernel, and every matrix of scores is kept. On CPUs
    torch keeps them beside a learned bias of the scores too, which is not counted.
    """
    return attention_by(_attend)


def _attend(
    query: torch.Tensor, key: torch.Tensor, value: torch.Tensor, bias: torch.Tensor | None = None
) -> torch.Tensor:
    if is_twice_differentiable():
        return F.scaled_dot_product_attention(query, key, value, attn_mask=bias)
    attended: torch.Tensor = _Attention.apply(query, key, value, bias)
    return attended


class _Attention(torch.autograd.Function):
    @staticmethod
    def forward(
        ctx: Any, query: torch.Tensor, key: torch.Tensor, value: torch.Tensor, bias: torch.Tensor | None = None
    ) -> torch.Tensor:
        out = query.new_empty((*query.shape[:-1], value.shape[-1]))
        ctx.save_for_backward(query, key, value, out, query.new_empty(query.shape[:-1]), bias)
        return out

    @staticmethod
    def backward(ctx: Any, *gradients: torch.Tensor) -> tuple[torch.Tensor | None, ...]:
        query, key, value, _, _, bias = ctx.saved_tensors
        of_bias = None if bias is None else torch.empty_like(bias)
        return torch.empty_like(query), torch.empty_like(key), torch.empty_like(value), of_bias
