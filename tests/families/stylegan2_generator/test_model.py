from __future__ import annotations

import pytest
import torch

from hitzoo.families.build import build_generator
from hitzoo.families.fold import fold
from hitzoo.families.stylegan2_generator.model import Stylegan2Generator
from hitzoo.fold.kernels import kernels_for
from hitzoo.layers.inputs import split_inputs
from hitzoo.layers.token_noise import token_noise
from hitzoo.plan.ports import Latent, NoiseKey
from tests.families.stylegan2_generator import reference
from tests.families.stylegan2_generator.variables import tiny
from tests.support import fill

SIDES = (4, 8, 8, 16, 16)  # of the convolutions


def built(*overrides: str) -> Stylegan2Generator:
    network = fill(build_generator(tiny(*overrides)).double(), scale=0.5).eval()
    assert isinstance(network, Stylegan2Generator)
    network.mapping.mean.zero_()
    for layer in network.mapping.layers:
        layer.weight.data *= 100
    return network


def rows(count: int = 2, width: int = 7, seed: int = 0) -> torch.Tensor:
    return torch.randn(count, width, dtype=torch.float64, generator=torch.Generator().manual_seed(seed))


def expected(network: Stylegan2Generator, z: torch.Tensor, noise: list[list[torch.Tensor]] | None) -> torch.Tensor:
    state = dict(network.state_dict())
    w = reference.styles(state, z, 2)
    images = [
        reference.image(state, [one] * 6, noise and noise[index], stages=3) for index, one in enumerate(w.unbind())
    ]
    return torch.cat(images)


def test_images_are_those_of_a_kernel_per_image() -> None:
    network, given = built(), rows()
    keys = split_inputs(given, network.plan.takes)[1]
    noise = [
        [token_noise(keys[index : index + 1], number, side**2).view(side, side) for number, side in enumerate(SIDES)]
        for index in range(2)
    ]
    torch.testing.assert_close(network(given), expected(network, given[:, :6], noise), rtol=1e-7, atol=1e-7)


def test_every_place_has_its_own_style() -> None:
    network = built()
    w = torch.randn(2, 6, 5, dtype=torch.float64, generator=torch.Generator().manual_seed(4))
    images = [reference.image(dict(network.state_dict()), list(one), None, stages=3) for one in w]
    torch.testing.assert_close(network.synthesis(w, None), torch.cat(images), rtol=1e-10, atol=1e-10)


def test_latent_without_a_key_has_no_noise() -> None:
    network, given = built(), rows()
    given[:, 6] = 0
    torch.testing.assert_close(network(given), expected(network, given[:, :6], None), rtol=1e-10, atol=1e-10)


def test_constant_noise_is_stored() -> None:
    network, z = built("generator.noise=constant"), rows(width=6)
    stored = [block.noise for stage in network.stages for block in (stage.up, stage.conv) if block is not None]
    torch.testing.assert_close(network(z), expected(network, z, [stored, stored]), rtol=1e-10, atol=1e-10)


def test_generator_without_noise_has_no_strength() -> None:
    network, z = built("generator.noise=none"), rows(width=6)
    assert not any("strength" in name for name in network.state_dict())
    torch.testing.assert_close(network(z), expected(network, z, None), rtol=1e-10, atol=1e-10)


def test_noise_follows_from_the_row_alone() -> None:
    network, given = built(), rows(5)
    alone = torch.cat([network(given[index : index + 1]) for index in range(5)])
    torch.testing.assert_close(network(given), alone, rtol=1e-12, atol=1e-12)
    other = given.clone()
    other[:, 6] += 0.5
    assert not torch.allclose(network(other), alone)


def test_every_weight_has_a_gradient() -> None:
    network = built().train()
    network(rows()).square().sum().backward()
    assert all(weight.grad is not None and weight.grad.any() for weight in network.parameters())


def test_recomputed_stages_have_the_same_gradients() -> None:
    plain, again = built().train(), built().train()
    for stage in again.stages:
        stage.recomputed = True
    for network in (plain, again):
        network(rows()).square().sum().backward()
    for one, other in zip(plain.parameters(), again.parameters(), strict=True):
        torch.testing.assert_close(one.grad, other.grad, rtol=1e-10, atol=1e-10)


