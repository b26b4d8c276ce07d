"""Activation checkpointing: modules that are recomputed in the backward pass instead of keeping their activations.

Source: Chen et al. 2016, "Training Deep Nets with Sublinear Memory Cost"; the mechanism is torch's.
"""

from __future__ import annotations

from contextlib import ExitStack, nullcontext
from typing import Any

import torch
from torch import nn
from torch.utils.checkpoint import checkpoint

from hitzoo.layers.double_backward import is_twice_differentiable, twice_differentiable
from hitzoo.layers.norm import BatchNorm


class CheckpointedModule(nn.Module):
    """A module that activation checkpointing may recompute as a unit; `recomputed` turns it on."""

    recomputed = False


def checkpointed(part: nn.Module, *inputs: Any) -> Any:
    """Call a module; keep only its inputs for the backward pass if it is `recomputed`."""
    kept = not getattr(part, "recomputed", False)
    if kept or not torch.is_grad_enabled() or not any(_learns(value) for value in inputs):
        return part(*inputs)

    def contexts() -> tuple[Any, Any]:
        return nullcontext(), _Recomputation(part)

    return checkpoint(part, *inputs, use_reentrant=False, preserve_rng_state=False, context_fn=contexts)


class _Recomputation:
    """The module computes again what it computed, by the same operations.

    Batch norms normalise as usual, but do not update their running statistics with the same batch a second time.
    Entered once per recomputation, of which a double backward needs more than one.
    """

    def __init__(self, part: nn.Module) -> None:
        self.norms = [module for module in part.modules() if isinstance(module, BatchNorm)]
        self.twice = is_twice_differentiable()
        self.entered: list[ExitStack] = []

    def __enter__(self) -> None:
        with ExitStack() as stack:
            if self.twice:
                stack.enter_context(twice_differentiable())
            for norm in self.norms:
                stack.callback(setattr, norm, "momentum", norm.momentum)
                norm.momentum = 0.0
            self.entered.append(stack.pop_all())

    def __exit__(self, *error: object) -> None:
        self.entered.pop().close()


def _learns(value: Any) -> bool:
    return isinstance(value, torch.Tensor) and value.requires_grad
