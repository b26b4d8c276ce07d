"""Attention of one tile of rows to the latent tokens, by the score and read-out matrices, which depend on the latent.

R rows of the tile, C channels, h heads, T latent tokens.
"""

from __future__ import annotations

import triton
import triton.language as tl

from hitzoo.fold.triton.device.exp2 import exp2
from hitzoo.fold.triton.device.product import product

_LOG2_E = tl.constexpr(1.4426950408889634)


@triton.jit
def attend_tile(
    x, score, score_bias, read_out, output_bias, HEADS: tl.constexpr, TOKENS: tl.constexpr, PRECISION: tl.constexpr
):
    """x + read_out·softmax(score·x + score_bias) + output_bias, the softmax over each head's T tokens, in float32.

    Shapes: x float32 [R, C], score [C, h·T], score_bias [h·T], read_out [h·T, C], output_bias [C] -> float32 [R, C].
    """
    WIDTH: tl.constexpr = HEADS * TOKENS
    shift = tl.broadcast_to(score_bias.to(tl.float32)[None, :], [x.shape[0], WIDTH])
    logits = tl.reshape(product(x.to(score.dtype), score, shift, PRECISION), [x.shape[0], HEADS, TOKENS])
    weights = exp2((logits - tl.max(logits, axis=2)[:, :, None]) * _LOG2_E)
    weights *= (1.0 / tl.sum(weights, axis=2))[:, :, None]
    weights = tl.reshape(weights, [x.shape[0], WIDTH]).to(read_out.dtype)
    return product(weights, read_out, x + output_bias.to(tl.float32)[None, :], PRECISION)
