"""The power of two by one instruction of the special unit."""

from __future__ import annotations

import triton
import triton.language as tl

from hitzoo.fold.triton.device.product import INTERPRETED


@triton.jit
def exp2(x):
    """2^x of float32, to a relative 2^-22; a result below 2^-126 is 0.

    Triton's own scales arguments so as to keep such results, which takes three more instructions than one.
    """
    if INTERPRETED:
        power = tl.exp2(x)
    else:
        power = tl.inline_asm_elementwise(
            "ex2.approx.ftz.f32 $0, $1;", "=f,f", [x], dtype=tl.float32, is_pure=True, pack=1
        )
    return power
