"""Rounds of steps: as many settings beside each other as the device has memory for."""

from __future__ import annotations

import gc
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace

import torch

from hitzoo.bench.training_memory import StepMemory, memory_of
from hitzoo.bench.training_settings import LAZY, SETTINGS, Setting
from hitzoo.errors import HitzooError, first_line
from hitzoo.objectives.build import objective_of
from hitzoo.objectives.update import images_per_step
from hitzoo.plan.model import ModelPlan
from hitzoo.runtime.allocator import keep_freed_memory
from hitzoo.runtime.device import wait_for
from hitzoo.spec.types import Spec
from hitzoo.training.engine.compile_errors import is_of_compiler
from hitzoo.training.engine.out_of_memory import is_out_of_memory
from hitzoo.training.engine.runner import StepRunner
from hitzoo.training.engine.state import new_state

FULL = "out of memory"


class Rounds:
    """Makes and times the steps of settings, as many beside each other as the device has memory for.

    Attributes:
        seconds: of each setting that ran, one per round.
        failed: the reasons of those that could not.
    """

    def __init__(
        self, bench: StepBench, settings: Sequence[str], repeats: int, progress: Callable[[int, int], None]
    ) -> None:
        self.bench, self.repeats, self.progress = bench, repeats, progress
        self.waiting = sorted(settings, key=lambda name: name != "plain")  # what the others are measured against first
        self.total, self.done = repeats * len(settings), 0
        self.base: str | None = None
        self.seconds: dict[str, list[float]] = {}
        self.beside: dict[str, list[float]] = {}  # the baseline's seconds in the same rounds
        self.memory: dict[str, StepMemory] = {}
        self.failed: dict[str, str] = {}

    def go(self) -> None:
        """Time everything, group by group."""
        while self.waiting:
            group = self._group()
            if group:
                self._time(group)
            group.clear()
            release(self.bench.device)

    def _group(self) -> dict[str, StepRunner]:
        """Make the runners of a group, the baseline's among them if there is room; empty where none can run."""
        group: dict[str, StepRunner] = {}
        if self.base is not None:
            self._join(group, self.base)
        while self.waiting:
            name = self.waiting[0]
            reason = self._join(group, name)
            if reason == FULL and group:
                if set(group) != {self.base}:
                    break
                group.clear()  # it is tried once more, without the baseline
                release(self.bench.device)
                continue
            self.waiting.pop(0)
            if reason is not None:
                self.failed[name] = reason
        return group

    def _join(self, group: dict[str, StepRunner], name: str) -> str | None:
        """Put a setting's runner into the group after its first steps; return the reason if it cannot be there."""
        before = self.bench.memory.now()
        try:
            group[name] = self.bench.stepper(SETTINGS[name])
            self.memory[name] = self.bench.memory_of(group[name], before)
        except (HitzooError, RuntimeError, MemoryError) as error:
            group.pop(name, None)
            reason = _reason(error)
        else:
            if len(group) == 1 or self._fit(group):
                return None
            del group[name]
            reason = FULL
        release(self.bench.device)
        return reason

    def _fit(self, names: Iterable[str]) -> bool:
        return self.bench.memory.fits([self.memory[name] for name in names])

    def _time(self, group: dict[str, StepRunner]) -> None:
        times: dict[str, list[float]] = {name: [] for name in group}
        for _ in range(self.repeats):
            for name, step in tuple(group.items()):
                try:
                    times[name].append(self.bench.time(step, SETTINGS[name]))
                except (HitzooError, RuntimeError, MemoryError) as error:
                    if name not in self.seconds:
                        self.failed[name] = _reason(error)
                    del group[name], times[name], step
                self.done += name not in self.seconds
                self.progress(self.done, self.total)
        if not times:
            return
        self.base = self.base or next(iter(times))
        beside = times.get(self.base) or self.seconds[self.base]
        for name, taken in times.items():
            self.seconds.setdefault(name, taken)
            self.beside.setdefault(name, beside)


class StepBench:
    """Networks and images that the settings share."""

    def __init__(self, spec: Spec, plan: ModelPlan, batch: int, device: torch.device) -> None:
        self.spec, self.plan, self.batch, self.device = spec, plan, batch, device
        self.memory = memory_of(device)
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

    def memory_of(self, step: StepRunner, before: int) -> StepMemory:
        """Measure the memory of a setting's step, before whose runner was made so many bytes were allocated."""
        return self.memory.of_step(lambda: step(1, self.images), before, countable=not step.execution.compiled)

    def time(self, step: StepRunner, setting: Setting) -> float:
        """Time one step; the mean over an interval where a term is lazy."""
        keep_freed_memory(setting.keeps_memory)
        due = self._once(step, 1)
        return (due + (LAZY - 1) * self._once(step, 2)) / LAZY if setting.lazy else due

    def _once(self, step: StepRunner, number: int) -> float:
        wait_for(self.device)
        began = time.perf_counter()
        step(number, self.images)
        wait_for(self.device)
        return time.perf_counter() - began


def _reason(error: BaseException) -> str:
    """Return why a setting cannot run, as one line.

    Raises:
        The error itself, where it is a bug of ours.
    """
    if is_out_of_memory(error):
        return FULL
    if isinstance(error, HitzooError):
        return first_line(error)
    if is_of_compiler(error):
        return f"not compiled here: {first_line(error)}"
    raise error


def release(device: torch.device) -> None:
    """Give back the memory of runners that are gone."""
    gc.collect()
    if device.type == "cuda":
        torch.cuda.empty_cache()
