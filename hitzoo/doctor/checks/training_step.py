"""One training step on a device against the same in float64 on the CPU: gradients of both networks."""

from __future__ import annotations

import math
from collections.abc import Mapping
from functools import cache
from typing import Any

import torch
from torch import nn

from hitzoo.doctor.check import Measured
from hitzoo.doctor.checks.compiler import require_compiler
from hitzoo.doctor.checks.specimen import specimen, worst
from hitzoo.objectives.build import objective_of
from hitzoo.objectives.moment import Moment
from hitzoo.objectives.update import Inputs
from hitzoo.plan.role import Role
from hitzoo.runtime.distributed import ALONE
from hitzoo.training.engine.draws import draws_of
from hitzoo.training.engine.execution import Execution, Precision
from hitzoo.training.engine.runner import StepRunner
from hitzoo.training.engine.state import new_state
from hitzoo.training.engine.stream import to_real

LIMITS = {"float32": 1e-3, "tf32": 5e-2, "bf16": 0.3}
_SEED = 0
_PLAIN = Execution(replayed_penalty=False, one_backward=False, onednn_linear=False, channels_last=False)


def training_step(device: torch.device, precision: Precision, *, compiled: bool = False) -> Measured:
    """Make a step as `hitzoo train` does, and compare its gradients: the norm of the difference over the norm."""
    if compiled:
        require_compiler(device)
    spec, plan = specimen()
    state = new_state(plan, spec.training, _SEED, device)
    execution = Execution(precision=precision, compiled=compiled)
    objective = objective_of(spec.training)
    step = StepRunner(state, objective, seed=_SEED, latent_dim=plan.input_width, device=device, execution=execution)
    outcome = step(1, _images())
    if not outcome.applied:
        raise FloatingPointError(f"not finite: {', '.join(outcome.damaged)}")
    expected = expected_gradients()
    value = worst(_distance(network, expected[role]) for role, network in state.networks.items())
    return Measured(value=value, unit="relative", limit=LIMITS[precision])


@cache
def expected_gradients() -> Mapping[Role, tuple[torch.Tensor, ...]]:
    """Gradients of the step in float64, by autograd and torch's own operations alone."""
    spec, plan = specimen()
    state = new_state(plan, spec.training, _SEED, torch.device("cpu"))
    networks: dict[Role, nn.Module] = {role: network.double() for role, network in state.networks.items()}
    (update,) = _PLAIN.objective(objective_of(spec.training), networks).updates(1)
    at = Moment(1, 0, 0)
    draws, random = draws_of(_SEED, update, at, ALONE.shard)
    inputs: Any = Inputs(
        real=to_real(_images(), torch.device("cpu"), channels_last=False).double(),
        latents=draws.normal(plan.input_width).double(),
        random=random,
    )
    with _PLAIN.step():
        update.gradients(_PLAIN.networks(networks), inputs, at)
    return {role: tuple(_gradients(network)) for role, network in networks.items()}


def _images() -> torch.Tensor:
    """Seeded pictures, bytes: [B, R, R, C]."""
    spec, plan = specimen()
    shape = (spec.training.batch_size, plan.resolution, plan.resolution, plan.image_channels)
    return torch.randint(0, 256, shape, dtype=torch.uint8, generator=torch.Generator().manual_seed(3))


def _distance(network: nn.Module, expected: tuple[torch.Tensor, ...]) -> float:
    pairs = list(zip(_gradients(network), expected, strict=True))
    off = sum((found.cpu().double() - wanted).square().sum() for found, wanted in pairs)
    size = sum(wanted.square().sum() for _, wanted in pairs)
    return math.sqrt(off / size)


def _gradients(network: nn.Module) -> list[torch.Tensor]:
    return [torch.zeros_like(weight) if weight.grad is None else weight.grad for weight in network.parameters()]
