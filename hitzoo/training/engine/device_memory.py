"""The memory of a device that is left for a rehearsed step."""

from __future__ import annotations

import torch

from hitzoo.training.engine.state import TrainState

_FULL = 0.92  # of what this process can have; the rest is for the allocator's gaps


class DeviceMemory:
    """The memory of a CUDA device from now on: what is free, with what this process's allocator holds of it already.

    Other processes' memory, the driver's and that of NCCL's connections is not free, so that it is counted too. Of
    other devices nothing is known.
    """

    def __init__(self, device: torch.device) -> None:
        self.device = device
        self._usable = 0
        if device.type == "cuda":
            torch.cuda.reset_peak_memory_stats(device)
            self._usable = torch.cuda.mem_get_info(device)[0] + torch.cuda.memory_reserved(device)

    def require(self, further: int) -> None:
        """Require room for `further` bytes beside the most that have been allocated since.

        Raises:
            MemoryError: there is none.
        """
        if self.device.type != "cuda":
            return
        needed = torch.cuda.max_memory_allocated(self.device) + further
        if needed > _FULL * self._usable:
            raise MemoryError(f"{needed / 2**30:.1f} GiB needed of {self._usable / 2**30:.1f} GiB")


def moments_to_come(state: TrainState) -> int:
    """Bytes that the optimizers will keep from the first update on, at most; none where they have them already."""
    kept = [held for optimizer in state.optimizers.values() for held in optimizer.state.values()]
    if any(kept):
        return 0
    networks = state.networks.values()
    return 2 * sum(weight.numel() * weight.element_size() for net in networks for weight in net.parameters())
