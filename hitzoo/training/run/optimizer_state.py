"""The state of optimizers as tensors of a checkpoint, named `role:weight:quantity`; stored as the optimizers have it.

A weight that never had a gradient has no state, and so no tensors.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import torch
from torch import nn

from hitzoo.errors import WeightsError
from hitzoo.training.engine.optimizer import kept_per_weight
from hitzoo.training.engine.state import TrainState
from hitzoo.zoo.weights import compare, read_tensors

_GROUP_STEP = "step"  # KerasAdam counts once for all weights; torch's Adam keeps a count beside each


def optimizer_tensors(state: TrainState) -> dict[str, torch.Tensor]:
    """Return the state of all optimizers; a count for all weights of a network is `role::step`."""
    tensors: dict[str, torch.Tensor] = {}
    for role, optimizer in state.optimizers.items():
        for name, weight in state.networks[role].named_parameters():
            for quantity, value in optimizer.state.get(weight, {}).items():
                tensors[f"{role}:{name}:{quantity}"] = value
        if _GROUP_STEP in optimizer.param_groups[0]:
            tensors[f"{role}::{_GROUP_STEP}"] = torch.tensor(optimizer.param_groups[0][_GROUP_STEP])
    return tensors


def restore_optimizers(path: Path, state: TrainState, *, updated: bool) -> None:
    """Put the optimizers' state back.

    Every weight has all quantities that its optimizer keeps, with its shape, or none; in each network some weight has
    them, unless no update was made yet (`updated` is false).

    Raises:
        WeightsError: the file cannot be read, or holds another state.
    """
    tensors = read_tensors(path)
    wanted: dict[str, tuple[int, ...]] = {}
    for role, optimizer in state.optimizers.items():
        wanted |= {
            f"{role}:{name}": shape
            for name, shape in _expected(
                state.networks[role], optimizer, {key.removeprefix(f"{role}:") for key in tensors}, updated=updated
            ).items()
        }
    differences = compare(wanted, {name: tuple(tensor.shape) for name, tensor in tensors.items()})
    if differences:
        raise WeightsError(f"{path} holds the optimizer state of another network:\n" + "\n".join(differences))
    for role, optimizer in state.optimizers.items():
        _restore(state.networks[role], optimizer, f"{role}:", tensors)


def _expected(
    network: nn.Module, optimizer: torch.optim.Optimizer, found: Iterable[str], *, updated: bool
) -> dict[str, tuple[int, ...]]:
    """Return the shapes by `weight:quantity` for the weights of which anything was found, of all if nothing was."""
    kept = kept_per_weight(optimizer)
    weights = dict(network.named_parameters())
    stored = {name.rpartition(":")[0] for name in found} & weights.keys()
    shapes = {
        f"{name}:{quantity}": tuple(weight.shape) if like_weight else ()
        for name, weight in weights.items()
        if name in stored or (updated and not stored)
        for quantity, like_weight in kept.items()
    }
    return shapes | ({f":{_GROUP_STEP}": ()} if _GROUP_STEP in optimizer.param_groups[0] else {})


def _restore(
    network: nn.Module, optimizer: torch.optim.Optimizer, prefix: str, tensors: dict[str, torch.Tensor]
) -> None:
    weights = dict(network.named_parameters())
    for key, value in tensors.items():
        if not key.startswith(prefix):
            continue
        name, _, quantity = key.removeprefix(prefix).rpartition(":")
        if not name:
            optimizer.param_groups[0][quantity] = int(value)
        elif value.shape == weights[name].shape and quantity != _GROUP_STEP:  # in the memory format kernels rely on
            optimizer.state[weights[name]][quantity] = torch.empty_like(weights[name]).copy_(value)
        else:
            optimizer.state[weights[name]][quantity] = value
