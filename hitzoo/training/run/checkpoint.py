"""A checkpoint: a model folder that can be sampled, with what training needs to go on inside `training/`.

    step-00001000/
      config.json  model.safetensors                    the averaged generator, as every model folder
      training/generator.safetensors                    the live networks
      training/discriminator.safetensors
      training/optimizer.safetensors                    the optimizers, by role and weight
      training/state.json                               step, images seen, seed, skipped steps, adaptive numbers
      training/index.json                               size and sha256 of all of these

Of several averages of the generator, the one that the last evaluation chose is the model, and its header names it; the
others are `training/generator-average-<name>.safetensors`. The encoder and quantizer of an autoencoder have files of
the same kinds: `encoder.safetensors` beside the model, `training/encoder.safetensors` and, of several averages,
`training/encoder-average-<name>.safetensors`. No generator of random numbers is stored, for there is none: every draw
follows from the seed and the step.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from hitzoo.errors import WeightsError
from hitzoo.files import atomic_folder, parse_json
from hitzoo.plan.model import ModelPlan
from hitzoo.plan.role import Role
from hitzoo.spec.types import Spec
from hitzoo.training.engine.ema import MovingAverage, average_named
from hitzoo.training.engine.state import TrainState
from hitzoo.training.run.optimizer_state import optimizer_tensors, restore_optimizers
from hitzoo.zoo.checkpoint_index import is_indexed, set_aside, verify, write_index
from hitzoo.zoo.model_folder import weights_metadata, write_model
from hitzoo.zoo.model_layout import (
    DISCRIMINATOR_NAME,
    LIVE,
    LIVE_GENERATOR_NAME,
    OPTIMIZER_NAME,
    STATE_NAME,
    WEIGHTS_NAME,
    average_file_of,
    file_of,
    model_file_of,
)
from hitzoo.zoo.run_layout import step_name
from hitzoo.zoo.weights import load_weights, read_metadata, write_weights

TENSOR_FILES = (WEIGHTS_NAME, LIVE_GENERATOR_NAME, DISCRIMINATOR_NAME, OPTIMIZER_NAME)
_MOST_STEPS = 10**12
_ADAPTING = ("augmentation", "path_length", "logits")  # keys of state.json: numbers that follow what the run has seen


@dataclass(frozen=True)
class Progress:
    """The place a run has reached. `images` counts real images seen.

    `skipped` counts the steps that were left out because a gradient was not finite, `skipped_in_a_row` those of them
    since the last one that was not.
    """

    step: int
    images: int
    seed: int
    skipped: int = 0
    skipped_in_a_row: int = 0


def save_checkpoint(
    folder: Path, spec: Spec, plan: ModelPlan, state: TrainState, progress: Progress, chosen: str | None = None
) -> Path:
    """Write a checkpoint, whole or not at all; `chosen` names the average that is its model, by default the first.

    An existing one of the same step is the same and stays, if it is whole; else it is set aside.
    """
    place = folder / step_name(progress.step)
    if is_indexed(place) and not verify(place):
        return place
    if place.exists():
        set_aside(place)
    about = asdict(progress)
    with atomic_folder(place) as temporary:
        models = {role: average_named(averages, chosen) for role, averages in state.averages.items()}
        said = _said_of(models["generator"], state)
        weights = {role: average.network.state_dict() for role, average in models.items()}
        write_model(temporary, spec, plan, weights.pop("generator"), weights, step=progress.step, **said)
        (temporary / "training").mkdir()
        for role, network in state.networks.items():
            write_weights(temporary / file_of(role), network.state_dict(), about | _identity(role, plan))
        for name, (role, average) in _beside(state, models).items():
            of_generator = role == "generator"
            identity = weights_metadata(plan, **_said_of(average, state)) if of_generator else _identity(role, plan)
            write_weights(temporary / name, average.network.state_dict(), about | identity)
        write_weights(temporary / OPTIMIZER_NAME, optimizer_tensors(state), about)
        adapted = {name: one.numbers for name, one in state.adapting.items()}
        (temporary / STATE_NAME).write_text(json.dumps(about | adapted) + "\n", encoding="utf-8")
        write_index(temporary)
    return place


def load_checkpoint(place: Path, state: TrainState) -> Progress:
    """Put a checkpoint into the state, in place.

    Raises:
        WeightsError: a file is missing, damaged or of another network.
    """
    progress = read_progress(place)
    try:
        name = _model_of(place, state.averages["generator"]).name
        models = {role: average_named(averages, name) for role, averages in state.averages.items()}
        for role, average in models.items():
            load_weights(place / model_file_of(role), average.network)
        for role, network in state.networks.items():
            load_weights(place / file_of(role), network)
        for name, (_, average) in _beside(state, models).items():
            load_weights(place / name, average.network)
        restore_optimizers(place / OPTIMIZER_NAME, state, updated=progress.step > progress.skipped)
        _restore_adapting(place / STATE_NAME, state)
    except WeightsError as error:
        if is_indexed(place) and not verify(place):  # it is not the checkpoint's fault: removing it would lose steps
            raise
        raise WeightsError(f"{error}\nremove {place} to resume from the checkpoint before it") from None
    return progress


def _restore_adapting(path: Path, state: TrainState) -> None:
    """Set the numbers that follow what the run has seen; those that a checkpoint lacks stay at their beginning."""
    if not state.adapting:
        return
    said = parse_json(path.read_text(encoding="utf-8"))
    try:
        for name, one in state.adapting.items():
            if said.get(name) is not None:
                one.restore(said[name])
    except ValueError as error:
        raise WeightsError(f"{path} cannot be read ({error})") from None


def _identity(role: Role, plan: ModelPlan) -> dict[str, Any]:
    """Return what the header of a live network says that it is; the generator may be taken for a model, `RUN:live`."""
    if role == "generator":
        return weights_metadata(plan, average=LIVE)
    return {f"{role}_plan": plan.hash(role)}


def _said_of(average: MovingAverage, state: TrainState) -> dict[str, Any]:
    """Return what the header of an average of the generator says of it besides."""
    named = {"average": average.name} if len(state.averages["generator"]) > 1 else {}
    return named | ({"recalibrated": average.spec.recalibrate} if average.recalibrated else {})


def model_average(place: Path) -> str | None:
    """Read which of several averages a checkpoint's model is; None where there is one."""
    found = read_metadata(place / WEIGHTS_NAME).get("average")
    return found if isinstance(found, str) else None


