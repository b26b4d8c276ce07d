"""A run whose images overflow says so: no black grid, and never a number of an evaluation."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import pytest
import torch

from hitzoo.errors import WeightsError
from hitzoo.evaluation.evaluate import evaluate
from hitzoo.families.build import build_generator
from hitzoo.families.compile import compile_spec
from hitzoo.sampling.generator import Generator
from hitzoo.spec.types import Spec
from hitzoo.training.run.checkpoint import Progress
from hitzoo.training.run.folder import RunFolder
from hitzoo.training.run.writer import RunWriter


@pytest.fixture
def overflowing(tiny_spec) -> Generator:
    spec: Spec = tiny_spec()
    plan = compile_spec(spec)
    module = build_generator(plan)
    with torch.no_grad():
        for weight in module.parameters():
            weight.fill_(1e30)
    return Generator(spec, plan, module, torch.device("cpu"))


def test_samples_that_are_not_finite_are_refused(overflowing: Generator) -> None:
    with pytest.raises(WeightsError, match="the images of tiny are not finite: its weights"):
        overflowing.sample(seeds=[0])
    with pytest.raises(WeightsError, match="are not finite"):
        overflowing.fast().sample(seeds=[0])


def test_evaluation_gives_no_number(overflowing: Generator) -> None:
    with pytest.raises(WeightsError, match="the images of tiny are not finite"):
        evaluate(overflowing, "synthetic", metrics=["sliced_wasserstein"], samples=4, real_samples=4)


def test_grid_of_a_run_is_left_out_with_a_note(overflowing: Generator, tmp_path: Path) -> None:
    heard: list[str] = []
    writer = RunWriter.__new__(RunWriter)
    writer.spec, writer.plan, writer.folder = overflowing.spec, overflowing.plan, RunFolder(tmp_path)
    writer.events = SimpleNamespace(noted=heard.append)  # type: ignore[assignment]
    writer.save_grid(Progress(step=7, images=28, seed=0), overflowing, 4, measured=True)
    (line,) = heard
    assert line.startswith("no grid at step 7: the images of tiny are not finite")
    assert not list(tmp_path.rglob("*.png"))
