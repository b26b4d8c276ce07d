"""From an image to patches, and from patches to one logit: the two ends of a vision transformer that judges images.

B batch, C channels, R pixels per side, r patches per side.
"""

from __future__ import annotations

import torch
from torch import nn

from hitzoo.layers.in_float32 import outside_autocast
from hitzoo.layers.linear import Linear
from hitzoo.layers.norm import build_norm
from hitzoo.layers.registry import register_block
from hitzoo.layers.transformer_block import LAYER_NORM_EPSILON, TransformerBlock

_INITIAL_STD = 0.02


@register_block("patch_embedding")
class PatchEmbedding(nn.Module):
    """A convolution that makes one position of every `stride`² pixels: [B, image_channels, R, R] -> [B, r, r, C].

    A `kernel` larger than the stride lets patches overlap; its padding keeps r at R/stride.
    """

    def __init__(self, *, image_channels: int, channels: int, kernel: int, stride: int) -> None:
        super().__init__()
        self.conv = nn.Conv2d(image_channels, channels, kernel, stride, padding=(kernel - stride) // 2)
        nn.init.xavier_uniform_(self.conv.weight)

    def forward(self, image: torch.Tensor) -> torch.Tensor:
        """Return the map of patches."""
        return self.conv(image).permute(0, 2, 3, 1)


@register_block("token_head")
class TokenHead(nn.Module):
    """A learned token joins the map's positions in a last block, and the logit is read off it: [B, r, r, C] -> [B].

    Under autocast the logit itself is computed in float32. Source: Dosovitskiy et al. 2021 (ViT), section 3.1.
    """

    def __init__(
        self, *, channels: int, heads: int, norm: str, expansion: int, noise: bool = False, number: int = 0
    ) -> None:
        super().__init__()
        self.token = nn.Parameter(nn.init.trunc_normal_(torch.empty(channels), std=_INITIAL_STD))
        self.block = TransformerBlock(
            channels=channels, heads=heads, norm=norm, expansion=expansion, noise=noise, number=number
        )
        self.norm = build_norm(norm, channels, layer_epsilon=LAYER_NORM_EPSILON)
        self.logit = Linear(channels, 1)

    def forward(self, x: torch.Tensor, noise_keys: torch.Tensor | None = None) -> torch.Tensor:
        """One logit per image."""
        positions = x.flatten(1, 2)
        token = self.token.to(x.dtype).expand(positions.shape[0], 1, -1)
        sequence = torch.cat((token, positions), dim=1).unsqueeze(1)  # [B, 1, 1 + r², C]
        last = self.norm(self.block(sequence, noise_keys=noise_keys)[:, 0, 0])
        return outside_autocast(self.logit, last).squeeze(1)
