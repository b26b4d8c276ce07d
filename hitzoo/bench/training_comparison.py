"""Cost of several recipes: a step of each, interleaved, and the memory that it takes per image."""

from __future__ import annotations

import math
import statistics
from collections.abc import Callable, Sequence
from typing import Any

import torch

from hitzoo.bench.contender import Contender
from hitzoo.bench.failures import MAY_FAIL, reason_of_failure
from hitzoo.bench.interleaved import quartiles, speedups
from hitzoo.bench.time_budget import TimeBudget
from hitzoo.bench.training_rounds import Candidate, Rounds, StepBench
from hitzoo.bench.training_settings import SETTINGS
from hitzoo.families.recipe import step_flops
from hitzoo.training.engine.memory_estimate import Footprint, measure_footprint
from hitzoo.training.engine.micro_batch_search import group_of


class TrainingComparison:
    """Times steps as `hitzoo train` makes them; a batch is rounded up to whole groups of a recipe's images."""

    def __init__(self, contenders: Sequence[Contender], *, device: torch.device, batch: int) -> None:
        self._contenders, self._device, self._batch = contenders, device, batch
        self._candidates: dict[str, Candidate] = {}
        self._footprints: dict[str, Footprint] = {}
        self._failed: dict[str, str] = {}
        self._rounds: Rounds | None = None

    def run(
        self,
        *,
        repeats: int,
        budget: TimeBudget,
        after_round: Callable[[], None],
        progress: Callable[[int, int], None],
    ) -> None:
        """Measure, within what is left of the budget."""
        for index, contender in enumerate(self._contenders):
            try:
                self._prepare(str(index), contender)
            except MAY_FAIL as error:
                self._failed[str(index)] = reason_of_failure(error)
        self._rounds = Rounds(
            self._candidates,
            self._device,
            repeats=repeats,
            budget=budget,
            after_round=after_round,
            progress=progress,
        )
        self._rounds.go()

    def row(self, index: int) -> dict[str, Any]:
        """Return what is known of one contender; ratios are of the cost per image, to the first one that runs."""
        name, rounds = str(index), self._rounds
        failed = self._failed | ({} if rounds is None else rounds.failed)
        if name in failed:
            return {"errors": {"training": failed[name]}}
        if rounds is None or not rounds.seconds.get(name) or name not in rounds.beside:
            return {}
        return {"training": self._figures(name, rounds)}

    def _prepare(self, name: str, contender: Contender) -> None:
        spec, plan, group = contender.spec, contender.plan, group_of(contender.spec)
        batch = math.ceil(self._batch / group) * group
        footprint = self._footprints[name] = measure_footprint(spec, plan)
        self._candidates[name] = Candidate(
            bench=StepBench(spec, plan, batch, self._device),
            setting=SETTINGS["default"],
            needs=footprint.training_fixed + batch * footprint.training_per_image,
        )

    def _figures(self, name: str, rounds: Rounds) -> dict[str, Any]:
        contender, images = self._contenders[int(name)], self._images(name)
        per_image = [taken / images for taken in rounds.seconds[name]]
        base = rounds.base if rounds.base is not None else name
        ratio, spread = speedups(per_image, [taken / self._images(base) for taken in rounds.beside[name]])
        return {
            "images_per_step": images,
            "seconds_per_image": statistics.median(per_image),
            "seconds_per_image_quartiles": list(quartiles(per_image)),
            "ratio": ratio,
            "ratio_quartiles": list(spread),
            "bytes_per_image": self._footprints[name].training_per_image,
            "bytes_fixed": self._footprints[name].training_fixed,
            "peak_bytes": rounds.memory[name].peak,
            "flops_per_image": step_flops(contender.spec, contender.plan),
            "seconds": list(rounds.seconds[name]),
        }

    def _images(self, name: str) -> int:
        """Real images of a step, of all its updates."""
        return len(self._candidates[name].bench.images)
