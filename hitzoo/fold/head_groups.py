"""Head groups whose biases and masks are made once; the queries hold 1/√d already.

S sequences, h heads of a group, L queries, M keys, d width of a head.
"""

from __future__ import annotations

from functools import partial
from typing import cast

import torch
import torch.nn.functional as F
from torch import nn

from hitzoo.fold.attend import unscaled, unscaled_with
from hitzoo.fold.kernels import Kernels
from hitzoo.layers.attend import Kernel
from hitzoo.layers.head_groups import GroupAttention, HeadGroups
from hitzoo.layers.in_float32 import at_least_float32
from hitzoo.plan.head_groups import Run


class FixedHeadGroups(HeadGroups):
    """The same attention as that of `layer`, for queries that are scaled: [B, r, r, h, d], … -> [B, r, r, h, d]."""

    def __init__(self, layer: HeadGroups, kernels: Kernels) -> None:
        nn.Module.__init__(self)
        self.heads = layer.heads
        groups = cast(list[GroupAttention], list(layer.groups))
        self.groups = nn.ModuleList(FixedGroup(group, kernels) for group in groups)


class FixedGroup(GroupAttention):
    """One of its groups, with a bias for each pair of runs of tiles."""

    def __init__(self, group: GroupAttention, kernels: Kernels) -> None:
        nn.Module.__init__(self)
        self.heads, self.down, self.across, self.table = group.heads, group.down, group.across, None
        like = at_least_float32(kernels.like)
        for y in self.down.runs:
            for x in self.across.runs:
                bias = group.bias(y, x, like)
                bias = None if bias is None else bias.detach().to(kernels.like)
                self.register_buffer(_name(y, x), bias, persistent=False)

    def kernel(self, y: Run, x: Run, like: torch.Tensor) -> Kernel | None:
        """Return the kernel with the bias that was kept."""
        bias: torch.Tensor | None = getattr(self, _name(y, x))
        return unscaled if bias is None else partial(_with_kept, bias)


def _name(y: Run, x: Run) -> str:
    return f"bias_{y.start}_{x.start}"


def _with_kept(bias: torch.Tensor, query: torch.Tensor, key: torch.Tensor, value: torch.Tensor) -> torch.Tensor:
    """softmax(q·kᵀ + bias)·v: [S, h, L, d], [S, h, M, d] twice -> [S, h, L, d].

    In float32 torch's fused kernel, which takes windows as they lie in memory, measured faster than two products
    (docs/benchmarks.md).
    """
    if query.dtype == torch.bfloat16:
        return unscaled_with(bias, query, key, value)
    return F.scaled_dot_product_attention(query, key, value, attn_mask=bias[None], scale=1.0)
