from __future__ import annotations

from copy import deepcopy

import pytest
import torch
from torch import nn

from hitzoo.families.build import build_discriminator
from hitzoo.families.compile import compile_spec
from hitzoo.layers.in_float32 import at_least_float32
from hitzoo.objectives.input_gradient import by_autograd, by_func


def randn(*shape: int, seed: int = 0) -> torch.Tensor:
    return torch.randn(*shape, dtype=torch.float64, generator=torch.Generator().manual_seed(seed))


@pytest.mark.parametrize("way", [by_autograd, by_func])
def test_by_hand(way) -> None:
    """D(x) = Σ w·x² has the gradient 2wx, whose square is 4w²x²; by w that is 8wx²."""

    class Squares(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.weight = nn.Parameter(randn(3, 2, 2, seed=9))

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return (self.weight * x.square()).sum((1, 2, 3))

    critic, x = Squares(), randn(4, 3, 2, 2)
    logits, squares = way(critic, x)
    weight = critic.weight.detach()
    torch.testing.assert_close(logits.detach(), (weight * x**2).sum((1, 2, 3)))
    torch.testing.assert_close(squares.detach(), (4 * weight**2 * x**2).sum((1, 2, 3)))
    (by_squares,) = torch.autograd.grad(squares.sum(), critic.weight, retain_graph=True)
    torch.testing.assert_close(by_squares, (8 * weight * x**2).sum(0))
    (by_logits,) = torch.autograd.grad(logits.sum(), critic.weight)
    torch.testing.assert_close(by_logits, (x**2).sum(0))


CASES = {
    "published": [],
    "average": ["discriminator.downsample=average"],
    "minibatch_std": ["discriminator.minibatch_std=2"],
    "equalized": ["discriminator.equalized=true"],
}


@pytest.mark.parametrize("overrides", CASES.values(), ids=CASES.keys())
def test_the_two_agree(tiny_spec, overrides) -> None:
    torch.manual_seed(0)
    network = build_discriminator(compile_spec(tiny_spec(*overrides))).double()
    found = []
    for way in (by_autograd, by_func):
        critic = deepcopy(network)
        logits, squares = way(critic, randn(4, 3, 8, 8))
        (logits * randn(4, seed=1) + squares * randn(4, seed=2)).sum().backward()
        found.append([logits.detach(), squares.detach(), *(weight.grad for weight in critic.parameters())])
    assert max(tensor.abs().max() for tensor in found[0][2:]) > 0.1
    for one, other in zip(*found, strict=True):
        torch.testing.assert_close(other, one, rtol=1e-10, atol=1e-12)


@pytest.mark.parametrize("way", [by_autograd, by_func])
def test_the_images_given_are_left_as_they_were(tiny_spec, way) -> None:
    network, images = build_discriminator(compile_spec(tiny_spec())).double(), randn(2, 3, 8, 8)
    _, squares = way(network, images)
    squares.sum().backward()
    assert not images.requires_grad
    assert images.grad is None
    assert torch.equal(images, randn(2, 3, 8, 8))


@pytest.mark.parametrize(
    ("given", "wanted"),
    [(torch.bfloat16, torch.float32), (torch.float32, torch.float32), (torch.float64, torch.float64)],
)
def test_half_precision_ends_at_the_logits(given, wanted) -> None:
    assert at_least_float32(torch.ones(2, dtype=given)).dtype == wanted
