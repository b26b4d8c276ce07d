"""Fold a generator into its optimized network, by family."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import nn

from hitzoo.errors import RequestError
from hitzoo.families.convnet.fold import OptimizedConvnet
from hitzoo.families.convnet.model import ConvnetGenerator
from hitzoo.families.hit.fold.generator import OptimizedHiT
from hitzoo.families.hit.model import HiTGenerator
from hitzoo.fold.kernels import Kernels

FOLDS: dict[type[nn.Module], Callable[[Any, Kernels], nn.Module]] = {
    HiTGenerator: OptimizedHiT,
    ConvnetGenerator: OptimizedConvnet,
}


def is_optimized(module: nn.Module) -> bool:
    """True if `fold` made this network."""
    return isinstance(module, OptimizedHiT | OptimizedConvnet)


@torch.no_grad()
def fold(generator: nn.Module, kernels: Kernels) -> nn.Module:
    """Build the optimized network: the same images, faster; weights that are not rewritten are shared, not copied.

    Raises:
        RequestError: the generator is in training mode, where a batch norm is no linear layer; or folded already.
    """
    if is_optimized(generator):
        raise RequestError("this network is folded already; fold the generator it was made of")
    if generator.training:
        raise RequestError("a generator in training mode normalises by its batch; call .eval() before folding it")
    return FOLDS[type(generator)](generator, kernels).eval().requires_grad_(False)
