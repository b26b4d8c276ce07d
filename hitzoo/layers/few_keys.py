"""Attention to a few keys under autocast on CPUs, by two products and a softmax that is kept for the backward pass.

torch's fused kernel has a slow backward pass in bfloat16; in float32 this would gain about 1 % of a step, and is not
taken. The probabilities are at most four times as many numbers as the queries.

N sequences, L queries, M keys, d width of the one head.
"""

from __future__ import annotations

from typing import Any

import torch

from hitzoo.layers.double_backward import is_twice_differentiable

_MOST_KEYS, _KEYS_PER_WIDTH = 64, 4


def applies(query: torch.Tensor, key: torch.Tensor) -> bool:
    """True for narrow [N, 1, L, d] and [N, 1, M, d] on the CPU that are learnt from, outside torch.compile."""
    if query.device.type != "cpu" or query.dtype.itemsize >= 4 or torch.compiler.is_compiling():
        return False
    _, heads, keys, width = key.shape
    few = heads == query.shape[1] == 1 and keys <= min(_MOST_KEYS, _KEYS_PER_WIDTH * width)
    return few and query.requires_grad and not is_twice_differentiable()


def attend_to_few(query: torch.Tensor, key: torch.Tensor, value: torch.Tensor) -> torch.Tensor:
    """softmax(q·kᵀ/√d)·v: [N, 1, L, d], [N, 1, M, d], [N, 1, M, d] -> [N, 1, L, d].

    Its second derivative is right, but computes the probabilities again: better inside `twice_differentiable`.
    """
    out: torch.Tensor = _Attention.apply(query.squeeze(1), key.squeeze(1), value.squeeze(1))
    return out.unsqueeze(1)


class _Attention(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, query: torch.Tensor, key: torch.Tensor, value: torch.Tensor) -> torch.Tensor:
        ctx.scale = query.shape[-1] ** -0.5
        shares = _shares(query, key, ctx.scale)
        ctx.save_for_backward(query, key, value, shares)
        return torch.bmm(shares, value)

    @staticmethod
    def backward(ctx: Any, *incoming: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        (gradient,) = incoming
        query, key, value, shares = ctx.saved_tensors
        if torch.is_grad_enabled():  # to be differentiated again: those kept do not know what they were made of
            shares = _shares(query, key, ctx.scale)
        by_shares = torch.bmm(gradient, value.transpose(1, 2))
        by_scores = _of_softmax(by_shares, shares)
        by_value = torch.bmm(shares.transpose(1, 2), gradient)
        by_key = torch.bmm(by_scores.transpose(1, 2), query) * ctx.scale
        return torch.bmm(by_scores, key * ctx.scale), by_key, by_value


def _shares(query: torch.Tensor, key: torch.Tensor, scale: float) -> torch.Tensor:
    return _softmax(torch.bmm(query, (key * scale).transpose(1, 2)))


def _softmax(scores: torch.Tensor) -> torch.Tensor:
    """In float32 at least: over rows of 16, torch's kernel for bfloat16 takes three times as long."""
    return torch.softmax(scores, -1, dtype=_wide(scores)).to(scores.dtype)


def _of_softmax(gradient: torch.Tensor, shares: torch.Tensor) -> torch.Tensor:
    wide = _wide(shares)
    found: torch.Tensor = torch.ops.aten._softmax_backward_data(gradient.to(wide), shares.to(wide), -1, wide)
    return found.to(shares.dtype)


def _wide(x: torch.Tensor) -> torch.dtype:
    return torch.promote_types(x.dtype, torch.float32)
