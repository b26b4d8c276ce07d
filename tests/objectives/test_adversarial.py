from __future__ import annotations

from math import exp, log

import pytest
import torch

from hitzoo.objectives.adversarial import LOSSES

REAL, FAKE = (-1.5, 0.0, 0.25, 3.0), (2.0, -0.5, 1.0, -4.0)


def mean(values) -> float:
    values = list(values)
    return sum(values) / len(values)


def softplus(x: float) -> float:
    return log(1 + exp(x))


def test_non_saturating_by_its_formula() -> None:
    loss, real, fake = LOSSES["non_saturating"], torch.tensor(REAL), torch.tensor(FAKE)
    assert loss.generator(fake).item() == pytest.approx(mean(softplus(-x) for x in FAKE), rel=1e-6)
    expected = mean(softplus(-x) for x in REAL) + mean(softplus(x) for x in FAKE)
    assert loss.discriminator(real, fake).item() == pytest.approx(expected, rel=1e-6)


def test_hinge_by_its_formula() -> None:
    loss, real, fake = LOSSES["hinge"], torch.tensor(REAL), torch.tensor(FAKE)
    assert loss.generator(fake).item() == pytest.approx(-mean(FAKE), rel=1e-6)
    expected = mean(max(0, 1 - x) for x in REAL) + mean(max(0, 1 + x) for x in FAKE)
    assert loss.discriminator(real, fake).item() == pytest.approx(expected, rel=1e-6)


def test_there_are_no_other_losses() -> None:
    assert set(LOSSES) == {"non_saturating", "hinge"}
