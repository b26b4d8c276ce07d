"""The Triton kernels, each against its reference in float64."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, fields, is_dataclass, replace
from typing import Any, TypeVar

import torch

from hitzoo.doctor.check import Measured, NotApplicable, reason_of
from hitzoo.doctor.checks.specimen import difference, worst
from hitzoo.fold.triton import reference
from hitzoo.fold.triton.attempts import KernelUnavailable
from hitzoo.fold.triton.mlp import fused_last_mlp, fused_mlp
from hitzoo.fold.triton.stage import pixel_stage
from hitzoo.fold.triton.support import supports_device, supports_mlp, supports_stage
from hitzoo.fold.triton.weights import ImageWeights, LatentAttention, MLPWeights, StageWeights

_LIMITS = {torch.float32: 5e-5, torch.bfloat16: 4e-2}
_IMAGE = 3  # channels

_Result = TypeVar("_Result")


@dataclass(frozen=True, kw_only=True)
class StageSize:
    """`before` is the width of a slice ahead of the upsampling layer, None without one; `ends` in the image."""

    channels: int
    before: int | None
    depth: int = 1
    heads: int = 4
    tokens: int = 4
    ends: bool = False


class _Draw:
    """Normal numbers, the same on every device; matrices scaled so that their outputs are of the size of 1."""

    def __init__(self, device: torch.device, dtype: torch.dtype) -> None:
        self.device, self.dtype = device, dtype
        self.random = torch.Generator().manual_seed(0)

    def __call__(self, *shape: int) -> torch.Tensor:
        return torch.randn(shape, generator=self.random).to(self.device)

    def typed(self, *shape: int) -> torch.Tensor:
        return self(*shape).to(self.dtype)

    def matrix(self, *shape: int) -> torch.Tensor:
        return (self(*shape) / math.sqrt(shape[-1])).to(self.dtype)


def mlp(device: torch.device, dtype: torch.dtype, channels: int, rows: int = 300) -> Measured:
    """Compare the kernel of an MLP."""
    draw = _Draw(device, dtype)
    x, hidden = draw.typed(rows, channels), 4 * channels
    _require(device, supports_mlp(x, hidden))
    given = (x, draw.matrix(hidden, channels), draw(hidden), draw.matrix(channels, hidden), draw(channels))
    return _measured(_launched(lambda: fused_mlp(*given)), reference.fused_mlp(*map(_double, given)), dtype)


def mlp_to_image(device: torch.device, dtype: torch.dtype, channels: int, rows: int = 300) -> Measured:
    """Compare the kernel of the last MLP, merged with the layer to the image."""
    draw = _Draw(device, dtype)
    x, hidden = draw.typed(rows, channels), 4 * channels
    _require(device, supports_mlp(x, hidden, _IMAGE))
    widen = (draw.matrix(hidden, channels), draw(hidden))
    given = (x, *widen, draw.matrix(_IMAGE, channels), draw.matrix(_IMAGE, hidden), draw(_IMAGE))
    expected = reference.fused_last_mlp(*map(_double, given), dtype=torch.float64)
    return _measured(_launched(lambda: fused_last_mlp(*given)), expected, dtype)


def stage(device: torch.device, dtype: torch.dtype, size: StageSize, samples: int = 2, parents: int = 35) -> Measured:
    """Compare the kernel of a whole pixel-wise stage: its features, and the image so far."""
    draw = _Draw(device, dtype)
    x = draw.typed(samples, parents, 4 * (size.before or size.channels))
    logits = size.heads * size.tokens
    hidden = 4 * size.channels
    _require(device, supports_stage(x, size.channels, hidden, size.heads, size.tokens, _IMAGE))
    weights, before = _weights(draw, size, parents, hidden), draw(samples, parents, _IMAGE)
    attention = LatentAttention(
        score=draw.matrix(samples, logits, size.channels),
        score_bias=draw(samples, logits),
        read_out=draw.matrix(samples, size.channels, logits),
    )
    found = _launched(lambda: pixel_stage(x, weights, attention=attention, image_before=before))
    expected = reference.pixel_stage(
        _double(x), _double(weights), attention=_double(attention), image_before=_double(before)
    )
    pairs = [(one, other) for one, other in zip(found, expected, strict=True) if other is not None]
    value = worst(float("nan") if one is None else difference(one, other) for one, other in pairs)
    return Measured(value=value, unit="relative", limit=_LIMITS[dtype])


def _weights(draw: _Draw, size: StageSize, parents: int, hidden: int) -> StageWeights:
    channels, whole = size.channels, size.depth - size.ends
    mlps = MLPWeights(
        widen=draw.matrix(size.depth, hidden, channels),
        widen_bias=draw(size.depth, hidden),
        narrow=draw.matrix(whole, channels, hidden),
        narrow_bias=draw(whole, channels),
    )
    image = ImageWeights(
        weight=draw.matrix(_IMAGE, channels),
        bias=draw(_IMAGE),
        collapsed=draw.matrix(_IMAGE, hidden) if size.ends else None,
    )
    return StageWeights(
        position=draw.typed(4 * parents, channels),
        mlps=mlps,
        up=None if size.before is None else draw.matrix(channels, size.before),
        heads=size.heads,
        output_bias=draw(channels),
        image=image,
    )


def _launched(launch: Callable[[], _Result]) -> _Result:
    """Launch a kernel; where it cannot be built, torch's own operations take its place, and nothing is wrong."""
    try:
        return launch()
    except KernelUnavailable as error:
        reason = reason_of(error.__cause__) if error.__cause__ else "as for the one before"
        raise NotApplicable(f"Triton cannot build it ({reason}); torch's own operations take its place") from None


def _require(device: torch.device, supported: bool) -> None:
    if not supports_device(device):
        raise NotApplicable(
            "the kernels need Triton 3.4 or later, and an NVIDIA GPU of compute capability 8.0 or later"
        )
    if not supported:
        raise NotApplicable("no kernel for these sizes on this device; torch's own operations are used")


def _double(weights: Any) -> Any:
    """Return the same numbers in float64 on the CPU: of a tensor, or of a dataclass of them."""
    if isinstance(weights, torch.Tensor):
        return weights.cpu().double()
    if is_dataclass(weights) and not isinstance(weights, type):
        return replace(weights, **{field.name: _double(getattr(weights, field.name)) for field in fields(weights)})
    return weights


def _measured(found: torch.Tensor, expected: torch.Tensor, dtype: torch.dtype) -> Measured:
    return Measured(value=difference(found, expected), unit="relative", limit=_LIMITS[dtype])
