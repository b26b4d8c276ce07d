"""`hitzoo.evaluate`: the arguments of the call."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import hitzoo
from hitzoo.errors import ArgumentError
from hitzoo.evaluation.metrics import OFFLINE
from hitzoo.sampling.generator import Generator

METRIC = "random_conv_frechet"
FEW: dict[str, Any] = {"metrics": METRIC, "samples": 8, "real_samples": 8}


@pytest.mark.parametrize(
    ("given", "network"),
    [
        ({}, None),
        ({"optimized": False}, None),
        ({"optimized": True}, "fast, float32"),
        ({"optimized": "bf16"}, "fast, bfloat16"),
        ({"fast": True}, "fast, float32"),
        ({"fast": "bfloat16"}, "fast, bfloat16"),
    ],
)
def test_evaluate_samples_by_the_network_asked_for(
    tiny_generator: Callable[..., Generator], given: dict[str, Any], network: str | None
) -> None:
    report = hitzoo.evaluate(tiny_generator(), **FEW, **given)
    assert [score.metric for score in report.scores] == [METRIC]
    assert report.scores[0].protocol["generated"].get("network") == network


def test_evaluate_takes_a_model_as_load_does(tiny_generator: Callable[..., Generator], tmp_path: Path) -> None:
    generator = tiny_generator()
    generator.save_pretrained(tmp_path / "model")
    named = hitzoo.evaluate(str(tmp_path / "model"), "synthetic", **FEW)
    assert named[METRIC] == pytest.approx(hitzoo.evaluate(generator, **FEW)[METRIC])


def test_metrics_in_one_string_are_a_list(tiny_generator: Callable[..., Generator]) -> None:
    report = hitzoo.evaluate(tiny_generator(), metrics=",".join(OFFLINE), samples=8, real_samples=8)
    assert {score.metric for score in report.scores} == set(OFFLINE)


@pytest.mark.parametrize(
    ("argument", "value"),
    [("samples", "x"), ("real_samples", -1), ("batch_size", 1.5), ("optimized", "fp16"), ("fast", 8)],
)
def test_impossible_argument_is_refused(tiny_generator: Callable[..., Generator], argument: str, value: object) -> None:
    name = "precision" if argument in ("optimized", "fast") else argument
    with pytest.raises(ArgumentError, match=f"^{name} '{value}': "):
        hitzoo.evaluate(tiny_generator(), **FEW | {argument: value})


def test_optimized_and_its_former_name_together_are_refused(tiny_generator: Callable[..., Generator]) -> None:
    with pytest.raises(hitzoo.RequestError, match="not both"):
        hitzoo.evaluate(tiny_generator(), **FEW, optimized=True, fast=True)
