"""Weights that an objective gives no gradient, found on the meta device, where a step costs no arithmetic.

Several processes must know them: DistributedDataParallel waits for a gradient of every weight it was not told of.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import torch
from torch import nn

from hitzoo.layers.batch_statistics import per_replica
from hitzoo.layers.norm import set_statistics
from hitzoo.objectives.update import Objective, Update
from hitzoo.plan.role import Role

META = torch.device("meta")
_STEPS = (1, 2)  # every lazy term is taken in the first; in the second none but those of every step


@dataclass(frozen=True)
class UnusedWeights:
    """Names of a network's weights that have a gradient in none of its updates, and in some of them only."""

    never: frozenset[str] = frozenset()
    sometimes: frozenset[str] = frozenset()


def meta_copy(network: nn.Module) -> nn.Module:
    """Copy a network without the contents of its weights; batch norms take their statistics alone."""
    memo: dict[int, Any] = {}
    for tensor in (*network.parameters(), *network.buffers()):
        empty = torch.empty_like(tensor, device=META)
        memo[id(tensor)] = nn.Parameter(empty, tensor.requires_grad) if isinstance(tensor, nn.Parameter) else empty
    copied = copy.deepcopy(network, memo)
    set_statistics(copied, per_replica)
    return copied


def unused_weights(
    networks: Mapping[Role, nn.Module], objective: Objective, gradients: Callable[[Update, int, int], object]
) -> dict[Role, UnusedWeights]:
    """Return, by role, which weights of these networks `gradients(update, step, index)` leaves without a gradient."""
    found: dict[Role, dict[str, set[bool]]] = {role: {} for role in networks}
    for step in _STEPS:
        for index, update in enumerate(objective.updates(step)):
            gradients(update, step, index)
            for role in (*update.moves, *update.leaves):
                for name, weight in networks[role].named_parameters():
                    if weight.requires_grad:
                        found[role].setdefault(name, set()).add(weight.grad is not None)
    return {
        role: UnusedWeights(_names(weights, {False}), _names(weights, {False, True})) for role, weights in found.items()
    }


def _names(weights: Mapping[str, Iterable[bool]], has_gradient: set[bool]) -> frozenset[str]:
    return frozenset(name for name, seen in weights.items() if seen == has_gradient)
