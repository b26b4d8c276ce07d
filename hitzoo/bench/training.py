"""Gain of each `Execution` and each lever of a spec: steps of all settings, interleaved, in one process.

A machine that is busy now and idle later is so for all settings alike: what counts is the ratio of neighbours, its
median and its spread, not one time.
"""

from __future__ import annotations

import statistics
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import torch

from hitzoo.bench.interleaved import speedups
from hitzoo.bench.training_rounds import Candidate, Rounds, StepBench
from hitzoo.bench.training_settings import SETTINGS, refuse_unknown
from hitzoo.errors import RequestError, RunError
from hitzoo.families.recipe import step_flops
from hitzoo.plan.model import ModelPlan
from hitzoo.runtime.allocator import keep_freed_memory
from hitzoo.runtime.determinism import fix_workspace
from hitzoo.spec.types import Spec
from hitzoo.training.engine.micro_batch_search import group_of


@dataclass(frozen=True, kw_only=True)
class Timing:
    """Timing of one setting in seconds per step; `speedup` is the time of `plain` (else of the first setting) over its
    own, round by round, with the quartiles.

    `peak_bytes` counts the tensors alive during a step besides weights and optimizers; on CUDA all that the setting
    has allocated, whatever other settings hold.
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


@dataclass(frozen=True, kw_only=True)
class NotTimed:
    """A setting that cannot run here, and why."""

    name: str
    about: str
    batch: int
    reason: str

    def to_json(self) -> dict[str, Any]:
        """As plain data."""
        return {"setting": self.name, "batch": self.batch, "error": self.reason}


def bench_training(
    spec: Spec,
    plan: ModelPlan,
    *,
    settings: Sequence[str],
    batch: int,
    repeats: int,
    device: torch.device,
    progress: Callable[[int, int], None] = lambda done, total: None,
) -> list[Timing | NotTimed]:
    """Time interleaved steps of the settings: one of each per round, `repeats` rounds, after a warm-up round.

    Settings whose weights do not fit on the device together take their rounds in groups, each with the baseline in it
    if there is room. One that does not fit by itself is told of, and the others go on.

    Raises:
        RequestError: unknown setting, or a batch that splits groups.
        RunError: no setting can run.
    """
    if batch % group_of(spec):
        raise RequestError(f"--batch {batch}: images come in groups of {group_of(spec)}; give a multiple of that")
    refuse_unknown(settings)
    if any(SETTINGS[name].execution.deterministic for name in settings):
        fix_workspace()
    steps = StepBench(spec, plan, batch, device)
    order = sorted(settings, key=lambda name: name != "plain")  # what the others are measured against first
    candidates = {name: Candidate(bench=steps, setting=SETTINGS[name]) for name in order}
    rounds = Rounds(candidates, device, repeats=repeats, progress=progress)
    rounds.go()
    keep_freed_memory()
    if not rounds.seconds:
        said = "; ".join(f"{name}: {reason}" for name, reason in rounds.failed.items())
        raise RunError(f"no setting can run at batch {batch}: {said}")
    flops = step_flops(spec, plan)
    return [
        NotTimed(name=name, about=SETTINGS[name].about, batch=batch, reason=rounds.failed[name])
        if name in rounds.failed
        else _timing(name, rounds, batch, flops)
        for name in settings
    ]


def _timing(name: str, rounds: Rounds, batch: int, flops: float) -> Timing:
    speedup, spread = speedups(rounds.beside[name], rounds.seconds[name])
    return Timing(
        name=name,
        about=SETTINGS[name].about,
        batch=batch,
        seconds=tuple(rounds.seconds[name]),
        speedup=speedup,
        quartiles=spread,
        peak_bytes=rounds.memory[name].peak,
        flops=flops,
    )
