"""StyleNAT's attention and images against stored outputs of the published code."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from hitzoo.families.compile import compile_spec
from hitzoo.families.load import load_spec
from hitzoo.layers import build_block
from tests.families.styleswin.test_generator import latents
from tests.families.styleswin.variables import GOLDEN, filled, recipe, variables


@torch.no_grad()
@pytest.mark.parametrize(("stage", "seed", "name"), [(0, 104, "global_4"), (2, 103, "neighborhood_16")])
def test_attention_is_that_of_the_published_code(stage: int, seed: int, name: str) -> None:
    plan = compile_spec(load_spec("stylenat-ffhq256"))
    part = plan.generator.stages[stage].blocks[0]
    block, prefix = build_block(part), f"{part.name}."
    state = {
        one.ours.removeprefix(prefix): torch.from_numpy(np.array(one.to_ours(recipe(one.theirs, one.shape))))
        for one in variables(plan, "generator", "stylenat")
        if one.ours.startswith((f"{prefix}query", f"{prefix}output", f"{prefix}attention")) and not one.form
    }
    assert block.load_state_dict(state, strict=False).unexpected_keys == []
    side = plan.generator.stages[stage].resolution
    drawn = np.random.default_rng([0, seed]).standard_normal((1, side, side, 512)).astype(np.float32)
    query, key, value = block.query_key_value(torch.from_numpy(drawn)).unflatten(-1, (3, 16, -1)).unbind(-3)
    found = block.output(block.attention(query, key, value).flatten(-2))[..., :16]
    np.testing.assert_allclose(found, np.load(GOLDEN / "stylenat256.npz")[name], atol=5e-6)


@pytest.mark.exhaustive
@torch.no_grad()
def test_image_is_that_of_the_published_code() -> None:
    network, _ = filled(compile_spec(load_spec("stylenat-ffhq256")), origin="stylenat")
    error = network(latents(2, 512)[:1])[0, :, ::8, ::8].numpy() - np.load(GOLDEN / "stylenat256.npz")["img_sub8"]
    assert np.sqrt(np.square(error).mean()) < 1e-5
