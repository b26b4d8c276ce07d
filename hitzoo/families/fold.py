"""Fold a generator into its optimized network, by family."""

from __future__ import annotations

from typing import Any

import torch

from hitzoo.errors import RequestError
from hitzoo.families.registry import family_of
from hitzoo.fold.kernels import Kernels
from hitzoo.fold.network import OptimizedNetwork
from hitzoo.fold.reference import ReferenceNetwork


def is_optimized(module: object) -> bool:
    """True if `fold` made this network."""
    return isinstance(module, OptimizedNetwork)


@torch.no_grad()
def fold(generator: Any, kernels: Kernels) -> OptimizedNetwork:
    """Build the optimized network: the same images, faster; weights that are not rewritten are shared, not copied.

    A family without rewrites runs as it is.

    Raises:
        RequestError: the generator is in training mode, where a batch norm is no linear layer; or optimized already.
    """
    if is_optimized(generator):
        raise RequestError("this network is optimized already; take the generator it was made of")
    if generator.training:
        raise RequestError("a generator in training mode normalises by its batch; call .eval() before it is optimized")
    rewrite = family_of("generator", generator.plan.family).fold or ReferenceNetwork
    return rewrite(generator, kernels).eval().requires_grad_(False)
