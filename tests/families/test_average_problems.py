"""Averages that cannot be: exact texts at the author's lines."""

from __future__ import annotations

import pytest

from hitzoo.errors import SpecError
from hitzoo.families.compile import compile_spec
from hitzoo.families.load import parse_spec
from hitzoo.spec.convert import to_data
from hitzoo.spec.types import EmaSpec, ScheduleSpec
from hitzoo.spec.write import leaves, to_yaml
from tests.conftest import TINY


def said(ema: str, *overrides: str) -> str:
    with pytest.raises(SpecError) as caught:
        compile_spec(parse_spec(TINY, "mine.yaml", [f"training.ema={ema}", *overrides]))
    return str(caught.value)


def test_decay_beside_half_life_is_refused() -> None:
    told = said("{decay: 0.99, half_life: 5000}")
    assert "training.ema.decay" in told
    assert "decay (0.99 per step) and half_life (in images) say the same thing" in told
    assert "remove decay, or half_life" in told


def test_decay_that_hitzoo_wrote_beside_a_half_life_is_none() -> None:
    """Specs of runs and models have every default in them."""
    stored = parse_spec(TINY, "run.yaml", ["training.ema={decay: 0.999, start_step: 10, half_life: 5000}"])
    compile_spec(stored)
    written = parse_spec(TINY, "mine.yaml", ["training.ema={half_life: 5000}"])
    assert dict(leaves(stored)) == dict(leaves(written))
    assert to_data(written.training.ema) == {"start_step": 10, "ramp_up": False, "half_life": 5000.0}


def test_ramp_without_half_life_is_refused() -> None:
    assert "ramp limits a half_life, and there is none" in said("{decay: 0.99, ramp: 0.05}")


def test_recalibration_without_batch_norm_is_refused() -> None:
    told = said("[{decay: 0.9}, {decay: 0.99, recalibrate: 100}]", "generator.norm=layer")
    assert "training.ema[1].recalibrate" in told
    assert "the generator has no batch norm" in told


def test_averages_of_one_name_are_refused() -> None:
    told = said("[{half_life: {from: 0, to: 500, images: 10}}, {decay: 0.5}, {half_life: 500, ramp: 0.05}]")
    assert "training.ema[2]" in told
    assert "two averages would be named 500" in told


def test_names_tell_half_life_or_decay() -> None:
    kept = [
        EmaSpec(half_life=ScheduleSpec(from_=0.0, to=500_000.0, images=10)),
        EmaSpec(half_life=0.5),
        EmaSpec(),
        EmaSpec(decay=0.99999999),
        EmaSpec(half_life=1e7, recalibrate=100),
    ]
    assert [one.name for one in kept] == ["500000", "0.5", "0.999", "0.99999999", "10000000-recalibrated"]


@pytest.mark.parametrize(("half_life", "name"), [(float("inf"), "inf"), (1e300, "1e+300"), (float("nan"), "nan")])
def test_numbers_that_no_average_should_have_have_a_name_too(half_life: float, name: str) -> None:
    """Problems are told by these names."""
    assert EmaSpec(half_life=half_life).name == name


def test_list_of_averages_is_written_and_read_again() -> None:
    spec = parse_spec(TINY, "mine.yaml", ["training.ema=[{half_life: 10000, ramp: 0.05}, {decay: 0.99}]"])
    assert parse_spec(to_yaml(spec)).training.ema == spec.training.ema
    assert spec.training.averages == (EmaSpec(half_life=10_000.0, ramp=0.05), EmaSpec(decay=0.99))
