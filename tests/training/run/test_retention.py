"""Which checkpoints stay, and which is the best."""

from __future__ import annotations

import json
import math
from pathlib import Path

import pytest

from hitzoo.training.run.best import Best, Verdict, last_chosen, read_best
from hitzoo.training.run.cleanup import remove_leftovers
from hitzoo.training.run.metrics_file import append_line, cut_after
from hitzoo.training.run.retention import keep
from hitzoo.zoo.run_layout import RunPaths, checkpoints


def place(run: Path, step: int) -> Path:
    path = run / "checkpoints" / f"step-{step:08d}"
    (path / "training").mkdir(parents=True)
    (path / "training" / "state.json").touch()
    return path


def steps(folder: Path) -> list[int]:
    return [int(path.name[5:]) for path in checkpoints(folder)]


def test_the_newest_by_step_and_the_best_stay(tmp_path) -> None:
    places = {step: place(tmp_path, step) for step in (100_000_000, 5, 20, 3, 7)}
    folder = tmp_path / "checkpoints"
    assert steps(folder) == [3, 5, 7, 20, 100_000_000]
    others = ["damaged-step-00000001", "notes.txt", "step-mine"]
    for name in others:
        (folder / name).mkdir()
    keep(folder, 2, places[5])
    assert steps(folder) == [5, 20, 100_000_000]
    keep(folder, 1, places[100_000_000])
    assert steps(folder) == [100_000_000]
    keep(folder, 9)
    assert sorted(path.name for path in folder.iterdir()) == sorted([*others, "step-100000000"])
    keep(tmp_path / "absent", 1)


def test_without_a_best_the_newest_alone_stay(tmp_path) -> None:
    for step in (1, 2, 3):
        place(tmp_path, step)
    keep(tmp_path / "checkpoints", 2, tmp_path / "checkpoints" / "step-00000009")
    assert steps(tmp_path / "checkpoints") == [2, 3]
    keep(tmp_path / "checkpoints", 1, None)
    assert steps(tmp_path / "checkpoints") == [3]


def test_one_that_is_half_removed_is_no_longer_called_a_checkpoint(tmp_path, monkeypatch) -> None:
    for step in (1, 2):
        place(tmp_path, step)

    def killed(path: Path) -> None:
        raise SystemExit

    with monkeypatch.context() as patch, pytest.raises(SystemExit):
        patch.setattr("hitzoo.training.run.retention.shutil.rmtree", killed)
        keep(tmp_path / "checkpoints", 1)
    assert steps(tmp_path / "checkpoints") == [2]
    remove_leftovers(tmp_path / "checkpoints", tmp_path / "absent")
    assert [path.name for path in (tmp_path / "checkpoints").iterdir()] == ["step-00000002"]


def test_the_best_is_the_lowest_or_the_highest_and_the_first_of_equals(tmp_path) -> None:
    best = Best.load(tmp_path)
    assert best.verdict is None
    assert best.place is None
    given = [(1, 9.0), (2, 3.5), (3, 3.5), (4, 7.0), (5, math.nan), (6, -math.inf), (7, 3.0)]
    assert [best.consider(step, "fid", value, lower_is_better=True) for step, value in given] == [
        True, True, False, False, False, False, True,
    ]  # fmt: skip
    assert best.place == tmp_path / "checkpoints" / "step-00000007"
    record = json.loads((tmp_path / "best.json").read_text(encoding="utf-8"))
    assert record == {"checkpoint": "step-00000007", "metric": "fid", "value": 3.0, "lower_is_better": True}
    highest = Best.load(tmp_path / "other")
    values = [1.0, 3.0, 2.0]
    found = [highest.consider(step, "recall", value, lower_is_better=False) for step, value in enumerate(values)]
    assert found == [True, True, False]


def test_the_first_evaluation_may_not_be_finite(tmp_path) -> None:
    best = Best.load(tmp_path)
    assert not best.consider(1, "fid", math.nan, lower_is_better=True)
    assert not (tmp_path / "best.json").exists()
    assert best.consider(2, "fid", 400.0, lower_is_better=True)


