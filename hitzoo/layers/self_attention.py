"""Self-attention blocks, which differ only in which positions attend to which.

B batch, G = g² blocks, P = p² pixels of a block, C channels, h heads, d = C/h. A blocked map is [B, G, P, C]; in a map
that is not blocked, [B, r, r, C], the first of the two axes holds the rows and the second a row's pixels.
"""

from __future__ import annotations

import torch

from hitzoo.layers.attend import Kernel, attend
from hitzoo.layers.attention_block import AttentionBlock
from hitzoo.layers.head_groups import HeadGroups
from hitzoo.layers.registry import register_block


class SelfAttentionBlock(AttentionBlock):
    """x + attention(norm(x)), then an MLP block: [B, ·, ·, C] -> [B, ·, ·, C].

    Source: Zhao et al. 2021, section 3.1.
    """

    def __init__(self, *, channels: int, heads: int, share_kv: bool, norm: str, expansion: int) -> None:
        super().__init__(
            channels=channels,
            source_channels=channels,
            heads=heads,
            share_kv=share_kv,
            norm=norm,
            expansion=expansion,
        )

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Add the attention's output to `x`, then the MLP's."""
        normed = self.norm(x)
        return self.finish(x, self.attention(*self.project(normed, normed)).flatten(-2))

    def attention(self, query: torch.Tensor, key: torch.Tensor, value: torch.Tensor) -> torch.Tensor:
        """Attend with every head: [B, ·, ·, h, d] -> [B, ·, ·, h, d]; keys and values have 1 or h heads."""
        raise NotImplementedError


@register_block("regional_block")
class RegionalBlock(SelfAttentionBlock):
    """Every head attends inside each block (blocked local attention)."""

    def attention(self, query: torch.Tensor, key: torch.Tensor, value: torch.Tensor) -> torch.Tensor:
        """Attend along the pixels of a block."""
        return along_second(query, key, value)


@register_block("dilated_block")
class DilatedBlock(SelfAttentionBlock):
    """Every head attends across blocks, to the same pixel of each."""

    def attention(self, query: torch.Tensor, key: torch.Tensor, value: torch.Tensor) -> torch.Tensor:
        """Attend along the grid of blocks."""
        return along_first(query, key, value)


@register_block("global_block")
class GlobalBlock(SelfAttentionBlock):
    """Every head attends to the whole map (all-to-all)."""

    def attention(self, query: torch.Tensor, key: torch.Tensor, value: torch.Tensor) -> torch.Tensor:
        """Attend over all positions as one sequence."""
        return along_both(query, key, value)


@register_block("multi_axis_block")
class MultiAxisBlock(SelfAttentionBlock):
    """The first half of the heads attends inside each block, the second across blocks at the same pixel."""

    def attention(self, query: torch.Tensor, key: torch.Tensor, value: torch.Tensor) -> torch.Tensor:
        """Attend along both axes; the halves' outputs are concatenated in that order."""
        half = self.heads // 2
        inside = along_second(query[..., :half, :], *self._heads_of(key, value, slice(None, half)))
        across = along_first(query[..., half:, :], *self._heads_of(key, value, slice(half, None)))
        return torch.cat((inside, across), dim=-2)

    def _heads_of(self, key: torch.Tensor, value: torch.Tensor, part: slice) -> tuple[torch.Tensor, torch.Tensor]:
        """The key and value heads of one half of the query heads; the shared one serves both halves."""
        if self.key_heads == 1:
            return key, value
        return key[..., part, :], value[..., part, :]


@register_block("axial_block")
class AxialBlock(MultiAxisBlock):
    """The first half of the heads attends along rows, the second along columns: the same two axes of a map not blocked.

    Zhao et al. 2021, section 3.1, name axial attention as this special case.
    """


@register_block("head_groups_block")
class HeadGroupsBlock(SelfAttentionBlock):
    """Groups of heads that each see positions by a pattern of their own; `groups` are the words of a plan."""

    def __init__(
        self, *, channels: int, heads: int, share_kv: bool, norm: str, expansion: int, side: int, groups: str
    ) -> None:
        super().__init__(channels=channels, heads=heads, share_kv=share_kv, norm=norm, expansion=expansion)
        self.groups = HeadGroups(side=side, groups=groups)

    def attention(self, query: torch.Tensor, key: torch.Tensor, value: torch.Tensor) -> torch.Tensor:
        """Attend with every group, on the map as it is: [B, r, r, h, d] -> [B, r, r, h, d]."""
        return self.groups(query, key, value)


def along_second(
    query: torch.Tensor, key: torch.Tensor, value: torch.Tensor, kernel: Kernel | None = None
) -> torch.Tensor:
    """Attend along axis 2 (pixels of a block, or of a row); each index of axis 1 is a sequence of its own."""
    q, k, v = (each.flatten(0, 1) for each in (query, key, value))
    return attend(q, k, v, kernel).view(query.shape)


def along_first(
    query: torch.Tensor, key: torch.Tensor, value: torch.Tensor, kernel: Kernel | None = None
) -> torch.Tensor:
    """Attend along axis 1 (blocks, or pixels of a column); each index of axis 2 is a sequence of its own."""
    q, k, v = (each.transpose(1, 2).flatten(0, 1) for each in (query, key, value))
    out = attend(q, k, v, kernel)
    batch, first, second, heads, width = query.shape
    return out.view(batch, second, first, heads, width).transpose(1, 2)


def along_both(
    query: torch.Tensor, key: torch.Tensor, value: torch.Tensor, kernel: Kernel | None = None
) -> torch.Tensor:
    """Attend over the whole map as one sequence."""
    q, k, v = (each.flatten(1, 2) for each in (query, key, value))
    return attend(q, k, v, kernel).view(query.shape)
