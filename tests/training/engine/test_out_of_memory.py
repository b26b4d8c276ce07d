from __future__ import annotations

import weakref

import pytest
import torch

from hitzoo.errors import RunError
from hitzoo.training.engine.out_of_memory import (
    OutOfMemory,
    explaining_out_of_memory,
    free_cached_memory,
    is_out_of_memory,
    is_too_large,
    with_smaller_batches,
)

FULL = [
    MemoryError(),
    torch.cuda.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB"),
    RuntimeError("[enforce fail at alloc_cpu.cpp:117] err == 0. DefaultCPUAllocator: can't allocate memory: you tried"),
    RuntimeError("DefaultCPUAllocator: not enough memory: you tried to allocate 1 bytes."),
    RuntimeError("CUDA error: out of memory\nCompile with `TORCH_USE_CUDA_DSA` to enable device-side assertions."),
    RuntimeError("CUDA error: CUBLAS_STATUS_ALLOC_FAILED when calling `cublasCreate(handle)`"),
    RuntimeError("cuDNN error: CUDNN_STATUS_ALLOC_FAILED"),
    RuntimeError("cuDNN error: CUDNN_STATUS_INTERNAL_ERROR_DEVICE_ALLOCATION_FAILED"),
    RuntimeError("Unable to find a valid cuDNN algorithm to run convolution"),
    RuntimeError("GET was unable to find an engine to execute this computation"),
    RuntimeError("MPS backend out of memory (MPS allocated: 17.04 GB, other allocations: 1.05 GB)"),
    RuntimeError("Triton Error [CUDA]: out of memory"),
    RuntimeError("HIP out of memory. Tried to allocate 2.00 GiB"),
    RuntimeError("level_zero backend failed with error: 39 (UR_RESULT_ERROR_OUT_OF_DEVICE_MEMORY)"),
    RuntimeError("miopenStatusAllocFailed"),
]
OTHER = [
    RuntimeError("shapes do not fit"),
    ValueError("not enough memory"),
    RuntimeError("CUDA error: an illegal memory access was encountered"),
    RuntimeError("Triton Error [CUDA]: an illegal memory access was encountered"),
    RuntimeError("out of resource: shared memory, Required: 114688, Hardware limit: 101376"),
    RuntimeError("cuDNN error: CUDNN_STATUS_NOT_SUPPORTED"),
]


@pytest.mark.parametrize("error", FULL, ids=str)
def test_full_memory_says_what_to_turn_after_the_first_line_of_torchs_own_text(error) -> None:
    assert is_out_of_memory(error)
    with pytest.raises(OutOfMemory, match="out of memory at 64 images at once") as caught, explaining_out_of_memory(64):
        raise error
    assert f"({str(error).splitlines()[0] if str(error) else 'MemoryError'})" in str(caught.value)
    assert "\n" not in str(caught.value)
    assert "--batch-per-device auto" in str(caught.value)
    assert "training.activation_checkpointing: all" in str(caught.value)
    assert caught.value.__cause__ is error


def test_full_memory_in_an_error_of_cuda_is_known() -> None:
    if hasattr(torch, "AcceleratorError"):
        assert is_out_of_memory(torch.AcceleratorError("CUDA error: out of memory"))
        assert not is_out_of_memory(torch.AcceleratorError("CUDA error: device-side assert triggered"))


@pytest.mark.parametrize("error", OTHER, ids=str)
def test_another_error_passes(error) -> None:
    with pytest.raises(type(error)) as caught, explaining_out_of_memory(64):
        raise error
    assert caught.value is error


def test_error_of_a_library_is_a_size_that_does_not_fit_where_sizes_are_tried() -> None:
    for words in ("cuDNN error: CUDNN_STATUS_NOT_SUPPORTED", "CUDA error: CUBLAS_STATUS_EXECUTION_FAILED"):
        assert is_too_large(RuntimeError(words))
    assert is_too_large(RuntimeError("CUDA error: out of memory"))
    assert not is_too_large(RuntimeError("shapes do not fit"))
    assert not is_too_large(ValueError("cuDNN"))


def test_memory_of_a_failed_step_is_free_while_its_error_is_kept() -> None:
    def step() -> None:
        large = torch.zeros(3)
        kept.append(weakref.ref(large))
        raise torch.cuda.OutOfMemoryError("CUDA out of memory.")

    kept: list[weakref.ref] = []
    with pytest.raises(OutOfMemory) as caught, explaining_out_of_memory(1):
        step()
    assert kept[0]() is not None
    free_cached_memory(caught.value)
    assert kept[0]() is None


@pytest.mark.parametrize(("most", "tried"), [(8, [8]), (3, [8, 4, 2]), (1, [8, 4, 2, 1])])
def test_work_that_does_not_fit_is_done_with_half_the_batch(most, tried) -> None:
    found: list[int] = []

    def work(size: int) -> str:
        found.append(size)
        if size > most:
            raise torch.cuda.OutOfMemoryError("CUDA out of memory.")
        return f"with {size}"

    assert with_smaller_batches(work, 8, str) == f"with {tried[-1]}"
    assert found == tried


def test_work_that_fits_in_no_batch_is_given_up_with_the_reason() -> None:
    def work(size: int) -> str:
        raise torch.cuda.OutOfMemoryError(f"CUDA out of memory at {size}.\nand more")

    assert with_smaller_batches(work, 5, str) == "CUDA out of memory at 1."
    with pytest.raises(ZeroDivisionError):
        with_smaller_batches(lambda size: 1 / 0, 5, str)


def test_words_of_the_allocator_of_this_machine_are_known() -> None:
    with pytest.raises(RunError), explaining_out_of_memory(1):
        torch.empty(2**58, dtype=torch.uint8)
