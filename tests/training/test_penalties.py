from __future__ import annotations

import pytest
import torch
from torch import nn

from hitzoo.models.build import build_discriminator
from hitzoo.plan.compile import compile_spec
from hitzoo.spec.types import BcrSpec, R1Spec
from hitzoo.training.augment import Augmentation
from hitzoo.training.penalties import R1, BalancedConsistency, Judgement, build_regularizers

SHAPE = (3, 4, 4)


def randn(*shape: int, seed: int = 0) -> torch.Tensor:
    return torch.randn(*shape, dtype=torch.float64, generator=torch.Generator().manual_seed(seed))


class Linear(nn.Module):
    """D(x) = w·x, and a note of what it was asked."""

    def __init__(self) -> None:
        super().__init__()
        self.weight = nn.Parameter(randn(*SHAPE, seed=9))
        self.asked: list[int] = []

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        self.asked.append(len(x))
        return (x * self.weight).sum((1, 2, 3))


def judged(critic: nn.Module, *, batch: int = 5) -> Judgement:
    real, fake = randn(batch, *SHAPE).requires_grad_(), randn(batch, *SHAPE, seed=1).requires_grad_()
    return Judgement(discriminator=critic, real=real, fake=fake, real_logits=critic(real), fake_logits=critic(fake))


def shifted(images: torch.Tensor, random: torch.Generator) -> torch.Tensor:
    return images.flip(-1) + 0.1


def test_r1_of_a_linear_critic_is_the_square_of_its_weights() -> None:
    critic = Linear()
    penalty = R1(7.0)(judged(critic), torch.Generator())
    assert penalty.item() == pytest.approx(7 * critic.weight.square().sum().item(), rel=1e-12)
    (gradient,) = torch.autograd.grad(penalty, critic.weight)
    torch.testing.assert_close(gradient, 2 * 7 * critic.weight.detach(), rtol=1e-12, atol=1e-12)


def test_r1_is_a_mean_over_images_of_squared_norms() -> None:
    """D(x) = Σx²/2 has the gradient x: the penalty is the mean of ‖x‖²."""

    class Half(nn.Module):
        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return x.square().sum((1, 2, 3)) / 2

    judgement = judged(Half())
    expected = sum(float((image.detach() ** 2).sum()) for image in judgement.real) / 5
    assert R1(2.0)(judgement, torch.Generator()).item() == pytest.approx(2 * expected, rel=1e-12)


@pytest.mark.parametrize(
    "overrides",
    [[], ["discriminator.downsample=average"], ["discriminator.minibatch_std=2"], ["discriminator.equalized=true"]],
    ids=["published", "average", "minibatch_std", "equalized"],
)
def test_the_gradient_of_r1_is_that_of_finite_differences(tiny_spec, overrides) -> None:
    torch.manual_seed(0)
    network = build_discriminator(compile_spec(tiny_spec(*overrides))).double()
    images = randn(4, 3, 8, 8)

    def penalty() -> torch.Tensor:
        real = images.clone().requires_grad_()
        logits = network(real)
        judgement = Judgement(
            discriminator=network, real=real, fake=images, real_logits=logits, fake_logits=network(images)
        )
        return R1(10.0)(judgement, torch.Generator())

    weights = [weight for weight in network.parameters() if weight.dim() > 1]
    directions = [randn(*weight.shape, seed=k) for k, weight in enumerate(weights)]
    gradients = torch.autograd.grad(penalty(), weights)
    for weight, direction, gradient in zip(weights, directions, gradients, strict=True):
        values = []
        for step in (1e-6, -2e-6):
            with torch.no_grad():
                weight += step * direction
            values.append(penalty().item())
        with torch.no_grad():
            weight += 1e-6 * direction
        slope = (values[0] - values[1]) / 2e-6
        assert abs(slope) > 1e-3  # a penalty without a gradient trains nothing
        assert (gradient * direction).sum().item() == pytest.approx(slope, rel=1e-5)


def test_bcr_is_zero_where_nothing_is_changed() -> None:
    assert BalancedConsistency(10.0, Augmentation(()))(judged(Linear()), torch.Generator()).item() == 0


def test_bcr_by_hand() -> None:
    """The critic of ones sees a shift of 0.1 in each of 48 numbers as 4.8, in real and fake images alike."""
    critic = Linear()
    with torch.no_grad():
        critic.weight.fill_(1)
    penalty = BalancedConsistency(10.0, shifted)(judged(critic), torch.Generator())
    assert penalty.item() == pytest.approx(10 * (4.8**2 + 4.8**2), rel=1e-12)


def test_bcr_holds_plain_and_augmented_logits_to_each_other() -> None:
    """The gradient is that of w·(x − Tx), so neither logit is detached."""
    critic = Linear()
    judgement = judged(critic)
    penalty = BalancedConsistency(3.0, shifted)(judgement, torch.Generator())
    (gradient,) = torch.autograd.grad(penalty, critic.weight)
    weight, expected = critic.weight.detach(), torch.zeros(SHAPE, dtype=torch.float64)
    value = 0.0
    for images in (judgement.real.detach(), judgement.fake.detach()):
        for image in images:
            change = image - (image.flip(-1) + 0.1)
            seen = (weight * change).sum()
            value += 3 * seen**2 / 5
            expected += 3 * 2 * seen * change / 5
    assert penalty.item() == pytest.approx(float(value), rel=1e-12)
    torch.testing.assert_close(gradient, expected, rtol=1e-12, atol=1e-12)


def test_bcr_sends_nothing_back_through_augmented_images() -> None:
    critic = Linear()
    judgement = judged(critic)
    penalty = BalancedConsistency(3.0, shifted)(judgement, torch.Generator())
    (gradient,) = torch.autograd.grad(penalty, judgement.fake)
    fake, weight = judgement.fake.detach(), critic.weight.detach()
    for image, of_image in zip(fake, gradient, strict=True):
        seen = (weight * (image - image.flip(-1) - 0.1)).sum()
        torch.testing.assert_close(of_image, 3 * 2 * seen * weight / 5)  # of the plain logit alone


def test_bcr_asks_once_for_all_augmented_images() -> None:
    critic = Linear()
    judgement = judged(critic)
    critic.asked.clear()
    BalancedConsistency(10.0, shifted)(judgement, torch.Generator())
    assert critic.asked == [10]


def test_bcr_draws_for_real_and_fake_separately() -> None:
    def drawn(images: torch.Tensor, random: torch.Generator) -> torch.Tensor:
        return images + torch.rand(1, generator=random, dtype=torch.float64)

    critic = Linear()
    with torch.no_grad():
        critic.weight.fill_(1)
    penalty = BalancedConsistency(1.0, drawn)(judged(critic), torch.Generator().manual_seed(4))
    random = torch.Generator().manual_seed(4)
    first, second = (float(torch.rand(1, generator=random, dtype=torch.float64)) for _ in range(2))
    assert penalty.item() == pytest.approx((48 * first) ** 2 + (48 * second) ** 2, rel=1e-12)


def test_regularizers_are_built_in_the_order_of_the_spec() -> None:
    assert build_regularizers((BcrSpec(weight=2.0, augment=("flip",)), R1Spec(weight=5.0))) == (
        BalancedConsistency(2.0, Augmentation(("flip",))),
        R1(5.0),
    )
    assert [regularizer.name for regularizer in build_regularizers((R1Spec(), BcrSpec()))] == ["r1", "bcr"]
    assert build_regularizers(()) == ()
