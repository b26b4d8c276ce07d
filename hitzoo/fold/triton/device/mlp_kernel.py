"""The kernel of one MLP on rows that lie one after the other; programs take tiles of them in turn."""

from __future__ import annotations

import triton
import triton.language as tl

from hitzoo.fold.triton.device.mlp_tile import add_mlp, keep_mlp
from hitzoo.fold.triton.device.operand import right_operand
from hitzoo.fold.triton.device.product import product


@triton.jit
def mlp_kernel(
    x,
    widen,
    widen_bias,
    skip,
    narrow,
    bias,
    out,
    count,
    C: tl.constexpr,
    H: tl.constexpr,
    OUT: tl.constexpr,
    OUT_BLOCK: tl.constexpr,
    ROWS: tl.constexpr,
    CHUNK: tl.constexpr,
    KEPT: tl.constexpr,
    GELU: tl.constexpr,
    PRECISION: tl.constexpr,
):
    """out [N, OUT] = skip·x + bias + narrow·gelu(widen·x + widen_bias); without `skip`, x itself (OUT = C).

    x [N, C], widen [H, C], skip [OUT, C], narrow [OUT, H]; `count` is N; OUT_BLOCK: OUT rounded up to a power of two.
    """
    kept = ()
    if KEPT:
        kept = keep_mlp(widen, narrow, C, H, OUT, OUT_BLOCK, CHUNK)
    if skip is not None:
        skip = right_operand(skip, C, C, OUT, C, OUT_BLOCK)
    row = tl.arange(0, ROWS)[:, None]
    channel = tl.arange(0, C)[None, :]
    output = tl.arange(0, OUT_BLOCK)[None, :]
    shift = tl.load(bias + output, mask=output < OUT, other=0.0).to(tl.float32)
    for tile in tl.range(tl.program_id(0), tl.cdiv(count, ROWS), tl.num_programs(0)):
        start = tl.cast(tile, tl.int64) * ROWS  # N·C may be past 2^31
        inside = row < count - start
        features = tl.load(x + start * C + (row * C + channel), mask=inside, other=0.0)
        if skip is None:
            total = features.to(tl.float32) + shift
        else:
            total = product(features, skip, tl.zeros([ROWS, OUT_BLOCK], tl.float32) + shift, PRECISION)
        total = add_mlp(total, features, kept, 0, widen, widen_bias, narrow, H, OUT, CHUNK, KEPT, GELU, PRECISION)
        place = out + start * OUT + (row * OUT + output)
        tl.store(place, total.to(out.dtype.element_ty), mask=inside & (output < OUT))
