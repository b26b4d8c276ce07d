"""Inputs and weights of the kernels, drawn; and how near to a float64 reference a result must be."""

from __future__ import annotations

from dataclasses import fields, is_dataclass, replace
from typing import Any

import torch

from hitzoo.fold.triton.weights import ImageWeights, LatentAttention, MLPWeights, StageWeights

TOLERANCES = {torch.float32: 2e-6, torch.float16: 2**-10, torch.bfloat16: 2**-6}
"""Of the largest number. The interpreter cuts bfloat16 off where a GPU rounds, so that errors add up."""


class Draw:
    """Normal numbers in the order they are asked for; matrices scaled so that their outputs are of the size of 1."""

    def __init__(self, device: torch.device) -> None:
        self.device = device
        self.generator = torch.Generator().manual_seed(0)

    def __call__(self, *shape: int, dtype: torch.dtype = torch.float32) -> torch.Tensor:
        return torch.randn(shape, generator=self.generator).to(self.device, dtype)

    def matrix(self, *shape: int, dtype: torch.dtype) -> torch.Tensor:
        return (self(*shape) / shape[-1] ** 0.5).to(dtype)

    def mlps(self, depth: int, channels: int, hidden: int, dtype: torch.dtype, *, ends: bool = False) -> MLPWeights:
        return MLPWeights(
            widen=self.matrix(depth, hidden, channels, dtype=dtype),
            widen_bias=self(depth, hidden),
            narrow=self.matrix(depth - ends, channels, hidden, dtype=dtype),
            narrow_bias=self(depth - ends, channels),
        )

    def image(self, channels: int, hidden: int, dtype: torch.dtype, *, ends: bool, outputs: int = 3) -> ImageWeights:
        return ImageWeights(
            weight=self.matrix(outputs, channels, dtype=dtype),
            bias=self(outputs),
            collapsed=self.matrix(outputs, hidden, dtype=dtype) if ends else None,
        )

    def attention(self, samples: int, channels: int, logits: int, dtype: torch.dtype) -> LatentAttention:
        return LatentAttention(
            score=self.matrix(samples, logits, channels, dtype=dtype),
            score_bias=self(samples, logits),
            read_out=self.matrix(samples, channels, logits, dtype=dtype),
        )

    def stage(
        self,
        parents: int,
        channels: int,
        dtype: torch.dtype,
        *,
        before: int | None = None,
        depth: int = 1,
        hidden: int | None = None,
        heads: int = 2,
        image: bool = False,
        ends: bool = False,
    ) -> StageWeights:
        """`before`: the width of a slice, where there is an upsampling layer."""
        hidden = hidden or 2 * channels
        return StageWeights(
            position=self(4 * parents, channels, dtype=dtype),
            up=None if before is None else self.matrix(channels, before, dtype=dtype),
            heads=heads,
            output_bias=self(channels),
            mlps=self.mlps(depth, channels, hidden, dtype, ends=ends),
            image=self.image(channels, hidden, dtype, ends=ends) if image or ends else None,
        )


def double(weights: Any) -> Any:
    """The same numbers in float64: of a tensor, of a dataclass of them, of nothing."""
    if isinstance(weights, torch.Tensor):
        return weights.double()
    if is_dataclass(weights) and not isinstance(weights, type):
        return replace(weights, **{field.name: double(getattr(weights, field.name)) for field in fields(weights)})
    return weights


def guarded(out: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """Room like `out`, and the whole of the memory around it, all 7; a tile more on each side."""
    margin = 256 * out.shape[-1]
    whole = out.new_full((out.numel() + 2 * margin,), 7.0)
    return whole[margin:-margin].view(out.shape), whole


def assert_untouched_around(whole: torch.Tensor, out: torch.Tensor) -> None:
    margin = (whole.numel() - out.numel()) // 2
    assert (whole[:margin] == 7).all()
    assert (whole[-margin:] == 7).all()


def assert_near(found: torch.Tensor | None, expected: torch.Tensor | None, dtype: torch.dtype) -> None:
    """Of the same shape, and within what products of this type leave of the float64 result."""
    assert found is not None
    assert expected is not None
    assert found.shape == expected.shape
    furthest = (found.double() - expected).abs().max() / expected.abs().max()
    looser = 5 if found.is_cuda and dtype == torch.float32 else 1  # three TF32 products are not quite float32's
    assert furthest <= looser * TOLERANCES[dtype], furthest.item()
