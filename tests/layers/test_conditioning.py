"""The ways in which a style enters a block, against their formulas."""

from __future__ import annotations

from typing import get_args

import pytest
import torch
import torch.nn.functional as F

from hitzoo.layers.conditioning import CONDITIONINGS, Conditioning
from hitzoo.layers.modulated_linear import ModulatedLinear
from hitzoo.plan.conditioning import CONDITIONING_COSTS, ConditioningWord
from tests.support import fill


def made(kind: str) -> tuple[Conditioning, torch.nn.Linear, torch.Tensor, torch.Tensor]:
    """A filled norm, the layer after it, a map and styles."""
    norm = fill(CONDITIONINGS[kind](channels=6, style_dim=4), 0.5).double()
    layer = fill(torch.nn.Linear(6, 5), 0.5).double()
    draws = torch.Generator().manual_seed(2)
    x, w = (torch.randn(shape, generator=draws, dtype=torch.float64) for shape in ((2, 3, 3, 6), (2, 4)))
    return norm, layer, x + 1, w


def normed(x: torch.Tensor) -> torch.Tensor:
    return (x - x.mean(-1, keepdim=True)) / (x.var(-1, correction=0, keepdim=True) + 1e-6).sqrt()


def test_every_word_has_its_module_and_its_cost() -> None:
    assert set(CONDITIONINGS) == set(CONDITIONING_COSTS) == set(get_args(ConditioningWord))


def test_self_modulated_norm() -> None:
    norm, layer, x, w = made("self_modulated")
    gamma, beta = F.linear(w, norm.modulation.weight, norm.modulation.bias)[:, None, None].split(6, dim=-1)
    torch.testing.assert_close(norm.into(layer, x, w), layer((1 + gamma) * normed(x) + beta))
    assert norm.gated(x, w) is x


def test_adaptive_layer_norm_gates_what_is_added() -> None:
    norm, layer, x, w = made("adaln")
    of_style = F.linear(w * w.sigmoid(), norm.modulation.weight, norm.modulation.bias)[:, None, None]
    gamma, beta, alpha = of_style.split(6, dim=-1)
    torch.testing.assert_close(norm.into(layer, x, w), layer((1 + gamma) * normed(x) + beta))
    torch.testing.assert_close(norm.gated(x, w), alpha * x)


def test_adaptive_layer_norm_begins_without_an_update() -> None:
    norm = CONDITIONINGS["adaln"](channels=6, style_dim=4)
    assert not norm.gated(torch.ones(1, 2, 2, 6), torch.ones(1, 4)).any()


def test_modulated_weights_are_a_modulated_linear_layer() -> None:
    norm, layer, x, w = made("modulated")
    other = ModulatedLinear(channels=6, out_channels=5, style_dim=4).double()
    other.load_state_dict(
        {
            "weight": layer.weight * 6**0.5,
            "bias": layer.bias,
            "style.weight": norm.modulation.weight,
            "style.bias": norm.modulation.bias,
        }
    )
    expected = other(normed(x).flatten(1, 2), w).unflatten(1, (3, 3))
    torch.testing.assert_close(norm.into(layer, x, w), expected)


@pytest.mark.parametrize("kind", CONDITIONINGS)
def test_autocast_is_near(kind: str) -> None:
    norm, layer, x, w = made(kind)
    expected = norm.gated(norm.into(layer, x, w)[..., :1], w)
    norm, layer = norm.float(), layer.float()
    with torch.autocast("cpu", torch.bfloat16):
        found = norm.gated(norm.into(layer, x.float(), w.float())[..., :1], w.float())
    torch.testing.assert_close(found.double(), expected, rtol=0.05, atol=0.05)


@pytest.mark.parametrize("kind", CONDITIONINGS)
def test_style_moves_the_map(kind: str) -> None:
    norm, layer, x, w = made(kind)
    assert (norm.into(layer, x, w) - norm.into(layer, x, w.flip(0))).abs().max() > 0.1
