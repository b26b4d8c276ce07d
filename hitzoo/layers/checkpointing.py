"""Parts of a network that are computed again in the backward pass instead of being kept (activation checkpointing).

Source: Chen et al. 2016, "Training Deep Nets with Sublinear Memory Cost"; the mechanism is torch's.
"""

from __future__ import annotations

from contextlib import nullcontext
from typing import Any

import torch
from torch import nn
from torch.utils.checkpoint import checkpoint

from hitzoo.layers.norm import BatchNorm


class Part(nn.Module):
    """A piece of a network, as large as what is computed again at once; `recomputed` says whether it is."""

    recomputed = False


def run(part: nn.Module, *inputs: Any) -> Any:
    """Call a part; keep only its inputs for the backward pass where it is `recomputed`."""
    kept = not getattr(part, "recomputed", False)
    if kept or not torch.is_grad_enabled() or not any(_learns(value) for value in inputs):
        return part(*inputs)

    def contexts() -> tuple[Any, Any]:
        return nullcontext(), _RunningStatisticsHeld(part)

    return checkpoint(part, *inputs, use_reentrant=False, preserve_rng_state=False, context_fn=contexts)


class _RunningStatisticsHeld:
    """Batch norms normalise as ever, but their running statistics do not take in the same batch a second time.

    Entered once for each time the part is computed again, which in a double backward is more than once.
    """

    def __init__(self, part: nn.Module) -> None:
        self.norms = [module for module in part.modules() if isinstance(module, BatchNorm)]
        self.before: list[list[float]] = []

    def __enter__(self) -> None:
        self.before.append([norm.momentum for norm in self.norms])
        for norm in self.norms:
            norm.momentum = 0.0

    def __exit__(self, *error: object) -> None:
        for norm, momentum in zip(self.norms, self.before.pop(), strict=True):
            norm.momentum = momentum


def _learns(value: Any) -> bool:
    return isinstance(value, torch.Tensor) and value.requires_grad
