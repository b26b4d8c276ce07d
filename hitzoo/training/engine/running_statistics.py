"""The running statistics of batch norms in a step of several micro-batches and processes.

Each forward pass begins from the statistics the step began with, and the step ends with the mean of what the passes
made of them: what one process does whose batch norms work in as many groups.
"""

from __future__ import annotations

import torch
from torch import nn

from hitzoo.runtime.distributed import World


class RunningStatistics:
    """The buffers of a network, through one step."""

    def __init__(self, network: nn.Module) -> None:
        self._buffers = [buffer for buffer in network.buffers() if buffer.is_floating_point()]
        self._before = [buffer.clone() for buffer in self._buffers]
        self._sums: list[torch.Tensor] = []

    @torch.no_grad()
    def take_in(self) -> None:
        """Remember what a forward pass made of them, and begin the next one from where the step began."""
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
        """Put back what the step began with."""
        if self._buffers:
            torch._foreach_copy_(self._buffers, self._before)
