"""Gelu inside a kernel, which is bound by the issue of its instructions: 10 for the exact one, 8 for the approximate.

Exact is to float32's rounding, without erf, whose two branches cost 30. With Φ the normal distribution,

    gelu(x) = x·Φ(x) = max(x, 0) - |x|·Φ(-|x|),

and log2 Φ(-a) is so smooth that a polynomial of degree 6 on [0, 6], fitted for hitzoo with the error of gelu as the
weight, leaves 5e-8; rounding makes it 9e-8 for negative x and half a last place of the result more for positive x.
"""

from __future__ import annotations

import triton
import triton.language as tl

from hitzoo.fold.triton import reference
from hitzoo.fold.triton.device.exp2 import exp2

_EXACT_UP_TO = tl.constexpr(6.0)  # past it max(x, 0) is within 6e-9
_P0, _P1, _P2, _P3, _P4, _P5, _P6 = (
    tl.constexpr(value)
    for value in (-0.99999291, -1.1512034, -0.4587647, -0.053421889, 0.0080880607, -0.00077180768, 3.3434582e-05)
)
_A, _B, _C = (tl.constexpr(value) for value in reference.FIT)
_LIMIT = tl.constexpr(reference.FIT_LIMIT**2)
_MINUS_2_LOG2_E = tl.constexpr(-2 * 1.4426950408889634)


@triton.jit
def gelu(x, FORM: tl.constexpr):
    """Gelu of float32 values, element by element.

    FORM: "exact"; "approximate", `reference.gelu`'s fit; "approximate_by_hardware", the fit by the special unit's tanh,
    whose own relative error of up to 2^-11 comes on top: for results that 16 bits round anyway.
    """
    return _exact(x) if FORM == "exact" else _fitted(x, FORM)


@triton.jit
def _fitted(x, FORM: tl.constexpr):
    square = tl.minimum(x * x, _LIMIT)  # past |x| = 6 the fit's factor stays, and the tanh is 1 to 4e-9
    argument = x * ((square * _C + _B) * square + _A)
    if FORM == "approximate":
        result = x / (exp2(argument * _MINUS_2_LOG2_E) + 1.0)  # 0.5·(1 + tanh u) = 1 / (1 + exp(-2u))
    else:
        half = 0.5 * x
        result = half * _tanh(argument) + half
    return result


@triton.jit
def _exact(x):
    a = tl.minimum(tl.abs(x), _EXACT_UP_TO)
    log2_tail = (((((a * _P6 + _P5) * a + _P4) * a + _P3) * a + _P2) * a + _P1) * a + _P0
    return tl.maximum(x, 0.0, propagate_nan=tl.PropagateNan.ALL) - a * exp2(log2_tail)


@triton.jit
def _tanh(x):
    return tl.inline_asm_elementwise("tanh.approx.f32 $0, $1;", "=f,f", [x], dtype=tl.float32, is_pure=True, pack=1)
