"""Scaled dot-product attention, multi-head or with one key and value head shared by all heads (multi-query).

N independent sequences, L queries, M keys, h query heads, k key heads (1 or h), d width of a head.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TypeAlias

import torch
import torch.nn.functional as F

from hitzoo.layers import few_keys
from hitzoo.layers.attention_limits import GPU, Limits, for_each_part, in_parts
from hitzoo.layers.in_float32 import in_float32_on_cpu

Kernel: TypeAlias = Callable[[torch.Tensor, torch.Tensor, torch.Tensor], torch.Tensor]
_kernel: Callable[..., torch.Tensor] = F.scaled_dot_product_attention  # a fourth argument is a bias


def attend(
    query: torch.Tensor,
    key: torch.Tensor,
    value: torch.Tensor,
    kernel: Kernel | None = None,
    limits: Limits | None = None,
) -> torch.Tensor:
    """softmax(q·kᵀ/√d)·v for every head: [N, L, h, d], [N, M, k, d], [N, M, k, d] -> [N, L, h, d].

    `kernel` replaces the training kernel; it takes and returns [N, heads, ·, d]. `limits` are those of its calls,
    by default a GPU's on CUDA and none elsewhere.
    """
    kernel = _scaled_dot_product if kernel is None else kernel
    if limits is None and query.device.type == "cuda":
        limits = GPU
    if limits is None:
        return _by_heads(query, key, value, kernel)
    return _limited(query, key, value, kernel, limits)


def _limited(
    query: torch.Tensor, key: torch.Tensor, value: torch.Tensor, kernel: Kernel, limits: Limits
) -> torch.Tensor:
    """Attend in as many sequences and calls as the limits ask for."""
    _, length, heads, width = query.shape
    rows_per_query = heads if key.shape[2] == 1 else 1
    parts = limits.parts(length, rows_per_query, key.shape[1])
    q, k, v = in_parts(query, parts), for_each_part(key, parts), for_each_part(value, parts)
    at_once = limits.sequences_at_once(length // parts, heads, width)
    if len(q) <= at_once:
        return _by_heads(q, k, v, kernel).reshape(query.shape)
    calls = zip(q.split(at_once), k.split(at_once), v.split(at_once), strict=True)
    return torch.cat([_by_heads(*call, kernel) for call in calls]).view(query.shape)


def _by_heads(query: torch.Tensor, key: torch.Tensor, value: torch.Tensor, kernel: Kernel) -> torch.Tensor:
    """Attend in one call.

    With one shared key head (k = 1) the heads become further query rows of a single-head attention: the same numbers,
    and keys and values are never repeated.
    """
    sequences, length, heads, width = query.shape
    if key.shape[2] == 1:
        rows = query.reshape(sequences, 1, length * heads, width)
        out = kernel(rows, key.transpose(1, 2), value.transpose(1, 2))
        return out.view(sequences, length, heads, width)
    out = kernel(query.transpose(1, 2), key.transpose(1, 2), value.transpose(1, 2))
    return out.transpose(1, 2)


def _scaled_dot_product(query: torch.Tensor, key: torch.Tensor, value: torch.Tensor) -> torch.Tensor:
    if _kernel is F.scaled_dot_product_attention and few_keys.applies(query, key):
        return few_keys.attend_to_few(query, key, value)
    return in_float32_on_cpu(_kernel, query, key, value)


def with_bias(bias: torch.Tensor) -> Kernel:
    """Make the training kernel with a bias of the logits, [h, L, M], the same for all sequences."""

    def kernel(query: torch.Tensor, key: torch.Tensor, value: torch.Tensor) -> torch.Tensor:
        return in_float32_on_cpu(_kernel, query, key, value, bias.to(query.dtype)[None])

    return kernel


@contextmanager
def attention_by(kernel: Callable[..., torch.Tensor]) -> Iterator[None]:
    """Compute every attention inside the block by another function of query, key, value, and a bias if any."""
    global _kernel
    before, _kernel = _kernel, kernel
    try:
        yield
    finally:
        _kernel = before
