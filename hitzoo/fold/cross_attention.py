"""Cross-attention to the latent tokens, by their keys and values or by matrices made of them once a sample.

B batch, N positions, C channels of the map, T tokens, h heads, k key heads (1 or h), d = C/h.
"""

from __future__ import annotations

from typing import TypeAlias

import torch
from torch import nn

from hitzoo.fold.affine import Affine, affine_of
from hitzoo.fold.attend import softmax, unscaled
from hitzoo.fold.kernels import Kernels
from hitzoo.fold.mlp import FoldedMLP
from hitzoo.fold.norm import rest_of
from hitzoo.fold.rewrites import (
    after_norm,
    outputs_of_values,
    queries_of_keys,
    scaled_query,
    value_bias_in_output,
    without_key_bias,
)
from hitzoo.layers.attend import attend
from hitzoo.layers.cross_attention import CrossAttentionBlock
from hitzoo.layers.latent import LatentTokens

Reading: TypeAlias = tuple[torch.Tensor, ...]
"""What a batch's tokens are to one stage: keys and values [B, T, k, d], or the two matrices and a bias."""


class FoldedCrossAttention(nn.Module):
    """Every position asks the tokens, then the MLP block: [B, N, C] -> [B, N, C]."""

    query_weight: torch.Tensor
    query_bias: torch.Tensor
    output_weight: torch.Tensor
    output_bias: torch.Tensor

    def __init__(self, block: CrossAttentionBlock, tokens: LatentTokens, positions: int, kernels: Kernels) -> None:
        super().__init__()
        self.heads, self.tokens = block.heads, len(tokens.position)
        query = scaled_query(after_norm(affine_of(block.query), block.norm), block.heads)
        _, output = value_bias_in_output(_value(block, tokens), affine_of(block.output))
        self.standardise = rest_of(block.norm)
        self.by_matrices = kernels.token_matrices_pay(positions, len(output.bias), block.heads, self.tokens)
        if self.by_matrices:
            self.product = kernels.per_sample_linear()
            self._keep("query_weight", query.weight.unflatten(0, (self.heads, -1)), kernels)
            self._keep("query_bias", query.bias.view(self.heads, -1), kernels)
            self._keep("output_weight", output.weight.unflatten(1, (self.heads, -1)), kernels)
            self._keep("output_bias", output.bias, kernels)
        else:
            self.query, self.output = kernels.linear(query), kernels.linear(output)
        self.mlp = FoldedMLP(block.mlp, kernels)

    def _keep(self, name: str, value: torch.Tensor, kernels: Kernels) -> None:
        self.register_buffer(name, value.to(kernels.like))

    def read(self, key: torch.Tensor, value: torch.Tensor) -> Reading:
        """What a batch's keys and values, [B, T, k, d], are to this stage."""
        if not self.by_matrices:
            return key, value
        return (*queries_of_keys(self.query_weight, self.query_bias, key), outputs_of_values(self.output_weight, value))

    def forward(self, x: torch.Tensor, reading: Reading) -> torch.Tensor:
        """Add what the positions of `x` read, then the MLP's update."""
        return self.mlp((self._by_matrices if self.by_matrices else self._by_heads)(x, *reading))

    def _by_matrices(
        self, x: torch.Tensor, asking: torch.Tensor, bias: torch.Tensor, answers: torch.Tensor
    ) -> torch.Tensor:
        logits = self.product(self.standardise(x), asking, bias)
        weights = softmax(logits.unflatten(-1, (self.heads, self.tokens))).flatten(-2)
        return self.product(weights, answers, self.output_bias, x)

    def _by_heads(self, x: torch.Tensor, key: torch.Tensor, value: torch.Tensor) -> torch.Tensor:
        query = self.query(self.standardise(x)).unflatten(-1, (self.heads, -1))
        return self.output(attend(query, key, value, unscaled).flatten(-2), x)


def key_and_value(block: CrossAttentionBlock, tokens: LatentTokens) -> tuple[Affine, Affine]:
    """The block's projections of the tokens as they are before their norm; neither has a bias left."""
    key = without_key_bias(after_norm(affine_of(block.key), tokens.norm))
    value, _ = value_bias_in_output(_value(block, tokens), affine_of(block.output))
    return key, value


def _value(block: CrossAttentionBlock, tokens: LatentTokens) -> Affine:
    return after_norm(affine_of(block.value), tokens.norm)
