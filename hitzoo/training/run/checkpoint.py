"""A checkpoint: a model folder that can be sampled, with what training needs to go on inside `training/`.

    step-00001000/
      config.json  model.safetensors                    the averaged generator, as every model folder
      training/generator.safetensors                    the live networks
      training/discriminator.safetensors
      training/optimizer.safetensors                    both optimizers, by the names of the weights
      training/state.json                               step, images seen, seed, steps that were skipped
      training/index.json                               size and sha256 of all of these

No generator of random numbers is stored, for there is none: every draw follows from the seed and the step.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

import torch
from torch import nn

from hitzoo.errors import WeightsError
from hitzoo.families.compile import ModelPlan
from hitzoo.files import atomic_folder, parse_json
from hitzoo.spec.types import Spec
from hitzoo.training.engine.keras_adam import KerasAdam
from hitzoo.training.engine.state import Trainee
from hitzoo.zoo.checkpoint_index import is_indexed, set_aside, verify, write_index
from hitzoo.zoo.model_folder import write_model
from hitzoo.zoo.model_layout import DISCRIMINATOR_NAME, LIVE_GENERATOR_NAME, OPTIMIZER_NAME, STATE_NAME, WEIGHTS_NAME
from hitzoo.zoo.run_layout import step_name
from hitzoo.zoo.weights import compare, load_weights, read_tensors, write_weights

TENSOR_FILES = (WEIGHTS_NAME, LIVE_GENERATOR_NAME, DISCRIMINATOR_NAME, OPTIMIZER_NAME)
_MOST_STEPS = 10**12
_GROUP_STEP = "step"  # KerasAdam counts once for all weights; torch's Adam keeps a count beside each


@dataclass(frozen=True)
class Progress:
    """How far a run is. `images` counts real images seen.

    `skipped` counts the steps whose update was left out because a gradient was not finite, `skipped_in_a_row` those of
    them since the last update.
    """

    step: int
    images: int
    seed: int
    skipped: int = 0
    skipped_in_a_row: int = 0


def save_checkpoint(folder: Path, spec: Spec, plan: ModelPlan, trainee: Trainee, progress: Progress) -> Path:
    """Write a checkpoint, whole or not at all.

    One of the same step that is there already is the same and stays, if it is whole; else it is set aside.
    """
    place = folder / step_name(progress.step)
    if is_indexed(place) and not verify(place):
        return place
    if place.exists():
        set_aside(place)
    with atomic_folder(place) as temporary:
        write_model(temporary, spec, plan, trainee.average.network.state_dict(), step=progress.step)
        (temporary / "training").mkdir()
        write_weights(temporary / LIVE_GENERATOR_NAME, trainee.generator.state_dict(), asdict(progress))
        identity = {"discriminator_plan": plan.discriminator_hash}
        write_weights(temporary / DISCRIMINATOR_NAME, trainee.discriminator.state_dict(), asdict(progress) | identity)
        write_weights(temporary / OPTIMIZER_NAME, _optimizer_tensors(trainee), asdict(progress))
        (temporary / STATE_NAME).write_text(json.dumps(asdict(progress)) + "\n", encoding="utf-8")
        write_index(temporary)
    return place


def load_checkpoint(place: Path, trainee: Trainee) -> Progress:
    """Put a checkpoint into the trainee, in place.

    Raises:
        WeightsError: a file is missing, damaged or of another network.
    """
    progress = read_progress(place)
    try:
        load_weights(place / WEIGHTS_NAME, trainee.average.network)
        load_weights(place / LIVE_GENERATOR_NAME, trainee.generator)
        load_weights(place / DISCRIMINATOR_NAME, trainee.discriminator)
        _restore_optimizers(place / OPTIMIZER_NAME, trainee, updated=progress.step > progress.skipped)
    except WeightsError as error:
        if is_indexed(place) and not verify(place):  # it is not the checkpoint's fault: removing it would lose steps
            raise
        raise WeightsError(f"{error}\nremove {place} to resume from the checkpoint before it") from None
    return progress


def read_progress(place: Path) -> Progress:
    """How far a checkpoint is."""
    path = place / STATE_NAME
    try:
        progress = Progress(**parse_json(path.read_text(encoding="utf-8")))
        if not all(isinstance(value, int) and not isinstance(value, bool) for value in asdict(progress).values()):
            raise ValueError("it holds something else than whole numbers")
        if min(asdict(progress).values()) < 0 or progress.step >= _MOST_STEPS:
            raise ValueError("its numbers cannot be a run's")
    except (OSError, ValueError, TypeError) as error:
        raise WeightsError(f"{path} cannot be read ({error}); remove {place} to resume from the one before") from None
    return progress


def _optimizers(trainee: Trainee) -> list[tuple[str, nn.Module, torch.optim.Optimizer]]:
    return [
        ("generator", trainee.generator, trainee.generator_optimizer),
        ("discriminator", trainee.discriminator, trainee.discriminator_optimizer),
    ]


def _optimizer_tensors(trainee: Trainee) -> dict[str, torch.Tensor]:
    """The state of both optimizers as `network:weight:quantity`."""
    tensors: dict[str, torch.Tensor] = {}
    for prefix, network, optimizer in _optimizers(trainee):
        for name, weight in network.named_parameters():
            for quantity, value in optimizer.state[weight].items():
                tensors[f"{prefix}:{name}:{quantity}"] = value
        if _GROUP_STEP in optimizer.param_groups[0]:
            tensors[f"{prefix}::{_GROUP_STEP}"] = torch.tensor(optimizer.param_groups[0][_GROUP_STEP])
    return tensors


def _restore_optimizers(path: Path, trainee: Trainee, *, updated: bool) -> None:
    """Put both optimizers' state back; every quantity of every weight must be there with the weight's shape.

    Until the first update (`updated` is false: none was made, or all were skipped) an optimizer remembers nothing.
    """
    tensors = read_tensors(path)
    wanted = {
        f"{prefix}:{name}:{quantity}": shape
        for prefix, network, optimizer in _optimizers(trainee)
        for name, quantity, shape in _expected(network, optimizer, updated=updated)
    }
    differences = compare(wanted, {name: tuple(tensor.shape) for name, tensor in tensors.items()})
    if differences:
        raise WeightsError(f"{path} holds the optimizer state of another network:\n" + "\n".join(differences))
    for prefix, network, optimizer in _optimizers(trainee):
        weights = dict(network.named_parameters())
        for name, quantity, _ in _expected(network, optimizer, updated=updated):
            value = tensors[f"{prefix}:{name}:{quantity}"]
            if not name:
                optimizer.param_groups[0][quantity] = int(value)
            elif quantity != _GROUP_STEP:  # in the weight's own memory format, which kernels rely on
                optimizer.state[weights[name]][quantity] = torch.empty_like(weights[name]).copy_(value)
            else:
                optimizer.state[weights[name]][quantity] = value


def _expected(
    network: nn.Module, optimizer: torch.optim.Optimizer, *, updated: bool
) -> Iterator[tuple[str, str, tuple[int, ...]]]:
    """Weight, quantity and shape of everything an optimizer remembers."""
    for name, weight in network.named_parameters() if updated else ():
        yield name, "exp_avg_sq", tuple(weight.shape)
        if not isinstance(optimizer, KerasAdam) or optimizer.param_groups[0]["betas"][0]:
            yield name, "exp_avg", tuple(weight.shape)
        if not isinstance(optimizer, KerasAdam):
            yield name, _GROUP_STEP, ()
    if isinstance(optimizer, KerasAdam):
        yield "", _GROUP_STEP, ()
