"""A generator to its folded network, by family."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import nn

from hitzoo.errors import RequestError
from hitzoo.families.convnet.fold import FoldedConvnet
from hitzoo.families.convnet.model import ConvnetGenerator
from hitzoo.families.hit.fold.generator import FoldedHiT
from hitzoo.families.hit.model import HiTGenerator
from hitzoo.fold.kernels import Kernels

FOLDS: dict[type[nn.Module], Callable[[Any, Kernels], nn.Module]] = {
    HiTGenerator: FoldedHiT,
    ConvnetGenerator: FoldedConvnet,
}


def is_folded(module: nn.Module) -> bool:
    """Whether a network is one that `fold` made."""
    return isinstance(module, FoldedHiT | FoldedConvnet)


@torch.no_grad()
def fold(generator: nn.Module, kernels: Kernels) -> nn.Module:
    """The network that makes the same images faster; weights that are not rewritten are shared, not copied.

    Raises:
        RequestError: the generator is in training mode, where a batch norm is no linear layer; or folded already.
    """
    if is_folded(generator):
        raise RequestError("this network is folded already; fold the generator it was made of")
    if generator.training:
        raise RequestError("a generator in training mode normalises by its batch; call .eval() before folding it")
    return FOLDS[type(generator)](generator, kernels).eval().requires_grad_(False)
