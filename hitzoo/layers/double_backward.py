"""Layers in a form that can be differentiated twice, as penalties on a discriminator's input gradient need."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext

import torch
from torch.nn.attention import SDPBackend, sdpa_kernel

from hitzoo.layers.onednn_linear import without_onednn_linear

_on = False
_by_inputs_alone = False


def twice_differentiable() -> AbstractContextManager[None]:
    """Inside, take attention and linear layers by operations whose backward pass has a backward pass of its own.

    That of a fused attention kernel has none, and that of oneDNN's linear layer falls back to torch's products.
    Convolutions are taken by operations whose second derivative is cheap. The compiler takes no oneDNN layer anyway,
    and traces attention's setting alone.
    """
    return sdpa_kernel(SDPBackend.MATH) if torch.compiler.is_compiling() else _twice_differentiable()


def is_twice_differentiable() -> bool:
    """True inside `twice_differentiable`, for what is computed again later."""
    return _on


def by_inputs_alone() -> AbstractContextManager[None]:
    """Inside, a backward pass is for the gradient by the network's inputs: convolutions leave out that by weights."""
    return nullcontext() if torch.compiler.is_compiling() else _without_weights()


def is_by_inputs_alone() -> bool:
    """True inside `by_inputs_alone`."""
    return _by_inputs_alone


@contextmanager
def _twice_differentiable() -> Iterator[None]:
    global _on
    before, _on = _on, True
    try:
        with sdpa_kernel(SDPBackend.MATH), without_onednn_linear():
            yield
    finally:
        _on = before


@contextmanager
def _without_weights() -> Iterator[None]:
    global _by_inputs_alone
    before, _by_inputs_alone = _by_inputs_alone, True
    try:
        yield
    finally:
        _by_inputs_alone = before
