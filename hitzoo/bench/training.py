"""Gain of each `Execution` and each lever of a spec: steps of all settings, interleaved, in one process.

A machine that is busy now and idle later is so for all settings alike: what counts is the ratio of neighbours, its
median and its spread, not one time.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import torch

from hitzoo.bench.interleaved import speedups
from hitzoo.errors import RequestError, suggestion
from hitzoo.families.recipe import step_flops
from hitzoo.objectives.build import objective_of
from hitzoo.objectives.update import images_per_step
from hitzoo.plan.model import ModelPlan
from hitzoo.runtime.allocator import keep_freed_memory
from hitzoo.runtime.live_bytes import LiveBytes
from hitzoo.spec.types import R1Spec, R2Spec, Spec, TrainingSpec
from hitzoo.training.engine.execution import Execution
from hitzoo.training.engine.micro_batch_search import group_of
from hitzoo.training.engine.runner import StepRunner
from hitzoo.training.engine.state import new_state

_PLAIN = Execution(replayed_penalty=False, one_backward=False, onednn_linear=False, channels_last=False)
_LAZY = 16  # steps


@dataclass(frozen=True, kw_only=True)
class Setting:
    """A way to execute a step. `change` alters the spec's training; `keeps_memory` keeps freed memory.

    `lazy` settings evaluate a term in every sixteenth step; the time of a step is the mean over sixteen.
    """

    about: str
    execution: Execution = field(default_factory=Execution)
    change: Callable[[TrainingSpec], TrainingSpec] = lambda training: training
    lazy: bool = False
    keeps_memory: bool = True


def _lazy(training: TrainingSpec) -> TrainingSpec:
    terms = (
        replace(term, interval=_LAZY) if isinstance(term, R1Spec | R2Spec) else term for term in training.regularizers
    )
    return replace(training, regularizers=tuple(terms))


def _checkpointed(training: TrainingSpec) -> TrainingSpec:
    return replace(training, activation_checkpointing="all")


SETTINGS: dict[str, Setting] = {
    "plain": Setting(about="none of what follows", execution=_PLAIN, keeps_memory=False),
    "memory": Setting(about="plain, and freed memory stays with the process", execution=_PLAIN),
    "linear": Setting(
        about="plain, and linear layers by oneDNN", execution=replace(_PLAIN, onednn_linear=True), keeps_memory=False
    ),
    "replay": Setting(
        about="plain, and R1 without double backward",
        execution=replace(_PLAIN, replayed_penalty=True),
        keeps_memory=False,
    ),
    "one-backward": Setting(
        about="plain, and one pass back for both losses",
        execution=replace(_PLAIN, one_backward=True),
        keeps_memory=False,
    ),
    "channels-last": Setting(
        about="plain, and the discriminator channels-last",
        execution=replace(_PLAIN, channels_last=True),
        keeps_memory=False,
    ),
    "default": Setting(about="all of these: what hitzoo train does"),
    "nchw": Setting(about="default, but the discriminator channels-first", execution=Execution(channels_last=False)),
    "bf16": Setting(about="default, --precision bf16", execution=Execution(precision="bf16")),
    "tf32": Setting(about="default, --precision tf32 (CUDA)", execution=Execution(precision="tf32")),
    "compile": Setting(about="default, --compile", execution=Execution(compiled=True)),
    "compile-bf16": Setting(
        about="default, --compile --precision bf16", execution=Execution(compiled=True, precision="bf16")
    ),
    "lazy": Setting(about=f"default, r1 every {_LAZY} steps (another objective)", change=_lazy, lazy=True),
    "checkpointing": Setting(about="default, activation_checkpointing: all", change=_checkpointed),
}
"""In the order in which they are told; `default` is the one the others are measured against."""

ON_CPU = tuple(name for name in SETTINGS if name not in ("tf32", "compile", "compile-bf16"))


@dataclass(frozen=True, kw_only=True)
class Timing:
    """Timing of one setting in seconds per step; `speedup` is the time of `plain` (else of the first setting) over its
    own, round by round, with the quartiles.

    `peak_bytes` counts the tensors alive during a step besides weights and optimizers; on CUDA all allocated memory.
    """

    name: str
    about: str
    batch: int
    seconds: tuple[float, ...]
    speedup: float
    quartiles: tuple[float, float]
    peak_bytes: int
    flops: float

    @property
    def median(self) -> float:
        """Median seconds per step."""
        return statistics.median(self.seconds)

    def to_json(self) -> dict[str, Any]:
        """As plain data."""
        return {
            "setting": self.name,
            "batch": self.batch,
            "seconds": [round(value, 4) for value in self.seconds],
            "median_seconds": self.median,
            "images_per_second": self.batch / self.median,
            "speedup": self.speedup,
            "speedup_quartiles": list(self.quartiles),
            "peak_bytes": self.peak_bytes,
            "recipe_tflops_per_second": self.batch * self.flops / self.median / 1e12,
        }


def bench_training(
    spec: Spec,
    plan: ModelPlan,
    *,
    settings: Sequence[str],
    batch: int,
    repeats: int,
    device: torch.device,
    progress: Callable[[int, int], None] = lambda done, total: None,
) -> list[Timing]:
    """Time interleaved steps of the settings: one of each per round, `repeats` rounds, after a warm-up round.

    Raises:
        RequestError: unknown setting, or a batch that splits groups.
    """
    if batch % group_of(spec):
        raise RequestError(f"--batch {batch}: images come in groups of {group_of(spec)}; give a multiple of that")
    for name in settings:
        if name not in SETTINGS:
            hint = suggestion(name, SETTINGS) or f"known: {', '.join(SETTINGS)}"
            raise RequestError(f"unknown setting '{name}'; {hint}")
    bench = _Bench(spec, plan, batch, device)
    steps = {name: bench.stepper(SETTINGS[name]) for name in settings}
    times: dict[str, list[float]] = {name: [] for name in settings}
    peaks = {name: bench.peak(step) for name, step in steps.items()}  # warm-up round
    for turn in range(repeats):
        for place, (name, step) in enumerate(steps.items()):
            times[name].append(bench.time(step, SETTINGS[name]))
            progress(turn * len(steps) + place + 1, repeats * len(steps))
    keep_freed_memory()
    base = times["plain" if "plain" in times else settings[0]]
    return [_timing(name, times[name], base, batch, peaks[name], step_flops(spec, plan)) for name in settings]


class _Bench:
    """Networks and images that the settings share."""

    def __init__(self, spec: Spec, plan: ModelPlan, batch: int, device: torch.device) -> None:
        self.spec, self.plan, self.batch, self.device = spec, plan, batch, device
        side, channels = plan.resolution, plan.image_channels
        random = torch.Generator().manual_seed(0)
        shape = (images_per_step(objective_of(spec, batch)), side, side, channels)
        self.images = torch.randint(0, 256, shape, dtype=torch.uint8, generator=random)

    def stepper(self, setting: Setting) -> StepRunner:
        """Create a runner with its own networks."""
        training = setting.change(self.spec.training)
        return StepRunner(
            new_state(self.plan, training, 0, self.device),
            objective_of(replace(self.spec, training=training), self.batch),
            seed=0,
            latent_dim=self.plan.input_width,
            device=self.device,
            execution=setting.execution,
        )

    def time(self, step: StepRunner, setting: Setting) -> float:
        """Time one step; the mean over an interval where a term is lazy."""
        keep_freed_memory(setting.keeps_memory)
        due = self._once(step, 1)
        return (due + (_LAZY - 1) * self._once(step, 2)) / _LAZY if setting.lazy else due

    def _once(self, step: StepRunner, number: int) -> float:
        self._wait()
        began = time.perf_counter()
        step(number, self.images)
        self._wait()
        return time.perf_counter() - began

    def peak(self, step: StepRunner) -> int:
        """Measure the peak bytes of a step."""
        if self.device.type == "cuda":
            torch.cuda.reset_peak_memory_stats(self.device)
            step(1, self.images)
            return torch.cuda.max_memory_allocated(self.device)
        if step.execution.compiled:
            step(1, self.images)
            return 0  # tensors cannot be counted inside the compiler's kernels
        with LiveBytes() as memory:
            step(1, self.images)
        return memory.peak

    def _wait(self) -> None:
        if self.device.type == "cuda":
            torch.cuda.synchronize(self.device)


def _timing(name: str, times: list[float], base: list[float], batch: int, peak: int, flops: float) -> Timing:
    speedup, spread = speedups(base, times)
    return Timing(
        name=name,
        about=SETTINGS[name].about,
        batch=batch,
        seconds=tuple(times),
        speedup=speedup,
        quartiles=spread,
        peak_bytes=peak,
        flops=flops,
    )
