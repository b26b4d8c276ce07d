"""`hitzoo runs --compare` and `--write-curve` as a user has them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.conftest import Run
from tests.training.curves.written_run import write_run


@pytest.fixture
def runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    for seed in (0, 1):
        write_run(tmp_path / f"runs/seed{seed}", seed)
    write_run(tmp_path / "mine", 2, **{"loss/discriminator": lambda images: 3.0})
    return tmp_path


def test_curve_of_runs_is_written_and_compared_with(run: Run, runs: Path) -> None:
    assert run("runs", "--write-curve", "tiny.json").stdout == "wrote tiny.json: 2 runs of tiny, seeds 0, 1\n"
    told = run("runs", "--compare", "mine", "tiny.json").stdout
    assert told.splitlines()[0].split() == ["quantity", "images", "this", "run", "reference", "range"]
    assert "32,000      3.00       1.01  1.00 to 1.02  above" in told
    assert "reference tiny: tiny, 2 seeds, a CPU, 2026-11-26, hitzoo 0.1.0 torch 2.15.0" in told
    assert "mine: not the reference's curve up to 32,000 images" in " ".join(told.split())


def test_comparison_for_programs_has_every_image_count(run: Run, runs: Path) -> None:
    found = json.loads(run("runs", "--compare", "runs/seed0", "runs/seed1", "--json").stdout)
    assert found["normal"] is True
    assert found["reference"]["seeds"] == [1]
    points = found["quantities"]["loss/discriminator"]["points"]
    assert [one["images"] for one in points] == [2800, 4000, 5700, 8000, 11000, 16000, 23000, 32000]
    assert points[0]["side"] == "inside"


def test_curve_that_is_there_is_not_overwritten(run: Run, runs: Path) -> None:
    Path("tiny.json").write_text("mine", encoding="utf-8")
    refused = run("runs", "--write-curve", "tiny.json", code=2)
    assert "tiny.json" in refused.stderr
    assert Path("tiny.json").read_text(encoding="utf-8") == "mine"
    run("runs", "--write-curve", "tiny.json", "--force")
    assert run("runs", "--compare", "mine", "--write-curve", "x.json", code=2).stderr.startswith("give --compare or")


def test_listing_names_failures_that_show(run: Run, runs: Path) -> None:
    with (runs / "mine/metrics.jsonl").open("a", encoding="utf-8") as file:
        file.write('{"step": 990, "images": 31680, "warning": "r1_explodes"}\n')
        file.write('{"step": 991, "images": 31712, "warning": "collapse"}\n')
        file.write('{"step": 992, "images": 31744, "warning": "r1_explodes", "over": true}\n')
    told = run("runs", "mine").stdout
    assert "mine: collapse, by its own numbers" in told
    assert "explodes" not in told
    assert json.loads(run("runs", "mine", "--json").stdout)[0]["failures"] == ["collapse"]
