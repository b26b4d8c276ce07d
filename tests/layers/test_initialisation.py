from __future__ import annotations

import math

import pytest
import torch

from hitzoo.layers.equalized import Conv, Dense
from hitzoo.layers.latent import InitialMap, LatentTokens
from hitzoo.layers.linear import linear, truncated_normal_
from hitzoo.layers.position import PositionEmbedding
from hitzoo.layers.rgb import ToRGB

# the deviation of N(0, 1) cut at ±2: 1 − 4·φ(2)/(Φ(2) − Φ(−2)), under a root
DENSITY_AT_2 = math.exp(-2) / math.sqrt(2 * math.pi)
CUT_DEVIATION = math.sqrt(1 - 4 * DENSITY_AT_2 / math.erf(2 / math.sqrt(2)))


@pytest.fixture(autouse=True)
def _fixed_draws() -> None:
    torch.manual_seed(0)


def assert_truncated_normal(weight: torch.Tensor) -> None:
    assert 0.0399 < weight.abs().max() <= 0.04
    assert weight.std().item() == pytest.approx(0.02 * CUT_DEVIATION, rel=0.01)
    assert abs(weight.mean().item()) < 2e-4
    assert weight.flatten()[:-1].unique().numel() > 0.9 * weight.numel()  # no piling up at the cut


def test_every_kernel_and_table_of_the_generator_is_a_truncated_normal() -> None:
    assert_truncated_normal(truncated_normal_(torch.empty(256, 256)))
    assert_truncated_normal(linear(256, 256).weight)
    assert_truncated_normal(PositionEmbedding(side=32, channels=64).weight)
    assert_truncated_normal(InitialMap(latent_dim=128, side=4, channels=32).linear.weight)
    tokens = LatentTokens(latent_dim=64, side=8, channels=1024, norm="batch")
    assert_truncated_normal(tokens.position)
    assert_truncated_normal(tokens.linear.weight[:1024])
    assert_truncated_normal(ToRGB(channels=16384, image_channels=4, norm="layer").linear.weight)


def test_biases_begin_at_zero() -> None:
    for layer in (
        linear(5, 300),
        Conv(3, 300, 3, equalized=False),
        Conv(3, 300, 3, equalized=True),
        Dense(3, 300, equalized=False),
        Dense(3, 300, equalized=True),
    ):
        assert not layer.bias.any()
        assert layer.bias.shape == (300,)


@pytest.mark.parametrize(
    ("layer", "fans"),
    [
        (lambda: Conv(24, 48, 3, equalized=False), 9 * (24 + 48)),
        (lambda: Conv(100, 200, 1, equalized=False, bias=False), 100 + 200),
        (lambda: Dense(300, 100, equalized=False), 300 + 100),
    ],
    ids=["conv3", "conv1", "dense"],
)
def test_plain_kernels_of_the_discriminator_are_glorot_uniform(layer, fans) -> None:
    weight = layer().weight
    bound = math.sqrt(6 / fans)
    assert 0.995 * bound < weight.abs().max() <= bound
    assert weight.std().item() == pytest.approx(bound / math.sqrt(3), rel=0.02)


@pytest.mark.parametrize(
    ("layer", "fan_in"),
    [
        (lambda: Conv(24, 48, 3, equalized=True), 9 * 24),
        (lambda: Dense(300, 100, equalized=True), 300),
    ],
    ids=["conv", "dense"],
)
def test_equalized_kernels_are_standard_normal_and_scaled_when_used(layer, fan_in) -> None:
    built = layer()
    assert built.weight.std().item() == pytest.approx(1, rel=0.02)
    inner = built.weight.shape[1]
    x = torch.randn((2, inner, 4, 4) if built.weight.dim() == 4 else (2, inner))
    by_hand = built.weight / math.sqrt(fan_in)
    expected = (
        torch.nn.functional.conv2d(x, by_hand, padding=1) if x.dim() == 4 else torch.nn.functional.linear(x, by_hand)
    )
    torch.testing.assert_close(built(x), expected)


def test_a_plain_kernel_is_used_as_it_is() -> None:
    dense = Dense(5, 4, equalized=False)
    x = torch.randn(2, 5)
    torch.testing.assert_close(dense(x), x @ dense.weight.T)


def test_huge_tables_are_drawn_from_the_same_distribution(monkeypatch: pytest.MonkeyPatch) -> None:
    by_torch = truncated_normal_(torch.empty(200_000))
    monkeypatch.setattr("hitzoo.layers.linear._HUGE", 0)
    huge = truncated_normal_(torch.empty(200_000))
    assert_truncated_normal(huge)
    at = torch.linspace(0.01, 0.99, 25)
    torch.testing.assert_close(huge.quantile(at), by_torch.quantile(at), rtol=0, atol=2.5e-4)
