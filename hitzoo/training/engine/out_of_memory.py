"""A full memory as one message that names what to turn."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import torch

from hitzoo.errors import RunError


@contextmanager
def explaining_out_of_memory(batch_size: int) -> Iterator[None]:
    """Turn an allocation that failed inside into a `RunError`; every other error passes."""
    try:
        yield
    except (RuntimeError, MemoryError) as error:
        if not is_out_of_memory(error):
            raise
        raise RunError(
            f"out of memory at {batch_size} images at once; `hitzoo build` says what a step takes."
            " --batch-per-device auto (or a smaller number) splits the batch into micro-batches,"
            " training.activation_checkpointing: all keeps less, and narrower stages take less"
        ) from error


def is_out_of_memory(error: BaseException) -> bool:
    """Recognise a failed allocation. CUDA has a class for it; the CPU's allocator only a text."""
    if isinstance(error, torch.cuda.OutOfMemoryError | MemoryError):
        return True
    return "not enough memory" in str(error) or "can't allocate memory" in str(error)
