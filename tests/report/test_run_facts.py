"""What is read of runs that are whole, damaged, empty or not there."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from hitzoo.errors import RunError
from hitzoo.report.run_facts import MOST_RUNS, read_runs, run_folders
from tests.report.written_runs import lines, write_run
from tests.training.damaged_runs import damage


def test_run_is_read(tmp_path: Path) -> None:
    [run] = read_runs([write_run(tmp_path / "a", lines(), grids=(100, 20))])
    assert (run.name, run.goes_on, run.problem) == ("a", False, "")
    assert run.spec is not None
    assert run.plan is not None
    assert [step for step, _ in run.grids] == [20, 100]
    assert run.images_at(100) == 400
    assert run.curves.images == 800
    assert run.real is not None


def test_names_of_runs_differ(tmp_path: Path) -> None:
    folders = [write_run(tmp_path / "x" / "a"), write_run(tmp_path / "y" / "a"), write_run(tmp_path / "b")]
    assert [run.name for run in read_runs(folders[:1])] == ["a"]
    names = [run.name for run in read_runs(folders)]
    assert names == ["x/a", "y/a", f"{tmp_path.name}/b"]


def test_folder_of_runs_stands_for_all_in_it(tmp_path: Path) -> None:
    inner = [write_run(tmp_path / "runs" / name) for name in ("a", "b")]
    (tmp_path / "runs" / "notes").mkdir()
    assert run_folders([tmp_path / "runs", inner[0]]) == inner


def test_run_of_two_names_is_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    one, other = (write_run(tmp_path / name) for name in ("b", "a"))
    monkeypatch.chdir(tmp_path)
    assert run_folders([Path("b"), other, one, Path("a")]) == [Path("b"), other]


def test_places_without_a_run_are_refused(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    for place, words in (("nowhere", "is not there"), ("file", "is not a folder"), (".", "holds no run")):
        with pytest.raises(RunError, match=f"{words}; give the folder of"):
            run_folders([tmp_path / place])
    for number in range(MOST_RUNS + 1):
        write_run(tmp_path / "many" / str(number))
    with pytest.raises(RunError, match=f"13 runs are too many for one page; name up to {MOST_RUNS} of them"):
        run_folders([tmp_path / "many"])


def test_spec_that_cannot_be_used_is_said(tmp_path: Path) -> None:
    run = write_run(tmp_path / "a", about={"spec": {"hitzoo": 1, "generator": {"family": "unheard-of"}}})
    (run / "spec.yaml").write_text("hitzoo: 1\nname: a\ngenerator: {family: unheard-of}\n")
    [found] = read_runs([run])
    assert found.plan is None
    assert "unheard-of" in found.problem
    (run / "spec.yaml").unlink()
    [found] = read_runs([run])
    assert found.problem == "neither spec.yaml nor run.json"


def test_line_that_is_longer_than_any_record_is_passed_over(tmp_path: Path) -> None:
    run = write_run(tmp_path / "a", lines(2))
    with (run / "metrics.jsonl").open("a") as file:
        file.write('{"x": "' + "y" * (1 << 21) + '"}\n' + json.dumps(lines(3)[-1]) + "\n")
    [found] = read_runs([run])
    assert found.curves.records == 3


def test_damaged_run_is_read_as_far_as_it_goes(tmp_path: Path) -> None:
    whole = write_run(tmp_path / "whole", lines(), grids=(10,))
    (whole / "best.json").write_text('{"checkpoint": "step-00000010", "metric": "fid", "value": 1.0}')
    for number in range(20):
        run = Path(shutil.copytree(whole, tmp_path / "damaged", symlinks=True))
        damage(run, number)
        assert len(read_runs([run])) == 1
        shutil.rmtree(run)
