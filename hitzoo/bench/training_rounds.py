"""Rounds of steps: as many kinds beside each other as the device has memory for."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace

import torch

from hitzoo.bench.failures import FULL, MAY_FAIL, reason_of_failure
from hitzoo.bench.time_budget import TimeBudget
from hitzoo.bench.training_memory import StepMemory, memory_of
from hitzoo.bench.training_settings import Setting
from hitzoo.objectives.build import objective_of
from hitzoo.objectives.update import images_per_step
from hitzoo.plan.model import ModelPlan
from hitzoo.runtime.allocator import keep_freed_memory, release_memory
from hitzoo.runtime.device import wait_for
from hitzoo.spec.types import Spec
from hitzoo.training.engine.lazy_interval import lazy_interval
from hitzoo.training.engine.runner import StepRunner
from hitzoo.training.engine.state import new_state


@dataclass(frozen=True, kw_only=True)
class Candidate:
    """A kind of step that is timed: a setting of a spec's step. `needs` is the memory it takes in bytes, if known."""

    bench: StepBench
    setting: Setting
    needs: int = 0


class Rounds:
    """Makes and times the steps of candidates, as many beside each other as the device has memory for.

    Attributes:
        base: the name of the candidate that the others are measured against: the first, if it runs.
        seconds: of each candidate that ran, one per round; they grow while `go` is at work.
        beside: the baseline's seconds in the same rounds.
        memory: of each candidate that was made.
        failed: the reasons of those that could not run.
    """

    def __init__(
        self,
        candidates: Mapping[str, Candidate],
        device: torch.device,
        *,
        repeats: int,
        budget: TimeBudget | None = None,
        after_round: Callable[[], None] = lambda: None,
        progress: Callable[[int, int], None] = lambda done, total: None,
    ) -> None:
        self.candidates, self.device, self.meter = candidates, device, memory_of(device)
        self.repeats, self.budget = repeats, budget or TimeBudget(None)
        self.after_round, self.progress = after_round, progress
        self.waiting = list(candidates)
        self.total, self.done = repeats * len(candidates), 0
        self.base: str | None = None
        self.seconds: dict[str, list[float]] = {}
        self.beside: dict[str, list[float]] = {}
        self.memory: dict[str, StepMemory] = {}
        self.failed: dict[str, str] = {}

    def go(self) -> None:
        """Time everything, group by group."""
        while self.waiting:
            group = self._group()
            if group:
                self._time(group)
            group.clear()
            release_memory(self.device)

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
                release_memory(self.device)
                continue
            self.waiting.pop(0)
            if reason is not None:
                self.failed[name] = reason + self._needed(name, reason)
        return group

    def _join(self, group: dict[str, StepRunner], name: str) -> str | None:
        """Put a candidate's runner into the group after its first steps; return the reason if it cannot be there."""
        candidate = self.candidates[name]
        if not self.meter.has_room(candidate.needs):
            return FULL
        try:
            group[name], self.memory[name] = self._make(candidate)
        except MAY_FAIL as error:
            group.pop(name, None)
            reason = reason_of_failure(error)
        else:
            if len(group) == 1 or self._fit(group):
                return None
            del group[name]
            reason = FULL
        release_memory(self.device)
        return reason

    def _make(self, candidate: Candidate) -> tuple[StepRunner, StepMemory]:
        before = self.meter.now()
        step = candidate.bench.stepper(candidate.setting)
        countable = not step.execution.compiled
        return step, self.meter.of_step(lambda: step(1, candidate.bench.images), before, countable=countable)

    def _needed(self, name: str, reason: str) -> str:
        needs = self.candidates[name].needs
        return f": a step takes about {needs / 1e9:.3g} GB" if reason == FULL and needs else ""

    def _fit(self, names: Iterable[str]) -> bool:
        return self.meter.fits([self.memory[name] for name in names])

    def _time(self, group: dict[str, StepRunner]) -> None:
        times: dict[str, list[float]] = {name: [] for name in group}
        new = [name for name in group if name not in self.seconds]
        self.seconds |= {name: times[name] for name in new}
        for _ in self.budget.rounds(self.repeats, share=len(new) / (len(new) + len(self.waiting))):
            for name, step in tuple(group.items()):
                try:
                    times[name].append(self.candidates[name].bench.time(step, self.candidates[name].setting))
                except MAY_FAIL as error:
                    if name in new:
                        self.failed[name] = reason_of_failure(error)
                        del self.seconds[name]
                    del group[name], times[name], step
                self._measure_against_base(times, new)
                self.done += name in new
                self.progress(self.done, self.total)
            self.after_round()

    def _measure_against_base(self, times: Mapping[str, list[float]], new: Iterable[str]) -> None:
        if not times:
            return
        if self.base not in self.seconds:
            self.base = next(iter(times))
        beside = times.get(self.base) or self.seconds[self.base]
        self.beside |= {name: beside for name in new if name in times}


class StepBench:
    """Images that the settings of a spec's step share."""

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
            pixel_range=self.plan.pixel_range,
        )

    def time(self, step: StepRunner, setting: Setting) -> float:
        """Time one step; the mean over the interval of lazy terms, if there are any."""
        keep_freed_memory(setting.keeps_memory)
        interval = lazy_interval(setting.change(self.spec.training))
        due = self._once(step, 1)
        return due if interval == 1 else (due + (interval - 1) * self._once(step, 2)) / interval

    def _once(self, step: StepRunner, number: int) -> float:
        wait_for(self.device)
        began = time.perf_counter()
        step(number, self.images)
        wait_for(self.device)
        return time.perf_counter() - began
