"""The micro-batch size: images that a device processes together, so that a batch of any size fits by accumulation."""

from __future__ import annotations

import math
from collections.abc import Callable

from hitzoo.errors import RequestError, RunError, first_line
from hitzoo.families.compile import compile_spec
from hitzoo.plan.model import ModelPlan
from hitzoo.runtime.free_memory import free_memory
from hitzoo.runtime.launcher import launch_environment
from hitzoo.spec.batches import generator_batch_size, path_length_batch_size
from hitzoo.spec.types import Spec, whole_fraction
from hitzoo.training.engine.memory_estimate import measure_footprint
from hitzoo.training.engine.out_of_memory import free_cached_memory, is_too_large

_SAFE_SHARE = 0.8  # of what is free on a CPU: scratch space of kernels is not predicted
_PROCESS = 600_000_000  # bytes of Python and torch

GROUPING = "minibatch_std, norm_statistics, fraction"
"""The keys of a spec that make groups of images."""


def group_of(spec: Spec) -> int:
    """Return the images that must stay together.

    They are those of a minibatch standard deviation, of a ghost batch norm, and of a finite difference on a part of the
    batch.
    """
    plan = compile_spec(spec)
    norm = spec.training.norm_statistics if plan.generator.normed is not None else 1
    parts = (getattr(term, "fraction", None) or 1 for term in spec.training.regularizers)
    return math.lcm(
        *(network.grouped for network in plan.networks.values()),
        *(whole_fraction(part).denominator for part in parts),
        norm if isinstance(norm, int) else 1,
    )


def sizes(spec: Spec, processes: int) -> list[int]:
    """Return the possible micro-batch sizes of a device's share of the batch, largest first: equal, of whole groups."""
    share, group = spec.training.batch_size // processes, group_of(spec)
    generators = generator_batch_size(spec.training) // processes
    paths = path_length_batch_size(spec.training) // processes
    whole = [
        size
        for size in range(share, 0, -1)
        if share % size == 0
        and size % group == 0
        and generators % (share // size) == 0
        and paths % (share // size) == 0
        and generators // (share // size) % group == 0
    ]
    return whole or ([share] if processes == 1 else [])


def refuse_unfit(wanted: int, spec: Spec, processes: int) -> None:
    """Pieces are equal and hold whole groups.

    Raises:
        RequestError: pieces of that size are or do not.
    """
    allowed = sizes(spec, processes)
    if wanted in allowed:
        return
    share, group = spec.training.batch_size // processes, group_of(spec)
    groups = f" into pieces of whole groups of {group} ({GROUPING})" if group > 1 else ""
    generators = generator_batch_size(spec.training) // processes
    paths = path_length_batch_size(spec.training) // processes
    others = f", or the generator's {generators} do not go into as many" if generators != share else ""
    others += f", or the {paths} of path_length do not" if paths != generators else ""
    said = (
        f"{wanted} does not divide the {share} images of a device{groups}{others};"
        f" possible: {', '.join(map(str, reversed(allowed)))}"
    )
    raise RequestError(f"batch_per_device {said}").or_as_option(f"--batch-per-device {said}")


def predicted_to_fit(spec: Spec, plan: ModelPlan, processes: int, most: int | None = None) -> int:
    """The largest size whose predicted step fits into this process's part of the free memory; else the least.

    Sizes over `most` are left out.
    """
    here = launch_environment().local_size
    footprint, free = measure_footprint(spec, plan), _SAFE_SHARE * free_memory() / here - _PROCESS
    candidates = [size for size in sizes(spec, processes) if most is None or size <= most]
    fitting = (size for size in candidates if footprint.training_fixed + size * footprint.training_per_image <= free)
    return next(fitting, candidates[-1])


def tried_to_fit(attempt: Callable[[int], None], candidates: list[int]) -> int:
    """The first of the candidates, largest first, at which `attempt` does not run out of the device's memory.

    An error of cuDNN or cuBLAS counts as that too: a size that is too large is its usual cause.

    Raises:
        RunError: not even the least fits.
    """
    reason = ""
    for size in candidates:
        try:
            attempt(size)
        except (RuntimeError, MemoryError) as error:
            if not is_too_large(error):
                raise
            reason = first_line(error)
        else:
            return size
        free_cached_memory()  # after the failed attempt's tensors are gone with its traceback
    raise RunError(
        f"not even {candidates[-1]} images at once fit on the device ({reason}); training.activation_checkpointing: all"
        " and narrower stages take less"
    )
