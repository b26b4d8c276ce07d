"""The keys and values of all stages from the latent, or from the codes, by one linear layer.

B batch, T tokens, k key heads of a stage, d their width, O all keys and values together, W the codes' width.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
import torch.nn.functional as F
from torch import nn

from hitzoo.fold.affine import Affine, affine_of, concatenated, in_float64
from hitzoo.fold.cross_attention import Tokens, key_and_value
from hitzoo.fold.kernels import Kernels
from hitzoo.fold.norm import remaining_norm
from hitzoo.fold.rewrites import of_the_codes, of_the_latent
from hitzoo.layers.code_map import CodeTokens
from hitzoo.layers.cross_attention import CrossAttentionBlock
from hitzoo.layers.latent import LatentTokens
from hitzoo.layers.norm import BatchNorm


class KeyValueProjections(nn.Module):
    """Project what the tokens are made of to each block's keys and values: [B, T, k, d] each.

    Behind a batch norm the tokens are not computed, since keys and values are linear in what they are made of
    (`direct`). A layer norm needs them.
    """

    def __init__(self, tokens: Tokens, layers: Sequence[Affine], heads: Sequence[int]) -> None:
        super().__init__()
        self.count, self.heads = len(tokens.position), heads
        self.widths = [len(layer.bias) for layer in layers]
        self.direct = isinstance(tokens.norm, BatchNorm)
        self.standardise = remaining_norm(tokens.norm)

    def forward(self, z: torch.Tensor) -> list[tuple[torch.Tensor, torch.Tensor]]:
        """Keys and values, block by block."""
        parts = self.projected(z).split(self.widths, dim=2)
        headed = [part.unflatten(2, (heads, -1)) for part, heads in zip(parts, self.heads, strict=True)]
        return list(zip(headed[::2], headed[1::2], strict=True))

    def projected(self, z: torch.Tensor) -> torch.Tensor:
        """All keys and values, token by token: [B, T, O]."""
        raise NotImplementedError


class LatentKeysValues(KeyValueProjections):
    """Those of a latent [B, latent_dim]."""

    def __init__(self, tokens: LatentTokens, layers: Sequence[Affine], heads: Sequence[int], kernels: Kernels) -> None:
        super().__init__(tokens, layers, heads)
        made, position, merged = affine_of(tokens.linear), in_float64(tokens.position), concatenated(layers)
        if self.direct:
            self.product = kernels.linear(of_the_latent(merged, made, position))
        else:
            self.tokens = kernels.linear(Affine(made.weight, made.bias + position.flatten()))
            self.product = kernels.linear(merged)

    def projected(self, z: torch.Tensor) -> torch.Tensor:
        """All keys and values, token by token: [B, T, O]."""
        if self.direct:
            return self.product(z).unflatten(1, (-1, self.count)).transpose(1, 2)
        return self.product(self.standardise(self.tokens(z).unflatten(1, (self.count, -1))))


class CodeKeysValues(KeyValueProjections):
    """Those of a map of codes [B, W, s, s], whose tokens are means of squares of it."""

    position: torch.Tensor

    def __init__(self, tokens: CodeTokens, layers: Sequence[Affine], heads: Sequence[int], kernels: Kernels) -> None:
        super().__init__(tokens, layers, heads)
        made, position, merged = affine_of(tokens.linear), in_float64(tokens.position), concatenated(layers)
        self.side = tokens.side
        if self.direct:
            layer, position = of_the_codes(merged, made, position)
            self.product = kernels.linear(layer)
        else:
            self.tokens, self.product = kernels.linear(made), kernels.linear(merged)
        self.register_buffer("position", position.to(kernels.like))

    def projected(self, z: torch.Tensor) -> torch.Tensor:
        """All keys and values, token by token: [B, T, O]."""
        pooled = F.avg_pool2d(z, z.shape[-1] // self.side).flatten(2).transpose(1, 2).contiguous()
        if self.direct:
            return self.product(pooled, self.position)
        return self.product(self.standardise(self.tokens(pooled, self.position)))


def key_value_projections(
    tokens: Tokens, blocks: Sequence[CrossAttentionBlock], kernels: Kernels
) -> KeyValueProjections:
    """Fold the tokens of a generator or of a decoder, with the layers of all stages that take them."""
    heads = [block.key_heads for block in blocks for _ in range(2)]
    layers = [layer for block in blocks for layer in key_and_value(block, tokens)]
    if isinstance(tokens, CodeTokens):
        return CodeKeysValues(tokens, layers, heads, kernels)
    return LatentKeysValues(tokens, layers, heads, kernels)
