from __future__ import annotations

import pytest
import torch

from hitzoo.objectives.critic import Critic, ask
from hitzoo.objectives.moment import Moment
from hitzoo.objectives.schedule import Linear as LinearSchedule
from hitzoo.objectives.terms.consistency import BalancedConsistency
from tests.objectives.terms.critics import AT, FAKE, REAL, SHAPE, Linear, answered, taken


def test_bcr_is_zero_where_nothing_is_changed() -> None:
    term = BalancedConsistency(10.0)
    images = {"real": REAL, "fake": FAKE, "real_augmented": REAL, "fake_augmented": FAKE}
    assert term(ask(Critic(Linear()), term.asks, images), AT).item() == 0


def test_bcr_by_hand() -> None:
    """The critic of ones sees a shift of 0.1 in each of 48 numbers as 4.8, in real and fake images alike."""
    critic = Linear()
    with torch.no_grad():
        critic.weight.fill_(1)
    assert taken(BalancedConsistency(10.0), critic).item() == pytest.approx(10 * (4.8**2 + 4.8**2), rel=1e-12)


def test_bcr_holds_plain_and_augmented_logits_to_each_other() -> None:
    """The gradient is that of w·(x − Tx), so neither logit is detached."""
    critic = Linear()
    penalty = taken(BalancedConsistency(3.0), critic)
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


def test_bcr_compares_each_kind_of_images_with_its_own_augmentation() -> None:
    answers = answered(real=[1.0, 2.0], fake=[10.0, 20.0], real_augmented=[1.5, 2.0], fake_augmented=[10.0, 23.0])
    assert BalancedConsistency(4.0)(answers, AT).item() == pytest.approx(4 * (0.5**2 / 2 + 3**2 / 2))


def test_bcr_sends_nothing_back_through_augmented_images() -> None:
    """What the generator would get comes by the plain logit alone."""
    critic, fake = Linear(), FAKE.clone().requires_grad_()
    (gradient,) = torch.autograd.grad(taken(BalancedConsistency(3.0), critic, fake=fake), fake)
    weight = critic.weight.detach()
    for image, of_image in zip(FAKE, gradient, strict=True):
        seen = (weight * (image - image.flip(-1) - 0.1)).sum()
        torch.testing.assert_close(of_image, 3 * 2 * seen * weight / 5)


def test_bcr_weight_may_follow_a_schedule() -> None:
    scheduled = BalancedConsistency(LinearSchedule(0.0, 6.0, images=100))
    value = taken(scheduled, Linear(), at=Moment(step=9, images=50)).item()
    assert value == pytest.approx(taken(BalancedConsistency(3.0), Linear()).item(), rel=1e-12)
