"""StyleSwin's generator against a second writing of it, and against stored outputs of the published code."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import nn

from hitzoo.families.build import build_generator
from hitzoo.families.compile import compile_generator
from hitzoo.families.load import parse_spec
from hitzoo.layers.doubling import doubled
from tests.families.styleswin.reference import low_passed, styleswin
from tests.families.styleswin.variables import (
    FACES,
    GOLDEN,
    HEARD,
    LARGE_FACES,
    QUIET,
    TINY,
    filled,
    noise,
    with_widths,
)
from tests.support import fill


def latents(count: int, width: int) -> torch.Tensor:
    return torch.from_numpy(np.random.default_rng([0, 100]).standard_normal((count, width)).astype(np.float32))


@torch.no_grad()
def test_images_are_those_of_the_reference() -> None:
    network, weights = filled(compile_generator(parse_spec(TINY)), dtype=torch.float64)
    z = latents(2, 10).double()
    torch.testing.assert_close(network(z), styleswin(weights, z, [1, 2, 1]), rtol=1e-6, atol=1e-6)


@torch.no_grad()
def test_stage_without_a_part_of_the_image_is_one_whose_part_is_zero() -> None:
    network, _ = filled(compile_generator(parse_spec(HEARD)), dtype=torch.float64)
    quiet = build_generator(compile_generator(parse_spec(QUIET))).double().eval()
    own = {name: weight for name, weight in network.state_dict().items() if not name.startswith("stages.1.to_rgb")}
    quiet.load_state_dict(own)
    for weight in network.stages[1].to_rgb.parameters():
        weight.zero_()
    z = latents(2, 10).double()
    torch.testing.assert_close(quiet(z), network(z), rtol=1e-12, atol=1e-12)


def test_gradients_reach_every_weight() -> None:
    network, _ = filled(compile_generator(parse_spec(TINY)))
    network.train()(latents(2, 10)).square().sum().backward()
    assert [name for name, weight in network.named_parameters() if weight.grad.eq(0).all()] == []


@pytest.mark.parametrize("kind", ["self_modulated", "adaln", "modulated"])
def test_gradients_reach_every_weight_of_other_conditionings(kind: str) -> None:
    plan = compile_generator(parse_spec(TINY, "x", [f"generator.conditioning={kind}"]))
    network = fill(build_generator(plan), 0.4).train()
    network(latents(2, 10)).square().sum().backward()
    assert [name for name, weight in network.named_parameters() if weight.grad.eq(0).all()] == []


def test_images_do_not_depend_on_their_batch() -> None:
    network, _ = filled(compile_generator(parse_spec(TINY)), dtype=torch.float64)
    z = latents(3, 10).double()
    with torch.no_grad():
        torch.testing.assert_close(network(z)[1:2], network(z[1:2]))


@pytest.mark.parametrize(("widths", "parameters"), [(FACES, 48_929_512), (LARGE_FACES, 40_862_990)])
def test_parameters_are_those_of_the_published_code(widths: str, parameters: int) -> None:
    assert with_widths(widths).costs()["generator"].parameters == parameters


@torch.no_grad()
def test_styles_are_those_of_the_published_code() -> None:
    network, _ = filled(with_widths("[512]"))
    stored = np.load(GOLDEN / "styleswin256.npz")
    np.testing.assert_allclose(network.mapping(latents(2, 512)), stored["w"], atol=1e-5)


@pytest.fixture(scope="module")
def faces() -> nn.Module:
    """The published network at 256×256, which takes seconds to fill."""
    network: nn.Module = filled(with_widths(FACES))[0]
    return network


@pytest.mark.exhaustive
@torch.no_grad()
def test_image_is_that_of_the_published_code(faces: nn.Module) -> None:
    stored = np.load(GOLDEN / "styleswin256.npz")
    error = faces(latents(2, 512)[:1])[0, :, ::8, ::8].numpy() - stored["img_sub8"]
    assert np.sqrt(np.square(error).mean()) < 1e-5
    assert np.abs(error).max() < 2e-5


@pytest.mark.exhaustive
@torch.no_grad()
def test_truncated_image_is_that_of_the_published_code(faces: nn.Module) -> None:
    faces.mapping.mean.copy_(torch.from_numpy(0.5 * noise("truncation_latent", (1, 512)))[0])
    faces.mapping.truncate(0.7, lambda width: torch.zeros(1, width))
    stored = np.load(GOLDEN / "styleswin256.npz")["img_trunc07_sub8"][0]
    error = faces(latents(2, 512)[:1])[0, :, ::8, ::8].numpy() - stored
    assert np.sqrt(np.square(error).mean()) < 1e-5


def test_doubling_is_a_low_pass_or_bilinear(randn) -> None:
    x = randn(2, 5, 5, 3)
    nchw = x.permute(0, 3, 1, 2)
    torch.testing.assert_close(doubled(x, "zero").permute(0, 3, 1, 2), low_passed(nchw))
    bilinear = torch.nn.functional.interpolate(nchw, scale_factor=2, mode="bilinear", align_corners=False)
    torch.testing.assert_close(doubled(x, "border").permute(0, 3, 1, 2), bilinear)
