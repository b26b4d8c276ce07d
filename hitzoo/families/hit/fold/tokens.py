"""The keys and values of all stages from the latent, by one linear layer.

B batch, T latent tokens, k key heads of a stage, d their width.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import nn

from hitzoo.fold.affine import Affine, affine_of, concatenated, in_float64
from hitzoo.fold.cross_attention import key_and_value
from hitzoo.fold.kernels import Kernels
from hitzoo.fold.norm import remaining_norm
from hitzoo.fold.rewrites import of_the_latent
from hitzoo.layers.cross_attention import CrossAttentionBlock
from hitzoo.layers.latent import LatentTokens
from hitzoo.layers.norm import BatchNorm


class KeyValueProjections(nn.Module):
    """Project latents to each block's keys and values: [B, latent_dim] -> [B, T, k, d] each.

    Behind a batch norm the tokens are not computed: keys and values are linear in the latent. A layer norm needs them.
    """

    def __init__(self, tokens: LatentTokens, blocks: Sequence[CrossAttentionBlock], kernels: Kernels) -> None:
        super().__init__()
        self.count = len(tokens.position)
        self.heads = [block.key_heads for block in blocks for _ in range(2)]
        layers = [layer for block in blocks for layer in key_and_value(block, tokens)]
        self.widths = [len(layer.bias) for layer in layers]
        made, position = affine_of(tokens.linear), in_float64(tokens.position)
        self.direct = isinstance(tokens.norm, BatchNorm)
        if self.direct:
            self.product = kernels.linear(of_the_latent(concatenated(layers), made, position))
        else:
            self.tokens = kernels.linear(Affine(made.weight, made.bias + position.flatten()))
            self.standardise = remaining_norm(tokens.norm)
            self.product = kernels.linear(concatenated(layers))

    def forward(self, z: torch.Tensor) -> list[tuple[torch.Tensor, torch.Tensor]]:
        """Keys and values, block by block."""
        if self.direct:
            projected = self.product(z).unflatten(1, (-1, self.count)).transpose(1, 2)
        else:
            projected = self.product(self.standardise(self.tokens(z).unflatten(1, (self.count, -1))))
        parts = projected.split(self.widths, dim=2)
        headed = [part.unflatten(2, (heads, -1)) for part, heads in zip(parts, self.heads, strict=True)]
        return list(zip(headed[::2], headed[1::2], strict=True))
