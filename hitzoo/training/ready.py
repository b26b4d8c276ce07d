"""Everything a run needs, checked and made before its first step, in this order: data, folder, networks, evaluation."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch

from hitzoo.data.open import open_source
from hitzoo.errors import RequestError
from hitzoo.evaluation.evaluator import Evaluator
from hitzoo.plan.compile import ModelPlan
from hitzoo.spec.types import Spec
from hitzoo.training.adversarial import LOSSES
from hitzoo.training.checkpoint import load_checkpoint
from hitzoo.training.fitting import predicted_to_fit, refuse_unfit, tried_to_fit
from hitzoo.training.initialise import initialise
from hitzoo.training.metrics_file import cut_after
from hitzoo.training.parallel import World
from hitzoo.training.penalties import build_regularizers
from hitzoo.training.preparation import RunOptions, Start, decide_start, refuse_uneven, with_source
from hitzoo.training.report import Reporter
from hitzoo.training.run_folder import RunFolder
from hitzoo.training.runner import StepRunner
from hitzoo.training.step import Objective
from hitzoo.training.stream import TrainingStream
from hitzoo.training.trainee import Trainee, new_trainee


@dataclass(frozen=True, kw_only=True)
class Ready:
    """A run that can go; `at_once` is how many images a device works on at once."""

    spec: Spec
    plan: ModelPlan
    options: RunOptions
    folder: RunFolder
    device: torch.device
    world: World
    start: Start
    stream: TrainingStream
    trainee: Trainee
    runner: StepRunner
    evaluator: Evaluator | None
    at_once: int

    def session(self) -> dict[str, Any]:
        """What `run.json` says of this start."""
        return {
            "device": str(self.device),
            "device_name": _name_of(self.device),
            "processes": self.world.size,
            "batch_per_device": self.at_once,
            "fitted": self.options.batch_per_device == "auto",
            "micro_batches": self.runner.micro_batches,
            "precision": self.options.precision,
            "compiled": self.options.compiled,
            **({"init": self.options.init} if self.options.init else {}),
        }


def get_ready(
    spec: Spec, plan: ModelPlan, options: RunOptions, device: torch.device, world: World, reporter: Reporter
) -> Ready:
    """Check what can be checked, then make or load the networks.

    Raises:
        HitzooError: the batch cannot be shared, or the data, the folder, a checkpoint or a metric cannot be used.
    """
    refuse_uneven(spec, world.size)
    if options.compiled and spec.training.activation_checkpointing != "none":
        raise RequestError(
            "--compile and training.activation_checkpointing do not go together: the compiler decides itself what to"
            " compute again; leave one out"
        )
    spec, folder = with_source(spec, options.data), RunFolder(options.out)
    decided = world.first_decides(lambda: decide_start(folder, spec, options, reporter.noted).to_data())
    start = Start.from_data(decided)
    source = open_source(str(spec.data.source), resolution=plan.generator.resolution)
    stream = TrainingStream(source, spec.data, plan.generator.resolution, start.progress.seed)
    trainee = new_trainee(plan, spec.training, start.progress.seed, device)
    if start.checkpoint:
        load_checkpoint(start.checkpoint, trainee)
    elif options.init:
        for line in initialise(trainee, options.init):
            reporter.noted(line)
    if world.first:
        cut_after(folder.metrics, start.progress.step)
    make = _runners(spec, plan, trainee, options, device, start)
    at_once = _at_once(spec, plan, options, world, device, folder, make)
    evaluator = _evaluator(spec, plan, options, device, world, reporter)
    return Ready(
        spec=spec,
        plan=plan,
        options=options,
        folder=folder,
        device=device,
        world=world,
        start=start,
        stream=stream,
        trainee=trainee,
        runner=make(world, spec.training.batch_size // world.size // at_once),
        evaluator=evaluator,
        at_once=at_once,
    )


def _runners(
    spec: Spec, plan: ModelPlan, trainee: Trainee, options: RunOptions, device: torch.device, start: Start
) -> Callable[[World, int], StepRunner]:
    """Makes the runner for a world and a number of micro-batches."""
    objective = Objective(LOSSES[spec.training.loss], build_regularizers(spec.training.regularizers))

    def make(world: World, micro_batches: int) -> StepRunner:
        return StepRunner(
            trainee,
            objective,
            seed=start.progress.seed,
            batch_size=spec.training.batch_size,
            latent_dim=plan.generator.latent_dim,
            device=device,
            world=world,
            way=options.way,
            micro_batches=micro_batches,
        )

    return make


def _at_once(
    spec: Spec,
    plan: ModelPlan,
    options: RunOptions,
    world: World,
    device: torch.device,
    folder: RunFolder,
    make: Callable[[World, int], StepRunner],
) -> int:
    """How many images a device works on at once: as asked for; `auto` finds it, and finds it again in `run.json`.

    A number of `run.json` that `auto` did not find is not taken over: it may be the one that did not fit.
    """
    share, wanted = spec.training.batch_size // world.size, options.batch_per_device
    if wanted is None:
        return share
    if wanted == "auto":
        known = folder.last_session()
        now = {"fitted": True, "processes": world.size, "device_name": _name_of(device)}
        same = all(known.get(key) == value for key, value in now.items())
        stored = known.get("batch_per_device")
        if same and isinstance(stored, int) and stored > 0 and share % stored == 0:
            return stored
        return world.least(_fitting(spec, plan, device, share, make), device)
    refuse_unfit(wanted, share)
    return wanted


def _fitting(
    spec: Spec, plan: ModelPlan, device: torch.device, share: int, make: Callable[[World, int], StepRunner]
) -> int:
    if device.type == "cpu":
        return predicted_to_fit(spec, plan, share)
    side, channels = plan.generator.resolution, plan.generator.image_channels

    def attempt(size: int) -> None:
        images = torch.zeros(size, side, side, channels, dtype=torch.uint8)
        make(World(), spec.training.batch_size // size).rehearse(images)

    return tried_to_fit(attempt, share)


def _evaluator(
    spec: Spec, plan: ModelPlan, options: RunOptions, device: torch.device, world: World, reporter: Reporter
) -> Evaluator | None:
    """What the spec's `evaluation.every` wants, in every process; the first looks for, or downloads, what it needs."""
    if not spec.evaluation.every:
        return None

    def make() -> Evaluator:
        return Evaluator.from_spec(
            spec,
            plan,
            device=device,
            inception_weights=options.inception_weights,
            note=reporter.noted,
            shard=world.shard,
        )

    made = make() if world.first else None
    world.first_decides(lambda: None)
    evaluator = made or make()
    evaluator.prepare()
    return evaluator


def _name_of(device: torch.device) -> str:
    return torch.cuda.get_device_name(device) if device.type == "cuda" else str(device.type)
