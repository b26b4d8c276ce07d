"""Self-attention blocks with one projection for queries, keys and values.

B batch, F and S the map's two axes (blocks and a block's pixels, or rows and columns), C channels, h heads, k key
heads, d = C/h.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

import torch
from torch import nn

from hitzoo.fold.affine import affine_of
from hitzoo.fold.attend import unscaled
from hitzoo.fold.head_groups import FixedHeadGroups
from hitzoo.fold.kernels import Kernels
from hitzoo.fold.mlp import OptimizedMLP
from hitzoo.fold.norm import remaining_norm
from hitzoo.fold.rewrites import (
    after_norm,
    query_key_value,
    scaled_query,
    value_bias_in_output,
    without_key_bias,
)
from hitzoo.layers.attend import Kernel
from hitzoo.layers.self_attention import (
    AxialBlock,
    DilatedBlock,
    GlobalBlock,
    HeadGroupsBlock,
    MultiAxisBlock,
    RegionalBlock,
    SelfAttentionBlock,
    along_both,
    along_first,
    along_second,
)

Axis: TypeAlias = Callable[[torch.Tensor, torch.Tensor, torch.Tensor, Kernel], torch.Tensor]
"""Attention along one axis: queries [B, F, S, h, d], keys and values [B, F, S, k, d] -> [B, F, S, h, d]."""

AXES: dict[type[SelfAttentionBlock], tuple[Axis, ...]] = {
    MultiAxisBlock: (along_second, along_first),
    AxialBlock: (along_second, along_first),
    RegionalBlock: (along_second,),
    DilatedBlock: (along_first,),
    GlobalBlock: (along_both,),
}
"""The axes among which the heads are divided, in equal parts."""


class OptimizedSelfAttention(nn.Module):
    """x + attention(norm(x)), then the MLP block: [B, F·S, C] -> [B, F·S, C]."""

    def __init__(self, block: SelfAttentionBlock, first: int, kernels: Kernels) -> None:
        super().__init__()
        heads = block.heads
        value = after_norm(affine_of(block.value), block.norm)
        value, output = value_bias_in_output(value, affine_of(block.output))
        key = without_key_bias(after_norm(affine_of(block.key), block.norm))
        query = scaled_query(after_norm(affine_of(block.query), block.norm), heads)
        self.first, self.heads, self.key_heads = first, heads, block.key_heads
        self.axes = AXES.get(type(block), ())
        self.standardise = remaining_norm(block.norm)
        self.query_key_value = kernels.linear(query_key_value(query, key, value))
        self.output = kernels.linear(output)
        self.mlp = OptimizedMLP(block.mlp, kernels)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Add the attention's output to `x`, then the MLP's."""
        projected = self.query_key_value(self.standardise(x))
        return self.mlp(self.output(self._read(projected), x))

    def _headed(self, projected: torch.Tensor) -> tuple[torch.Tensor, ...]:
        """Queries, keys and values: [B, F·S, (h + 2k)·d] -> [B, F, S, h, d], [B, F, S, k, d] twice."""
        headed = projected.unflatten(1, (self.first, -1)).unflatten(3, (self.heads + 2 * self.key_heads, -1))
        return headed.split((self.heads, self.key_heads, self.key_heads), dim=3)

    def _read(self, projected: torch.Tensor) -> torch.Tensor:
        """Attend and concatenate the heads: [B, F·S, (h + 2k)·d] -> [B, F·S, C]."""
        queries, keys, values = self._headed(projected)
        parts = len(self.axes)
        dealt = zip(self.axes, queries.chunk(parts, 3), self._dealt(keys), self._dealt(values), strict=True)
        read = [along(query, key, value, unscaled) for along, query, key, value in dealt]
        whole = read[0] if parts == 1 else torch.cat(read, dim=3)
        return whole.flatten(3).flatten(1, 2)

    def _dealt(self, heads: torch.Tensor) -> tuple[torch.Tensor, ...]:
        """The key or value heads of each axis; a shared one serves all."""
        parts = len(self.axes)
        return (heads,) * parts if self.key_heads == 1 else heads.chunk(parts, 3)


class OptimizedHeadGroups(OptimizedSelfAttention):
    """The same with head groups, on the map as it is."""

    def __init__(self, block: HeadGroupsBlock, first: int, kernels: Kernels) -> None:
        super().__init__(block, first, kernels)
        self.groups = FixedHeadGroups(block.groups, kernels)

    def _read(self, projected: torch.Tensor) -> torch.Tensor:
        return self.groups(*self._headed(projected)).flatten(3).flatten(1, 2)
