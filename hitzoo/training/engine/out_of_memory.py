"""A full memory as one message that names what to turn, in whatever words it is reported.

The words are those of torch's allocators (CPU, CUDA, MPS, XPU), of the CUDA and HIP runtimes, of cuBLAS, cuDNN and
their counterparts, whose workspaces found no room, and of Triton's launcher.
"""

from __future__ import annotations

import gc
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from traceback import clear_frames
from typing import TypeVar

import torch

from hitzoo.errors import RunError, first_line

Result = TypeVar("Result")

_FULL = (
    "out of memory",
    "out_of_memory",
    "not enough memory",
    "can't allocate memory",
    "out_of_device_memory",
    "out_of_host_memory",
    "memory allocation failure",
    "cublas_status_alloc_failed",
    "cudnn_status_alloc_failed",
    "allocation_failed",  # CUDNN_STATUS_INTERNAL_ERROR_DEVICE_ALLOCATION_FAILED and its kin
    "cusolver_status_alloc_failed",
    "rocblas_status_memory_error",
    "hipblas_status_alloc_failed",
    "miopenstatusallocfailed",
    "unable to find a valid cudnn algorithm",
    "unable to find an engine",
)
_LIBRARIES = ("cudnn", "cublas", "miopen", "rocblas", "hipblas")


class OutOfMemory(RunError):  # noqa: N818 - what happened, not an error
    """The memory of a device, or of the machine, was full in a step."""


@contextmanager
def explaining_out_of_memory(batch_size: int) -> Iterator[None]:
    """Turn an allocation that failed inside into an `OutOfMemory`; every other error passes."""
    try:
        yield
    except (RuntimeError, MemoryError) as error:
        if not is_out_of_memory(error):
            raise
        raise OutOfMemory(
            f"out of memory at {batch_size} images at once ({first_line(error)}); `hitzoo build` says what a step"
            " takes. --batch-per-device auto (or a smaller number) splits the batch into micro-batches,"
            " training.activation_checkpointing: all keeps less, and narrower stages take less"
        ) from error


def is_out_of_memory(error: BaseException) -> bool:
    """Recognise a failed allocation. CUDA has a class for some; others have only a text."""
    if isinstance(error, torch.cuda.OutOfMemoryError | MemoryError):
        return True
    text = str(error).lower()
    return isinstance(error, RuntimeError) and any(words in text for words in _FULL)


def is_too_large(error: BaseException) -> bool:
    """Recognise a size that does not fit, where sizes are tried: of a library's errors it is the usual cause."""
    text = str(error).lower()
    of_library = isinstance(error, RuntimeError) and any(name in text for name in _LIBRARIES)
    return of_library or is_out_of_memory(error)


def free_cached_memory(error: BaseException | None = None) -> None:
    """Return to the device what torch's allocator holds for nothing.

    An `error` that is still there holds, by its traceback, the tensors of the failed step; its frames are cleared.
    """
    while error is not None:
        clear_frames(error.__traceback__)
        error = error.__cause__
    if torch.cuda.is_available():
        gc.collect()
        torch.cuda.empty_cache()


def with_smaller_batches(work: Callable[[int], Result], batch_size: int, give_up: Callable[[str], Result]) -> Result:
    """Do `work` with a batch size, and on a full memory with half of it, down to 1; then `give_up` with the reason."""
    reason = ""
    while batch_size:
        try:
            return work(batch_size)
        except (RuntimeError, MemoryError) as error:
            if not is_out_of_memory(error):
                raise
            reason = first_line(error)
        free_cached_memory()
        batch_size //= 2
    return give_up(reason)
