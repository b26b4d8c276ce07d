from __future__ import annotations

import pytest

from hitzoo.families.open import open_spec
from hitzoo.families.recipe import step_flops


@pytest.mark.parametrize(
    ("name", "overrides", "teraflops"),
    [
        ("hit-imagenet128", [], 0.319),
        ("hit-b-ffhq256", [], 1.58),
        ("hit-b-ffhq256", ["training.regularizers=[{kind: r1, interval: 16}, {kind: bcr}]"], 1.32),
        ("hit-b-ffhq256", ["training.regularizers=[{kind: r1, interval: 16}]"], 0.754),
    ],
)
def test_a_step_of_the_recipe_takes_what_was_counted_by_hand(name, overrides, teraflops) -> None:
    """10 (16 with bCR) discriminator and 3 generator passes an image, of 23.4 and 28.3 (93.7 and 26.7) GFLOP."""
    spec, plan = open_spec(name, overrides)
    assert step_flops(spec, plan) / 1e12 == pytest.approx(teraflops, rel=0.01)
