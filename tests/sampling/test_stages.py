"""What each stage adds to an image."""

from __future__ import annotations

import numpy as np
import pytest
import torch
import torch.nn.functional as F

from hitzoo.families.build import build_generator
from hitzoo.families.compile import compile_spec
from hitzoo.families.load import parse_spec
from hitzoo.sampling.generator import Generator
from hitzoo.sampling.latents import latents_of_seeds
from hitzoo.sampling.stages import stage_images
from tests.support import fill, one_thread

HIT = """
  family: hit
  latent_dim: 6
  initial_size: 4
  latent_tokens: 2
  stages:
    - {channels: 8, heads: 2, depth: 1, attention: multi_axis, block_size: 2}
    - {channels: 4, heads: 2, depth: 1, attention: none}
    - {channels: 4, heads: 2, depth: 1, attention: none}
"""
STYLEGAN2 = """
  {family: stylegan2, latent_dim: 4, style_dim: 4, mapping_layers: 1, channels: [4, 4, 4], noise: none}
"""
TRANSGAN = "{family: transgan, latent_dim: 4, stages: [{channels: 16, depth: 1, heads: 2}, {depth: 1, heads: 2}]}"


def generator_of(section: str) -> Generator:
    text = f"hitzoo: 1\nname: tiny\ngenerator: {section}\ndiscriminator: {{family: stylegan2, channels: [4, 6, 8]}}\n"
    spec = parse_spec(text, "tiny.yaml")
    plan = compile_spec(spec)
    return Generator(spec, plan, fill(build_generator(plan), 0.3).eval(), torch.device("cpu"))


@pytest.mark.parametrize(("section", "sides"), [(HIT, [8, 16]), (STYLEGAN2, [4, 8, 16])])
def test_last_stage_leaves_the_image(section: str, sides: list[int]) -> None:
    generator = generator_of(section)
    row = latents_of_seeds([3], generator.plan.input_width)
    with one_thread():
        stages = stage_images(generator, row, 0.7)
        wanted = generator.sample(seeds=[3], truncation=0.7).raw[0]
    assert [stage.side for stage in stages] == sides
    np.testing.assert_allclose(stages[-1].image, wanted, atol=1e-6)
    np.testing.assert_array_equal(stages[0].added, stages[0].image)


def test_stage_of_hit_adds_to_the_nearest_pixels_of_the_one_before() -> None:
    generator = generator_of(HIT)
    first, second = stage_images(generator, latents_of_seeds([3], 6))
    enlarged = first.image.repeat(2, axis=0).repeat(2, axis=1)
    np.testing.assert_allclose(enlarged + second.added, second.image, atol=1e-6)
    assert np.abs(second.added).max() > 0.01


def test_stage_of_stylegan2_adds_to_the_smoothed_image_of_the_one_before() -> None:
    generator = generator_of(STYLEGAN2)
    _, second, third = stage_images(generator, latents_of_seeds([3], 4))
    taps = torch.tensor([1.0, 3.0, 3.0, 1.0]) / 4
    image = torch.from_numpy(second.image).permute(2, 0, 1)[:, None]
    spread = F.conv_transpose2d(image, torch.outer(taps, taps)[None, None], stride=2, padding=1)
    enlarged = spread[:, 0].permute(1, 2, 0).numpy()
    np.testing.assert_allclose(enlarged + third.added, third.image, atol=1e-6)


def test_hooks_are_taken_away() -> None:
    generator = generator_of(HIT)
    stage_images(generator, latents_of_seeds([3], 6))
    assert not any(module._forward_hooks for module in generator.module.modules())
