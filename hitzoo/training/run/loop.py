"""The run: data in, steps, records, grids, evaluations and checkpoints out."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, closing, nullcontext, suppress
from dataclasses import replace

import torch

from hitzoo.errors import DataError, HitzooError, OutputError
from hitzoo.families.compile import compile_spec
from hitzoo.runtime.allocator import keep_freed_memory_if_ample
from hitzoo.runtime.distributed import process_group
from hitzoo.runtime.local_device import device_of_rank
from hitzoo.spec.types import Spec
from hitzoo.training.engine.batches import Batch, batches
from hitzoo.training.engine.compile_errors import explaining_compiler_errors
from hitzoo.training.engine.out_of_memory import OutOfMemory, explaining_out_of_memory, free_cached_memory
from hitzoo.training.engine.outcome import Outcome
from hitzoo.training.engine.workers import start_method_for, workers_for
from hitzoo.training.run.average_samples import evaluate_average, save_grid, save_owed_grid
from hitzoo.training.run.checkpoint import Progress
from hitzoo.training.run.evaluation import Evaluation
from hitzoo.training.run.events import NoEvents, RunEnd, RunEvents
from hitzoo.training.run.folder import RunFolder
from hitzoo.training.run.lock import run_lock
from hitzoo.training.run.metrics import Meter
from hitzoo.training.run.metrics_file import last_seconds
from hitzoo.training.run.nonfinite import counted, first_of, new_beginning
from hitzoo.training.run.options import RunOptions
from hitzoo.training.run.restart import resuming_after_restart
from hitzoo.training.run.save_signals import SaveRequest, save_request
from hitzoo.training.run.setup import RunSetup, set_up
from hitzoo.training.run.stop_signals import CutOff, StopRequest, stop_request
from hitzoo.training.run.writer import RunWriter


def train(spec: Spec, options: RunOptions, events: RunEvents | None = None) -> RunEnd:
    """Train a spec's networks into a run folder; under torchrun, as one of its processes.

    Raises:
        HitzooError: the data, the folder or a checkpoint cannot be used, or training is no longer finite. A new run
            that fails before its first step, or by its data or folder before its first checkpoint, leaves nothing.
    """
    began = time.monotonic()
    plan = compile_spec(spec)
    if options.made_from:  # so that the bytes of weights do not depend on what a run is called
        plan = replace(plan, name=options.made_from)
    device, folder = device_of_rank(options.device), RunFolder(options.out)
    tell = (events or NoEvents()).noted
    with save_request() as asked, process_group(device, tell) as world, run_lock(options.out) as lock:
        events = (events or NoEvents()) if world.first else NoEvents()
        world.broadcast_from_first(lock.take)
        options = resuming_after_restart(options, world)
        spec = folder.with_settled_weights(spec, resumes=options.resume)
        new = world.first and not folder.holds_run()
        setup = set_up(spec, plan, options, device, world, events)  # which refuses a folder with anything else
        run = Run(setup, events, asked, began)
        try:
            return run.go()
        except HitzooError as error:
            if new and (isinstance(error, DataError | OutputError) or run.progress.step == 0):
                folder.discard()
            raise


class Run:
    """A run that is ready to go, `asked` to save now and then; `began` is its session's beginning, monotonic."""

    def __init__(self, setup: RunSetup, events: RunEvents, asked: SaveRequest, began: float) -> None:
        self.setup, self.events, self.asked = setup, events, asked
        self.progress = setup.start.progress
        self.meter = Meter.since(last_seconds(setup.folder.metrics), setup.world)
        self.writer = RunWriter(setup.spec, setup.plan, setup.folder, setup.state, setup.options.keep, events)
        self.last = setup.spec.training.steps
        self.unreadable: dict[str, str] = {}
        self.request = StopRequest(began + limit if (limit := setup.options.time_limit) is not None else None)

    def go(self) -> RunEnd:
        """Run to the last step, or until a signal asks any process to stop."""
        stopped = False
        with stop_request(self.request.deadline) as self.request, closing(self.writer):
            if self.setup.world.first:
                self._begin()
            self._evaluate_if_owed()
            try:
                for batch in self._batches():
                    stopped = self._step(batch)
                    if stopped:
                        break
            except CutOff:  # alone in its world; what there is since the last checkpoint is saved
                stopped = True
                self.writer.save(self.progress)
        return self._end(self.request if stopped and self.progress.step < self.last else None)

    def _cutting_off(self) -> AbstractContextManager[None]:
        """Around work that a stop need not wait for; several processes wait, for none may leave the others in it."""
        return self.request.cutting_off() if self.setup.world.size == 1 else nullcontext()

    def _begin(self) -> None:
        setup = self.setup
        self.writer.begin(setup.stream, self.progress, setup.session, setup.options.made_from, setup.options.log_to)
        setup.tell(self.events.noted)
        save_owed_grid(setup, self.writer, self.progress, self.events.noted)
        self.events.started(setup.described(stopping=lambda: bool(self.request)))

    def _batches(self) -> Iterator[Batch]:
        """This process's images, step by step; the wait for them is measured."""
        setup = self.setup
        stream = batches(
            setup.stream,
            first=self.progress.step,
            last=self.last,
            batch_size=setup.runner.images_per_step,
            workers=workers_for(setup.device, setup.options.workers),
            shard=setup.world.shard,
            pinned=setup.device.type == "cuda",
            start_method=start_method_for(setup.device),
            tell=self.events.noted,
        )
        while True:
            with self.meter.waiting(), self._cutting_off():
                batch = next(stream, None)
            if batch is None:
                return
            yield batch

    def _step(self, batch: Batch) -> bool:
        """One step and what is due after it; whether the run is to stop."""
        step = self.progress.step + 1
        for error in batch.unreadable:
            if error.name not in self.unreadable:
                self.unreadable[error.name] = error.reason
                self.events.noted(f"skipped: {error}")
        outcome = self._outcome(step, batch.images)
        self.meter.add(outcome.losses, len(batch.images), applied=outcome.applied)
        images = self.progress.images + self.setup.runner.images_per_step
        self._count(replace(self.progress, step=step, images=images), outcome)
        if self.setup.device.type == "cpu" and step == self.setup.start.progress.step + 1:
            keep_freed_memory_if_ample()
        self.events.stepped(step)
        return self._after_step(outcome.stop, outcome.save)

    def _outcome(self, step: int, images: torch.Tensor) -> Outcome:
        """Make a step; where the memory is full, in smaller micro-batches if `auto` may choose them."""
        while True:
            runner, at_once = self.setup.runner, self.setup.at_once
            try:
                with explaining_out_of_memory(at_once), explaining_compiler_errors():
                    return runner(step, images, lambda: bool(self.request), self._cutting_off, lambda: bool(self.asked))
            except OutOfMemory as error:
                free_cached_memory(error)
                smaller = self.setup.with_smaller_micro_batches() if runner.whole else None
                if smaller is None:
                    raise self._saved(error) from error.__cause__
            self.setup = smaller
            self.writer.folder.amend_session(smaller.session)
            self.events.noted(f"out of memory at {at_once} images at once; continuing with {smaller.at_once}")

    def _saved(self, error: OutOfMemory) -> OutOfMemory:
        """Save the steps since the last checkpoint, and say so, before a full memory ends the run.

        The weights are whole until the first update of a step is applied.
        """
        new = self.progress.step > self.setup.start.progress.step
        if not (new and self.setup.world.first and self.setup.runner.whole):
            return error
        with suppress(RuntimeError, MemoryError):
            self.writer.save(self.progress)
            return OutOfMemory(f"{error}. Saved at step {self.progress.step:,}: continue with --resume")
        return error

    def _count(self, progress: Progress, outcome: Outcome) -> None:
        newest = self.setup.folder.newest_checkpoint() if outcome.damaged else None
        way_on = new_beginning(newest, self.setup.spec.training.optimizer)
        self.progress = counted(progress, outcome.damaged, way_on)
        if self.progress.skipped_in_a_row == 1:
            by_turns = not isinstance(self.setup.spec.training.updates, str)
            self.events.noted(first_of(outcome.damaged, progress.step, by_turns=by_turns))

    def _after_step(self, stopping: bool, asked: bool) -> bool:
        """Records, evaluations, grids and checkpoints that are due; all of them but evaluation when asked to stop.

        Returns True to stop after it: as it was, or because an evaluation was cut off.
        """
        setup, step, options = self.setup, self.progress.step, self.setup.options
        ended = step == self.last
        every = setup.spec.evaluation.every
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
            if setup.world.first:
                self.writer.record(record, report)
        if not setup.world.first:
            self.asked.fulfilled()
            return stopping
        if saving:
            self.writer.save(self.progress)
        if asked and not stopping:
            self.events.noted(f"saved at step {step:,}, as {self.asked.fulfilled()} asked for; the run goes on")
        hurried = stopping and setup.world.size > 1  # torchrun kills what has not ended after 30 seconds
        if (stopping or ended or step % options.sample_every == 0) and not hurried:
            save_grid(setup, self.writer, self.progress, self.events.noted)
        return stopping

    def _evaluate_if_owed(self) -> None:
        """A run that was stopped at a step whose evaluation was due saved and left; it is made up for now."""
        setup, step = self.setup, self.progress.step
        every = setup.spec.evaluation.every
        due = bool(every) and step > 0 and step % every == 0
        if due and setup.world.broadcast_from_first(lambda: not self.writer.is_evaluated(step)):
            with suppress(CutOff):
                report = self._evaluate()
                if report is not None:
                    self.writer.evaluated(step, report)

    def _evaluate(self) -> Evaluation | None:
        """The averaged generators' numbers, in the first process; all make samples."""
        self.events.busy("evaluating")
        try:
            report = evaluate_average(self.setup, self.progress.step, self._cutting_off, self.events.noted)
        except OutOfMemory as error:
            free_cached_memory(error)
            raise self._saved(error) from error.__cause__
        self.meter.restart()
        return report

    def _end(self, stopped_by: StopRequest | None) -> RunEnd:
        setup = self.setup
        names = setup.world.all_gather_names(tuple(self.unreadable))
        checkpoint = setup.folder.newest_checkpoint()
        assert checkpoint is not None, "the last step saves"
        return RunEnd(
            folder=setup.folder.path,
            step=self.progress.step,
            checkpoint=checkpoint,
            samples=self.writer.last_grid(),
            unreadable=names,
            signal=None if stopped_by is None else stopped_by.ended_by,
            up=stopped_by is not None and stopped_by.up,
        )
