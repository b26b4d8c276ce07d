"""Time, memory and disk of a run before it is begun, from a few of its own steps on this machine."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any

import torch

from hitzoo.plan.model import ModelPlan
from hitzoo.runtime.device import choose_device
from hitzoo.runtime.free_memory import free_memory
from hitzoo.spec.batches import images_of_a_step
from hitzoo.spec.types import Spec
from hitzoo.training.engine.compile_errors import explaining_compiler_errors
from hitzoo.training.engine.lazy_interval import lazy_interval
from hitzoo.training.engine.memory_estimate import measure_footprint
from hitzoo.training.engine.micro_batch_search import predicted_to_fit, refuse_unfit, sizes
from hitzoo.training.engine.state import TrainState, new_state
from hitzoo.training.engine.timed_steps import Step, StepTimer, StepTimes
from hitzoo.training.engine.trial_reading import Reading, grid_bytes, read_some
from hitzoo.training.picture_times import GRID, seconds_per_picture
from hitzoo.training.run.disk_use import checkpoint_bytes, run_bytes
from hitzoo.training.run.micro_batch import new_runner
from hitzoo.training.run.options import RunOptions

BUDGET = 20.0  # seconds of steps
_PROCESS = 600_000_000  # bytes of Python and torch


@dataclass(frozen=True, kw_only=True)
class Estimate:
    """The cost of a run. Times are in seconds, memory and disk in bytes.

    `timed` are the steps it rests on, of batches of `timed_images`; `seconds_per_step` is of a whole step, of
    `images_per_step` real images, `at_once` at a time. `reading_per_step` is a process's reading of these: part of the
    step on a CPU, beside it elsewhere; None without images. `evaluating` is sampling alone. `memory` is of the device.
    """

    name: str
    device: str
    steps: int
    batch_size: int
    images_per_step: int
    at_once: int
    timed: tuple[float, ...]
    timed_images: int
    seconds_per_step: float
    reading_per_step: float | None
    sampling: float
    evaluating: float
    seconds: float
    memory: int
    memory_free: int
    checkpoint: int
    disk: int
    images: int | None
    load: float | None

    @property
    def fits(self) -> bool:
        """True if the memory suffices."""
        return self.memory <= self.memory_free

    def to_json(self) -> dict[str, Any]:
        """As plain data."""
        return asdict(self) | {"timed": [round(value, 4) for value in self.timed], "fits": self.fits}


def estimate(
    spec: Spec,
    plan: ModelPlan,
    options: RunOptions,
    *,
    budget: float = BUDGET,
    progress: Callable[[str], None] = lambda what: None,
) -> Estimate:
    """Read some images, time some steps and a grid of samples for about `budget` seconds, and reckon the whole run.

    Raises:
        DataError: the images cannot be opened or read.
        RequestError: the batch does not divide into micro-batches of the size asked for.
    """
    device, load = choose_device(options.device), _load()
    source = options.data or spec.data.source
    if source is not None:
        progress(f"images of {source}")
    reading = read_some(source, spec.data, plan.resolution) if source is not None else None
    at_once = _at_once(spec, plan, options, device)
    state = new_state(plan, spec.training, 0, device)
    times = _time_steps(spec, plan, options, state, device, at_once, budget, progress)
    progress("a grid of samples")
    sample = seconds_per_picture(spec, plan, state, device)
    memory, free = _memory(spec, plan, device, at_once, times)
    return Estimate(
        name=spec.name,
        device=str(device),
        batch_size=spec.training.batch_size,
        images_per_step=images_of_a_step(spec.training),
        at_once=at_once,
        timed=times.seconds[times.largest],
        timed_images=times.largest,
        memory=memory,
        memory_free=free,
        images=reading.images if reading else None,
        load=load,
        **_times(spec, options, device, at_once, times, reading, sample),
        **_disk(spec, plan, options, checkpoint_bytes(state), reading),
    )


def _times(
    spec: Spec,
    options: RunOptions,
    device: torch.device,
    at_once: int,
    times: StepTimes,
    reading: Reading | None,
    sample: float,
) -> dict[str, Any]:
    steps, batch, shown = spec.training.steps, spec.training.batch_size, images_of_a_step(spec.training)
    each = batch // at_once * times.seconds_of(at_once) * _share(spec, times.between)
    evaluations = -(-steps // spec.evaluation.every) if spec.evaluation.every else 0
    anew = sum(average.recalibrate or 0 for average in spec.training.averages)
    evaluating = evaluations * (len(spec.training.averages) * spec.evaluation.samples + anew) * sample
    sampling = ((steps // options.sample_every + 1) * GRID + (steps // options.checkpoint_every + 1) * anew) * sample
    return {
        "steps": steps,
        "seconds_per_step": each,
        "reading_per_step": reading.seconds * shown if reading else None,
        "sampling": sampling,
        "evaluating": evaluating,
        "seconds": steps * _with_reading(each, reading, shown, device) + sampling + evaluating,
    }


def _disk(spec: Spec, plan: ModelPlan, options: RunOptions, checkpoint: int, reading: Reading | None) -> dict[str, int]:
    disk = run_bytes(
        checkpoint=checkpoint,
        kept=min(options.keep, -(-spec.training.steps // options.checkpoint_every)),
        grid=grid_bytes(reading, plan.resolution, plan.image_channels),
        steps=spec.training.steps,
        sample_every=options.sample_every,
        log_every=options.log_every,
        evaluates=bool(spec.evaluation.every),
    )
    return {"checkpoint": checkpoint, "disk": disk}


def _time_steps(
    spec: Spec,
    plan: ModelPlan,
    options: RunOptions,
    state: TrainState,
    device: torch.device,
    at_once: int,
    budget: float,
    progress: Callable[[str], None],
) -> StepTimes:
    random = torch.Generator().manual_seed(0)

    def stepper(size: int) -> Step:
        runner = new_runner(spec, plan, state, options, device, batch_size=size)
        shape = (runner.images_per_step, plan.resolution, plan.resolution, plan.image_channels)
        images = torch.randint(0, 256, shape, dtype=torch.uint8, generator=random)
        return lambda number: runner(number, images)

    fitting = at_once if device.type == "cuda" else min(at_once, predicted_to_fit(spec, plan, 1))
    possible = [size for size in reversed(sizes(spec, 1)) if size <= fitting] or [fitting]
    wanted = possible[-1:] if options.compiled else _spread(possible)  # each size is compiled anew
    timer = StepTimer(stepper, device=device, budget=budget, progress=progress)
    with explaining_compiler_errors():
        return timer.run(wanted, lazy=lazy_interval(spec.training) > 1)


def _spread(possible: list[int]) -> list[int]:
    """The smallest size, and larger ones each at least four times the one before, up to the largest."""
    chosen = possible[:1]
    for size in possible[1:]:
        if size >= 4 * chosen[-1] or size == possible[-1]:
            chosen.append(size)
    return chosen


def _at_once(spec: Spec, plan: ModelPlan, options: RunOptions, device: torch.device) -> int:
    if options.batch_per_device is None:
        return spec.training.batch_size
    if options.batch_per_device == "auto":
        return _predicted(spec, plan, device)
    refuse_unfit(options.batch_per_device, spec, 1)
    return options.batch_per_device


def _predicted(spec: Spec, plan: ModelPlan, device: torch.device) -> int:
    if device.type != "cuda":
        return predicted_to_fit(spec, plan, 1)
    footprint, free = measure_footprint(spec, plan), torch.cuda.mem_get_info(device)[0]
    fitting = (n for n in sizes(spec, 1) if footprint.training_fixed + n * footprint.training_per_image <= 0.9 * free)
    return next(fitting, sizes(spec, 1)[-1])


def _memory(spec: Spec, plan: ModelPlan, device: torch.device, at_once: int, times: StepTimes) -> tuple[int, int]:
    """Return the memory a step takes and the memory there is; on CUDA as measured, where that size was."""
    footprint = measure_footprint(spec, plan)
    predicted = footprint.training_fixed + at_once * footprint.training_per_image
    if device.type == "cuda":
        measured = times.peak_bytes + (at_once - times.largest) * footprint.training_per_image
        return max(measured, 0), torch.cuda.get_device_properties(device).total_memory
    return predicted + _PROCESS, free_memory() + _PROCESS


def _share(spec: Spec, between: float) -> float:
    """The mean step over one in which every term is due."""
    interval = lazy_interval(spec.training)
    return (1 + (interval - 1) * between) / interval


def _with_reading(step: float, reading: Reading | None, batch: int, device: torch.device) -> float:
    """On a CPU the run reads its images itself, elsewhere in up to eight processes while the device works."""
    if reading is None:
        return step
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    took = reading.seconds * batch
    return step + took if device.type == "cpu" else max(step, took / min(8, cores))


def _load() -> float | None:
    """Return the load: processes that want to run, over cores."""
    try:
        return os.getloadavg()[0] / (os.cpu_count() or 1)
    except (OSError, AttributeError):  # Windows
        return None
