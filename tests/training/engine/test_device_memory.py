"""What a step may take of a device: of what is free now, not of all it has."""

from __future__ import annotations

from contextlib import nullcontext

import pytest
import torch

from hitzoo.training.engine.device_memory import DeviceMemory

CUDA = torch.device("cuda", 1)
GIB = 2**30


@pytest.fixture
def device(monkeypatch):
    """A device of 80 GiB on which so much is free, held by this process, and then allocated at most."""

    def make(free: int, held: int, peak: int) -> list[torch.device]:
        asked: list[torch.device] = []
        monkeypatch.setattr(torch.cuda, "reset_peak_memory_stats", asked.append)
        monkeypatch.setattr(torch.cuda, "mem_get_info", lambda device: (free * GIB, 80 * GIB))
        monkeypatch.setattr(torch.cuda, "memory_reserved", lambda device: held * GIB)
        monkeypatch.setattr(torch.cuda, "max_memory_allocated", lambda device: peak * GIB)
        return asked

    return make


@pytest.mark.parametrize(
    ("free", "held", "peak", "further", "fits"),
    [
        (80, 0, 60, 13, True),
        (80, 0, 60, 14, False),
        (40, 0, 30, 0, True),  # another process has the other half
        (40, 0, 38, 0, False),
        (30, 10, 30, 6, True),  # what the allocator holds is free for this process
        (30, 10, 30, 7, False),
    ],
)
def test_peak_and_what_is_still_to_come_fit_into_what_is_free(device, free, held, peak, further, fits) -> None:
    asked = device(free, held, peak)
    memory = DeviceMemory(CUDA)
    assert asked == [CUDA]
    with nullcontext() if fits else pytest.raises(MemoryError, match="GiB needed of"):
        memory.require(further * GIB)


def test_of_other_devices_nothing_is_known() -> None:
    DeviceMemory(torch.device("cpu")).require(2**60)
