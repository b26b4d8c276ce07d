"""The adversarial losses as loops over the formulas of their papers."""

from __future__ import annotations

from math import exp, log

import pytest
import torch

from hitzoo.objectives.critic import Question
from hitzoo.objectives.terms.hinge import HINGE
from hitzoo.objectives.terms.non_saturating import NON_SATURATING
from hitzoo.objectives.terms.relativistic import RELATIVISTIC
from hitzoo.objectives.terms.term import AdversarialLoss
from hitzoo.objectives.terms.wgan_gp import WASSERSTEIN
from tests.objectives.terms.critics import AT, answered

REAL, FAKE = [-1.5, 0.0, 0.25, 3.0], [2.0, -0.5, 1.0, -4.0]
PAIRS = list(zip(REAL, FAKE, strict=True))


def mean(values) -> float:
    values = list(values)
    return sum(values) / len(values)


def softplus(x: float) -> float:
    return log(1 + exp(x))


CASES = {
    "non_saturating": (
        NON_SATURATING,
        mean(softplus(-x) for x in FAKE),
        mean(softplus(-x) for x in REAL) + mean(softplus(x) for x in FAKE),
    ),
    "hinge": (HINGE, -mean(FAKE), mean(max(0, 1 - x) for x in REAL) + mean(max(0, 1 + x) for x in FAKE)),
    "relativistic": (
        RELATIVISTIC,
        mean(softplus(x - y) for x, y in PAIRS),
        mean(softplus(y - x) for x, y in PAIRS),
    ),
    "wasserstein": (WASSERSTEIN, -mean(FAKE), mean(FAKE) - mean(REAL)),
}


@pytest.mark.parametrize(("loss", "generator", "discriminator"), CASES.values(), ids=CASES.keys())
def test_losses_follow_their_formulas(loss: AdversarialLoss, generator: float, discriminator: float) -> None:
    answers = answered(real=REAL, fake=FAKE)
    assert loss.generator(answers, AT).item() == pytest.approx(generator, rel=1e-12)
    assert loss.discriminator(answers, AT).item() == pytest.approx(discriminator, rel=1e-12)


@pytest.mark.parametrize("loss", [case[0] for case in CASES.values()], ids=CASES.keys())
def test_losses_need_no_other_answers_than_they_ask_for(loss: AdversarialLoss) -> None:
    answers = answered(real=REAL, fake=FAKE)
    for term in (loss.generator, loss.discriminator):
        assert term.asks <= answers.keys()
        assert torch.isfinite(term({question: answers[question] for question in term.asks}, AT))


def test_relativistic_generator_is_paid_by_pairs() -> None:
    """Exchanging two real logits changes the loss, which a function of two means would not see."""
    answers, exchanged = answered(real=REAL, fake=FAKE), answered(real=[3.0, 0.0, 0.25, -1.5], fake=FAKE)
    assert Question("real") in RELATIVISTIC.generator.asks
    values = [RELATIVISTIC.generator(given, AT).item() for given in (answers, exchanged)]
    assert abs(values[0] - values[1]) > 0.1
