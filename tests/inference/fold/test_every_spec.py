"""Every generator of the shipped specs, at its full size: the images of the fast float32 path are the reference's."""

from __future__ import annotations

import pytest
import torch

from hitzoo.inference.fold.fold import fold
from hitzoo.inference.fold.kernels import kernels_for
from hitzoo.models.build import build_generator
from hitzoo.plan.compile import ModelPlan, compile_spec
from hitzoo.spec.load import load_spec
from hitzoo.spec.shipped import shipped_specs
from tests.support import fill

PLANS: dict[str, ModelPlan] = {}
for name in shipped_specs():
    found = compile_spec(load_spec(name))
    PLANS.setdefault(found.generator_hash, found)  # many differ in their training alone


@pytest.mark.slow
@pytest.mark.parametrize("plan", PLANS.values(), ids=lambda plan: plan.name)
@torch.inference_mode()
def test_one_image(plan: ModelPlan) -> None:
    """Larger weights than 0.03 make chaotic networks, where float32 itself is off by more than the limit."""
    module = fill(build_generator(plan), scale=0.03).eval()
    z = torch.randn(1, plan.generator.latent_dim, generator=torch.Generator().manual_seed(0))
    expected = module(z)
    images = fold(module, kernels_for(torch.float32, torch.device("cpu")))(z)
    assert (images - expected).abs().max() <= 1e-5 * expected.abs().max()
