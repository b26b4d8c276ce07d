"""softmax(q·kᵀ)·v, its 1/√d already in the queries, by the kernel that measured fastest (docs/benchmarks.md).

S sequences, L queries, M keys, h query heads, k key heads (1 or h), d width of a head.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F


def softmax(logits: torch.Tensor) -> torch.Tensor:
    """Over the last axis, in float32 at least; torch's own kernel for bfloat16 on a CPU measured 2.6 times as slow."""
    if logits.dtype in (torch.float32, torch.float64):
        return logits.softmax(-1)
    return torch.softmax(logits, -1, dtype=torch.float32).to(logits.dtype)


def attend(query: torch.Tensor, key: torch.Tensor, value: torch.Tensor) -> torch.Tensor:
    """[S, L, h, d], [S, M, k, d], [S, M, k, d] -> [S, L, h, d]; with one key head the heads are further query rows."""
    sequences, length, heads, width = query.shape
    if key.shape[2] == 1:
        rows = query.reshape(sequences, length * heads, width)
        return _rows(rows, key.squeeze(2), value.squeeze(2)).view(query.shape)
    rows, keys, values = (each.transpose(1, 2).flatten(0, 1) for each in (query, key, value))
    return _rows(rows, keys, values).view(sequences, heads, length, width).transpose(1, 2)


def _rows(query: torch.Tensor, key: torch.Tensor, value: torch.Tensor) -> torch.Tensor:
    """[S, R, d], [S, M, d], [S, M, d] -> [S, R, d]."""
    if query.device.type == "cpu" and key.shape[1] <= 256:
        return softmax(query @ key.transpose(1, 2)) @ value
    q, k, v = (each.unsqueeze(1) for each in (query, key, value))  # one head
    return F.scaled_dot_product_attention(q, k, v, scale=1.0).squeeze(1)
