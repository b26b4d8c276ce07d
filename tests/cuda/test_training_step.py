"""A training step on a card against float64 on the CPU, and how often it waits for the device."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from hitzoo.families.compile import compile_spec
from hitzoo.families.load import parse_spec
from hitzoo.objectives.build import objective_of
from hitzoo.objectives.moment import Moment
from hitzoo.objectives.update import Inputs
from hitzoo.spec.types import Spec
from hitzoo.training.engine.draws import draws_of
from hitzoo.training.engine.execution import Execution
from hitzoo.training.engine.runner import StepRunner
from hitzoo.training.engine.state import new_state
from tests.conftest import TINY
from tests.cuda.waits import waits_in
from tests.support import fill

pytestmark = pytest.mark.cuda

CPU = torch.device("cpu")
PLAIN = Execution(replayed_penalty=False, one_backward=False)
RECIPES = {
    "r1 and bcr": (),
    "no penalty, layer norm": ("training.regularizers=[]", "generator.norm=layer"),
    "ghost norm": ("training.norm_statistics=4", "training.batch_size=8"),
    "checkpointing": ("training.activation_checkpointing=all",),
    "ada": ("training.augment={kind: ada, strength: 0.7, transforms: [blit, geometry, color, filter, noise, cutout]}",),
}
WAYS = {
    "float32": (Execution(), 1e-4),
    "channels-first": (Execution(channels_last=False), 1e-4),
    "plain": (PLAIN, 1e-4),
    "deterministic": (Execution(deterministic=True), 1e-4),
    "tf32": (Execution(precision="tf32"), 2e-2),
    "bf16": (Execution(precision="bf16"), 0.2),
}


def gradients(spec: Spec, execution: Execution, device: torch.device, dtype: torch.dtype) -> dict[str, torch.Tensor]:
    """One vector for each network."""
    plan = compile_spec(spec)
    networks = new_state(plan, spec.training, 0, CPU).networks
    for network in networks.values():
        fill(network, scale=0.1).to(device, dtype)
    (update,) = execution.objective(objective_of(spec), networks).updates(1)
    latents, random = draws_of(0, update, Moment(step=1), plan.input_width, device)
    side = plan.resolution
    real = torch.rand(update.images, side, side, 3, generator=torch.Generator().manual_seed(2)) * 2 - 1
    inputs = Inputs(
        real=real.permute(0, 3, 1, 2).to(device, dtype),
        latents=latents.normal(plan.input_width).to(device, dtype),
        random=random,
        forward=lambda: execution.forward(device),
    )
    with execution.step():
        update.gradients(execution.networks(networks), inputs, Moment(step=1))
    return {role: _vector(network) for role, network in networks.items()}


def _vector(network: nn.Module) -> torch.Tensor:
    return torch.cat([weight.grad.double().cpu().flatten() for weight in network.parameters()])


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("recipe", RECIPES)
def test_gradients_are_float64s(card: torch.device, recipe: str, way: str) -> None:
    spec = parse_spec(TINY, "tiny", RECIPES[recipe])
    execution, limit = WAYS[way]
    found = gradients(spec, execution, card, torch.float32)
    expected = gradients(spec, PLAIN, CPU, torch.float64)
    for role, vector in expected.items():
        assert (found[role] - vector).norm() <= limit * vector.norm(), role


def runner(spec: Spec, device: torch.device, micro_batches: int = 1) -> StepRunner:
    plan = compile_spec(spec)
    state = new_state(plan, spec.training, 0, device)
    objective, width = objective_of(spec), plan.input_width
    return StepRunner(state, objective, seed=0, latent_dim=width, device=device, micro_batches=micro_batches)


def some_bytes(count: int, side: int) -> torch.Tensor:
    random = torch.Generator().manual_seed(3)
    return torch.randint(0, 256, (count, side, side, 3), dtype=torch.uint8, generator=random)


@pytest.mark.parametrize("pieces", [1, 2])
def test_steps_have_the_losses_of_the_cpu(card: torch.device, pieces: int) -> None:
    spec = parse_spec(TINY, "tiny", ("training.norm_statistics=2",))
    here, there = (runner(spec, device, pieces) for device in (CPU, card))
    for step in range(1, 4):
        own, other = (one(step, some_bytes(4, 32)) for one in (here, there))
        assert own.applied
        assert other.applied
        for name, value in own.losses.terms.items():
            assert float(other.losses.terms[name]) == pytest.approx(float(value), rel=1e-3, abs=1e-4)


@pytest.mark.parametrize("pieces", [1, 4])
@pytest.mark.parametrize("checkpointing", ["none", "all"])
def test_step_waits_once(real_card: torch.device, pieces: int, checkpointing: str) -> None:
    spec = parse_spec(TINY, "tiny", (f"training.activation_checkpointing={checkpointing}",))
    step, images = runner(spec, real_card, pieces), some_bytes(4, 32).pin_memory()
    for number in (1, 2):  # tables and kernels are made
        step(number, images)
    found = waits_in(lambda: step(3, images))
    assert len(found) == 1, "\n".join(found)


def test_memory_of_failed_attempt_is_free_again(real_card: torch.device) -> None:
    """After a size that does not fit: as much is allocated as before, and a step can be made."""
    spec = parse_spec(TINY, "tiny")
    step = runner(spec, real_card)
    step(1, some_bytes(4, 32))
    before = torch.cuda.memory_allocated(real_card)
    with pytest.raises(torch.cuda.OutOfMemoryError):
        torch.empty(1 << 50, device=real_card)
    torch.cuda.empty_cache()
    assert torch.cuda.memory_allocated(real_card) == before
    assert step(2, some_bytes(4, 32)).applied
