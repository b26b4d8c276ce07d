"""The networks against a slow reference written from the description of the published ones."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from hitzoo.families.compile import compile_spec
from hitzoo.families.load import load_spec
from hitzoo.layers import token_noise
from hitzoo.plan.role import Role
from tests.families.transgan import reference
from tests.families.transgan.variables import (
    GOLDEN,
    TINY,
    fill,
    filled,
    images,
    latents,
    published_shapes,
    tiny,
    variables,
    without_noise,
)

DEPTHS = {"cifar10": (5, 4, 2), "stl10": (7, 5, 3), "church256": (5, 4, 4, 4, 4, 4), "celebahq256": (5, 4, 4, 4, 4, 4)}
TINY_DEPTHS = {
    "cifar10": (2, 1, 1),
    "stl10": (1, 2, 1),
    "church256": (2, 1, 1, 1, 2, 1),
    "celebahq256": (9, 1, 1, 1, 2, 1),
}
WINDOWS = {"church256": {"blocks_1": 16}, "celebahq256": {"blocks_1": 4, "blocks_2": 4}}
TINY_WINDOWS = {"church256": {"blocks_1": 4}, "celebahq256": {"blocks_1": 2, "blocks_2": 2}}
PADDING = {"celebahq256": {"fRGB_1": 1}}


def generated(config: str, weights: reference.Weights, z: torch.Tensor, depths: tuple[int, ...], window: int):
    if len(depths) == 3:
        return reference.small_generator(weights, z, depths)
    return reference.large_generator(weights, z, depths, window)


@pytest.mark.parametrize("config", TINY)
def test_tiny_generators(config: str) -> None:
    plan = tiny(config)
    network, weights = filled(plan, "generator", torch.float64)
    z = latents(plan).double()
    expected = generated(config, weights, z, TINY_DEPTHS[config], 4)
    torch.testing.assert_close(network(without_noise(plan, z)), expected, rtol=1e-10, atol=1e-10)


@pytest.mark.parametrize("config", TINY)
def test_tiny_discriminators(config: str) -> None:
    plan = tiny(config)
    network, weights = filled(plan, "discriminator", torch.float64)
    image = images(plan).double()
    expected = reference.discriminator(weights, image, TINY_WINDOWS.get(config, {}), PADDING.get(config, {}))
    torch.testing.assert_close(network(image), expected[:, 0], rtol=1e-10, atol=1e-10)


@pytest.mark.parametrize("config", DEPTHS)
@pytest.mark.parametrize("role", ["generator", "discriminator"])
def test_variables_are_the_published_ones(config: str, role: Role) -> None:
    plan = compile_spec(load_spec(f"transgan-{config}"))
    found = variables(plan, role)
    assert {one.theirs: one.shape for one in found} == published_shapes(config, role)
    assert len({one.ours for one in found}) == len(found)


def test_golden_discriminator_of_cifar10(monkeypatch: pytest.MonkeyPatch) -> None:
    plan, golden = compile_spec(load_spec("transgan-cifar10")), np.load(GOLDEN / "cifar10.npz")
    network, _ = filled(plan, "discriminator")
    with torch.no_grad():
        np.testing.assert_allclose(network(images(plan)).numpy(), golden["d_out"][:, 0], atol=1e-5)

        def drawn(keys: torch.Tensor, number: int, count: int) -> torch.Tensor:
            noise = np.random.default_rng(1000 + number).standard_normal((len(keys), count, 1))
            return torch.from_numpy(noise.astype(np.float32)[..., 0])

        monkeypatch.setattr(token_noise, "token_noise", drawn)
        noisy = network(images(plan), torch.zeros(2, dtype=torch.long))
    np.testing.assert_allclose(noisy.numpy(), golden["d_out_detnoise"][:, 0], atol=1e-5)


@pytest.mark.exhaustive
@pytest.mark.parametrize("config", ["cifar10", "church256"])
def test_golden_networks(config: str) -> None:
    plan, golden = compile_spec(load_spec(f"transgan-{config}")), np.load(GOLDEN / f"{config}.npz")
    step = plan.resolution // golden["g_out"].shape[-1]
    with torch.no_grad():
        out = filled(plan, "generator")[0](without_noise(plan, latents(plan)))
        np.testing.assert_allclose(out[..., ::step, ::step].numpy(), golden["g_out"], atol=1e-4)
        logits = filled(plan, "discriminator")[0](images(plan))
    np.testing.assert_allclose(logits.numpy(), golden["d_out"][:, 0], atol=1e-5)


@pytest.mark.exhaustive
@pytest.mark.parametrize("config", ["stl10", "celebahq256"])
def test_networks_without_golden_vectors(config: str) -> None:
    """In float32, where one of CelebA-HQ filled at random is off by thousandths; the tiny ones are compared closely."""
    plan = compile_spec(load_spec(f"transgan-{config}"))
    with torch.no_grad():
        network, weights = filled(plan, "generator")
        z = latents(plan, 1)
        expected = generated(config, weights, z, DEPTHS[config], 16)
        atol = 1e-2 if config == "celebahq256" else 1e-4
        torch.testing.assert_close(network(without_noise(plan, z)), expected, rtol=0, atol=atol)
        network, weights = filled(plan, "discriminator")
        image = images(plan, 1)
        expected = reference.discriminator(weights, image, WINDOWS.get(config, {}), PADDING.get(config, {}))
        torch.testing.assert_close(network(image), expected[:, 0], rtol=0, atol=1e-5)


@pytest.mark.parametrize(
    ("name", "shape", "first"),
    [
        ("blocks.block.0.norm1.norm.weight", (1024,), (1.0166544, 0.9811111, 1.0081127)),
        ("pos_embed_1", (1, 64, 1024), (-0.0206306, -0.0107849, 0.0084641)),
    ],
)
def test_recipe_gives_its_own_examples(name: str, shape: tuple[int, ...], first: tuple[float, ...]) -> None:
    np.testing.assert_allclose(fill(name, shape).flatten()[:3], first, atol=1e-7)
