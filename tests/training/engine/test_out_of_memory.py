from __future__ import annotations

import pytest
import torch

from hitzoo.errors import RunError
from hitzoo.training.engine.out_of_memory import explaining_out_of_memory, is_out_of_memory

FULL = [
    MemoryError(),
    torch.cuda.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB"),
    RuntimeError("[enforce fail at alloc_cpu.cpp:117] err == 0. DefaultCPUAllocator: can't allocate memory: you tried"),
    RuntimeError("DefaultCPUAllocator: not enough memory: you tried to allocate 1 bytes."),
]


@pytest.mark.parametrize("error", FULL, ids=lambda error: type(error).__name__)
def test_a_full_memory_says_what_to_turn(error) -> None:
    assert is_out_of_memory(error)
    with pytest.raises(RunError, match="out of memory at 64 images at once") as caught, explaining_out_of_memory(64):
        raise error
    assert "--batch-per-device auto" in str(caught.value)
    assert "training.activation_checkpointing: all" in str(caught.value)
    assert caught.value.__cause__ is error


@pytest.mark.parametrize("error", [RuntimeError("shapes do not fit"), ValueError("not enough memory")])
def test_another_error_passes(error) -> None:
    with pytest.raises(type(error)) as caught, explaining_out_of_memory(64):
        raise error
    assert caught.value is error


def test_what_the_allocator_of_this_machine_says_is_known() -> None:
    with pytest.raises(RunError), explaining_out_of_memory(1):
        torch.empty(2**58, dtype=torch.uint8)
