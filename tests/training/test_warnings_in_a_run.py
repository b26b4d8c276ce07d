"""Small runs: one whose discriminator wins, and one whose does not."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from hitzoo.training.run.listing import summarize
from hitzoo.training.run.loop import train
from hitzoo.training.run.options import RunOptions
from tests.training.run.test_loop import Listener

FAILS = (
    "training.regularizers=[]",
    "training.optimizer.discriminator={learning_rate: 0.05}",
    "training.optimizer.generator={learning_rate: 0.00001}",
)
HEALTHY = ("training.regularizers=[{kind: r1, weight: 0.1}]", "training.optimizer.learning_rate=0.001")


def go(spec, out: Path, **changes: Any) -> list[str]:
    listener = Listener()
    changes = {"log_every": 2, "sample_every": 20, "checkpoint_every": 80, **changes}
    train(spec, RunOptions(out=out, device="cpu", **changes), listener)
    return [note for note in listener.notes if note.startswith("warning") or note.endswith("is over")]


def lines(out: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (out / "metrics.jsonl").read_text(encoding="utf-8").splitlines()]


def test_run_whose_discriminator_wins_says_so_once(tiny_spec, tmp_path: Path) -> None:
    out = tmp_path / "run"
    (warning,) = go(tiny_spec(*FAILS, "training.steps=60"), out)
    assert "the discriminator wins" in warning
    told = [line for line in lines(out) if "warning" in line]
    assert [line["warning"] for line in told] == ["discriminator_wins"]
    assert warning.startswith(f"warning: step {told[0]['step']}: ")
    assert summarize(out).failures == ("discriminator_wins",)
    assert go(tiny_spec(*FAILS, "training.steps=90"), out, resume=True) == [], "a resumed run does not repeat it"
    assert summarize(out).failures == ("discriminator_wins",)


def test_healthy_run_says_nothing_and_logs_the_diversity_of_its_grids(tiny_spec, tmp_path: Path) -> None:
    assert go(tiny_spec(*HEALTHY, "training.steps=40"), tmp_path / "run") == []
    grids = [line for line in lines(tmp_path / "run") if "diversity" in line]
    assert [(line["step"], line["images"]) for line in grids] == [(20, 80), (40, 160)]
    assert all(0 < line["diversity"] < 2 and 0 < line["contrast"] < 2 for line in grids)
    assert summarize(tmp_path / "run").failures == ()


def test_grid_that_a_run_did_not_come_to_is_made_when_it_goes_on(tiny_spec, tmp_path: Path) -> None:
    out = tmp_path / "run"
    go(tiny_spec(*HEALTHY, "training.steps=4"), out, sample_every=2, checkpoint_every=4)
    whole = [line for line in lines(out) if "seconds" not in line]
    assert [line["step"] for line in whole] == [2, 4]
    kept = (out / "metrics.jsonl").read_text(encoding="utf-8").splitlines()[:-1]
    (out / "metrics.jsonl").write_text("\n".join(kept) + "\n", encoding="utf-8")  # killed after it saved
    (out / "samples/step-00000004.png").unlink()
    go(tiny_spec(*HEALTHY, "training.steps=5"), out, sample_every=2, resume=True)
    assert [line for line in lines(out) if "seconds" not in line] == whole
    assert (out / "samples/step-00000004.png").is_file()


def test_chosen_weight_is_told_at_the_beginning_and_kept(tiny_spec, tmp_path: Path) -> None:
    spec = tiny_spec("training.regularizers=[{kind: r1}]", "training.steps=1")
    listener = Listener()
    train(spec, RunOptions(out=tmp_path / "run", device="cpu"), listener)
    assert "note: r1: no weight is given; 0.0016 by" in listener.notes[0]
    about = json.loads((tmp_path / "run/run.json").read_text(encoding="utf-8"))
    assert about["spec"]["training"]["regularizers"][0]["weight"] == 0.0016


@pytest.mark.parametrize("weight", [10.0, 0.0016])
def test_run_of_a_spec_without_a_weight_goes_on_with_its_own(tiny_spec, tmp_path: Path, weight: float) -> None:
    begun = tiny_spec(f"training.regularizers=[{{kind: r1, weight: {weight}}}]", "training.steps=1")
    train(begun, RunOptions(out=tmp_path / "run", device="cpu"))
    listener = Listener()
    again = tiny_spec("training.regularizers=[{kind: r1}]", "training.steps=2")
    train(again, RunOptions(out=tmp_path / "run", device="cpu", resume=True), listener)
    about = json.loads((tmp_path / "run/run.json").read_text(encoding="utf-8"))
    assert about["spec"]["training"]["regularizers"][0]["weight"] == weight
    assert not [note for note in listener.notes if "no weight is given" in note]
