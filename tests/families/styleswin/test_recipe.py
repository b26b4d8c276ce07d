"""The published recipes in the words of the specs: what follows from steps there is in images here."""

from __future__ import annotations

import pytest

from hitzoo.families.load import load_spec
from hitzoo.objectives.schedule import value_at
from hitzoo.objectives.scheduled import number_of
from hitzoo.spec.adam import adam_of

# spec, batch, steps, step from which the learning rates decay
RECIPES = [
    ("styleswin-ffhq256", 32, 1_000_000, 775_000),
    ("styleswin-celebahq256", 32, 1_000_000, 500_000),
    ("styleswin-church256", 32, 1_500_000, 1_300_000),
    ("styleswin-ffhq1024", 16, 800_000, 600_000),
    ("stylenat-ffhq256", 64, 1_000_000, 775_000),
]


@pytest.mark.parametrize(("name", "batch", "steps", "decay"), RECIPES)
def test_learning_rates_fall_to_zero_on_a_line(name: str, batch: int, steps: int, decay: int) -> None:
    training = load_spec(name).training
    assert (training.batch_size, training.steps) == (batch, steps)
    for role, whole in (("generator", 5e-5), ("discriminator", 2e-4)):
        rate = number_of(adam_of(training, role).learning_rate)
        for share in (0.0, 0.25, 1.0):
            step = decay + share * (steps - decay)
            assert value_at(rate, step * batch) == pytest.approx(whole * (1 - share))


@pytest.mark.parametrize(("name", "batch"), [recipe[:2] for recipe in RECIPES])
def test_average_keeps_its_share_of_a_step_whatever_the_batch(name: str, batch: int) -> None:
    (average,) = load_spec(name).training.averages
    assert 0.5 ** (batch / average.half_life) == pytest.approx(0.5 ** (32 / 10000))
