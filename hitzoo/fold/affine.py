"""Linear layers as values: y = W·x + b, held in float64 while they are rewritten, so that rounding happens once.

C inputs, C' outputs.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import nn


@dataclass(frozen=True, eq=False)
class Affine:
    """`weight` W [C', C] and `bias` b [C'], both float64."""

    weight: torch.Tensor
    bias: torch.Tensor

    def __call__(self, x: torch.Tensor) -> torch.Tensor:
        """W·x + b over the last axis: [..., C] -> [..., C']."""
        return x @ self.weight.T + self.bias

    def after(self, first: Affine) -> Affine:
        """One layer for two in a row, `first` and then this."""
        return Affine(self.weight @ first.weight, self(first.bias))

    def scaled(self, factor: float) -> Affine:
        """The layer with its outputs multiplied."""
        return Affine(self.weight * factor, self.bias * factor)


def in_float64(weight: torch.Tensor) -> torch.Tensor:
    """The numbers of a weight, on its own device, or on the CPU where that knows no float64, as Apple's."""
    weight = weight.detach()
    return (weight.cpu() if weight.device.type == "mps" else weight).double()


def affine_of(layer: nn.Linear) -> Affine:
    """What a linear layer computes."""
    weight = in_float64(layer.weight)
    return Affine(weight, weight.new_zeros(len(weight)) if layer.bias is None else in_float64(layer.bias))


def beside(layers: Sequence[Affine]) -> Affine:
    """One layer for several of the same input: their outputs side by side."""
    return Affine(torch.cat([layer.weight for layer in layers]), torch.cat([layer.bias for layer in layers]))
