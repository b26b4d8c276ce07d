"""Cross-attention to the tokens, by their keys and values or by matrices made from them once per sample.

B batch, N positions, C channels of the map, T tokens, h heads, k key heads (1 or h), d = C/h.
"""

from __future__ import annotations

from typing import TypeAlias

import torch
from torch import nn

from hitzoo.fold.affine import Affine, affine_of
from hitzoo.fold.attend import softmax, unscaled
from hitzoo.fold.kernels import Kernels
from hitzoo.fold.mlp import OptimizedMLP
from hitzoo.fold.norm import remaining_norm
from hitzoo.fold.rewrites import (
    after_norm,
    read_out_matrix,
    scaled_query,
    score_matrix,
    value_bias_in_output,
    without_key_bias,
)
from hitzoo.layers.attend import attend
from hitzoo.layers.code_map import CodeTokens
from hitzoo.layers.cross_attention import CrossAttentionBlock
from hitzoo.layers.latent import LatentTokens

Tokens: TypeAlias = LatentTokens | CodeTokens
"""Tokens that stages attend to, from a latent or from a map of codes."""
KeysValues: TypeAlias = tuple[torch.Tensor, ...]
"""Keys and values of a batch for one stage, [B, T, k, d] each; or score matrix, score bias and read-out matrix."""


class OptimizedCrossAttention(nn.Module):
    """Attend from every position to the tokens, then apply the MLP block: [B, N, C] -> [B, N, C]."""

    query_weight: torch.Tensor
    query_bias: torch.Tensor
    output_weight: torch.Tensor
    output_bias: torch.Tensor

    def __init__(self, block: CrossAttentionBlock, tokens: Tokens, positions: int, kernels: Kernels) -> None:
        super().__init__()
        self.heads, self.tokens = block.heads, len(tokens.position)
        query = scaled_query(after_norm(affine_of(block.query), block.norm), block.heads)
        _, output = value_bias_in_output(_value(block, tokens), affine_of(block.output))
        self.standardise = remaining_norm(block.norm)
        self.by_matrices = kernels.prefers_token_matrices(positions, len(output.bias), block.heads, self.tokens)
        if self.by_matrices:
            self.product = kernels.per_sample_linear()
            self._keep("query_weight", query.weight.unflatten(0, (self.heads, -1)), kernels)
            self._keep("query_bias", query.bias.view(self.heads, -1), kernels)
            self._keep("output_weight", output.weight.unflatten(1, (self.heads, -1)), kernels)
            self._keep("output_bias", output.bias, kernels)
        else:
            self.query, self.output = kernels.linear(query), kernels.linear(output)
        self.mlp = OptimizedMLP(block.mlp, kernels)

    def _keep(self, name: str, value: torch.Tensor, kernels: Kernels) -> None:
        self.register_buffer(name, value.to(kernels.like))

    def keys_values(self, key: torch.Tensor, value: torch.Tensor) -> KeysValues:
        """Prepare a batch's keys and values, [B, T, k, d], for this stage."""
        if not self.by_matrices:
            return key, value
        return (*score_matrix(self.query_weight, self.query_bias, key), read_out_matrix(self.output_weight, value))

    def forward(self, x: torch.Tensor, kv: KeysValues) -> torch.Tensor:
        """Add the attention's output to `x`, then the MLP's."""
        return self.mlp((self._by_matrices if self.by_matrices else self._by_heads)(x, *kv))

    def _by_matrices(
        self, x: torch.Tensor, score: torch.Tensor, bias: torch.Tensor, read_out: torch.Tensor
    ) -> torch.Tensor:
        logits = self.product(self.standardise(x), score, bias)
        weights = softmax(logits.unflatten(-1, (self.heads, self.tokens))).flatten(-2)
        return self.product(weights, read_out, self.output_bias, x)

    def _by_heads(self, x: torch.Tensor, key: torch.Tensor, value: torch.Tensor) -> torch.Tensor:
        query = self.query(self.standardise(x)).unflatten(-1, (self.heads, -1))
        return self.output(attend(query, key, value, unscaled).flatten(-2), x)


def key_and_value(block: CrossAttentionBlock, tokens: Tokens) -> tuple[Affine, Affine]:
    """Fold the tokens' norm into the block's key and value projections; neither keeps a bias."""
    key = without_key_bias(after_norm(affine_of(block.key), tokens.norm))
    value, _ = value_bias_in_output(_value(block, tokens), affine_of(block.output))
    return key, value


def _value(block: CrossAttentionBlock, tokens: Tokens) -> Affine:
    return after_norm(affine_of(block.value), tokens.norm)
