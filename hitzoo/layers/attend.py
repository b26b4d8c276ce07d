"""Scaled dot-product attention, multi-head or with one key and value head shared by all heads (multi-query).

N independent sequences, L queries, M keys, h query heads, k key heads (1 or h), d width of a head.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TypeAlias

import torch
import torch.nn.functional as F

from hitzoo.layers.in_float32 import in_float32_on_cpu

Kernel: TypeAlias = Callable[[torch.Tensor, torch.Tensor, torch.Tensor], torch.Tensor]
_kernel: Kernel = F.scaled_dot_product_attention


def attend(query: torch.Tensor, key: torch.Tensor, value: torch.Tensor, kernel: Kernel | None = None) -> torch.Tensor:
    """softmax(q·kᵀ/√d)·v for every head: [N, L, h, d], [N, M, k, d], [N, M, k, d] -> [N, L, h, d].

    `kernel` replaces the training kernel; it takes and returns [N, heads, ·, d].

    With one shared key head (k = 1) the heads become further query rows of a single-head attention: the same numbers,
    and keys and values are never repeated.
    """
    kernel = _scaled_dot_product if kernel is None else kernel
    sequences, length, heads, width = query.shape
    if key.shape[2] == 1:
        rows = query.reshape(sequences, 1, length * heads, width)
        out = kernel(rows, key.transpose(1, 2), value.transpose(1, 2))
        return out.view(sequences, length, heads, width)
    out = kernel(query.transpose(1, 2), key.transpose(1, 2), value.transpose(1, 2))
    return out.transpose(1, 2)


def _scaled_dot_product(query: torch.Tensor, key: torch.Tensor, value: torch.Tensor) -> torch.Tensor:
    return in_float32_on_cpu(_kernel, query, key, value)


@contextmanager
def attention_by(kernel: Kernel) -> Iterator[None]:
    """Compute every attention inside the block by another function of query, key and value."""
    global _kernel
    before, _kernel = _kernel, kernel
    try:
        yield
    finally:
        _kernel = before
