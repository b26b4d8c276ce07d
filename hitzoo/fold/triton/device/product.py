"""A matrix product inside a kernel, accumulated in float32."""

from __future__ import annotations

import triton
import triton.language as tl

INTERPRETED = tl.constexpr(bool(triton.knobs.runtime.interpret))


@triton.jit
def product(left, right, total, PRECISION: tl.constexpr):
    """total + left·right: [M, K], [K, N], float32 [M, N] -> float32 [M, N].

    PRECISION: of float32 operands: "ieee", "tf32x3" (three TF32 products, about float32's accuracy) or "tf32".
    """
    if INTERPRETED:  # the interpreter multiplies the bit patterns of bfloat16; in float32 the products are the same
        left, right = left.to(tl.float32), right.to(tl.float32)
    return tl.dot(left, right, total, input_precision=PRECISION)
