"""The arithmetic that questions take, counted by hand."""

from __future__ import annotations

import pytest

from hitzoo.objectives.noise import Noise
from hitzoo.objectives.passes import critic_passes
from hitzoo.objectives.simultaneous import Simultaneous
from hitzoo.objectives.terms.consistency import BalancedConsistency
from hitzoo.objectives.terms.finite_difference import FiniteDifference
from hitzoo.objectives.terms.non_saturating import NON_SATURATING
from hitzoo.objectives.terms.r1 import R1
from hitzoo.objectives.terms.r2 import R2

CASES = {
    "no penalty": ((), 7),  # 3 on each of real and fake, and the fake image's gradient
    "r1": ((R1(1.0),), 10),
    "r1 and r2": ((R1(1.0), R2(1.0)), 13),
    "lazy r1": ((R1(1.0, interval=16),), 7 + 3 / 16),
    "r1 and bcr": ((R1(1.0), BalancedConsistency(1.0, interval=2)), 10 + 6 / 2),
}


@pytest.mark.parametrize(("penalties", "discriminator"), CASES.values(), ids=CASES.keys())
def test_simultaneous_step_takes_so_many_passes(penalties, discriminator) -> None:
    objective = Simultaneous(loss=NON_SATURATING, penalties=penalties, batch_size=2)
    assert objective.passes() == {"generator": 3, "discriminator": pytest.approx(discriminator)}


def test_finite_difference_costs_a_pass_over_its_share_of_the_batch() -> None:
    quarter = FiniteDifference("real", 1.0, Noise(0.01, fraction=0.25))
    assert critic_passes(NON_SATURATING, [quarter]) - critic_passes(NON_SATURATING, []) == 0.75
