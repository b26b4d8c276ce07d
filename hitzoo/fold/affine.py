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
        """Compose two layers: `first`, then this one."""
        return Affine(self.weight @ first.weight, self(first.bias))

    def scaled(self, factor: float) -> Affine:
        """Return the layer with its outputs multiplied by `factor`."""
        return Affine(self.weight * factor, self.bias * factor)


def in_float64(weight: torch.Tensor) -> torch.Tensor:
    """Return a weight in float64, on its own device, or on the CPU where the device has no float64 (Apple's MPS)."""
    weight = weight.detach()
    return (weight.cpu() if weight.device.type == "mps" else weight).double()


def affine_of(layer: nn.Linear) -> Affine:
    """Return a linear layer's weight and bias as an `Affine`; a layer without a bias gets zeros."""
    weight = in_float64(layer.weight)
    return Affine(weight, weight.new_zeros(len(weight)) if layer.bias is None else in_float64(layer.bias))


def concatenated(layers: Sequence[Affine]) -> Affine:
    """Concatenate the outputs of several layers that share an input."""
    return Affine(torch.cat([layer.weight for layer in layers]), torch.cat([layer.bias for layer in layers]))
