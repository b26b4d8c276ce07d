"""How many images a device works on at once, so that a batch of any size fits by gradient accumulation."""

from __future__ import annotations

from collections.abc import Callable

import torch

from hitzoo.errors import RequestError
from hitzoo.inference.free_memory import free_memory
from hitzoo.plan.compile import ModelPlan
from hitzoo.spec.types import Spec
from hitzoo.training.footprint import measure_footprint
from hitzoo.training.out_of_memory import is_out_of_memory

_SAFE_SHARE = 0.8  # of what is free on a CPU: scratch space of kernels is not predicted


def divisors(share: int) -> list[int]:
    """The sizes a share of the batch can be worked off in, largest first."""
    return [size for size in range(share, 0, -1) if share % size == 0]


def refuse_unfit(wanted: int, share: int) -> None:
    """Pieces are equal, so their size divides the device's share of the batch.

    Raises:
        RequestError: it does not.
    """
    if share % wanted:
        allowed = ", ".join(map(str, reversed(divisors(share))))
        raise RequestError(
            f"--batch-per-device {wanted} does not divide the {share} images of a device; possible: {allowed}"
        )


def predicted_to_fit(spec: Spec, plan: ModelPlan, share: int) -> int:
    """The largest size whose predicted step fits into the memory that is free; 1 if none does."""
    footprint, free = measure_footprint(spec, plan), _SAFE_SHARE * free_memory()
    for size in divisors(share):
        if footprint.training_fixed + size * footprint.training_per_image <= free:
            return size
    return 1


def tried_to_fit(attempt: Callable[[int], None], share: int) -> int:
    """The largest size at which `attempt` does not run out of the device's memory.

    Raises:
        RuntimeError: not even one image fits.
    """
    for size in divisors(share):
        try:
            attempt(size)
        except (RuntimeError, MemoryError) as error:
            if size == 1 or not is_out_of_memory(error):
                raise
            torch.cuda.empty_cache()
        else:
            return size
    raise AssertionError("1 divides everything")
