"""`hitzoo eval` of a run: its numbers stay in the run, are listed, and are published."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.conftest import Run

FEW = ("--metrics", "sliced_wasserstein", "--samples", 8, "--real-samples", 8)


@pytest.fixture
def trained(run: Run, spec: Path) -> str:
    """A run with the checkpoints 1, 2 and 3."""
    run("train", spec, "--out", "runs/x", "--checkpoint-every", 1)
    return "runs/x"


def test_an_evaluation_is_kept_listed_and_published(run: Run, trained: str, tmp_path: Path) -> None:
    assert "not been evaluated" in run("publish", trained, "acme/x", "--license", "mit", "--dry-run").stdout
    done = run("eval", "--model", trained, "--json", *FEW)
    value = json.loads(done.stdout)["scores"][0]["value"]
    (kept,) = (tmp_path / trained / "evaluations").iterdir()
    assert kept.name.startswith("step-00000003-")
    assert f"stored in the run: runs/x/evaluations/{kept.name}\n" in done.stderr
    assert json.loads(kept.read_text())["scores"] == json.loads(done.stdout)["scores"]
    (listed,) = json.loads(run("runs", "--json").stdout)
    assert (listed["evaluation"], listed["evaluation_step"]) == ({"sliced_wasserstein": value}, 3)
    assert "sliced_wasserstein" in run("runs").stdout
    run("publish", trained, "acme/x", "--license", "mit", "--dry-run", "--out", "card")
    published = json.loads((tmp_path / "card" / "evaluation.json").read_text())
    assert published["scores"][0]["value"] == value
    assert set(published) == {"scores", "notes"}


def test_every_verb_takes_one_checkpoint_of_a_run(run: Run, trained: str, tmp_path: Path) -> None:
    run("eval", "--model", f"{trained}@2", *FEW)
    (kept,) = (tmp_path / trained / "evaluations").iterdir()
    assert kept.name.startswith("step-00000002-")
    for verb in ("sample", "render", "export", "eval"):
        out = ("--out", "g.onnx") if verb == "export" else ()
        said = run(verb, "--model", f"{trained}@7", *out, code=2).stderr
        assert "runs/x has no checkpoint '7'; there are 1, 2, 3, newest" in said, verb
    assert "there are 1, 2, 3" in run("publish", f"{trained}@7", "acme/x", "--license", "mit", code=2).stderr
    assert "there are 1, 2, 3" in run("info", f"{trained}@7", code=2).stderr
    run("sample", "--model", f"{trained}@1", "--seeds", 5, "--out", "one")
    run("sample", "--model", f"{trained}/checkpoints/step-00000001", "--seeds", 5, "--out", "same")
    assert (tmp_path / "one" / "seed0005.png").is_file()
    published = run("publish", f"{trained}@2", "acme/x", "--license", "mit", "--dry-run").stdout
    assert "2 steps" in published
    assert "not been evaluated" not in published


def test_a_mistyped_run_is_told_by_every_verb(run: Run, trained: str) -> None:
    for words in (
        ("sample", "--model", "runs/xx"),
        ("render", "--model", "runs/xx"),
        ("eval", "--model", "runs/xx@best"),
        ("export", "--model", "runs/xx", "--out", "g.onnx"),
        ("publish", "runs/xx", "acme/x", "--license", "mit"),
        ("info", "runs/xx"),
        ("train", "tiny.yaml", "--out", "b", "--init", "runs/xx"),
    ):
        assert "no run or model is named runs/xx here; did you mean 'runs/x'?" in run(*words, code=2).stderr, words


def test_a_model_that_is_no_run_keeps_nothing(run: Run, spec: Path, tmp_path: Path) -> None:
    run("build", spec, "--out", "model")
    before = sorted(path.name for path in tmp_path.iterdir())
    done = run("eval", "--model", "model", *FEW)
    assert "kept" not in done.stderr
    assert sorted(path.name for path in tmp_path.iterdir() if path.name != "cache") == before
