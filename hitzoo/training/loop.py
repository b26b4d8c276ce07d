"""The run: data in, steps, records, grids and checkpoints out."""

from __future__ import annotations

import os
from dataclasses import dataclass, replace
from pathlib import Path

import torch

from hitzoo.errors import DataError, OutputError, RunError
from hitzoo.inference.device import choose_device
from hitzoo.inference.pictures import save_png, to_grid
from hitzoo.inference.sample import Generator
from hitzoo.models.seeding import Purpose, torch_generator
from hitzoo.plan.compile import ModelPlan, compile_spec
from hitzoo.spec.types import Spec
from hitzoo.training.adversarial import LOSSES
from hitzoo.training.checkpoint import Progress, keep_newest, load_checkpoint, read_progress, save_checkpoint
from hitzoo.training.interrupt import stop_wish
from hitzoo.training.metrics import Meter, append_line, cut_after, last_seconds
from hitzoo.training.out_of_memory import explaining_out_of_memory
from hitzoo.training.penalties import build_regularizers
from hitzoo.training.preparation import (
    RunOptions,
    beginning,
    checkpoint_to_resume,
    open_stream,
    refuse_impossible,
    with_source,
)
from hitzoo.training.report import Reporter, RunEnd, RunStart, Silence
from hitzoo.training.run_folder import RunFolder
from hitzoo.training.step import Objective, StepLosses, compute_gradients
from hitzoo.training.stream import Batch, TrainingStream, batches, to_real
from hitzoo.training.trainee import Trainee, new_trainee

_GRID_SIDE = 6
_GRID_SIDE_LARGE = 4
_LARGE = 256  # pixels


def train(spec: Spec, options: RunOptions, reporter: Reporter | None = None) -> RunEnd:
    """Train a spec's networks into a run folder.

    Raises:
        HitzooError: the data, the folder or a checkpoint cannot be used, or a loss is no longer finite. A new run whose
            data or folder fails before its first checkpoint leaves nothing behind; one that diverged keeps its metrics.
    """
    new = not RunFolder(options.out).holds_run()
    run = Run.prepare(spec, options, reporter or Silence())
    missing = [place for place in (options.out, *options.out.parents) if not place.exists()]
    try:
        return run.go()
    except (DataError, OutputError):
        if new:
            run.folder.discard(missing)
        raise


