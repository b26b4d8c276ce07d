"""The MLP on one tile of rows, its hidden features computed and consumed in chunks that never leave the registers.

R rows of the tile, C channels, H hidden features, CHUNK of them at a time, OUT outputs, padded to OUT_BLOCK.
"""

from __future__ import annotations

import triton
import triton.language as tl

from hitzoo.fold.triton.device.gelu import gelu
from hitzoo.fold.triton.device.operand import right_operand
from hitzoo.fold.triton.device.product import product


@triton.jit
def keep_mlp(
    widen,
    narrow,
    C: tl.constexpr,
    H: tl.constexpr,
    OUT: tl.constexpr,
    OUT_BLOCK: tl.constexpr,
    CHUNK: tl.constexpr,
):
    """Load every chunk of both matrices, (widen, narrow, widen, narrow, ...), before a loop over tiles.

    Operands that the loop does not change are kept in shared memory by the compiler.
    """
    kept = ()
    for start in tl.static_range(0, H, CHUNK):
        wide = right_operand(widen + start * C, C, C, CHUNK, C, CHUNK)
        thin = right_operand(narrow + start, H, CHUNK, OUT, CHUNK, OUT_BLOCK)
        kept += (wide, thin)  # type: ignore[assignment]
    return kept


@triton.jit
def add_mlp(
    total,
    x,
    kept,
    INDEX: tl.constexpr,
    widen,
    bias,
    narrow,
    H: tl.constexpr,
    OUT: tl.constexpr,
    CHUNK: tl.constexpr,
    KEPT: tl.constexpr,
    GELU: tl.constexpr,
    PRECISION: tl.constexpr,
):
    """total + narrow·gelu(widen·x + bias): float32 [R, OUT_BLOCK], [R, C] -> float32 [R, OUT_BLOCK].

    KEPT: the weights are the INDEX-th MLP's of `kept`; else every tile reads them again, from the second-level cache.
    The biases are loaded for every tile: kept, they would fill the registers.
    """
    C: tl.constexpr = x.shape[1]
    FIRST: tl.constexpr = 2 * INDEX * (H // CHUNK)
    if KEPT:
        for i in tl.static_range(H // CHUNK):
            shift = tl.load(bias + i * CHUNK + tl.arange(0, CHUNK))
            total = _add_chunk(total, x, kept[FIRST + 2 * i], shift, kept[FIRST + 2 * i + 1], GELU, PRECISION)
    else:
        for start in tl.range(0, H, CHUNK):
            shift = tl.load(bias + start + tl.arange(0, CHUNK))
            wide = right_operand(widen + start * C, C, C, CHUNK, C, CHUNK)
            thin = right_operand(narrow + start, H, CHUNK, OUT, CHUNK, total.shape[1])
            total = _add_chunk(total, x, wide, shift, thin, GELU, PRECISION)
    return total


@triton.jit
def _add_chunk(total, x, widen, bias, narrow, GELU: tl.constexpr, PRECISION: tl.constexpr):
    shift = tl.broadcast_to(bias.to(tl.float32)[None, :], [x.shape[0], widen.shape[1]])
    hidden = gelu(product(x, widen, shift, PRECISION), GELU)
    return product(hidden.to(x.dtype), narrow, total, PRECISION)
