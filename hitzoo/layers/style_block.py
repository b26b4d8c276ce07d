"""Blocks of a style-based transformer generator: what a style enters, what doubles the map, what makes the image.

B batch, r side of the map, C channels, S width of the style.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import nn

from hitzoo.layers.conditioning import CONDITIONINGS
from hitzoo.layers.doubling import doubled
from hitzoo.layers.head_groups import HeadGroups
from hitzoo.layers.linear import linear, truncated_normal_
from hitzoo.layers.registry import register_block
from hitzoo.layers.sinusoidal_position import SinusoidalPosition


@register_block("constant_map")
class ConstantMap(nn.Module):
    """A learned map, the same for every image: styles [B, S] -> [B, r, r, C]; it begins as N(0, 1)."""

    def __init__(self, *, side: int, channels: int) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.randn(channels, side, side))

    def forward(self, w: torch.Tensor) -> torch.Tensor:
        """Repeat the map for every style of a batch."""
        return self.weight.to(w.dtype).permute(1, 2, 0).repeat(w.shape[0], 1, 1, 1)


@register_block("style_block")
class StyleBlock(nn.Module):
    """x + attention(norm(x, w)), then x + MLP(norm(x, w)): [B, r, r, C], [B, S] -> [B, r, r, C].

    `groups` are the words of `hitzoo.plan.head_groups.to_words`; the norms are the port of the style, a kind of
    `hitzoo.layers.conditioning.CONDITIONINGS`. Source: Zhang et al. 2022 (StyleSwin), section 3.2.
    """

    def __init__(
        self,
        *,
        channels: int,
        side: int,
        groups: str,
        style_dim: int,
        expansion: int,
        conditioning: str = "adain",
    ) -> None:
        super().__init__()
        self.side, port = side, CONDITIONINGS[conditioning]
        self.norm1 = port(channels=channels, style_dim=style_dim)
        self.query_key_value = linear(channels, 3 * channels)
        self.attention = HeadGroups(side=side, groups=groups)
        self.output = linear(channels, channels)
        self.norm2 = port(channels=channels, style_dim=style_dim)
        self.widen = linear(channels, expansion * channels)
        self.narrow = linear(expansion * channels, channels)

    def forward(self, x: torch.Tensor, w: torch.Tensor) -> torch.Tensor:
        """Add what the heads read, then the MLP's update."""
        projected = self.norm1.into(self.query_key_value, x, w).unflatten(-1, (3, self.attention.heads, -1))
        query, key, value = projected.unbind(-3)
        x = x + self.norm1.gated(self.output(self.attention(query, key, value).flatten(-2)), w)
        return x + self.norm2.gated(self.narrow(F.gelu(self.norm2.into(self.widen, x, w))), w)


@register_block("bilinear_upsample")
class BilinearUpsample(nn.Module):
    """Bilinear doubling, layer norm, a linear layer without bias, positions: [B, r, r, C] -> [B, 2r, 2r, C']."""

    def __init__(self, *, side: int, in_channels: int, out_channels: int) -> None:
        super().__init__()
        self.norm = nn.LayerNorm(in_channels)
        self.weight = nn.Parameter(truncated_normal_(torch.empty(out_channels, in_channels)))
        self.position = SinusoidalPosition(side=2 * side, channels=out_channels)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Return the map at twice the resolution."""
        return self.position(F.linear(self.norm(doubled(x, "border")), self.weight))


@register_block("skip_to_rgb")
class SkipToRGB(nn.Module):
    """A linear layer to the image's channels, and the image so far: [B, r, r, C] -> [B, r, r, image_channels].

    There are two biases, as in StyleSwin's published weights.
    """

    def __init__(self, *, channels: int, image_channels: int) -> None:
        super().__init__()
        self.linear = linear(channels, image_channels)
        self.bias = nn.Parameter(torch.zeros(image_channels))

    def forward(self, x: torch.Tensor, image: torch.Tensor | None) -> torch.Tensor:
        """Return the sum."""
        own = self.linear(x) + self.bias
        return own if image is None else own + image
