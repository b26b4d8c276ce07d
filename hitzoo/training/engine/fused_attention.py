"""Attention on the meta device as the real kernels do it, for counting memory.

There torch takes the mathematical path, which keeps every matrix of scores for the backward pass; the kernels that run
on CPUs and GPUs keep only inputs, output and one number per row.
"""

from __future__ import annotations

from contextlib import AbstractContextManager
from typing import Any

import torch

from hitzoo.layers.attend import attention_by


def fused_attention() -> AbstractContextManager[None]:
    """Inside, attention has the shapes and the memory of a fused kernel, and no contents."""
    return attention_by(_Attention.apply)


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