def test_another_metric_begins_anew(tmp_path) -> None:
    best = Best.load(tmp_path)
    best.consider(1, "fid", 3.0, lower_is_better=True)
    assert best.consider(2, "kid", 5.0, lower_is_better=True)
    assert not best.consider(3, "kid", 6.0, lower_is_better=True)


def test_the_record_survives_a_resume(tmp_path) -> None:
    place(tmp_path, 2)
    Best.load(tmp_path).consider(2, "fid", 3.0, lower_is_better=True)
    resumed = Best.load(tmp_path)
    assert resumed.verdict == Verdict("step-00000002", "fid", 3.0, lower_is_better=True)
    assert not resumed.consider(3, "fid", 3.1, lower_is_better=True)
    assert resumed.consider(4, "fid", 2.9, lower_is_better=True)


def test_the_best_names_its_average_also_where_it_is_found_again(tmp_path) -> None:
    place(tmp_path, 2)
    lines = [{"step": 2, "eval/fid": 4.0, "eval-9/fid": 4.0, "average": "9"}, {"step": 3, "eval/fid": 5.0}]
    (tmp_path / "metrics.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines), encoding="utf-8")
    Best.load(tmp_path).consider(7, "fid", 3.0, lower_is_better=True, average="100")
    assert json.loads((tmp_path / "best.json").read_text(encoding="utf-8"))["average"] == "100"
    found = Best.load(tmp_path)  # checkpoint 7 is not there
    assert found.verdict == Verdict("step-00000002", "fid", 4.0, lower_is_better=True, average="9")
    assert last_chosen(RunPaths(tmp_path)) == "9"


def test_resumed_from_before_its_best_the_best_that_is_there_takes_its_place(tmp_path) -> None:
    """Step 6 was the best and is damaged; 2 was better than 4, and 1 better than both but was not kept."""
    for step in (2, 4):
        place(tmp_path, step)
    run, best = RunPaths(tmp_path), Best.load(tmp_path)
    for step, value in ((1, 4.0), (2, 5.0), (3, 5.0), (4, 6.0), (6, 3.0)):
        append_line(run.metrics, json.dumps({"step": step, "loss/generator": 1.0}))
        append_line(run.metrics, json.dumps({"step": step, "eval/fid": value, "eval/recall": 0.5}))
        best.consider(step, "fid", value, lower_is_better=True)
    append_line(run.metrics, "half a li")
    append_line(run.metrics, json.dumps({"step": 4, "eval/fid": None}))
    append_line(run.metrics, json.dumps({"step": 4, "eval/fid": math.nan}))
    assert best.place == tmp_path / "checkpoints" / "step-00000006"
    cut_after(run.metrics, 4)
    resumed = Best.load(tmp_path)
    assert resumed.verdict == Verdict("step-00000002", "fid", 5.0, lower_is_better=True)
    assert read_best(run) == resumed.verdict
    assert resumed.consider(5, "fid", 4.9, lower_is_better=True)


def test_where_no_evaluated_checkpoint_is_left_there_is_no_best(tmp_path) -> None:
    Best.load(tmp_path).consider(6, "fid", 3.0, lower_is_better=True)
    assert Best.load(tmp_path).verdict is None
    assert not (tmp_path / "best.json").exists()


@pytest.mark.parametrize("text", ["", "[]", "3", "{}", '{"checkpoint": 3, "metric": "fid", "value": 1}', "\xff"])
def test_a_record_that_is_none_is_no_record(tmp_path, text) -> None:
    (tmp_path / "best.json").write_text(text, encoding="latin-1")
    assert Best.load(tmp_path).verdict is None


@pytest.mark.parametrize(
    "changes",
    [{"checkpoint": 3}, {"checkpoint": "../mine"}, {"metric": None}, {"value": "low"}, {"value": None}, {"more": 1}],
    ids=str,
)
def test_a_record_of_something_else_is_no_record(tmp_path, changes) -> None:
    place(tmp_path, 2)
    record = {"checkpoint": "step-00000002", "metric": "fid", "value": 1.0, "lower_is_better": True}
    (tmp_path / "best.json").write_text(json.dumps(record | changes), encoding="utf-8")
    assert Best.load(tmp_path).verdict is None
