"""Critics with gradients one can write down, a batch of images for them, and the answers a term gets."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise

import pytest
import torch
from torch import nn

from hitzoo.objectives.batch_images import batch_images
from hitzoo.objectives.batch_random import BatchRandom
from hitzoo.objectives.critic import Answer, Critic, On, Question, ask
from hitzoo.objectives.input_gradient import InputGradient, by_autograd
from hitzoo.objectives.moment import Moment
from hitzoo.objectives.terms.term import Term

SHAPE = (3, 4, 4)
AT = Moment()


def randn(*shape: int, seed: int = 0) -> torch.Tensor:
    return torch.randn(*shape, dtype=torch.float64, generator=torch.Generator().manual_seed(seed))


REAL, FAKE = randn(5, *SHAPE), randn(5, *SHAPE, seed=1)


class Linear(nn.Module):
    """D(x) = w·x: the gradient is w everywhere."""

    def __init__(self) -> None:
        super().__init__()
        self.weight = nn.Parameter(randn(*SHAPE, seed=9))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return (x * self.weight).sum((1, 2, 3))


class Squares(nn.Module):
    """D(x) = Σx²/2: the gradient is x."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x.square().sum((1, 2, 3)) / 2


def shifted(images: torch.Tensor, random: BatchRandom) -> torch.Tensor:
    """An augmentation that draws nothing."""
    return images.flip(-1) + 0.1


def draws(count: int, seed: int = 0) -> BatchRandom:
    return BatchRandom(torch.Generator().manual_seed(seed), count)


def taken(
    term: Term,
    critic: nn.Module,
    real: torch.Tensor = REAL,
    fake: torch.Tensor = FAKE,
    input_gradient: InputGradient = by_autograd,
    at: Moment = AT,
) -> torch.Tensor:
    """The term as an objective takes it."""
    images = batch_images(term.asks, real, fake, draws(len(real)), shifted)
    return term(ask(Critic(critic, input_gradient), term.asks, images), at)


def answered(**logits: list[float]) -> dict[Question, Answer]:
    """Answers that consist of logits, by the kind of images."""
    kinds: dict[On, list[float]] = logits  # type: ignore[assignment]
    return {Question(on): Answer(torch.tensor(values, dtype=torch.float64)) for on, values in kinds.items()}


def assert_gradient_is_that_of_finite_differences(penalty: Callable[[], torch.Tensor], network: nn.Module) -> None:
    """In one direction of each kernel's weights."""
    weights = [weight for weight in network.parameters() if weight.dim() > 1]
    directions = [randn(*weight.shape, seed=k) for k, weight in enumerate(weights)]
    gradients = torch.autograd.grad(penalty(), weights)
    for weight, direction, gradient in zip(weights, directions, gradients, strict=True):
        values = []
        for before, now in pairwise((0.0, 1e-6, -1e-6)):
            with torch.no_grad():
                weight += (now - before) * direction
            values.append(penalty().item())
        with torch.no_grad():
            weight += 1e-6 * direction
        slope = (values[0] - values[1]) / 2e-6
        assert abs(slope) > 1e-3  # a penalty without a gradient trains nothing
        assert (gradient * direction).sum().item() == pytest.approx(slope, rel=1e-5)
