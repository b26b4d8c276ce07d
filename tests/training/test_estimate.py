"""What a run is reckoned to take, beside what it took."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from hitzoo.errors import DataError, RequestError
from hitzoo.families.compile import ModelPlan
from hitzoo.families.load import parse_spec
from hitzoo.spec.types import AlternatingSpec, EmaSpec, R1Spec, Spec
from hitzoo.training.engine.trial_reading import Reading
from hitzoo.training.estimate import Estimate, estimate
from hitzoo.training.run.loop import train
from hitzoo.training.run.options import RunOptions

OPTIONS = RunOptions(out=Path("runs"), device="cpu")


@pytest.fixture
def tiny_spec(tiny_text: str) -> Spec:
    return parse_spec(tiny_text, "tiny.yaml")


def reckon(spec: Spec, plan: ModelPlan, **changes: object) -> Estimate:
    return estimate(spec, plan, replace(OPTIONS, **changes), budget=1000)


def test_a_run_is_as_large_as_reckoned(tiny_spec: Spec, tiny_plan: ModelPlan, tmp_path: Path) -> None:
    found = reckon(tiny_spec, tiny_plan, checkpoint_every=2)
    end = train(tiny_spec, replace(OPTIONS, out=tmp_path / "run", checkpoint_every=2))
    size = sum(path.stat().st_size for path in end.checkpoint.rglob("*.safetensors"))
    assert found.checkpoint <= size <= found.checkpoint + 4 * 40_000  # headers name tensors
    whole = sum(path.stat().st_size for path in (tmp_path / "run").rglob("*") if path.is_file())
    assert 0.4 * whole < found.disk


def test_time_goes_with_steps_and_pieces(tiny_spec: Spec, tiny_plan: ModelPlan) -> None:
    found = reckon(tiny_spec, tiny_plan)
    assert (found.steps, found.batch_size, found.at_once, found.timed_images) == (4, 4, 4, 4)
    assert found.images == 65536
    assert found.seconds_per_step > 0
    assert found.reading_per_step is not None
    assert found.seconds == pytest.approx(
        4 * (found.seconds_per_step + found.reading_per_step) + found.sampling, rel=1e-6
    )
    pieces = reckon(tiny_spec, tiny_plan, batch_per_device=1)
    assert (pieces.at_once, pieces.timed_images) == (1, 1)
    assert pieces.memory < found.memory
    assert found.fits
    assert not replace(found, memory_free=found.memory - 1).fits


def test_lazy_terms_make_the_mean_step_shorter(tiny_spec: Spec, tiny_plan: ModelPlan, monkeypatch) -> None:
    monkeypatch.setattr("hitzoo.training.engine.timed_steps.StepTimer._timed", lambda self, step, number: 3.0 - number)
    lazy = replace(tiny_spec, training=replace(tiny_spec.training, regularizers=(R1Spec(weight=10.0, interval=4),)))
    assert reckon(tiny_spec, tiny_plan).seconds_per_step == 2.0
    assert reckon(lazy, tiny_plan).seconds_per_step == (2.0 + 3 * 1.0) / 4


def test_evaluations_are_counted(tiny_spec: Spec, tiny_plan: ModelPlan) -> None:
    often = replace(tiny_spec, evaluation=replace(tiny_spec.evaluation, every=2, samples=100))
    assert reckon(tiny_spec, tiny_plan).evaluating == 0
    found = reckon(often, tiny_plan)
    assert found.evaluating == pytest.approx(2 * 100 / 36 * found.sampling, rel=1e-6)
    assert found.disk > reckon(tiny_spec, tiny_plan).disk


def test_evaluations_of_each_average_and_its_recalibration_are_counted(tiny_spec: Spec, tiny_plan: ModelPlan) -> None:
    averages = (EmaSpec(decay=0.5), EmaSpec(decay=0.9, recalibrate=50))
    several = replace(tiny_spec, training=replace(tiny_spec.training, ema=averages))
    found = reckon(replace(several, evaluation=replace(several.evaluation, every=2, samples=100)), tiny_plan)
    assert found.evaluating == pytest.approx(2 * (2 * 100 + 50) / (36 + 50) * found.sampling, rel=1e-6)


def test_a_spec_without_images_is_reckoned_without_reading(tiny_spec: Spec, tiny_plan: ModelPlan) -> None:
    found = reckon(replace(tiny_spec, data=replace(tiny_spec.data, source=None)), tiny_plan)
    assert (found.images, found.reading_per_step) == (None, None)
    with pytest.raises(DataError, match="no such folder"):
        reckon(tiny_spec, tiny_plan, data="nowhere")
    with pytest.raises(RequestError, match="batch_per_device 3 does not divide"):
        reckon(tiny_spec, tiny_plan, batch_per_device=3)


def test_reading_is_of_all_images_that_a_step_takes(tiny_spec: Spec, tiny_plan: ModelPlan, monkeypatch) -> None:
    monkeypatch.setattr(
        "hitzoo.training.engine.timed_steps.StepTimer._timed", lambda self, step, number: step(1) and 2.0
    )
    reading = Reading(images=1000, seconds=0.5, some=np.zeros((36, 32, 32, 3), np.uint8))
    monkeypatch.setattr("hitzoo.training.estimate.read_some", lambda *given: reading)
    by_turns = replace(tiny_spec.training, updates=AlternatingSpec(discriminator=3, generator_batch_size=2))
    found = reckon(replace(tiny_spec, training=by_turns), tiny_plan)
    assert (found.reading_per_step, found.seconds_per_step) == (6.0, 2.0)
    assert (found.batch_size, found.images_per_step) == (4, 12)
    assert reckon(tiny_spec, tiny_plan).reading_per_step == 2.0
    lazy = replace(by_turns, regularizers=(R1Spec(weight=10.0, interval=4),))
    assert reckon(replace(tiny_spec, training=lazy), tiny_plan).seconds_per_step == 2.0