def _model_of(place: Path, averages: tuple[MovingAverage, ...]) -> MovingAverage:
    """Return the average that a checkpoint's model is."""
    name = model_average(place)
    if len(averages) > 1 and name not in {average.name for average in averages}:
        known = ", ".join(average.name for average in averages)
        raise WeightsError(f"{place / WEIGHTS_NAME} is the average {name or 'of a run with one'}, not one of {known}")
    return average_named(averages, name)


def _beside(state: TrainState, models: Mapping[Role, MovingAverage]) -> dict[str, tuple[Role, MovingAverage]]:
    """Return the averages that are files of their own, by the names of these; the `models` are none."""
    return {
        average_file_of(role, average.name if len(averages) > 1 else ""): (role, average)
        for role, averages in state.averages.items()
        for average in averages
        if average is not models[role]
    }


def read_progress(place: Path) -> Progress:
    """Read how far a checkpoint is."""
    path = place / STATE_NAME
    try:
        said = {**parse_json(path.read_text(encoding="utf-8"))}
        progress = Progress(**{name: value for name, value in said.items() if name not in _ADAPTING})
        if not all(isinstance(value, int) and not isinstance(value, bool) for value in asdict(progress).values()):
            raise ValueError("it holds something else than whole numbers")
        if min(asdict(progress).values()) < 0 or progress.step >= _MOST_STEPS:
            raise ValueError("its numbers cannot be a run's")
    except (OSError, ValueError, TypeError) as error:
        raise WeightsError(f"{path} cannot be read ({error}); remove {place} to resume from the one before") from None
    return progress
