from __future__ import annotations

from dataclasses import replace

import pytest

from hitzoo.errors import ArgumentError, SpecError
from hitzoo.families.chosen_weights import with_chosen_weights, with_weights_of
from hitzoo.families.compile import compile_spec
from hitzoo.families.load import parse_spec
from hitzoo.families.recipe_in_words import gamma_notes
from hitzoo.objectives.build import penalty_of
from hitzoo.spec.r1_heuristic import heuristic_weight
from hitzoo.spec.types import R1Spec
from tests.conftest import TINY

OPEN = "training.regularizers=[{kind: bcr}, {kind: r1, interval: 4}]"


@pytest.mark.parametrize(
    ("side", "batch_size", "gamma"),
    [(1024, 32, 6.5536), (256, 64, 0.2048), (128, 64, 0.0512), (32, 64, 0.0032)],
)
def test_weight_is_half_of_the_gamma_of_stylegan2_ada(side: int, batch_size: int, gamma: float) -> None:
    assert heuristic_weight(side, batch_size) == pytest.approx(gamma / 2, rel=5e-3)


@pytest.mark.parametrize("weight", ["", ", weight: auto"])
def test_weight_that_is_not_given_follows_resolution_and_batch(weight: str) -> None:
    spec = parse_spec(TINY, "tiny", [OPEN.replace("interval: 4", f"interval: 4{weight}"), "training.batch_size=8"])
    assert spec.training.regularizers[1] == R1Spec(weight=0.0128, interval=4)
    (note,) = gamma_notes(spec)
    assert note.startswith("r1: no weight is given; 0.0128 by StyleGAN2-ADA's rule of thumb")
    assert "= 0.0256 for 32×32 and batch 8" in note


def test_weight_that_is_given_stays() -> None:
    spec = parse_spec(TINY)
    assert spec.training.regularizers[0] == R1Spec(weight=1.0)
    assert not spec.places.chosen
    assert with_chosen_weights(spec) is spec


def test_r2_without_a_weight_has_that_of_r1() -> None:
    first, second = parse_spec(TINY, "tiny", ["training.regularizers=[{kind: r1}, {kind: r2}]"]).training.regularizers
    assert first.weight == second.weight == 0.0256


def test_open_weight_does_not_hide_sizes_that_do_not_fit() -> None:
    spec = parse_spec(TINY, "tiny", [OPEN, "data.resolution=64"])
    with pytest.raises(SpecError, match="64"):
        compile_spec(spec)
    assert gamma_notes(spec) == ()


def test_resumed_run_keeps_the_weight_it_was_trained_with() -> None:
    now = parse_spec(TINY, "tiny", [OPEN])
    before = parse_spec(TINY, "tiny", ["training.regularizers=[{kind: bcr}, {kind: r1, interval: 4, weight: 10}]"])
    resumed = with_weights_of(now, before)
    assert resumed.training == before.training
    assert not resumed.places.chosen
    assert with_weights_of(now, None) is now
    given = parse_spec(TINY, "tiny", ["training.regularizers=[{kind: bcr}, {kind: r1, interval: 4, weight: 3}]"])
    assert with_weights_of(given, before) is given


def test_weight_of_a_spec_made_in_python_is_chosen_before_it_is_used() -> None:
    spec = parse_spec(TINY)
    made = replace(spec, training=replace(spec.training, regularizers=(R1Spec(),)))
    with pytest.raises(ArgumentError, match="give a number"):
        penalty_of(made.training.regularizers[0])
    assert with_chosen_weights(made).training.regularizers == (R1Spec(weight=0.0256),)