@dataclass
class Run:
    """A run that is ready to go: everything that can be checked beforehand has been."""

    spec: Spec
    plan: ModelPlan
    options: RunOptions
    folder: RunFolder
    objective: Objective
    trainee: Trainee
    stream: TrainingStream
    device: torch.device
    progress: Progress
    reporter: Reporter

    @classmethod
    def prepare(cls, spec: Spec, options: RunOptions, reporter: Reporter) -> Run:
        """Check the plan, the device, the folder and the data, in this order; then make or load the networks."""
        plan = compile_spec(spec)
        device = choose_device(options.device)
        folder = RunFolder(options.out)
        spec = with_source(spec, options.data)
        saved = checkpoint_to_resume(folder, spec, options)
        progress = read_progress(saved) if saved else beginning(folder, options)
        refuse_impossible(spec, options, progress)
        stream = open_stream(spec, plan, progress.seed)
        objective = Objective(LOSSES[spec.training.loss], build_regularizers(spec.training.regularizers))
        trainee = new_trainee(plan, spec.training, progress.seed, device)
        if saved:
            load_checkpoint(saved, trainee)
        cut_after(folder.metrics, progress.step)
        return cls(spec, plan, options, folder, objective, trainee, stream, device, progress, reporter)

    def go(self) -> RunEnd:
        """Run to the last step, or until a signal asks to stop."""
        stream = batches(
            self.stream,
            first=self.progress.step,
            last=self.spec.training.steps,
            batch_size=self.spec.training.batch_size,
            workers=self._workers(),
        )
        unreadable: dict[str, str] = {}
        meter = Meter.since(last_seconds(self.folder.metrics))
        with stop_wish() as wish:
            self._begin()
            for batch in stream:
                self._note_unreadable(batch, unreadable)
                meter.add(self._step(batch))
                stopping = bool(wish)  # looked at once: a signal from here on is for the next step
                self._after_step(meter, stopping)
                if stopping:
                    break
        checkpoint = self.folder.newest_checkpoint()
        assert checkpoint is not None, "the last step saves"
        return RunEnd(
            folder=self.folder.path,
            step=self.progress.step,
            checkpoint=checkpoint,
            samples=self._grid_path(),
            unreadable=tuple(unreadable),
            signal=wish.signal if self.progress.step < self.spec.training.steps else None,
        )

    def _begin(self) -> None:
        source = self.stream.source
        self._save_real_grid()
        self.folder.describe(self.spec, self.plan, seed=self.progress.seed, device=self.device)
        for note in self.plan.notes:
            self.reporter.noted(f"note: {note}")
        self.reporter.started(
            RunStart(
                name=self.spec.name,
                folder=self.folder.path,
                device=str(self.device),
                data=source.location,
                images=len(source),
                batch_size=self.spec.training.batch_size,
                first=self.progress.step,
                last=self.spec.training.steps,
            )
        )

    def _step(self, batch: Batch) -> StepLosses:
        step, training = self.progress.step + 1, self.spec.training
        random = torch_generator(self.progress.seed, Purpose.LATENTS, step)
        z = torch.randn(training.batch_size, self.plan.generator.latent_dim, generator=random)
        with explaining_out_of_memory(training.batch_size):
            losses = compute_gradients(
                self.trainee.generator,
                self.trainee.discriminator,
                self.objective,
                z.to(self.device),
                to_real(batch.images, self.device),
                torch_generator(self.progress.seed, Purpose.REGULARIZERS, step),
            )
            self.trainee.update(step)
        self.progress = replace(self.progress, step=step, images=self.progress.images + training.batch_size)
        return losses

    def _after_step(self, meter: Meter, stopping: bool) -> None:
        """Records, grids and checkpoints that are due; all of them at the end. Losses are checked before saving."""
        step = self.progress.step
        last = stopping or step == self.spec.training.steps
        saving = last or step % self.options.checkpoint_every == 0
        if saving or step % self.options.log_every == 0:
            record = meter.record(step, self.progress.images)
            append_line(self.folder.metrics, record.to_json())
            self.reporter.recorded(record)
        if last or step % self.options.sample_every == 0:
            self._save_grid()
        if saving:
            self._refuse_to_save_damage()
            save_checkpoint(self.folder.checkpoints, self.spec, self.plan, self.trainee, self.progress)
            keep_newest(self.folder.checkpoints, self.options.keep)

    def _refuse_to_save_damage(self) -> None:
        """Losses are looked at before an update; what the last update did to the weights is seen only here."""
        for name, tensor in self.trainee.generator.state_dict().items():
            if not torch.isfinite(tensor).all():
                raise RunError(f"{name} of the generator is no longer finite at step {self.progress.step}; not saved")

    def _save_grid(self) -> None:
        side = self._grid_side()
        generator = Generator(self.spec, self.plan, self.trainee.average.network, self.device)
        pixels = generator.sample(seeds=range(side * side)).pixels
        text = {"hitzoo:model": self.spec.name, "hitzoo:step": str(self.progress.step)}
        save_png(self._grid_path(), to_grid(pixels, side, side), text)

    def _save_real_grid(self) -> None:
        """What the discriminator sees as real; it also shows that the data can be read before anything is written."""
        side = self._grid_side()
        first = next(batches(self.stream, first=0, last=1, batch_size=side * side, workers=0))
        save_png(self.folder.samples / "real.png", to_grid(first.images.numpy(), side, side), {})

    def _grid_path(self) -> Path:
        return self.folder.samples / f"step-{self.progress.step:08d}.png"

    def _grid_side(self) -> int:
        return _GRID_SIDE if self.plan.generator.resolution < _LARGE else _GRID_SIDE_LARGE

    def _note_unreadable(self, batch: Batch, unreadable: dict[str, str]) -> None:
        for error in batch.unreadable:
            if error.name not in unreadable:
                unreadable[error.name] = error.reason
                self.reporter.noted(f"left out: {error}")

    def _workers(self) -> int:
        if self.options.workers is not None:
            return self.options.workers
        return 0 if self.device.type == "cpu" else min(8, os.cpu_count() or 1)
