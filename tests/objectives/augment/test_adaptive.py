from __future__ import annotations

import json
import math

import pytest

from hitzoo.objectives.augment.adaptive import AdaptiveStrength
from hitzoo.objectives.augment.words import adaptive_strength_of, pipe_of
from hitzoo.spec.augmentation import AdaSpec, DiffAugmentSpec


def test_strength_changes_every_fourth_step_by_the_images_of_four() -> None:
    strength = AdaptiveStrength(0.6, 1000)
    for step in range(1, 9):
        strength.after(step, 9.0, 10)  # r_t = 0.9
        assert strength.p == pytest.approx({4: 0.04, 8: 0.08}.get(step, strength.p))
        assert strength.p == pytest.approx(0.04 * (step // 4))
    assert (strength.signs, strength.judged) == (0.0, 0)


@pytest.mark.parametrize(("signs", "way"), [(6.1, 1), (6.0, 0), (5.9, -1), (-10.0, -1)])
def test_strength_follows_the_mean_sign(signs, way) -> None:
    strength = AdaptiveStrength(0.6, 1000, p=0.5)
    for step in range(1, 5):
        strength.after(step, signs, 10)
    assert strength.p == pytest.approx(0.5 + way * 0.04)


def test_strength_takes_the_mean_over_all_four_steps() -> None:
    strength = AdaptiveStrength(0.6, 1000, p=0.5)
    for step, signs in ((1, 10.0), (2, 10.0), (3, 10.0), (4, -10.0)):  # 0.5 together
        strength.after(step, signs, 10)
    assert strength.p == pytest.approx(0.46)


@pytest.mark.parametrize(("begin", "signs", "end"), [(0.02, -10.0, 0.0), (0.99, 10.0, 1.0)])
def test_strength_stays_a_probability(begin, signs, end) -> None:
    strength = AdaptiveStrength(0.6, 1000, p=begin)
    for step in range(1, 9):
        strength.after(step, signs, 10)
    assert strength.p == end


def test_strength_of_a_run_that_saved_goes_on_to_the_bit() -> None:
    whole, parts = AdaptiveStrength(0.3, 700), AdaptiveStrength(0.3, 700)
    for step in range(1, 30):
        whole.after(step, float(step % 5 - 1), 4)
        parts.after(step, float(step % 5 - 1), 4)
        saved = json.loads(json.dumps(parts.numbers))
        parts = AdaptiveStrength(0.3, 700)
        parts.restore(saved)
        assert parts == whole
    assert whole.p > 0


@pytest.mark.parametrize(
    "numbers",
    [
        {},
        [],
        {"p": 2.0, "signs": 0, "judged": 0},
        {"p": math.nan, "signs": 0, "judged": 0},
        {"p": 0.5, "signs": 9, "judged": 3},
        {"p": 0.5, "signs": 0, "judged": 1.5},
        {"p": "a", "signs": 0, "judged": 0},
        {"p": None, "signs": 0, "judged": 0},
    ],
)
def test_numbers_that_cannot_be_a_strengths_are_refused(numbers) -> None:
    strength = AdaptiveStrength(0.6, 1000, p=0.5)
    with pytest.raises(ValueError, match=r"augmentation|could not convert"):
        strength.restore(numbers)
    assert strength.p == 0.5


def test_spec_with_a_strength_has_nothing_that_adapts_itself() -> None:
    for spec in (None, DiffAugmentSpec(), AdaSpec(strength=0.5)):
        assert adaptive_strength_of(spec) is None
    assert adaptive_strength_of(AdaSpec()) == AdaptiveStrength(0.6, 500_000)
    assert adaptive_strength_of(AdaSpec(target=0.0, images=9)) == AdaptiveStrength(0.0, 9)
    assert pipe_of(AdaSpec()).strength_at(100, 0.25) == 0.25
    assert pipe_of(AdaSpec(strength=0.5)).strength_at(100, 0.25) == 0.5
    assert pipe_of(DiffAugmentSpec()).strength_at(100, 0.25) is None
