"""LeCam regularization: its formula as a loop, its gradient, and the averages it compares with."""

from __future__ import annotations

import pytest
import torch

from hitzoo.objectives.critic import Answer, Question
from hitzoo.objectives.logit_averages import LogitAverages
from hitzoo.objectives.moment import Moment
from hitzoo.objectives.terms.lecam import LeCam

REAL = torch.tensor([0.5, -0.2, 2.0], dtype=torch.float64, requires_grad=True)
FAKE = torch.tensor([-1.0, 0.4, 0.1], dtype=torch.float64, requires_grad=True)


def test_term_is_its_formula() -> None:
    answers = {Question("real"): Answer(REAL), Question("fake"): Answer(FAKE)}
    real, fake = 0.3, -0.1  # the averages
    value = LeCam(0.7)(answers, Moment(logits=(real, fake)))
    of_real = sum(max(0.0, logit.item() - fake) ** 2 for logit in REAL.detach()) / 3
    of_fake = sum(max(0.0, real - logit.item()) ** 2 for logit in FAKE.detach()) / 3
    assert value.item() == pytest.approx(0.7 * (of_real + of_fake), rel=1e-12)
    of_logits = torch.autograd.grad(value, (REAL, FAKE))
    torch.testing.assert_close(of_logits[0], 0.7 * 2 / 3 * (REAL.detach() - fake).clamp(min=0))
    torch.testing.assert_close(of_logits[1], -0.7 * 2 / 3 * (real - FAKE.detach()).clamp(min=0))


def test_averages_follow_the_means() -> None:
    averages = LogitAverages(0.9)
    for _ in range(3):
        averages.after(2.0, -4.0)
    assert averages.values == pytest.approx((2 * (1 - 0.9**3), -4 * (1 - 0.9**3)))
    other = LogitAverages(0.9)
    other.restore(averages.numbers)
    assert other.values == averages.values


@pytest.mark.parametrize("numbers", [{}, {"real": 1.0}, {"real": float("nan"), "fake": 0.0}, {"real": "1", "fake": 0}])
def test_averages_are_not_restored_from_anything_else(numbers) -> None:
    with pytest.raises(ValueError, match="no numbers"):
        LogitAverages(0.9).restore(numbers)
