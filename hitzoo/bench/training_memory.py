"""Memory of a training step by itself, while the weights of other settings lie on the same device."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

import torch

from hitzoo.runtime.free_memory import free_memory
from hitzoo.runtime.live_bytes import LiveBytes

_FULL = 0.9  # of what a device has for this process; the rest is for the allocator's gaps


@dataclass(frozen=True, kw_only=True)
class StepMemory:
    """Bytes of one setting: `resident` between its steps, `peak` at most during one.

    On CPUs only the tensors of the step are counted: without weights and optimizers, and nothing is resident.
    """

    resident: int
    peak: int


class MemoryMeter(Protocol):
    """Measures memory on a device."""

    def now(self) -> int:
        """Bytes allocated now."""

    def of_step(self, step: Callable[[], object], before: int, *, countable: bool) -> StepMemory:
        """Measure the second of two steps of a setting; `before` it was made, so many bytes were allocated.

        `countable` is False where tensors cannot be counted one by one, as inside compiled kernels.
        """

    def has_room(self, needs: int) -> bool:
        """Return False if so many bytes are known not to be free; where a full memory is an error, that tells."""

    def fits(self, settings: list[StepMemory]) -> bool:
        """Return True if all of them can stay, and a step of each be made."""


def memory_of(device: torch.device) -> MemoryMeter:
    """Return the way to measure a device's memory."""
    return CudaMemory(device) if device.type == "cuda" else CpuMemory()


class CpuMemory:
    """Counts live tensors. A full memory is no error here: the system ends the process."""

    def now(self) -> int:
        """Nothing is counted between steps."""
        return 0

    def of_step(self, step: Callable[[], object], before: int, *, countable: bool) -> StepMemory:
        """Count the tensors of the first step, which warms up; 0 where they cannot be counted."""
        if not countable:
            step()
            return StepMemory(resident=0, peak=0)
        with LiveBytes() as memory:
            step()
        return StepMemory(resident=0, peak=memory.peak)

    def has_room(self, needs: int) -> bool:
        """Compare with what is free on the machine."""
        return needs <= _FULL * free_memory()

    def fits(self, settings: list[StepMemory]) -> bool:
        """Always: those that had no room were not made."""
        return True


class CudaMemory:
    """Reads the allocator: all that a setting holds, but not what others do."""

    def __init__(self, device: torch.device) -> None:
        self.device = device

    def now(self) -> int:
        """Bytes allocated now."""
        return torch.cuda.memory_allocated(self.device)

    def of_step(self, step: Callable[[], object], before: int, *, countable: bool) -> StepMemory:
        """Measure the second step: the first makes the optimizers' moments, and warms up."""
        step()
        torch.cuda.reset_peak_memory_stats(self.device)
        step()
        peak = torch.cuda.max_memory_allocated(self.device) - before
        return StepMemory(resident=self.now() - before, peak=peak)

    def has_room(self, needs: int) -> bool:
        """Always: the allocator says so when it is full."""
        return True

    def fits(self, settings: list[StepMemory]) -> bool:
        """Compare what stays and the largest step beside it with what is free or ours."""
        free, _ = torch.cuda.mem_get_info(self.device)
        own = torch.cuda.memory_reserved(self.device)
        stays = sum(one.resident for one in settings)
        return stays + max(one.peak - one.resident for one in settings) <= _FULL * (free + own)
