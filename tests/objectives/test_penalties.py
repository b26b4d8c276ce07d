from __future__ import annotations

import pytest
import torch
from torch import nn

from hitzoo.families.build import build_discriminator
from hitzoo.families.compile import compile_spec
from hitzoo.objectives.augment import Augmentation
from hitzoo.objectives.critic import Judge, Verdict
from hitzoo.objectives.input_gradient import by_autograd
from hitzoo.objectives.penalties import R1, BalancedConsistency, build_regularizers
from hitzoo.objectives.r1_without_double_backward import by_replay
from hitzoo.spec.types import BcrSpec, R1Spec

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


REAL, FAKE = randn(5, *SHAPE), randn(5, *SHAPE, seed=1)


def shifted(images: torch.Tensor) -> torch.Tensor:
    return images.flip(-1) + 0.1


def judged(critic: nn.Module, *, fake: torch.Tensor = FAKE) -> Verdict:
    """Everything a regularizer may ask for, with images that were changed by `shifted`."""
    return Judge(critic)(REAL, fake, torch.cat((shifted(REAL), shifted(fake.detach()))), True)


def test_r1_of_a_linear_critic_is_the_square_of_its_weights() -> None:
    critic = Linear()
    penalty = R1(7.0)(judged(critic))
    assert penalty.item() == pytest.approx(7 * critic.weight.square().sum().item(), rel=1e-12)
    (gradient,) = torch.autograd.grad(penalty, critic.weight)
    torch.testing.assert_close(gradient, 2 * 7 * critic.weight.detach(), rtol=1e-12, atol=1e-12)


def test_r1_is_a_mean_over_images_of_squared_norms() -> None:
    """D(x) = Σx²/2 has the gradient x: the penalty is the mean of ‖x‖²."""

    class Half(nn.Module):
        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return x.square().sum((1, 2, 3)) / 2

    expected = sum(float((image**2).sum()) for image in REAL) / 5
    assert R1(2.0)(judged(Half())).item() == pytest.approx(2 * expected, rel=1e-12)


CASES = {
    "published": ([], by_autograd),
    "average": (["discriminator.downsample=average"], by_autograd),
    "minibatch_std": (["discriminator.minibatch_std=2"], by_autograd),
    "equalized": (["discriminator.equalized=true"], by_autograd),
    "published, replayed": ([], by_replay),
    "equalized, replayed": (["discriminator.equalized=true"], by_replay),
}


@pytest.mark.parametrize(("overrides", "input_gradient"), CASES.values(), ids=CASES.keys())
def test_the_gradient_of_r1_is_that_of_finite_differences(tiny_spec, overrides, input_gradient) -> None:
    torch.manual_seed(0)
    network = build_discriminator(compile_spec(tiny_spec(*overrides))).double()
    images = randn(4, 3, 8, 8)
    judge = Judge(network, input_gradient)

    def penalty() -> torch.Tensor:
        return R1(10.0)(judge(images, images, None, True))

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
    verdict = Judge(Linear())(REAL, FAKE, torch.cat((REAL, FAKE)), False)
    assert BalancedConsistency(10.0, Augmentation(()))(verdict).item() == 0


def test_bcr_by_hand() -> None:
    """The critic of ones sees a shift of 0.1 in each of 48 numbers as 4.8, in real and fake images alike."""
    critic = Linear()
    with torch.no_grad():
        critic.weight.fill_(1)
    penalty = BalancedConsistency(10.0, Augmentation(()))(judged(critic))
    assert penalty.item() == pytest.approx(10 * (4.8**2 + 4.8**2), rel=1e-12)


def test_bcr_holds_plain_and_augmented_logits_to_each_other() -> None:
    """The gradient is that of w·(x − Tx), so neither logit is detached."""
    critic = Linear()
    penalty = BalancedConsistency(3.0, Augmentation(()))(judged(critic))
    (gradient,) = torch.autograd.grad(penalty, critic.weight)
    weight, expected = critic.weight.detach(), torch.zeros(SHAPE, dtype=torch.float64)
    value = 0.0
    for images in (REAL, FAKE):
        for image in images:
            change = image - (image.flip(-1) + 0.1)
            seen = (weight * change).sum()
            value += 3 * seen**2 / 5
            expected += 3 * 2 * seen * change / 5
    assert penalty.item() == pytest.approx(float(value), rel=1e-12)
    torch.testing.assert_close(gradient, expected, rtol=1e-12, atol=1e-12)


def test_bcr_takes_the_first_half_of_the_augmented_logits_for_the_real_images() -> None:
    real, fake, augmented = torch.tensor([1.0, 2.0]), torch.tensor([10.0, 20.0]), torch.tensor([1.5, 2.0, 10.0, 23.0])
    penalty = BalancedConsistency(4.0, Augmentation(()))(Verdict(real, fake, augmented))
    assert penalty.item() == pytest.approx(4 * (0.5**2 / 2 + 3**2 / 2))


def test_bcr_sends_nothing_back_through_augmented_images() -> None:
    """What the generator would get comes by the plain logit alone; the step detaches the augmented images."""
    critic, fake = Linear(), FAKE.clone().requires_grad_()
    (gradient,) = torch.autograd.grad(BalancedConsistency(3.0, Augmentation(()))(judged(critic, fake=fake)), fake)
    weight = critic.weight.detach()
    for image, of_image in zip(FAKE, gradient, strict=True):
        seen = (weight * (image - image.flip(-1) - 0.1)).sum()
        torch.testing.assert_close(of_image, 3 * 2 * seen * weight / 5)


def test_regularizers_are_built_in_the_order_of_the_spec() -> None:
    specs = (BcrSpec(weight=2.0, augment=("flip",), interval=3), R1Spec(weight=5.0, interval=16))
    assert build_regularizers(specs) == (BalancedConsistency(2.0, Augmentation(("flip",)), 3), R1(5.0, 16))
    assert [regularizer.name for regularizer in build_regularizers((R1Spec(), BcrSpec()))] == ["r1", "bcr"]
    assert build_regularizers(()) == ()


def test_each_says_what_it_needs_the_discriminator_to_be_asked() -> None:
    r1, bcr = build_regularizers((R1Spec(), BcrSpec(augment=("flip",))))
    assert (r1.penalises_gradient, r1.augmentation, r1.interval) == (True, None, 1)
    assert (bcr.penalises_gradient, bcr.augmentation, bcr.interval) == (False, Augmentation(("flip",)), 1)
