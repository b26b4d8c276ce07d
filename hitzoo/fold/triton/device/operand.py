"""A weight matrix as the right operand of a product."""

from __future__ import annotations

import triton
import triton.language as tl


@triton.jit
def right_operand(
    matrix,
    STRIDE: tl.constexpr,
    IN: tl.constexpr,
    OUT: tl.constexpr,
    IN_BLOCK: tl.constexpr,
    OUT_BLOCK: tl.constexpr,
):
    """The first OUT rows and IN columns of a matrix [outputs, inputs] in memory -> [IN_BLOCK, OUT_BLOCK], else zeros.

    STRIDE: numbers from one row in memory to the next. The inputs lie together there, as tensor cores read them best.
    """
    inputs = tl.arange(0, IN_BLOCK)[:, None]
    outputs = tl.arange(0, OUT_BLOCK)[None, :]
    places = matrix + outputs * STRIDE + inputs
    if IN == IN_BLOCK and OUT == OUT_BLOCK:
        loaded = tl.load(places)
    else:
        loaded = tl.load(places, mask=(inputs < IN) & (outputs < OUT), other=0.0)
    return loaded
