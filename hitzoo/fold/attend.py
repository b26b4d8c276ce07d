"""softmax(q·kᵀ)·v, its 1/√d already in the queries, by the kernel that measured fastest (docs/benchmarks.md).

S sequences, L queries, M keys, h heads, d width of a head.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F

_SHORT = 256  # keys; with more, the scores of a whole map would take more memory than the map


def softmax(logits: torch.Tensor) -> torch.Tensor:
    """Over the last axis, in float32 at least; torch's own kernel for bfloat16 on a CPU measured 2.6 times as slow."""
    if logits.dtype in (torch.float32, torch.float64):
        return logits.softmax(-1)
    return torch.softmax(logits, -1, dtype=torch.float32).to(logits.dtype)


def unscaled_with(bias: torch.Tensor, query: torch.Tensor, key: torch.Tensor, value: torch.Tensor) -> torch.Tensor:
    """The same with a bias of the logits [h, L, M] that all sequences share."""
    if query.device.type == "cpu" and key.shape[2] <= _SHORT:
        return softmax(query @ key.transpose(2, 3) + bias) @ value
    return F.scaled_dot_product_attention(query, key, value, attn_mask=bias[None], scale=1.0)


def unscaled(query: torch.Tensor, key: torch.Tensor, value: torch.Tensor) -> torch.Tensor:
    """[S, h, L, d], [S, h, M, d], [S, h, M, d] -> [S, h, L, d]; a kernel for `hitzoo.layers.attend.attend`."""
    if query.device.type == "cpu" and key.shape[2] <= _SHORT:
        q, k, v = (each.flatten(0, 1) for each in (query, key, value))  # with four axes: 6 % slower
        return (softmax(q @ k.transpose(1, 2)) @ v).view(query.shape)
    return F.scaled_dot_product_attention(query, key, value, scale=1.0)
