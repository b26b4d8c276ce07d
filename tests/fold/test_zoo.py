"""The networks that the zoo's specs describe, folded: the same images to 1e-5 of their largest value.

One of each family that has rewrites by default, the smallest: the others differ in widths, depths and kinds of blocks,
and a family's own tests fold every kind in small. One of each kind in `make test-all`.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import torch
from _pytest.mark import ParameterSet
from torch import nn

from hitzoo.families.build import build_generator
from hitzoo.families.compile import ModelPlan, compile_spec
from hitzoo.families.fold import fold
from hitzoo.families.load import parse_spec
from hitzoo.families.registry import families
from hitzoo.fold.kernels import kernels_for
from hitzoo.runtime.seeding import Purpose, drawing_weights
from tests.fold.specs import DECODERS, FOUR_STAGES, VARIANTS, shape_of_input
from tests.plan.parts import parts
from tests.plan.shipped import kind, one_of_each, operations, shipped_plans

LIMIT = 1e-5
TOO_MANY = 400e9  # operations of an image; the test of such a family folds a small one
MANY = 5e9  # more than this in an exhaustive test only


def networks() -> list[ModelPlan]:
    """The cheapest shipped spec of each kind of generator."""
    plans = one_of_each(shipped_plans(), lambda plan: kind(plan, "generator"), cost=operations)
    return [plan for plan in plans if plan.costs()["generator"].flops < TOO_MANY]


def one_per_family() -> Iterator[ParameterSet]:
    """One of each kind; not exhaustive is the smallest of each family that is rewritten, unless that is large too."""
    seen = {name for name, family in families("generator").items() if family.fold is None}
    for plan in sorted(networks(), key=lambda plan: plan.costs()["generator"].flops):
        family = plan.generator.family
        more = family in seen or plan.costs()["generator"].flops > MANY
        yield pytest.param(plan, marks=[pytest.mark.exhaustive] if more else [], id=plan.name)
        seen.add(family)


def test_small_networks_have_every_kind_of_block_of_hit() -> None:
    """What makes one network of that family enough."""
    every = (VARIANTS | DECODERS).values()
    small = [compile_spec(parse_spec(FOUR_STAGES, "four", overrides)) for overrides in every]
    shipped = [plan for plan in shipped_plans() if plan.generator.family == "hit"]
    of_shipped, of_small = (
        {part.kind for plan in plans for part in parts(plan.generator)} for plans in (shipped, small)
    )
    assert of_shipped <= of_small


@torch.no_grad()
def as_if_trained(plan: ModelPlan) -> nn.Module:
    """Initial weights with statistics, scales and biases of a trained network's size, and attention that chooses."""
    with drawing_weights(5, Purpose.GENERATOR_WEIGHTS):
        module = build_generator(plan).eval().requires_grad_(False)
        for name, tensor in module.state_dict().items():
            if name.endswith("running_var"):
                tensor.uniform_(0.5, 1.5)
            elif name.endswith((".query.weight", ".key.weight")):
                tensor.mul_(4)
            elif tensor.ndim == 1:
                tensor.add_(0.2 * torch.randn_like(tensor))
    return module


def distance(images: torch.Tensor, expected: torch.Tensor) -> float:
    """Measure the largest difference, as a share of the largest value."""
    return float((images - expected).abs().max() / expected.abs().max())


@pytest.mark.parametrize("plan", list(one_per_family()))
def test_fold_makes_the_same_images(plan: ModelPlan) -> None:
    module = as_if_trained(plan)
    z = torch.randn(1, *shape_of_input(plan.generator.takes), generator=torch.Generator().manual_seed(1))
    with torch.inference_mode():
        images = fold(module, kernels_for(torch.float32, torch.device("cpu")))(z)
        plain, limit = module(z), LIMIT
        expected = plain
        if plan.generator.family == "convnet":  # torch's own convolutions are about 1e-5 off, by processor and release
            expected = module.double()(z.double()).float()
            limit = max(LIMIT, 1.5 * distance(plain, expected))
    assert expected.std() > (0.03 if plan.image_channels > 1 else 0.002)  # grey has no spread over channels
    assert distance(images, expected) <= limit
