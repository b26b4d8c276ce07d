"""The optimized generators: the same images."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from hitzoo.families.build import build_generator
from hitzoo.families.compile import ModelPlan, compile_spec
from hitzoo.families.fold import fold
from hitzoo.families.load import load_spec
from hitzoo.fold.kernels import kernels_for, plain_kernels
from hitzoo.fold.transformer import OptimizedTransformerBlock
from hitzoo.layers.transformer_block import TransformerBlock
from hitzoo.sampling.latents import latents_of_seeds
from tests.families.transgan.variables import TINY, tiny
from tests.support import fill


def large(plan: ModelPlan, dtype: torch.dtype = torch.float64) -> nn.Module:
    """A generator whose every weight is large enough to matter, in evaluation."""
    return fill(build_generator(plan).to(dtype), scale=0.2).eval().requires_grad_(False)


def rows(plan: ModelPlan) -> torch.Tensor:
    return torch.from_numpy(latents_of_seeds([1, 2], plan.input_width))


@pytest.mark.parametrize("config", TINY)
def test_rewrites_are_exact(config: str) -> None:
    plan = tiny(config)
    network = large(plan)
    with torch.inference_mode():
        expected = network(rows(plan).double())
        found = fold(network, plain_kernels(torch.float64))(rows(plan).double())
    torch.testing.assert_close(found, expected, rtol=1e-10, atol=1e-10 * float(expected.abs().max()))


@pytest.mark.parametrize("config", ["stl10", "celebahq256"])
def test_kernels_of_a_cpu_make_the_same_images(config: str) -> None:
    plan = tiny(config)
    network = large(plan)
    with torch.inference_mode():
        expected = network(rows(plan).double())
        plain = network.float()(rows(plan))
        found = fold(network, kernels_for(torch.float32, torch.device("cpu")))(rows(plan))
    limit = max(1e-5 * expected.abs().max(), 3 * (plain - expected).abs().max())  # a random filling multiplies rounding
    assert (found - expected).abs().max() < limit


def test_narrower_numbers_have_the_same_noise() -> None:
    plan = tiny("church256")
    network = large(plan, torch.float32)
    with torch.inference_mode():
        expected = network(rows(plan))
        found = fold(network, plain_kernels(torch.bfloat16))(rows(plan))
        other = network(rows(plan) * torch.tensor([1.0] * plan.latent_dim + [1.01]))
    assert (found - expected).abs().mean() < 0.2 * (other - expected).abs().mean()


@pytest.mark.parametrize("attention", ["global", "regional", "axial", "nystrom"])
@pytest.mark.parametrize("norm", ["layer", "pixel"])
@pytest.mark.parametrize("noise", [False, True])
def test_every_kind_of_block(attention: str, norm: str, noise: bool) -> None:
    side = {"global": 6, "regional": 3}.get(attention, 0)
    block = TransformerBlock(
        channels=8, heads=2, norm=norm, expansion=2, attention=attention, position_side=side, noise=noise
    )
    block = fill(block.double(), scale=0.5).eval()
    shape = (2, 4, 9, 8) if attention == "regional" else (2, 6, 6, 8)
    x, keys = torch.randn(shape, dtype=torch.float64, generator=torch.Generator().manual_seed(1)), torch.tensor([3, 4])
    with torch.inference_mode():
        found = OptimizedTransformerBlock(block, plain_kernels(torch.float64))(x, None, keys)
        torch.testing.assert_close(found, block(x, None, keys), rtol=1e-10, atol=1e-10)


@pytest.mark.exhaustive
@pytest.mark.parametrize("name", ["transgan-cifar10", "transgan-stl10"])
def test_shipped_networks(name: str) -> None:
    plan = compile_spec(load_spec(name))
    network = build_generator(plan).eval().requires_grad_(False)
    with torch.inference_mode():
        found = fold(network, kernels_for(torch.float32, torch.device("cpu")))(rows(plan))
        expected = network(rows(plan))
    assert (found - expected).abs().max() < 1e-5 * expected.abs().max()
