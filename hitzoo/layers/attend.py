"""Scaled dot-product attention where all heads may share one key and one value head.

N independent sequences, L queries, M keys, h query heads, k key heads (1 or h), d width of a head.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F


def attend(query: torch.Tensor, key: torch.Tensor, value: torch.Tensor) -> torch.Tensor:
    """softmax(q·kᵀ/√d)·v for every head: [N, L, h, d], [N, M, k, d], [N, M, k, d] -> [N, L, h, d].

    With one shared key head (k = 1) the heads become further query rows of a single-head attention: the same numbers,
    and keys and values are never repeated.
    """
    sequences, length, heads, width = query.shape
    if key.shape[2] == 1:
        rows = query.reshape(sequences, 1, length * heads, width)
        out = F.scaled_dot_product_attention(rows, key.transpose(1, 2), value.transpose(1, 2))
        return out.view(sequences, length, heads, width)
    out = F.scaled_dot_product_attention(query.transpose(1, 2), key.transpose(1, 2), value.transpose(1, 2))
    return out.transpose(1, 2)
