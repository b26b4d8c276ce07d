"""The layers of EfficientNet-Lite by arithmetic: widths, sides and products, without torch.

Source: Tan and Le 2019, table 1 and section 3.3; the Lite networks keep stem, first and last stage as they are.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

SCALES: dict[str, tuple[float, float]] = {
    "tf_efficientnet_lite0": (1.0, 1.0),
    "tf_efficientnet_lite1": (1.0, 1.1),
    "tf_efficientnet_lite2": (1.1, 1.2),
    "tf_efficientnet_lite3": (1.2, 1.4),
    "tf_efficientnet_lite4": (1.4, 1.8),
}
"""Factors of widths and of depths by timm's name."""

LEVELS = 4
COARSEST = 32  # pixels of the image for one of the last map

_STEM = 32
_STAGES = (  # kernel, stride, expansion, width, depth
    (3, 1, 1, 16, 1),
    (3, 2, 6, 24, 2),
    (5, 2, 6, 40, 2),
    (3, 2, 6, 80, 3),
    (5, 1, 6, 112, 3),
    (5, 2, 6, 192, 4),
    (3, 1, 6, 320, 1),
)
_TAPPED = (1, 2, 4, 6)  # the last stages of each side from a quarter on


@dataclass(frozen=True)
class _Conv:
    inner: int
    outer: int
    kernel: int
    stride: int = 1
    grouped: bool = False


def widths_of(name: str) -> tuple[int, ...]:
    """Return the channels of the maps at 1/4, 1/8, 1/16 and 1/32 of the side."""
    return tuple(_width(name, _STAGES[stage][3]) for stage in _TAPPED)


def flops_of(name: str, side: int) -> int:
    """Return the FLOPs, 2 per multiply-add, that take an image of `side` pixels to the last map."""
    total = 0
    for conv in _convolutions(name):
        side //= conv.stride
        total += 2 * side**2 * conv.kernel**2 * conv.outer * (1 if conv.grouped else conv.inner)
    return total


def parameters_of(name: str) -> int:
    """Return the frozen weights up to the last map: kernels, and scale and shift of the norm after each."""
    return sum(
        conv.kernel**2 * conv.outer * (1 if conv.grouped else conv.inner) + 2 * conv.outer
        for conv in _convolutions(name)
    )


def _convolutions(name: str) -> Iterator[_Conv]:
    yield _Conv(3, _STEM, 3, stride=2)
    inner = _STEM
    for stage, (kernel, stride, expansion, width, _) in enumerate(_STAGES):
        outer = _width(name, width)
        for index in range(_depth(name, stage)):
            wide = expansion * inner
            if expansion > 1:
                yield _Conv(inner, wide, 1)
            yield _Conv(wide, wide, kernel, stride=stride if index == 0 else 1, grouped=True)
            yield _Conv(wide, outer, 1)
            inner = outer


def _width(name: str, width: int) -> int:
    """Scale a width to a multiple of 8, at least nine tenths of what it would be."""
    wanted = SCALES[name][0] * width
    rounded = max(8, int(wanted + 4) // 8 * 8)
    return rounded + 8 if rounded < 0.9 * wanted else rounded


def _depth(name: str, stage: int) -> int:
    depth = _STAGES[stage][4]
    return depth if stage in (0, len(_STAGES) - 1) else math.ceil(SCALES[name][1] * depth)
