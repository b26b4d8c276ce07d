"""The optimized network of a family without rewrites: the generator itself, in the wanted precision."""

from __future__ import annotations

from copy import deepcopy
from typing import Any, TypeVar

import torch
from torch import nn

from hitzoo.fold.kernels import Kernels
from hitzoo.fold.network import OptimizedNetwork
from hitzoo.layers.in_float32 import at_least_float32

Generator = TypeVar("Generator", bound=nn.Module)


def in_precision(generator: Generator, precision: torch.dtype) -> Generator:
    """The generator itself where all of its weights are so precise, else a copy."""
    weights = (tensor for tensor in generator.state_dict().values() if tensor.is_floating_point())
    as_wanted = all(weight.dtype == precision for weight in weights)
    return generator if as_wanted else deepcopy(generator).to(precision)


class ReferenceNetwork(OptimizedNetwork):
    """The generator's own forward pass; in float32 its weights are shared, in another precision they are copies."""

    def __init__(self, generator: Any, kernels: Kernels) -> None:
        super().__init__()
        self.plan = generator.plan
        self.precision = kernels.like.dtype
        self.network: nn.Module = in_precision(generator, self.precision)

    def forward(self, inputs: torch.Tensor) -> torch.Tensor:
        """The images of a batch."""
        return at_least_float32(self.network(inputs.to(self.precision)))
