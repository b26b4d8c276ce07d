"""Published R3GAN on stored outputs: brownvc/R3GAN in float64, every 4th or 16th pixel."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from hitzoo.families.build import build_discriminator, build_generator
from hitzoo.families.compile import ModelPlan, compile_spec
from hitzoo.families.load import load_spec
from hitzoo.plan.role import Role
from tests.families.golden_recipe import filled
from tests.families.r3gan.variables import rows, scales, variables

GOLDEN = Path(__file__).with_name("golden") / "r3gan.npz"
MOST, RMS = 2e-5, 1e-5

pytestmark = pytest.mark.exhaustive


def network(plan: ModelPlan, role: Role) -> torch.nn.Module:
    known = variables(plan, role)
    return filled((build_generator if role == "generator" else build_discriminator)(plan), known, scales(known))


def images(count: int, side: int) -> torch.Tensor:
    drawn = np.random.default_rng([0, 101]).uniform(-1, 1, (count, 3, side, side))
    return torch.from_numpy(drawn.astype(np.float32))


@pytest.mark.parametrize(("name", "step", "count"), [("cifar10", 4, 2), ("ffhq256", 16, 1)])
@torch.inference_mode()
def test_outputs(name: str, step: int, count: int) -> None:
    plan = compile_spec(load_spec(f"r3gan-{name}"))
    with np.load(GOLDEN) as file:
        golden = {key: torch.from_numpy(file[f"{name}_{key}"]) for key in ("img", "logits")}
    z = torch.from_numpy(np.random.default_rng([0, 100]).standard_normal((8, 64)).astype(np.float32))[
        : len(golden["img"])
    ]
    labels = 3 * torch.arange(len(z)) % 10
    given = rows(z, labels, 10) if name == "cifar10" else z
    difference = network(plan, "generator")(given)[:, :, ::step, ::step] - golden["img"]
    assert difference.abs().max() < MOST
    assert difference.square().mean().sqrt() < RMS
    labels = torch.arange(count) % 10 if name == "cifar10" else None
    logits = network(plan, "discriminator")(images(count, plan.resolution), labels)
    assert (logits - golden["logits"]).abs().max() < MOST
