"""`hitzoo bench sample`, `roofline` and `resolution`; `bench train` has its own beside the training."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
import torch

from hitzoo.bench import ceilings, subprocess_runner
from hitzoo.bench.variants import VariantRunner
from hitzoo.plan.traffic import BYTE_MODELS
from tests.conftest import Run

RUN = {
    "path": str,
    "precision": str,
    "batch": int,
    "images_per_second": float,
    "latency_ms": float,
    "peak_bytes": int,
    "share_of_bound": float,
}
"""What programs may count on in every run of `bench sample --json`."""


@pytest.fixture(autouse=True)
def _small_measurements(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(ceilings._COPIED, "cpu", 1 << 12)
    monkeypatch.setitem(ceilings._SIDE, "cpu", 16)


@pytest.fixture
def _one_process(monkeypatch: pytest.MonkeyPatch) -> None:
    """Both paths here: starting another process takes seconds."""
    monkeypatch.setattr(subprocess_runner, "_in_subprocess", lambda path, device: _Here(path, device))


class _Here(VariantRunner):
    def __enter__(self) -> _Here:
        return self

    def __exit__(self, *error: object) -> None:
        pass


@pytest.mark.usefixtures("_one_process")
def test_sample_measures_all_four(run: Run, spec: Path) -> None:
    report = json.loads(run("bench", "sample", spec, "--repeats", 2, "--device", "cpu", "--json").stdout)
    assert list(report)[:2] == ["model", "device"]
    assert (report["model"], report["device"]) == ("tiny", "cpu")
    assert {"hardware", "threads", "torch", "ceilings"} < report.keys()
    for row in report["runs"]:
        assert {name: type(row[name]) for name in RUN} == RUN
        assert min(row[name] for name in list(RUN)[2:]) > 0
        assert row["images_per_second"] == pytest.approx(1e3 * row["batch"] / row["latency_ms"])
        assert len(row["seconds"]) == 2
    kinds = [(row["batch"], row["precision"], row["path"]) for row in report["runs"]]
    both = [(precision, path) for precision in ("float32", "bfloat16") for path in ("plain", "optimized")]
    assert kinds == [(4, *kind) for kind in both]


@pytest.mark.usefixtures("_one_process")
def test_sample_prints_a_table(run: Run, spec: Path) -> None:
    words = ("bench", "sample", spec, "--batch", 2, "--repeats", 1, "--device", "cpu")
    said = run(*words).stdout
    for word in ("times plain float32", "share of bound", "bfloat16", "1 round", "FLOP/s in float32"):
        assert word in said
    assert re.search(rf"\b{torch.get_num_threads()} threads?\b", said)
    twice = json.loads(run(*words, "--batch", 1, "--path", "fast", "--json").stdout)["runs"]
    assert [row["batch"] for row in twice] == [2, 2, 1, 1]
    only = json.loads(run(*words, "--path", "optimized", "--precision", "bfloat16", "--json").stdout)["runs"]
    assert [(row["path"], row["precision"], row["batch"], row["speedup"]) for row in only] == [
        ("optimized", "bfloat16", 2, 1.0)
    ]
    words = ("bench", "roofline", spec, "--device", "cpu", "--precision", "bf16", "--json")
    assert json.loads(run(*words).stdout)["precision"] == "bfloat16"


@pytest.mark.processes
def test_sample_with_the_plain_path_in_its_own_process(run: Run, spec: Path) -> None:
    report = json.loads(run("bench", "sample", spec, "--repeats", 1, "--batch", 2, "--json").stdout)
    assert len(report["runs"]) == 4
    assert len({row["peak_bytes"] for row in report["runs"] if row["path"] == "plain"}) == 2


def test_roofline_says_what_limits_each_stage(run: Run) -> None:
    words = ("bench", "roofline", "hit-b-ffhq256", "--device", "cpu", "--batch", 16, "--precision", "bfloat16")
    report = json.loads(run(*words, "--json").stdout)
    assert (report["model"], report["precision"], report["batch"]) == ("hit-b-ffhq256", "bfloat16", 16)
    assert [stage["name"] for stage in report["stages"]][:3] == ["initial", "tokens", "stages.0"]
    assert sum(stage["share_of_time"] for stage in report["stages"]) == pytest.approx(1)
    assert sum(stage["flops"] for stage in report["stages"]) == pytest.approx(26.73e9, rel=1e-3)
    rates = report["ceilings"]
    for stage in report["stages"]:
        assert stage["compute_seconds"] == stage["flops"] / rates["flops_per_second"]["bfloat16"]
        assert stage["bandwidth_seconds"] == stage["bytes"] / rates["bytes_per_second"]
    bounds = {bound["byte_model"]: bound for bound in report["bounds"]}
    assert list(bounds) == list(BYTE_MODELS)
    assert bounds["mlp"]["bytes_per_image"] == pytest.approx(204e6, rel=0.01)
    speeds = [bound["images_per_second"] for bound in bounds.values()]
    assert speeds == sorted(speeds)
    said = run(*words).stdout
    for word in ("stages.5", "bound by", "images/s at most", "measured here: copies"):
        assert word in said


@pytest.mark.usefixtures("_one_process")
def test_resolution_fits_an_exponent(run: Run, tiny_text: str, tmp_path: Path) -> None:
    (tmp_path / "family.yaml").write_text(tiny_text)
    words = ("bench", "resolution", "family.yaml", "--smallest", 8, "--repeats", 1, "--device", "cpu")
    report = json.loads(run(*words, "--json").stdout)
    assert [row["resolution"] for row in report["runs"]] == [8, 8, 16, 16, 32, 32]
    assert [(row["path"], row["precision"]) for row in report["exponents"]] == [
        ("plain", "float32"),
        ("optimized", "float32"),
    ]
    assert all(isinstance(row["exponent"], float) for row in report["exponents"])
    assert "plain float32: time ∝ pixels^" in run(*words).stdout


def test_what_is_not_possible_is_said(run: Run, spec: Path) -> None:
    said = run("bench", "sample", spec, "--precision", "float16", code=2).stderr
    assert "--precision float16: not possible here; possible: float32, bfloat16" in said
    refused = run("bench", "sample", spec, "--path", "slow", code=2).stderr
    assert "--path slow: possible: plain, optimized, compiled" in refused
    assert "did you mean 'hit-b-ffhq256'" in run("bench", "roofline", "hit-b-fhq256", code=2).stderr
    assert "--smallest 64" in run("bench", "resolution", spec, code=2).stderr
