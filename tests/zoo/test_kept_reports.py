"""Evaluations in the folder of a run."""

from __future__ import annotations

import json
import os
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

from hitzoo.training.run.listing import summarize
from hitzoo.zoo.kept_reports import is_checkpoint_of_run, keep_report, kept_report


def report(value: float, name: str = "fid", samples: int = 100) -> dict[str, Any]:
    score = {"metric": name, "name": name, "value": value, "deviation": None, "protocol": {"samples": samples}}
    return {"scores": [score], "notes": []}


@pytest.fixture
def checkpoint(tmp_path: Path) -> Path:
    folder = tmp_path / "x" / "checkpoints" / "step-00000005"
    folder.mkdir(parents=True)
    (folder / "model.safetensors").write_bytes(b"weights")
    (tmp_path / "x" / "run.json").write_text(json.dumps({"name": "x", "spec": {"training": {"steps": 9}}}))
    return folder


def spoken(checkpoint: Path) -> dict[str, Any]:
    return kept_report(checkpoint)[1]


def value_of(found: dict[str, Any]) -> float:
    return found["scores"][0]["value"]


def test_a_kept_report_speaks_for_its_checkpoint(checkpoint: Path) -> None:
    assert spoken(checkpoint) == {}
    place = keep_report(checkpoint, report(3.0))
    assert place.parent == checkpoint.parent.parent / "evaluations"
    assert spoken(checkpoint) == report(3.0)
    assert summarize(checkpoint.parent.parent).evaluation == {"fid": 3.0}
    assert summarize(checkpoint.parent.parent).evaluation_step == 5


def test_the_same_evaluation_takes_the_place_of_its_like(checkpoint: Path) -> None:
    assert keep_report(checkpoint, report(3.0)) == keep_report(checkpoint, report(2.0))
    assert value_of(spoken(checkpoint)) == 2.0


def test_another_evaluation_stands_beside_it_and_the_newest_speaks(checkpoint: Path) -> None:
    old, new = keep_report(checkpoint, report(3.0)), keep_report(checkpoint, report(1.0, samples=200))
    assert old != new
    os.utime(old, (1000, 1000))
    assert value_of(spoken(checkpoint)) == 1.0
    os.utime(new, (500, 500))
    assert value_of(spoken(checkpoint)) == 3.0


def test_the_runs_own_evaluation_goes_first(checkpoint: Path) -> None:
    place = keep_report(checkpoint, report(3.0))
    place.with_name("step-00000005.json").write_text(json.dumps(report(4.0)))
    assert value_of(spoken(checkpoint)) == 4.0


def test_a_report_of_other_weights_does_not_speak(checkpoint: Path) -> None:
    keep_report(checkpoint, report(3.0))
    (checkpoint / "model.safetensors").write_bytes(b"saved anew after a resume")
    assert spoken(checkpoint) == {}


def test_a_report_of_other_weights_is_not_listed(checkpoint: Path) -> None:
    keep_report(checkpoint, report(3.0))
    run, index = checkpoint.parent.parent, checkpoint / "training" / "index.json"
    index.parent.mkdir()
    for digest, listed in ((sha256(b"weights").hexdigest(), {"fid": 3.0}), ("0" * 64, {})):
        index.write_text(json.dumps({"files": {"model.safetensors": {"bytes": 7, "sha256": digest}}}))
        assert summarize(run).evaluation == listed
    index.write_text("[]")
    assert summarize(run).evaluation == {"fid": 3.0}


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        "{",
        '{"scores": 3}',
        '{"scores": [3]}',
        "[" * 100_000,
        '{"scores": [{"name": "fid", "value": 1' + 400 * "0" + "}]}",
    ],
)
def test_a_damaged_report_is_none(checkpoint: Path, text: str) -> None:
    keep_report(checkpoint, report(3.0)).write_text(text)
    assert spoken(checkpoint) == {}
    assert summarize(checkpoint.parent.parent).evaluation == {}


def test_the_later_step_is_listed_and_of_one_step_all_numbers(checkpoint: Path) -> None:
    run = checkpoint.parent.parent
    keep_report(checkpoint, report(3.0, "kid"))
    (run / "metrics.jsonl").write_text('{"step": 5, "eval/fid": 7.0}\n')
    assert summarize(run).evaluation == {"fid": 7.0, "kid": 3.0}
    (run / "metrics.jsonl").write_text('{"step": 6, "eval/fid": 6.0}\n')
    assert (summarize(run).evaluation, summarize(run).evaluation_step) == ({"fid": 6.0}, 6)
    (run / "metrics.jsonl").write_text('{"step": 4, "eval/fid": 8.0}\n')
    assert (summarize(run).evaluation, summarize(run).evaluation_step) == ({"kid": 3.0}, 5)


def test_only_checkpoints_of_runs_are_such(checkpoint: Path) -> None:
    assert is_checkpoint_of_run(checkpoint)
    assert not is_checkpoint_of_run(checkpoint.parent)
    (checkpoint.parent.parent / "run.json").unlink()
    assert not is_checkpoint_of_run(checkpoint)
