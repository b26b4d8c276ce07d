"""Published StyleGAN2 at 256×256 on stored outputs: rosinality/stylegan2-pytorch in float64, every 16th pixel."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from hitzoo.families.build import build_discriminator, build_generator
from hitzoo.families.compile import ModelPlan, compile_spec
from hitzoo.families.load import load_spec
from hitzoo.families.stylegan2_generator.model import Stylegan2Generator
from tests.families.golden_recipe import filled, noise
from tests.families.stylegan2_generator.variables import DISCRIMINATOR, GENERATOR, variables

GOLDEN = Path(__file__).with_name("golden") / "stylegan2_256.npz"
MOST, RMS = 2e-5, 1e-5

pytestmark = pytest.mark.exhaustive


@pytest.fixture(scope="module")
def golden() -> dict[str, torch.Tensor]:
    with np.load(GOLDEN) as file:
        return {name: torch.from_numpy(file[name]) for name in file.files}


def latent(purpose: int) -> torch.Tensor:
    return torch.from_numpy(np.random.default_rng([0, purpose]).standard_normal((2, 512)).astype(np.float32))[:1]


def plan_of(*overrides: str) -> ModelPlan:
    return compile_spec(load_spec("stylegan2-ffhq256", overrides))


def check(images: torch.Tensor, expected: torch.Tensor) -> None:
    difference = images[:, :, ::16, ::16] - expected
    assert difference.abs().max() < MOST
    assert difference.square().mean().sqrt() < RMS


@torch.inference_mode()
def test_images(golden: dict[str, torch.Tensor]) -> None:
    plan = plan_of("generator.noise=none")
    network = filled(build_generator(plan), variables(plan), GENERATOR)
    assert isinstance(network, Stylegan2Generator)
    w = network.mapping(latent(100))
    assert (w - golden["w"]).abs().max() < MOST
    check(network(latent(100)), golden["img"])
    other = network.mapping(latent(102))
    mixed = torch.stack([w] * 5 + [other] * 9, dim=1)
    check(network.synthesis(mixed, None), golden["img_mix_inject5"])
    network.mapping.mean.copy_(torch.from_numpy(0.5 * noise("latent_avg", (1, 512)))[0])
    network.mapping.truncate(0.7, lambda width: pytest.fail("the mean is stored"))
    check(network(latent(100)), golden["img_trunc07"])


@torch.inference_mode()
def test_stored_noise(golden: dict[str, torch.Tensor]) -> None:
    plan = plan_of("generator.noise=constant")
    network = filled(build_generator(plan), variables(plan), GENERATOR)
    check(network(latent(100)), golden["img_fixednoise"])


@torch.inference_mode()
def test_logits(golden: dict[str, torch.Tensor]) -> None:
    plan = plan_of()
    critic = filled(build_discriminator(plan), variables(plan, "discriminator"), DISCRIMINATOR)
    x = torch.from_numpy(np.random.default_rng([0, 101]).uniform(-1, 1, (8, 3, 256, 256)).astype(np.float32))
    assert (critic(x[:1]) - golden["d_logits1"]).abs().max() < 1e-5
