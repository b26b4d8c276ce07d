"""The running statistics of batch norms in an update of several micro-batches and processes.

Each forward pass begins from the statistics the update began with, and the update ends with the mean of the results of
its passes: the same as in one process whose batch norms work in as many groups.
"""

from __future__ import annotations

from collections.abc import Iterable

import torch
from torch import nn

from hitzoo.runtime.distributed import World


class RunningStatistics:
    """The floating-point buffers of some networks, in the course of one update; constants are not persistent ones."""

    def __init__(self, networks: Iterable[nn.Module]) -> None:
        self._buffers = [buffer for network in networks for buffer in _statistics(network)]
        self._before = [buffer.clone() for buffer in self._buffers]
        self._sums: list[torch.Tensor] = []

    @torch.no_grad()
    def take_in(self) -> None:
        """Remember the result of a forward pass, and begin the next one from where the update began."""
        if not self._buffers:
            return
        if self._sums:
            torch._foreach_add_(self._sums, self._buffers)
        else:
            self._sums = [buffer.clone() for buffer in self._buffers]
        self.restore()

    @torch.no_grad()
    def settle(self, passes: int, world: World) -> None:
        """Put the mean of all processes' passes in place."""
        if not self._buffers:
            return
        together = world.all_reduce_sum(torch.cat([total.flatten() for total in self._sums])) / (passes * world.size)
        parts = together.split([buffer.numel() for buffer in self._buffers])
        torch._foreach_copy_(
            self._buffers, [part.view_as(buffer) for part, buffer in zip(parts, self._buffers, strict=True)]
        )

    @torch.no_grad()
    def restore(self) -> None:
        """Put back what the update began with."""
        if self._buffers:
            torch._foreach_copy_(self._buffers, self._before)


def _statistics(network: nn.Module) -> list[torch.Tensor]:
    weights = {name for name, _ in network.named_parameters(remove_duplicate=False)}
    state = network.state_dict(keep_vars=True)
    return [value for name, value in state.items() if name not in weights and value.is_floating_point()]