@pytest.mark.parametrize("noise", ["random", "constant", "none"])
def test_optimized_network_makes_the_same_images(noise: str) -> None:
    network = built(f"generator.noise={noise}").float()
    given = rows(3, width=7 if noise == "random" else 6).float()
    optimized = fold(network, kernels_for(torch.float32, torch.device("cpu")))
    with torch.inference_mode():
        images = network(given)
        torch.testing.assert_close(optimized(given), images, rtol=1e-5, atol=1e-5 * float(images.abs().max()))


def test_optimized_network_keeps_the_noise_in_bfloat16() -> None:
    """A key that was rounded would make other noise."""
    network, given = built().float(), rows(3).float()
    narrow = fold(network, kernels_for(torch.bfloat16, torch.device("cpu")))
    with torch.inference_mode():
        images = network(given)
        assert (narrow(given) - images).abs().max() < 0.05 * images.abs().max()


def test_optimized_network_is_truncated_too() -> None:
    network, given = built().float(), rows(3).float()
    optimized = fold(network, kernels_for(torch.float32, torch.device("cpu")))
    with torch.inference_mode():
        whole = optimized(given)
        network.mapping.truncate(0.5, lambda width: rows(16, width, seed=3))
        images = network(given)
        torch.testing.assert_close(optimized(given), images, rtol=1e-5, atol=1e-5 * float(images.abs().max()))
    assert not torch.allclose(images, whole, atol=1e-2)


def test_mixed_styles_are_of_another_latent_from_some_place_on() -> None:
    network, given = built("generator.style_mixing=0.75").train(), rows(2000)
    z, keys = split_inputs(given, network.plan.takes)
    w = network.mapping.at_places(z, keys, 6)
    own = network.mapping.styles(z)
    same = (w == own[:, None]).all(dim=2)
    assert same[:, 0].all()
    changed = ~same[:, -1]
    assert changed.double().mean().item() == pytest.approx(0.75, abs=0.04)
    assert not (same[:, 1:] & ~same[:, :-1]).any(), "no place has its own style again"
    first = same[changed].sum(dim=1)
    assert first.unique().tolist() == [1, 2, 3, 4, 5]
    assert (first.bincount(minlength=6)[1:] / len(first) - 0.2).abs().max() < 0.04
    last = w[changed, -1]
    assert (last == w[changed].gather(1, first[:, None, None].expand(-1, 1, 5)).squeeze(1)).all()


def test_mixing_follows_from_the_row_and_ends_with_training() -> None:
    network, given = built("generator.style_mixing=1.0"), rows(4)
    plain = built()
    torch.testing.assert_close(network(given), plain(given))
    network.train()
    alone = torch.cat([network(given[index : index + 1]) for index in range(4)])
    torch.testing.assert_close(network(given), alone, rtol=1e-10, atol=1e-10)
    assert not torch.allclose(alone, plain(given))
    given[:, 6] = 0
    torch.testing.assert_close(network(given), plain(given))


def test_mixing_needs_a_key_but_no_noise() -> None:
    network = built("generator.noise=none", "generator.style_mixing=0.5")
    assert network.plan.takes == (Latent(6), NoiseKey())
    given = rows(3)
    torch.testing.assert_close(network(given), expected(network, given[:, :6], None), rtol=1e-10, atol=1e-10)
    optimized = fold(network.float(), kernels_for(torch.float32, torch.device("cpu")))
    with torch.inference_mode():
        images = network(given.float())
        torch.testing.assert_close(optimized(given.float()), images, rtol=1e-5, atol=1e-5 * float(images.abs().max()))


def test_identity_of_a_network_without_mixing_has_no_word_of_it() -> None:
    assert tiny().generator_hash == tiny("generator.style_mixing=0").generator_hash
    assert tiny().generator_hash != tiny("generator.style_mixing=0.9").generator_hash
