"""The exact rewrites, each a function of weights alone or of one sample's keys and values.

Exact means equal in real arithmetic: each is tested in float64 to 1e-12, and the gain of each was measured
(docs/benchmarks.md). `kernels` decides where they pay off.

B batch, N positions, C channels of the map, T latent tokens, h heads, k key heads (1 or h), d = C/h, K image channels.
"""

from __future__ import annotations

from dataclasses import replace

import torch
from torch import nn

from hitzoo.fold.affine import Affine, concatenated, in_float64
from hitzoo.layers.norm import BatchNorm, Norm, PixelNorm


def scale_and_shift(norm: BatchNorm | nn.LayerNorm) -> tuple[torch.Tensor, torch.Tensor]:
    """Scale and shift of a norm after standardising, [C] and [C]; a batch norm in evaluation is nothing more.

    For a batch norm x ↦ s·x + t with s = γ/√(σ² + ε) and t = β − μ·s.
    """
    scale, shift = in_float64(norm.weight), in_float64(norm.bias)
    if isinstance(norm, BatchNorm):
        scale = scale * (in_float64(norm.running_var) + norm.epsilon).rsqrt()
        shift = shift - in_float64(norm.running_mean) * scale
    return scale, shift


def after_norm(layer: Affine, norm: Norm) -> Affine:
    """Fold a norm into the linear layer after it: W·(s·x + t) + b. A layer norm still has to standardise.

    A pixel norm has neither scale nor shift, and stays.
    """
    if isinstance(norm, PixelNorm | nn.Identity):
        return layer
    scale, shift = scale_and_shift(norm)
    return Affine(layer.weight * scale, layer(shift))


def before_norm(layer: Affine, norm: BatchNorm) -> Affine:
    """Fold a batch norm into the linear layer before it: s·(W·x + b) + t."""
    scale, shift = scale_and_shift(norm)
    return Affine(layer.weight * scale[:, None], layer.bias * scale + shift)


def without_key_bias(key: Affine) -> Affine:
    """Drop the keys' bias: it adds the same number to all logits of a query, which softmax cancels."""
    return replace(key, bias=torch.zeros_like(key.bias))


def value_bias_in_output(value: Affine, output: Affine) -> tuple[Affine, Affine]:
    """Move the values' bias behind the attention, whose weights sum to 1: W_o·(Σ p·(v + b)) = W_o·(Σ p·v) + W_o·b."""
    shared_by = output.weight.shape[1] // len(value.bias)  # heads, where one value head serves all of them
    moved = replace(output, bias=output(value.bias.repeat(shared_by)))
    return replace(value, bias=torch.zeros_like(value.bias)), moved


def scaled_query(query: Affine, heads: int) -> Affine:
    """Fold attention's 1/√d into the queries."""
    return query.scaled((query.weight.shape[0] // heads) ** -0.5)


def query_key_value(query: Affine, key: Affine, value: Affine) -> Affine:
    """Merge the three projections of self-attention into one."""
    return concatenated([query, key, value])


def of_the_latent(layer: Affine, tokens: Affine, position: torch.Tensor) -> Affine:
    """Rewrite a layer over latent tokens as a layer over the latent itself: [latent_dim] -> [outputs, T] in that order.

    The tokens are linear in the latent: token t is rows t·C … of `tokens` plus `position`[t], of shape [T, C].
    """
    count, channels = position.shape
    of_token = tokens.weight.view(count, channels, -1)
    weight = torch.einsum("oc,tcz->otz", layer.weight, of_token)
    bias = layer(tokens.bias.view(count, channels) + position).T
    return Affine(weight.flatten(0, 1), bias.flatten())


def of_the_codes(layer: Affine, tokens: Affine, position: torch.Tensor) -> tuple[Affine, torch.Tensor]:
    """Rewrite a layer over code tokens as one over pooled codes, and what each position adds: [W] -> [outputs], [T, ·].

    Token t is `tokens` of its pooled code plus `position`[t], of shape [T, C].
    """
    return layer.after(tokens), position @ layer.weight.T


def score_matrix(weight: torch.Tensor, bias: torch.Tensor, key: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """Merge W_q, [h, d, C] with bias [h, d], and each sample's keys [B, T, k, d]: [B, h·T, C], bias [B, h·T].

    Logits are linear in the map once the keys are known, so the query projection of all N positions is not needed.
    """
    keys = key.transpose(1, 2).expand(-1, len(weight), -1, -1)
    score = torch.einsum("bhtd,hdc->bhtc", keys, weight)
    return score.flatten(1, 2), torch.einsum("bhtd,hd->bht", keys, bias).flatten(1)


def read_out_matrix(weight: torch.Tensor, value: torch.Tensor) -> torch.Tensor:
    """Merge W_o, [C, h, d], and each sample's values [B, T, k, d]: [B, C, h·T]; no output projection is left."""
    values = value.transpose(1, 2).expand(-1, weight.shape[1], -1, -1)
    return torch.einsum("chd,bhtd->bcht", weight, values).flatten(2)


def image_of_hidden(narrow: Affine, to_rgb: Affine) -> tuple[Affine, Affine]:
    """Merge the last MLP's second layer and the layer to the image: R·(x + W·h + w) + r = R·x + (R·W)·h + (R·w + r).

    Returns the layer of x, [K, C], which has no bias, and the layer of the hidden map h, [K, 4C].
    """
    return Affine(to_rgb.weight, torch.zeros_like(to_rgb.bias)), to_rgb.after(narrow)


def with_positions(layer: Affine, table: torch.Tensor) -> Affine:
    """Fold the first position table, [r, r, C], into the first linear layer's bias."""
    return Affine(layer.weight, layer.bias + in_float64(table).flatten())


def before_depth_to_space(x: torch.Tensor) -> torch.Tensor:
    """View a pixel's four children as rows, for a layer that acts on each alike: [B, N, 4C] -> [B, 4N, C], no copy.

    The layer after depth to space commutes with it; the shuffle itself then only relabels rows.
    """
    return x.reshape(x.shape[0], 4 * x.shape[1], x.shape[2] // 4)
