"""Everything a run needs, checked and made before its first step, in this order: data, folder, networks, evaluation."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import torch

from hitzoo.data.opening import opening_notes
from hitzoo.data.source import ImageSource
from hitzoo.evaluation.evaluator import Evaluator
from hitzoo.plan.model import ModelPlan
from hitzoo.runtime.determinism import fix_workspace
from hitzoo.runtime.distributed import World
from hitzoo.runtime.precision import training_note
from hitzoo.spec.types import Spec
from hitzoo.training.engine.runner import StepRunner
from hitzoo.training.engine.state import TrainState, new_state
from hitzoo.training.engine.stream import TrainingStream
from hitzoo.training.run.checkpoint import load_checkpoint
from hitzoo.training.run.compiler_conflicts import refuse_with_compiler
from hitzoo.training.run.data_source import (
    changed_note,
    described,
    is_other_data,
    open_data,
    refuse_other_data,
    settled_source,
)
from hitzoo.training.run.events import RunEvents, RunStart
from hitzoo.training.run.finetune import initialise
from hitzoo.training.run.folder import RunFolder
from hitzoo.training.run.frozen_weights import fetch_perceptual_weights, with_frozen_weights
from hitzoo.training.run.metrics_file import cut_after
from hitzoo.training.run.micro_batch import MicroBatchChoice
from hitzoo.training.run.options import RunOptions, Start, decide_start, refuse_uneven, with_source
from hitzoo.training.run.same_networks import determinism_note, refuse_other_networks, versions_note


@dataclass(frozen=True, kw_only=True)
class RunSetup:
    """Everything a run needs; `at_once` is the micro-batch size, the images a device processes together."""

    spec: Spec
    plan: ModelPlan
    options: RunOptions
    folder: RunFolder
    device: torch.device
    world: World
    start: Start
    stream: TrainingStream
    state: TrainState
    runner: StepRunner
    evaluator: Evaluator | None
    at_once: int
    choice: MicroBatchChoice
    session: dict[str, Any]

    def tell(self, note: Callable[[str], None]) -> None:
        """Tell what is to be said of the options, of weights that were chosen, and of the plan."""
        told = (*self.spec.places.chosen.values(), *self.plan.notes)
        for words in (*self.options.notes, *(f"note: {one}" for one in told)):
            note(words)

    def described(self, stopping: Callable[[], bool]) -> RunStart:
        """Return what is told of the run as it begins."""
        return RunStart(
            name=self.spec.name,
            folder=self.folder.path,
            device=str(self.device),
            data=self.stream.source.location,
            images=len(self.stream.source),
            batch_size=self.spec.training.batch_size,
            first=self.start.progress.step,
            last=self.spec.training.steps,
            images_per_step=self.runner.images_per_step,
            processes=self.world.size,
            at_once=self.at_once,
            stopping=stopping,
        )

    def with_smaller_micro_batches(self) -> RunSetup | None:
        """Return the setup with a smaller micro-batch size, after a step that did not fit.

        None where the size is not hitzoo's to choose, or there is no smaller one. Several processes cannot agree on
        one: the others wait for the gradients of the one that failed.

        Raises:
            RunError: none of the smaller sizes fits.
        """
        if self.options.batch_per_device != "auto" or self.world.size > 1:
            return None
        at_once = self.choice.smaller(self.state, self.at_once)
        if at_once is None:
            return None
        if self.options.compiled:
            torch.compiler.reset()
        runner = self.choice.runner(self.state, self.start.progress.seed, at_once)
        return replace(self, at_once=at_once, runner=runner, session=self.session | self.choice.session(at_once))


def set_up(
    spec: Spec, plan: ModelPlan, options: RunOptions, device: torch.device, world: World, events: RunEvents
) -> RunSetup:
    """Check what can be checked, then make or load the networks.

    Raises:
        HitzooError: the batch cannot be shared, or the data, the folder, a checkpoint or a metric cannot be used.
    """
    if options.deterministic:
        fix_workspace()  # before an evaluation that is owed, or a search for a size, computes
    refuse_uneven(spec, world.size)
    refuse_with_compiler(spec, options)
    spec, plan = with_frozen_weights(spec, plan, world, events)
    fetch_perceptual_weights(spec, world, events)
    folder = RunFolder(options.out)
    decided = world.broadcast_from_first(lambda: _decide(folder, spec, plan, options, events))
    start, resumed = Start.from_data(decided), folder if decided["resumed"] else None
    spec = with_source(spec, decided["source"])
    side, seed = plan.resolution, start.progress.seed
    source = open_data(decided["source"], side, resumed)
    data = world.broadcast_from_first(lambda: _describe_data(source, side, options, resumed, events))
    state, init = _state(spec, plan, options, device, start, folder, events)
    choice = MicroBatchChoice(spec=spec, plan=plan, options=options, world=world, device=device)
    at_once = choice.decide(state, folder)
    if options.compiled:
        torch.compiler.reset()  # what an earlier run of this process compiled counts against the number of sizes
    _note_what_is_normalised(spec, plan, at_once, choice.pieces(at_once), events)
    if note := training_note(device, options.precision):
        events.noted(f"note: {note}")
    if world.first:
        cut_after(folder.metrics, start.progress.step)
    return RunSetup(
        spec=spec,
        plan=plan,
        options=options,
        folder=folder,
        device=device,
        world=world,
        start=start,
        stream=TrainingStream(source, spec.data, side, seed),
        state=state,
        runner=choice.runner(state, seed, at_once),
        evaluator=_evaluator(spec, plan, options, device, world, events),
        at_once=at_once,
        choice=choice,
        session={**choice.session(at_once), "data": data, **({"init": init} if init else {})},
    )


def _decide(folder: RunFolder, spec: Spec, plan: ModelPlan, options: RunOptions, events: RunEvents) -> dict[str, Any]:
    """Decide, in one process for all, the start, whether the run is resumed, and the source of its images."""
    resumed = folder if options.resume and folder.holds_run() else None
    start = decide_start(folder, spec, options, events.noted)
    if resumed is not None:
        refuse_other_networks(resumed, start.checkpoint, plan)
        for note in (versions_note(resumed), determinism_note(resumed, options.deterministic)):
            if note:
                events.noted(note)
    return {
        **start.to_data(),
        "resumed": resumed is not None,
        "source": settled_source(spec, options.data, resumed),
    }


def _describe_data(
    source: ImageSource, resolution: int, options: RunOptions, resumed: RunFolder | None, events: RunEvents
) -> dict[str, Any]:
    """The images for the record; of a resumed run they must be its own, or be asked for as new."""
    data = described(source)
    if resumed is None:
        for line in opening_notes(source, resolution):
            events.noted(line)
        return data
    new = options.new_data and is_other_data(resumed, data)
    if not options.new_data:
        refuse_other_data(resumed, data)
    if note := changed_note(resumed, data, new=new):
        events.noted(note)
    return data | ({"new": True} if new else {})


def _state(
    spec: Spec,
    plan: ModelPlan,
    options: RunOptions,
    device: torch.device,
    start: Start,
    folder: RunFolder,
    events: RunEvents,
) -> tuple[TrainState, str | None]:
    """The networks as they go on, and the model they began from: also that of a run killed before it could save."""
    state = new_state(plan, spec.training, start.progress.seed, device)
    known = folder.last_session().get("init") if options.resume else None
    init = options.init or (known if isinstance(known, str) else None)
    if start.checkpoint:
        load_checkpoint(start.checkpoint, state)
    elif init:
        for line in initialise(state, init, plan.pixel_range):
            events.noted(line)
    return state, init


def _note_what_is_normalised(spec: Spec, plan: ModelPlan, at_once: int, pieces: int, events: RunEvents) -> None:
    """Batch norm in pieces is another algorithm, unless its groups are smaller than they are."""
    if pieces > 1 and plan.generator.normed is not None and isinstance(spec.training.norm_statistics, str):
        events.noted(
            f"note: batch norm takes its statistics over the {at_once} images that are worked on at once;"
            " training.norm_statistics: N makes that independent of devices and pieces"
        )


def _evaluator(
    spec: Spec, plan: ModelPlan, options: RunOptions, device: torch.device, world: World, events: RunEvents
) -> Evaluator | None:
    """Make the evaluator of `evaluation.every`, in every process; the first looks for, or downloads, what it needs."""
    if not spec.evaluation.every:
        return None
    made: list[Evaluator] = []

    def make() -> None:
        evaluator = Evaluator.from_spec(
            spec,
            plan,
            device=device,
            inception_weights=options.inception_weights,
            note=events.noted,
            shard=world.shard,
        )
        evaluator.prepare()
        made.append(evaluator)

    world.broadcast_from_first(make)
    if not world.first:
        make()
    return made[0]
