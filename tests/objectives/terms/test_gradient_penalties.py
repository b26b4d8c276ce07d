"""R1, R2 and WGAN-GP's penalty: formulas, and gradients against finite differences."""

from __future__ import annotations

import pytest
import torch

from hitzoo.families.build import build_discriminator
from hitzoo.families.compile import compile_spec
from hitzoo.objectives.batch_images import mix
from hitzoo.objectives.input_gradient import by_autograd, by_func
from hitzoo.objectives.moment import Moment
from hitzoo.objectives.r1_without_double_backward import by_replay
from hitzoo.objectives.schedule import Linear as LinearSchedule
from hitzoo.objectives.terms.r1 import R1
from hitzoo.objectives.terms.r2 import R2
from hitzoo.objectives.terms.wgan_gp import Drift, GradientPenalty
from tests.objectives.terms.critics import (
    FAKE,
    REAL,
    Linear,
    Squares,
    assert_gradient_is_that_of_finite_differences,
    draws,
    randn,
    taken,
)


@pytest.mark.parametrize("penalty", [R1(7.0), R2(7.0)])
def test_penalty_of_linear_critic_is_the_square_of_its_weights(penalty) -> None:
    critic = Linear()
    value = taken(penalty, critic)
    assert value.item() == pytest.approx(7 * critic.weight.square().sum().item(), rel=1e-12)
    (gradient,) = torch.autograd.grad(value, critic.weight)
    torch.testing.assert_close(gradient, 2 * 7 * critic.weight.detach(), rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize(("penalty", "images"), [(R1(2.0), REAL), (R2(2.0), FAKE)])
def test_penalty_is_a_mean_over_its_images_of_squared_norms(penalty, images) -> None:
    """The gradient of D(x) = Σx²/2 is x."""
    expected = sum(float((image**2).sum()) for image in images) / len(images)
    assert taken(penalty, Squares()).item() == pytest.approx(2 * expected, rel=1e-12)


def test_r2_leaves_a_gradient_to_the_images() -> None:
    """The generator's loss goes back through the same forward pass."""
    fake = FAKE.clone().requires_grad_()
    taken(R2(3.0), Squares(), fake=fake).backward()
    torch.testing.assert_close(fake.grad, 3 * 2 * FAKE / len(FAKE), rtol=1e-12, atol=1e-12)


def test_gradient_penalty_of_linear_critic_compares_its_norm_with_the_target() -> None:
    critic = Linear()
    norm = float(sum(value**2 for value in critic.weight.flatten().tolist())) ** 0.5
    value = taken(GradientPenalty(weight=10.0, target=3.0), critic)
    assert value.item() == pytest.approx(10 / 9 * (norm - 3) ** 2, rel=1e-12)


def test_gradient_penalty_is_taken_between_real_and_fake_images() -> None:
    """For D(x) = Σx²/2 at x + u·(x̂ − x), with one u per image."""
    shares = draws(len(REAL)).uniform().double().tolist()
    expected = 0.0
    for real, fake, u in zip(REAL, FAKE, shares, strict=True):
        between = [x + u * (y - x) for x, y in zip(real.flatten().tolist(), fake.flatten().tolist(), strict=True)]
        expected += (sum(x * x for x in between) ** 0.5 - 1) ** 2 / len(REAL)
    assert len(set(shares)) == len(REAL)
    assert taken(GradientPenalty(weight=10.0), Squares()).item() == pytest.approx(10 * expected, rel=1e-12)


def test_mixtures_reach_from_real_to_fake() -> None:
    share = (mix(torch.zeros(400, 1, 1, 1), torch.ones(400, 1, 1, 1), draws(400))).flatten()
    assert 0 <= share.min() < 0.02
    assert 0.98 < share.max() < 1


def test_gradient_penalty_at_a_gradient_of_zero_has_a_finite_gradient() -> None:
    critic = Linear()
    with torch.no_grad():
        critic.weight.zero_()
    value = taken(GradientPenalty(weight=10.0), critic)
    assert value.item() == pytest.approx(10)
    (gradient,) = torch.autograd.grad(value, critic.weight)
    assert torch.isfinite(gradient).all()


def test_drift_is_the_mean_square_of_real_logits() -> None:
    critic = Linear()
    expected = sum(float((critic.weight.detach() * image).sum()) ** 2 for image in REAL) / len(REAL)
    assert taken(Drift(0.25), critic).item() == pytest.approx(0.25 * expected, rel=1e-12)


@pytest.mark.parametrize("penalty", [R1, R2, GradientPenalty, Drift])
def test_weight_may_follow_a_schedule_of_images(penalty) -> None:
    scheduled, fixed = penalty(LinearSchedule(8.0, 2.0, images=100)), penalty(5.0)
    at = Moment(step=7, images=50)
    assert taken(scheduled, Squares(), at=at).item() == pytest.approx(taken(fixed, Squares()).item(), rel=1e-12)


CRITICS = {
    "published": ([], by_autograd),
    "average": (["discriminator.downsample=average"], by_autograd),
    "minibatch_std": (["discriminator.minibatch_std=2"], by_autograd),
    "equalized": (["discriminator.equalized=true"], by_autograd),
    "minibatch_std by func": (["discriminator.minibatch_std=2"], by_func),
    "published, replayed": ([], by_replay),
    "equalized, replayed": (["discriminator.equalized=true"], by_replay),
}


@pytest.mark.parametrize("penalty", [R1(10.0), R2(10.0), GradientPenalty(10.0, target=0.1)], ids=lambda p: p.name)
@pytest.mark.parametrize(("overrides", "input_gradient"), CRITICS.values(), ids=CRITICS.keys())
def test_gradient_is_that_of_finite_differences(tiny_spec, overrides, input_gradient, penalty) -> None:
    torch.manual_seed(0)
    network = build_discriminator(compile_spec(tiny_spec(*overrides))).double()
    real, fake = randn(4, 3, 8, 8), randn(4, 3, 8, 8, seed=1)
    assert_gradient_is_that_of_finite_differences(lambda: taken(penalty, network, real, fake, input_gradient), network)


def test_drift_of_the_mean_is_the_square_of_the_mean_of_real_logits() -> None:
    critic = Linear()
    mean = sum(float((critic.weight.detach() * image).sum()) for image in REAL) / len(REAL)
    assert taken(Drift(0.25, of_mean=True), critic).item() == pytest.approx(0.25 * mean**2, rel=1e-12)
