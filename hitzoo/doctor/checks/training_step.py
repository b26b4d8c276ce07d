"""One training step on a device against the same in float64 on the CPU: gradients of both networks."""

from __future__ import annotations

import math
from collections.abc import Mapping
from functools import cache

import torch
from torch import nn

from hitzoo.doctor.check import Measured
from hitzoo.doctor.checks.compiler import require_compiler
from hitzoo.doctor.checks.specimen import specimen, worst
from hitzoo.objectives.build import objective_of
from hitzoo.plan.role import Role
from hitzoo.training.engine.execution import Execution, Precision
from hitzoo.training.engine.runner import StepRunner
from hitzoo.training.engine.state import TrainState, new_state

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
    objective = objective_of(spec)
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
    cpu = torch.device("cpu")
    state = new_state(plan, spec.training, _SEED, cpu)
    networks: dict[Role, nn.Module] = {role: _InFloat64(network) for role, network in state.networks.items()}
    exact = TrainState(networks=networks, averages={}, optimizers=state.optimizers)
    objective = objective_of(spec)
    StepRunner(exact, objective, seed=_SEED, latent_dim=plan.input_width, device=cpu, execution=_PLAIN)(1, _images())
    return {role: tuple(_gradients(network)) for role, network in networks.items()}


class _InFloat64(nn.Module):
    """A network with its weights and inputs in float64."""

    def __init__(self, network: nn.Module) -> None:
        super().__init__()
        self.network = network.double()

    def forward(self, inputs: torch.Tensor) -> torch.Tensor:
        found: torch.Tensor = self.network(inputs.double())
        return found


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
