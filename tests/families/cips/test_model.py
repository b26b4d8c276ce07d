"""CIPS against a slow reference and against what the published code computes."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from hitzoo.families.cips.model import Pixels
from hitzoo.families.compile import compile_spec
from hitzoo.families.fold import fold
from hitzoo.families.load import load_spec
from hitzoo.fold.kernels import kernels_for, plain_kernels
from hitzoo.layers.inputs import split_inputs
from hitzoo.layers.keyed_noise import normal, stream_of
from tests.families.cips.reference import image_of
from tests.families.cips.variables import filled, latents, published, tiny, without_noise
from tests.plan.test_activations import check_plan

GOLDEN = Path(__file__).with_name("golden") / "crop.npz"


def no_noise(layer: int, row: int, column: int) -> float:
    return 0.0


@pytest.mark.parametrize("trained", [False, True])
def test_agrees_with_the_reference(trained: bool) -> None:
    plan = tiny()
    network = filled(plan).double().train(trained)
    z = latents(plan)
    with torch.no_grad():
        images = network(without_noise(plan, z.double())).numpy()
    for image, own in zip(images, z.numpy(), strict=True):
        expected = image_of(published(plan), own, 8, no_noise, trained=trained)
        np.testing.assert_allclose(image, expected, atol=2e-12)


def test_noise_follows_from_the_key_and_the_pixel() -> None:
    plan = tiny()
    network = filled(plan, noise=True).double()
    rows = torch.cat((latents(plan), torch.tensor([[0.3], [-1.2]])), dim=1).double()
    keys = split_inputs(rows, plan.generator.takes)[1]
    drawn = [normal(stream_of(keys, layer), 64).view(2, 8, 8).numpy() for layer in range(5)]
    with torch.no_grad():
        images = network(rows).numpy()
    for index, image in enumerate(images):
        expected = image_of(
            published(plan, noise=True),
            rows[index, :-1].numpy().astype(np.float32),
            8,
            lambda layer, row, column, index=index: drawn[layer][index, row, column],
            trained=False,
        )
        np.testing.assert_allclose(image, expected, atol=2e-12)
    assert np.abs(images - network(without_noise(plan, rows[:, :-1])).detach().numpy()).max() > 0.1


def test_a_network_without_noise_takes_latents_alone() -> None:
    plan = tiny("generator.noise=false")
    assert plan.input_width == 6
    state = {name: tensor for name, tensor in published(plan).items() if "noise" not in name}
    with torch.no_grad():
        images = filled(plan).double()(latents(plan).double())
    np.testing.assert_allclose(
        images[0].numpy(), image_of(state, latents(plan)[0].numpy(), 8, no_noise, trained=False), atol=2e-12
    )


def test_aligned_corners_are_the_same_in_training_and_after() -> None:
    plan = tiny("generator.align_corners=true")
    network, rows = filled(plan), without_noise(plan, latents(plan))
    with torch.no_grad():
        torch.testing.assert_close(network(rows), network.train()(rows))


@pytest.mark.parametrize("chunk", [None, 8, 40, 1 << 20])
def test_fold_makes_the_same_images_in_any_bands(chunk: int | None) -> None:
    plan = tiny()
    network = filled(plan, noise=True)
    rows = torch.cat((latents(plan), torch.tensor([[0.3], [-1.2]])), dim=1)
    kernels = kernels_for(torch.float32, torch.device("cpu"))
    kernels = plain_kernels() if chunk is None else type(kernels)(**{**vars(kernels), "chunk_numel": chunk})
    with torch.inference_mode():
        torch.testing.assert_close(fold(network, kernels)(rows), network(rows), rtol=1e-5, atol=1e-5)


def test_bfloat16_keeps_coordinates_styles_and_noise() -> None:
    plan = tiny()
    network = filled(plan, noise=True)
    rows = torch.cat((latents(plan), torch.tensor([[0.3], [-1.2]])), dim=1)
    with torch.inference_mode():
        images = fold(network, plain_kernels(torch.bfloat16))(rows)
        assert images.dtype == torch.float32
        assert float((images - network(rows)).square().mean().sqrt()) < 0.02 * float(network(rows).std())


@pytest.mark.exhaustive
def test_golden_crop() -> None:
    """Rows 64 to 96 and columns 32 to 64 of the published network's images, computed there in float64."""
    plan = compile_spec(load_spec("cips-ffhq256"))
    network, golden = filled(plan), np.load(GOLDEN)
    z, pixels = latents(plan), Pixels(256, 64, 32, 32, 32)
    np.testing.assert_array_equal(z.numpy(), golden["z"])
    with torch.inference_mode():
        w = network.mapping(z)
        colours = network.colours(network.features(pixels).flatten(0, 1).expand(2, -1, -1), w, None, pixels)
    difference = colours.unflatten(1, (32, 32)).permute(0, 3, 1, 2).double().numpy() - golden["crop"]
    assert np.abs(difference).max() <= 2e-5
    assert np.sqrt((difference**2).mean()) <= 5e-6


def test_plan_counts_what_training_keeps() -> None:
    check_plan(tiny("generator.channels=[16, 8]", "generator.style_dim=12"), "cpu", ("mapping", "first"))
