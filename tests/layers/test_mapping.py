from __future__ import annotations

import math

import pytest
import torch

from hitzoo.layers.equalized_linear import EqualizedLinear
from hitzoo.layers.mapping import MappingNetwork


@pytest.fixture
def mapping(filled) -> MappingNetwork:
    network = filled(MappingNetwork(latent_dim=3, width=5, layers=2, learning_rate=0.01)).eval()
    network.mean.zero_()
    for layer in network.layers:
        layer.weight.data *= 100
        layer.bias.data *= 100
    return network


def by_hand(network: MappingNetwork, z: torch.Tensor) -> torch.Tensor:
    rows = []
    for latent in z:
        x = latent / math.sqrt(sum(float(value) ** 2 for value in latent) / len(latent) + 1e-8)
        for layer in network.layers:
            y = 0.01 * (layer.weight @ x / math.sqrt(len(x)) + layer.bias)
            x = torch.where(y > 0, y, 0.2 * y) * 2**0.5
        rows.append(x)
    return torch.stack(rows)


def test_style_is_what_the_layers_make_of_the_normalized_latent(mapping, randn) -> None:
    z = randn(4, 3)
    torch.testing.assert_close(mapping(z), by_hand(mapping, z), rtol=1e-12, atol=1e-12)


def test_truncation_moves_styles_towards_the_mean_of_latents(mapping, randn) -> None:
    z, draws = randn(4, 3), randn(64, 3, seed=1)
    w, mean = by_hand(mapping, z), by_hand(mapping, draws).mean(dim=0)
    mapping.truncate(0.7, lambda width: draws[:, :width])
    torch.testing.assert_close(mapping(z), mean + 0.7 * (w - mean), rtol=1e-12, atol=1e-12)
    mapping.truncate(1.0, lambda width: draws)
    assert torch.equal(mapping(z), mapping.styles(z))


def test_stored_mean_goes_before_that_of_latents(mapping, randn) -> None:
    z = randn(2, 3)
    mapping.mean.copy_(torch.arange(5))
    mapping.truncate(0.5, lambda width: pytest.fail("no latents are needed"))
    torch.testing.assert_close(mapping(z), 0.5 * (torch.arange(5) + by_hand(mapping, z)))


def test_mean_follows_the_weights(mapping, randn) -> None:
    draws = randn(64, 3, seed=1)
    mapping.truncate(0.5, lambda width: draws)
    before = mapping.center.clone()
    mapping.truncate(0.5, lambda width: pytest.fail("nothing has changed"))
    with torch.no_grad():
        mapping.layers[0].weight.mul_(2)
    mapping.truncate(0.5, lambda width: draws)
    assert not torch.equal(mapping.center, before)


def test_training_sees_no_truncation(mapping, randn) -> None:
    z = randn(2, 3)
    mapping.truncate(0.5, lambda width: randn(8, 3))
    assert torch.equal(mapping.train()(z), mapping.styles(z))


def test_learning_rate_leaves_the_initial_layer_alone() -> None:
    """N(0, 1)/μ, times μ when it is used: the size of what comes out does not depend on μ."""
    torch.manual_seed(0)
    slow = EqualizedLinear(400, 300, learning_rate=0.01)
    assert slow.weight.std().item() == pytest.approx(100, rel=0.02)
    assert slow(torch.randn(50, 400)).std().item() == pytest.approx(1, rel=0.05)
    assert EqualizedLinear(2, 2, bias=1.0).bias.tolist() == [1, 1]


def test_places_take_the_style_of_another_latent(mapping, randn) -> None:
    z, other, draws = randn(3, 3), randn(3, seed=1), randn(8, 3, seed=2)
    mapping.mix(other, 2)
    mapping.truncate(0.7, lambda width: draws)
    own, mean = by_hand(mapping, z), by_hand(mapping, draws).mean(dim=0)
    taken = by_hand(mapping, other[None]).expand(3, -1)
    expected = torch.stack([own, own, taken, taken], dim=1)
    torch.testing.assert_close(mapping.at_places(z, None, 4), mean + 0.7 * (expected - mean), rtol=1e-12, atol=1e-12)
    mapping.mix(None)
    assert torch.equal(mapping.at_places(z, None, 2), torch.stack([mapping(z)] * 2, dim=1))
