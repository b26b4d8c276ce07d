"""The files of a run; of several processes the first alone writes them."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from hitzoo.errors import RunError, WeightsError, first_line
from hitzoo.files import write_text
from hitzoo.plan.model import ModelPlan
from hitzoo.sampling.autoencoder import Autoencoder
from hitzoo.sampling.generator import Generator
from hitzoo.sampling.pictures import save_png, to_grid
from hitzoo.spec.types import Spec
from hitzoo.training.engine.batches import batches
from hitzoo.training.engine.ema import network_of
from hitzoo.training.engine.out_of_memory import free_cached_memory, is_out_of_memory
from hitzoo.training.engine.state import TrainState
from hitzoo.training.engine.stream import TrainingStream
from hitzoo.training.run.best import Best, last_chosen
from hitzoo.training.run.checkpoint import Progress, model_average, save_checkpoint
from hitzoo.training.run.diversity import Spread
from hitzoo.training.run.evaluation import Evaluation
from hitzoo.training.run.events import RunEvents
from hitzoo.training.run.folder import RunFolder
from hitzoo.training.run.metrics import Record
from hitzoo.training.run.metrics_file import EVALUATION, append_line, flush_lines, read_records
from hitzoo.training.run.retention import keep
from hitzoo.training.run.tensorboard import open_tensorboard
from hitzoo.training.run.trackers.open import AllTrackers, open_trackers
from hitzoo.training.run.trackers.tracked_run import TrackedRun
from hitzoo.training.run.watch import Watch
from hitzoo.zoo.run_layout import ANY_STEP, step_name

_GRID_SIDE = 6
_GRID_SIDE_LARGE = 4
_LARGE = 256  # pixels


class RunWriter:
    """Writes the files of one session of a run, and passes its events on."""

    def __init__(
        self, spec: Spec, plan: ModelPlan, folder: RunFolder, state: TrainState, kept: int, events: RunEvents
    ) -> None:
        self.spec, self.plan, self.folder, self.state = spec, plan, folder, state
        self.kept, self.events = kept, events
        self.best = Best(folder)
        self.chosen: str | None = None  # of several averages, by the last evaluation
        self.trackers = AllTrackers([])
        self.real: Spread | None = None
        self.pictures: NDArray[np.uint8] = np.empty((0, 1, 1, 1), np.uint8)  # of the grid of real images
        self.watch = Watch.of(spec)

    def begin(
        self,
        stream: TrainingStream,
        progress: Progress,
        session: Mapping[str, Any],
        made_from: str | None = None,
        log_to: Sequence[str] = (),
    ) -> None:
        """Open everything, and the trackers named. The grid of real images shows first that the data can be read."""
        self._save_real_grid(stream)
        self.folder.describe(self.spec, self.plan, seed=progress.seed, session=session, made_from=made_from)
        self.best = Best.load(self.folder.path)
        newest = self.folder.newest_checkpoint()
        self.chosen = last_chosen(self.folder) or (model_average(newest) if newest is not None else None)
        for line in read_records(self.folder.metrics):  # of a resumed run; what it told then is not told again
            self.watch.see(line)
        warn = self.events.noted
        events = open_tensorboard(self.folder.tensorboard, first_step=progress.step + 1, warn=warn)
        tracked = TrackedRun.of(self.folder, self.spec, progress.seed)
        self.trackers = AllTrackers([events, *open_trackers(log_to, tracked, warn)])

    def record(self, record: Record, evaluation: Evaluation | None) -> None:
        """Write a line of numbers, with those of an evaluation where there was one."""
        line = record.to_json(evaluation.line() if evaluation else {})
        append_line(self.folder.metrics, line)
        self.trackers.scalars(record.step, record.curves() | (evaluation.values() if evaluation else {}))
        self.events.recorded(record)
        self._watch(json.loads(line))
        if evaluation is not None:
            self._keep_numbers(record.step, evaluation)

    def evaluated(self, step: int, evaluation: Evaluation) -> None:
        """Write the line of an evaluation alone, of a step whose other numbers were written before."""
        append_line(self.folder.metrics, json.dumps({"step": step} | evaluation.line()))
        self.trackers.scalars(step, evaluation.values())
        self._keep_numbers(step, evaluation)

    def is_evaluated(self, step: int) -> bool:
        """Return True if the metrics hold an evaluation of that step."""
        records = read_records(self.folder.metrics)
        return any(
            record.get("step") == step and any(key.startswith(EVALUATION) for key in record) for record in records
        )

    def is_measured(self, step: int) -> bool:
        """Return True if the metrics hold what the grid of that step says."""
        records = read_records(self.folder.metrics)
        return any(record.get("step") == step and "diversity" in record for record in records)

    def _keep_numbers(self, step: int, evaluation: Evaluation) -> None:
        write_text(self.folder.evaluation(step_name(step)), json.dumps(evaluation.to_json(), indent=2) + "\n")
        self.events.noted(f"evaluation at step {step:,}: {evaluation.in_words()}")
        metric, value, lower_is_better = evaluation.verdict
        self.best.consider(step, metric, value, lower_is_better=lower_is_better, average=evaluation.average)
        self.chosen = evaluation.average

    def save(self, progress: Progress) -> None:
        """Save a checkpoint, unless the weights are damaged; then remove old ones, but for the newest and the best.

        Raises:
            RunError: a weight is no longer finite.
        """
        for role, network in self.state.networks.items():
            _refuse_damage(role, network, progress.step)
        self._recalibrate(progress)
        flush_lines(self.folder.metrics)
        save_checkpoint(self.folder.checkpoints, self.spec, self.plan, self.state, progress, self.chosen)
        keep(self.folder.checkpoints, self.kept, self.best.place)

    def _recalibrate(self, progress: Progress) -> None:
        """Recalibrate the averages that want it; without memory for it they are saved as they are."""
        try:
            for average in self.state.averages["generator"]:
                network_of(average, self.plan, self.spec.training, progress.seed)
        except (RuntimeError, MemoryError) as error:
            if not is_out_of_memory(error):
                raise
            free_cached_memory(error)
            self.events.noted(f"not recalibrated at step {progress.step:,}: out of memory ({first_line(error)})")

    def save_grid(self, progress: Progress, generator: Generator, at_once: int, *, measured: bool) -> None:
        """Save samples of the averaged generator for the seeds that every grid of the run has, `at_once` at a time.

        If they are to be `measured`, a line of the metrics says how much they differ from each other.
        """
        side, step = self._grid_side(), progress.step
        try:
            samples = generator.sample(seeds=range(side * side), batch_size=at_once)
        except WeightsError as error:  # the step's own guard decides whether the training goes on
            self.events.noted(f"no grid at step {step:,}: {error}")
            return
        pixels = to_grid(samples.pixels, side, side)
        about = {
            "model": self.spec.name,
            "plan": self.plan.generator_hash,
            "step": step,
            "seeds": f"0-{side * side - 1}",
        }
        facts = {f"hitzoo:{key}": str(value) for key, value in about.items()}
        save_png(self.folder.grid(step), pixels, facts)
        self.trackers.grid(step, "samples", pixels)
        if measured:
            self._spread(progress, Spread.of(samples.pixels))

    def save_pairs(self, progress: Progress, autoencoder: Autoencoder, at_once: int) -> None:
        """Save rows of pictures, each with a row of their reconstructions below, `at_once` at a time."""
        side, step = self._grid_side(), progress.step
        pictures = self.pictures[: side * (side // 2)]
        try:
            found = autoencoder.reconstruct(pictures, at_once)
        except WeightsError as error:
            self.events.noted(f"no grid at step {step:,}: {error}")
            return
        rows = np.stack([part.reshape(-1, side, *part.shape[1:]) for part in (pictures, found)], axis=1)
        pixels = to_grid(rows.reshape(-1, *pictures.shape[1:]), 2 * (side // 2), side)
        about = {"model": self.spec.name, "plan": self.plan.generator_hash, "step": step}
        save_png(self.folder.grid(step), pixels, {f"hitzoo:{key}": str(value) for key, value in about.items()})
        self.trackers.grid(step, "reconstructions", pixels)

    def _spread(self, progress: Progress, samples: Spread) -> None:
        numbers = {name: round(value, 4) for name, value in samples.relative_to(self.real).items()} if self.real else {}
        if numbers:
            line = {"step": progress.step, "images": progress.images, **numbers}
            append_line(self.folder.metrics, json.dumps(line))
            self.trackers.scalars(progress.step, numbers)
            self._watch(line)

    def _watch(self, line: Mapping[str, Any]) -> None:
        """Tell of failures that a line begins or ends, here and in the metrics."""
        for finding in self.watch.see(line):
            append_line(
                self.folder.metrics,
                json.dumps({"step": line["step"], "images": line["images"], **finding.to_json()}),
            )
            told = f"step {line['step']:,}: "
            self.events.noted(f"{told}{finding.name} is over" if finding.over else f"warning: {told}{finding.advice}")

    def last_grid(self) -> Path:
        """Return the newest grid of samples, or that of real images before there is one."""
        return max(self.folder.samples.glob(f"{ANY_STEP}.png"), default=self.folder.samples / "real.png")

    def close(self) -> None:
        """Close the files."""
        self.trackers.close()

    def _save_real_grid(self, stream: TrainingStream) -> None:
        side = self._grid_side()
        images = next(batches(stream, first=0, last=1, batch_size=side * side, workers=0)).images.numpy()
        self.real, self.pictures = Spread.of(images), images
        save_png(self.folder.samples / "real.png", to_grid(images, side, side), {})

    def _grid_side(self) -> int:
        return _GRID_SIDE if self.plan.resolution < _LARGE else _GRID_SIDE_LARGE


def _refuse_damage(name: str, network: nn.Module, step: int) -> None:
    """Gradients are looked at before an update; what the last update did to the weights is seen only here."""
    for tensor_name, tensor in network.state_dict().items():
        if not torch.isfinite(tensor).all():
            raise RunError(f"{tensor_name} of the {name} is no longer finite at step {step}; not saved")
