"""Token noise of whole networks: of a seed, whatever the batch; none where a row says so."""

from __future__ import annotations

import numpy as np
import torch

from hitzoo.families.build import build_network
from hitzoo.families.compile import ModelPlan
from hitzoo.layers.inputs import split_inputs
from hitzoo.sampling.latents import as_latents, latents_of_seeds, truncated
from tests.families.transgan.variables import filled, images, tiny, without_noise


def rows_of(plan: ModelPlan, *seeds: int) -> torch.Tensor:
    return torch.from_numpy(latents_of_seeds(seeds, plan.input_width)).double()


def test_seed_means_one_image_in_any_batch() -> None:
    plan = tiny("church256")
    network, _ = filled(plan, "generator", torch.float64)
    together = network(rows_of(plan, 3, 1, 4))
    torch.testing.assert_close(network(rows_of(plan, 1)), together[1:2], rtol=1e-12, atol=1e-12)
    without = network(without_noise(plan, rows_of(plan, 1)[:, :-1]))
    assert (without - together[1:2]).abs().max() > 1e-3, "there is noise, and it changes the image"


def test_latent_without_a_key_has_no_noise() -> None:
    plan = tiny("church256")
    network, _ = filled(plan, "generator", torch.float64)
    z = latents_of_seeds([5], plan.latent_dim)
    rows = torch.from_numpy(as_latents(z, plan.input_width, plan.generator.takes)).double()
    torch.testing.assert_close(rows, without_noise(plan, torch.from_numpy(z).double()))
    silent = network(rows)
    for name, weight in network.named_parameters():
        if name.endswith("noise.strength"):
            weight.data.zero_()
    torch.testing.assert_close(network(rows_of(plan, 5)), silent, rtol=1e-12, atol=1e-12)


def test_truncation_leaves_the_key_alone() -> None:
    plan = tiny("celebahq256")
    rows = latents_of_seeds([0, 1], plan.input_width)
    scaled = truncated(rows, plan.generator.takes, 0.5)
    np.testing.assert_array_equal(scaled[:, :-1], rows[:, :-1] / 2)
    np.testing.assert_array_equal(scaled[:, -1], rows[:, -1])


def test_a_discriminator_has_the_noise_of_its_keys() -> None:
    plan = tiny("cifar10")
    network, _ = filled(plan, "discriminator", torch.float64)
    image, keys = images(plan, 3).double(), torch.tensor([7, 8, 9])
    together = network(image, keys)
    torch.testing.assert_close(network(image[1:2], keys[1:2]), together[1:2], rtol=1e-12, atol=1e-12)
    assert (network(image) - together).abs().min() > 1e-6


def test_every_attention_has_noise_of_its_own() -> None:
    network = build_network(tiny("church256"), "generator")
    numbers = [module.number for module in network.modules() if hasattr(module, "number")]
    assert numbers == list(range(8))


def test_a_row_is_the_latent_and_a_key() -> None:
    plan = tiny("church256")
    z, keys = split_inputs(rows_of(plan, 0, 1).float(), plan.generator.takes)
    assert z.shape == (2, 6)
    assert keys.dtype == torch.int64
    assert keys[0] != keys[1]
