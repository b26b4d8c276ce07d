"""The discriminator sees real images in the range that the spec names."""

from __future__ import annotations

import torch

from hitzoo.families.compile import compile_spec
from hitzoo.layers.pixel_range import from_unit
from hitzoo.objectives.build import objective_of
from hitzoo.training.engine.runner import StepRunner
from hitzoo.training.engine.state import new_state


def test_real_images_are_brought_to_the_networks_range(tiny_spec) -> None:
    spec = tiny_spec("data.range=imagenet", "training.regularizers=[]")
    plan, device = compile_spec(spec), torch.device("cpu")
    state = new_state(plan, spec.training, 0, device)
    seen: list[torch.Tensor] = []
    state.networks["discriminator"].register_forward_pre_hook(lambda module, given: seen.append(given[0].detach()))
    runner = StepRunner(
        state, objective_of(spec), seed=0, latent_dim=plan.input_width, device=device, pixel_range=plan.pixel_range
    )
    count, side = runner.images_per_step, plan.resolution
    real = torch.randint(0, 256, (count, side, side, 3), dtype=torch.uint8)
    assert runner(1, real).applied
    expected = from_unit((real.float() / 127.5 - 1).permute(0, 3, 1, 2), "imagenet")
    assert any(torch.equal(one[:count], expected) or torch.equal(one[-count:], expected) for one in seen)
