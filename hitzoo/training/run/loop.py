"""The run: data in, steps, records, grids, evaluations and checkpoints out."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, closing, nullcontext, suppress
from dataclasses import replace

from hitzoo.errors import DataError, OutputError
from hitzoo.evaluation.report import Report
from hitzoo.families.compile import compile_spec
from hitzoo.runtime.allocator import keep_freed_memory_if_ample
from hitzoo.runtime.distributed import device_of_rank, process_group
from hitzoo.sampling.generator import Generator
from hitzoo.spec.types import Spec
from hitzoo.training.engine.batches import Batch, batches
from hitzoo.training.engine.out_of_memory import explaining_out_of_memory
from hitzoo.training.engine.runner import Outcome
from hitzoo.training.engine.workers import workers_for
from hitzoo.training.run.checkpoint import Progress
from hitzoo.training.run.events import Reporter, RunEnd, RunStart, Silence
from hitzoo.training.run.folder import RunFolder
from hitzoo.training.run.lock import run_lock
from hitzoo.training.run.metrics import Meter
from hitzoo.training.run.metrics_file import last_seconds
from hitzoo.training.run.nonfinite import counted, first_of
from hitzoo.training.run.options import RunOptions
from hitzoo.training.run.save_signals import SaveWish, save_wish
from hitzoo.training.run.setup import Ready, get_ready
from hitzoo.training.run.stop_signals import CutOff, StopWish, stop_wish
from hitzoo.training.run.writer import Outputs


def train(spec: Spec, options: RunOptions, reporter: Reporter | None = None) -> RunEnd:
    """Train a spec's networks into a run folder; under torchrun, as one of its processes.

    Raises:
        HitzooError: the data, the folder or a checkpoint cannot be used, or training is no longer finite. A new run
            whose data or folder fails before its first checkpoint leaves nothing behind; one that diverged keeps its
            metrics.
    """
    began = time.monotonic()
    plan = compile_spec(spec)
    if options.made_from:  # so that the bytes of weights do not depend on what a run is called
        plan = replace(plan, name=options.made_from)
    device, folder = device_of_rank(options.device), RunFolder(options.out)
    tell = (reporter or Silence()).noted
    with save_wish() as asked, process_group(device, tell) as world, run_lock(options.out) as lock:
        reporter = (reporter or Silence()) if world.first else Silence()
        world.broadcast_from_first(lock.take)
        new = world.first and not folder.holds_run()
        ready = get_ready(spec, plan, options, device, world, reporter)  # which refuses a folder with anything else
        try:
            return Run(ready, reporter, asked, began).go()
        except (DataError, OutputError):
            if new:
                folder.discard()
            raise


class Run:
    """A run that is ready to go, `asked` to save now and then; `began` is its session's beginning, monotonic."""

    def __init__(self, ready: Ready, reporter: Reporter, asked: SaveWish, began: float) -> None:
        self.ready, self.reporter, self.asked = ready, reporter, asked
        self.progress = ready.start.progress
        self.meter = Meter.since(last_seconds(ready.folder.metrics), ready.world)
        self.outputs = Outputs(ready.spec, ready.plan, ready.folder, ready.state, ready.options.keep, reporter)
        self.last = ready.spec.training.steps
        self.unreadable: dict[str, str] = {}
        self.wish = StopWish(began + limit if (limit := ready.options.time_limit) is not None else None)

    def go(self) -> RunEnd:
        """Run to the last step, or until a signal asks any process to stop."""
        stopped = False
        with stop_wish(self.wish.deadline) as self.wish, closing(self.outputs):
            if self.ready.world.first:
                self._begin()
            self._evaluate_if_owed()
            try:
                for batch in self._batches():
                    stopped = self._step(batch)
                    if stopped:
                        break
            except CutOff:  # alone in its world; what there is since the last checkpoint is saved
                stopped = True
                self.outputs.save(self.progress)
        return self._end(self.wish if stopped and self.progress.step < self.last else None)

    def _cutting_off(self) -> AbstractContextManager[None]:
        """Around work that a stop need not wait for; several processes wait, for none may leave the others in it."""
        return self.wish.cutting_off() if self.ready.world.size == 1 else nullcontext()

    def _begin(self) -> None:
        ready = self.ready
        self.outputs.begin(ready.stream, self.progress, ready.session, ready.options.made_from)
        for note in (*ready.options.notes, *(f"note: {note}" for note in ready.plan.notes)):
            self.reporter.noted(note)
        self.reporter.started(
            RunStart(
                name=ready.spec.name,
                folder=ready.folder.path,
                device=str(ready.device),
                data=ready.stream.source.location,
                images=len(ready.stream.source),
                batch_size=ready.spec.training.batch_size,
                first=self.progress.step,
                last=self.last,
                processes=ready.world.size,
                at_once=ready.at_once,
                stopping=lambda: bool(self.wish),
            )
        )

    def _batches(self) -> Iterator[Batch]:
        """This process's images, step by step; the wait for them is measured."""
        ready = self.ready
        stream = batches(
            ready.stream,
            first=self.progress.step,
            last=self.last,
            batch_size=ready.runner.images_per_step,
            workers=workers_for(ready.device, ready.options.workers),
            shard=ready.world.shard,
            pinned=ready.device.type == "cuda",
            tell=self.reporter.noted,
        )
        while True:
            with self.meter.waiting(), self._cutting_off():
                batch = next(stream, None)
            if batch is None:
                return
            yield batch

    def _step(self, batch: Batch) -> bool:
        """One step and what is due after it; whether the run is to stop."""
        ready, step = self.ready, self.progress.step + 1
        for error in batch.unreadable:
            if error.name not in self.unreadable:
                self.unreadable[error.name] = error.reason
                self.reporter.noted(f"left out: {error}")
        with explaining_out_of_memory(ready.at_once):
            outcome = ready.runner(
                step, batch.images, lambda: bool(self.wish), self._cutting_off, lambda: bool(self.asked)
            )
        self.meter.add(outcome.losses, len(batch.images), applied=outcome.applied)
        images = self.progress.images + ready.runner.images_per_step
        self._count(replace(self.progress, step=step, images=images), outcome)
        if ready.device.type == "cpu" and step == ready.start.progress.step + 1:
            keep_freed_memory_if_ample()
        self.reporter.stepped(step)
        return self._after_step(outcome.stop, outcome.save)

    def _count(self, progress: Progress, outcome: Outcome) -> None:
        newest = self.ready.folder.newest_checkpoint() if outcome.damaged else None
        init = f" --init {newest}" if newest else ""
        lower = self.ready.spec.training.optimizer.learning_rate / 2
        way_on = f"hitzoo train SPEC --out NEW{init} --set training.optimizer.learning_rate={lower:g}"
        self.progress = counted(progress, outcome.damaged, way_on)
        if self.progress.skipped_in_a_row == 1:
            self.reporter.noted(first_of(outcome.damaged, progress.step))

    def _after_step(self, stopping: bool, asked: bool) -> bool:
        """Records, evaluations, grids and checkpoints that are due; all of them but evaluation when asked to stop.

        Whether to stop after it: as it was, or because an evaluation was cut off.
        """
        ready, step, options = self.ready, self.progress.step, self.ready.options
        ended = step == self.last
        every = ready.spec.evaluation.every
        evaluating = bool(every) and (ended or step % every == 0) and not (stopping and not ended)
        saving = stopping or ended or evaluating or asked or step % options.checkpoint_every == 0
        if saving or step % options.log_every == 0:
            record = self.meter.record(step, self.progress.images, self.progress.skipped)
            report = None
            if evaluating:
                try:
                    report = self._evaluate()
                except CutOff:  # a resumed run makes up for it
                    stopping = True
            if ready.world.first:
                self.outputs.record(record, report)
        if not ready.world.first:
            self.asked.fulfilled()
            return stopping
        if saving:
            self.outputs.save(self.progress)
        if asked and not stopping:
            self.reporter.noted(f"saved at step {step:,}, as {self.asked.fulfilled()} asked for; the run goes on")
        hurried = stopping and ready.world.size > 1  # torchrun kills what has not ended after 30 seconds
        if (stopping or ended or step % options.sample_every == 0) and not hurried:
            average = self._average()
            generator = average.fast(keeps_memory=False) if options.fast else average
            self.outputs.save_grid(step, generator, self._samples_at_once(generator))
        return stopping

    def _evaluate_if_owed(self) -> None:
        """A run that was stopped at a step whose evaluation was due saved and left; it is made up for now."""
        ready, step = self.ready, self.progress.step
        every = ready.spec.evaluation.every
        due = bool(every) and step > 0 and step % every == 0
        if due and ready.world.broadcast_from_first(lambda: not self.outputs.is_evaluated(step)):
            with suppress(CutOff):
                report = self._evaluate()
                if report is not None:
                    self.outputs.evaluated(step, report)

    def _evaluate(self) -> Report | None:
        """The averaged generator's numbers, in the first process; all make samples."""
        ready = self.ready
        assert ready.evaluator is not None, "somebody wanted to evaluate"
        self.reporter.busy("evaluating")
        generator = self._average()
        with self._cutting_off():
            report = ready.evaluator.evaluate(
                generator,
                gather=lambda rows: ready.world.gather(rows, ready.device),
                batch_size=self._samples_at_once(generator),
                fast="float32" if ready.options.fast else None,
            )
        self.meter.restart()
        return report

    def _average(self) -> Generator:
        ready = self.ready
        return Generator(ready.spec, ready.plan, ready.state.averages["generator"].network, ready.device)

    def _samples_at_once(self, generator: Generator) -> int:
        """So many that sampling never takes more memory than training does."""
        return min(2 * self.ready.at_once, generator.default_batch_size)

    def _end(self, stopped_by: StopWish | None) -> RunEnd:
        ready = self.ready
        names = ready.world.all_gather_names(tuple(self.unreadable))
        checkpoint = ready.folder.newest_checkpoint()
        assert checkpoint is not None, "the last step saves"
        return RunEnd(
            folder=ready.folder.path,
            step=self.progress.step,
            checkpoint=checkpoint,
            samples=self.outputs.last_grid(),
            unreadable=names,
            signal=None if stopped_by is None else stopped_by.ended_by,
            up=stopped_by is not None and stopped_by.up,
        )
