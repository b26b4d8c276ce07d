"""Transformer blocks with their norms and 1/√d folded into one projection, and their position bias made once.

B batch, F and S the map's two axes, C channels, T latent tokens, h heads, d = C/h.
"""

from __future__ import annotations

from functools import partial

import torch
from torch import nn

from hitzoo.fold.affine import Affine, affine_of, concatenated
from hitzoo.fold.attend import unscaled, unscaled_with
from hitzoo.fold.kernels import Kernels
from hitzoo.fold.mlp import OptimizedMLP
from hitzoo.fold.norm import remaining_norm, whole_norm
from hitzoo.fold.rewrites import after_norm, query_key_value, scaled_query, value_bias_in_output, without_key_bias
from hitzoo.layers.attend import Kernel, attend
from hitzoo.layers.memory_attention import MemoryAttention
from hitzoo.layers.relative_position import RelativePosition
from hitzoo.layers.transformer_block import TransformerBlock, read


class OptimizedTransformerBlock(nn.Module):
    """x + attention(norm(x)), then the MLP block: [B, F, S, C] -> [B, F, S, C].

    Noise stands between the norm and the projection: of a block with noise the norm stays as it is.
    """

    def __init__(self, block: TransformerBlock, kernels: Kernels) -> None:
        super().__init__()
        self.attention, self.heads, self.block_size = block.attention, block.heads, block.block_size
        self.cross = OptimizedMemoryAttention(block.cross, kernels) if block.cross is not None else None
        self.noise = block.noise
        self.norm = remaining_norm(block.norm) if block.noise is None else whole_norm(block.norm, kernels.like)
        projection, output = _folded(block)
        self.query_key_value = kernels.linear(projection)
        self.output = kernels.linear(output)
        self.bias = PositionBias(block.position, kernels) if block.position is not None else None
        self.mlp = OptimizedMLP(block.mlp, kernels)

    def forward(
        self, x: torch.Tensor, tokens: torch.Tensor | None = None, noise_keys: torch.Tensor | None = None
    ) -> torch.Tensor:
        """Add what is read from the tokens [B, T, S], from the map itself, and the MLP's update."""
        if self.cross is not None and tokens is not None:
            x = self.cross(x, tokens)
        normed = self.norm(x)
        if self.noise is not None:
            normed = self.noise(normed, noise_keys)
        query, key, value = self.query_key_value(normed).unflatten(-1, (3, self.heads, -1)).unbind(-3)
        found = read(self.attention, query, key, value, self._kernel())
        return self.mlp(self.output(found.flatten(-2), x))

    def _kernel(self) -> Kernel:
        return unscaled if self.bias is None else partial(unscaled_with, self.bias())


class OptimizedMemoryAttention(nn.Module):
    """x + what the map reads from the tokens, keys and values by one product: [B, ..., C], [B, T, S] -> [B, ..., C]."""

    def __init__(self, cross: MemoryAttention, kernels: Kernels) -> None:
        super().__init__()
        self.heads = cross.heads
        self.query = kernels.linear(scaled_query(affine_of(cross.query), cross.heads))
        self.key_value = kernels.linear(concatenated([affine_of(cross.key), affine_of(cross.value)]))
        self.output = kernels.linear(affine_of(cross.output))

    def forward(self, x: torch.Tensor, tokens: torch.Tensor) -> torch.Tensor:
        """Add what is read to the map."""
        query = self.query(x.flatten(1, -2)).unflatten(-1, (self.heads, -1))
        key, value = self.key_value(tokens).unflatten(-1, (2, self.heads, -1)).unbind(-3)
        return self.output(attend(query, key, value, unscaled).flatten(-2).view(x.shape), x)


class PositionBias(nn.Module):
    """The bias of every pair of positions [h, w², w²]: kept if it is small enough, else made of its table each time."""

    kept: torch.Tensor | None

    def __init__(self, position: RelativePosition, kernels: Kernels) -> None:
        super().__init__()
        pairs = position.table.shape[1] * position.side**4
        small = pairs <= kernels.position_cache_numel
        self.position = position
        self.register_buffer("kept", position().detach().to(kernels.like) if small else None, persistent=False)
        self.like = kernels.like

    def forward(self) -> torch.Tensor:
        """The bias in the network's precision."""
        return self.position().to(self.like.dtype) if self.kept is None else self.kept


def _folded(block: TransformerBlock) -> tuple[Affine, Affine]:
    """The merged projection and the output of a block; landmarks are means of queries, which scale themselves."""
    layer = affine_of(block.query_key_value)
    if block.noise is None:
        layer = after_norm(layer, block.norm)
    parts = zip(layer.weight.chunk(3), layer.bias.chunk(3), strict=True)
    query, key, value = (Affine(weight, bias) for weight, bias in parts)
    output = affine_of(block.output)
    if block.attention == "nystrom":
        return query_key_value(query, key, value), output
    value, output = value_bias_in_output(value, output)
    return query_key_value(scaled_query(query, block.heads), without_key_bias(key), value), output
