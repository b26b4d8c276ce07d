"""R1 and R2 by finite differences: the formula, and how far they are from the gradients themselves."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from hitzoo.objectives.batch_images import batch_images
from hitzoo.objectives.critic import Answer, Question
from hitzoo.objectives.moment import Moment
from hitzoo.objectives.noise import Noise
from hitzoo.objectives.schedule import Linear as LinearSchedule
from hitzoo.objectives.terms.finite_difference import FiniteDifference
from hitzoo.objectives.terms.r1 import R1
from hitzoo.objectives.terms.r2 import R2
from tests.objectives.terms.critics import AT, FAKE, REAL, SHAPE, Linear, Squares, draws, randn, taken

MANY = 2000


class Smooth(nn.Module):
    """D(x) = v·tanh(Wx): curved, so that differences are not derivatives."""

    def __init__(self) -> None:
        super().__init__()
        self.weight = nn.Parameter(0.3 * randn(16, 48, seed=4))
        self.out = nn.Parameter(randn(16, seed=5))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return torch.tanh(x.flatten(1) @ self.weight.t()) @ self.out


def noise_of(term: FiniteDifference, images: torch.Tensor = REAL) -> torch.Tensor:
    """ε as the penalty draws it for a batch."""
    noisy = batch_images(term.asks, images, images, draws(len(images)))[f"{term.on}_noisy"]
    return (noisy - images[: len(noisy)]) / term.noise.sigma


@pytest.mark.parametrize(("on", "images"), [("real", REAL), ("fake", FAKE)])
def test_penalty_is_the_mean_square_of_difference_quotients(on, images) -> None:
    """For D(x) = Σx²/2 the quotient is x·ε + σ|ε|²/2."""
    term = FiniteDifference(on, 3.0, Noise(0.1))
    noise = noise_of(term, images)
    quotients = (images * noise).sum((1, 2, 3)) + 0.05 * noise.square().sum((1, 2, 3))
    assert taken(term, Squares()).item() == pytest.approx(3 * quotients.square().mean().item(), rel=1e-9)


def test_quotient_of_several_logits_is_that_of_their_mean() -> None:
    """One by one their squares would add up to a multiple of the gradient's."""
    logits = {Question("real"): randn(5, 4), Question("real_noisy", noise=Noise(0.1)): randn(5, 4, seed=1)}
    answers = {question: Answer(given) for question, given in logits.items()}
    real, noisy = (given.mean(dim=1) for given in logits.values())
    wanted = ((noisy - real) / 0.1).square().mean()
    torch.testing.assert_close(FiniteDifference(weight=1.0, noise=Noise(0.1))(answers, AT), wanted)


def test_quotients_of_an_image_differ_from_its_slope_by_the_order_of_sigma() -> None:
    critic, images = Smooth(), REAL.clone().requires_grad_()
    (gradient,) = torch.autograd.grad(critic(images).sum(), images)
    errors = []
    for sigma in (0.02, 0.01):
        term = FiniteDifference("real", 1.0, Noise(sigma))
        noise = noise_of(term)
        slopes = (gradient * noise).sum((1, 2, 3))
        quotients = (critic(REAL + sigma * noise) - critic(REAL)) / sigma
        errors.append((quotients - slopes).abs().max().item())
        assert taken(term, critic).item() == pytest.approx(quotients.square().mean().item(), rel=1e-9)
    assert errors[0] / errors[1] == pytest.approx(2, rel=0.05)


@pytest.mark.parametrize(("on", "exact"), [("real", R1(2.0)), ("fake", R2(2.0))])
def test_penalty_and_its_gradient_are_those_of_the_exact_one_on_average(on, exact) -> None:
    """A square of a normal number has the deviation √2: N images come as near as √(2/N), here four times that."""
    critic, images = Smooth(), randn(1, *SHAPE, seed=7).expand(MANY, *SHAPE)
    values, gradients = [], []
    for term in (exact, FiniteDifference(on, 2.0, Noise(0.01))):
        value = taken(term, critic, images, images)
        values.append(value.item())
        gradients.append(torch.cat([g.flatten() for g in torch.autograd.grad(value, list(critic.parameters()))]))
    bound = 4 * (2 / MANY) ** 0.5
    assert values[1] == pytest.approx(values[0], rel=bound)
    assert (gradients[1] - gradients[0]).norm() < 1.5 * bound * gradients[0].norm()


def test_gradient_by_the_weights_needs_no_second_derivative() -> None:
    critic = Linear()
    term = FiniteDifference("real", 1.0, Noise(0.01))
    noise = noise_of(term)
    (gradient,) = torch.autograd.grad(taken(term, critic), critic.weight)
    slopes = (noise * critic.weight.detach()).sum((1, 2, 3), keepdim=True)
    torch.testing.assert_close(gradient, (2 * slopes * noise).mean(0), rtol=1e-7, atol=1e-9)
    assert not any(question.gradient for question in term.asks)


def test_fraction_of_the_batch_has_noise() -> None:
    term = FiniteDifference("real", 1.0, Noise(0.01, fraction=0.4))
    assert len(noise_of(term)) == 2
    both = {question.on for question in term.asks}
    assert both == {"real", "real_noisy"}


def test_r2_leaves_no_gradient_to_the_images_by_the_noise() -> None:
    fake = FAKE.clone().requires_grad_()
    images = batch_images({Question("fake_noisy", noise=Noise(0.1))}, REAL, fake, draws(len(fake)))
    assert not images["fake_noisy"].requires_grad


def test_weight_may_follow_a_schedule_of_images() -> None:
    scheduled = FiniteDifference("real", LinearSchedule(8.0, 2.0, images=100), Noise(0.01))
    fixed = FiniteDifference("real", 5.0, Noise(0.01))
    assert taken(scheduled, Squares(), at=Moment(images=50)).item() == pytest.approx(taken(fixed, Squares()).item())
