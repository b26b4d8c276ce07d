"""`hitzoo runs`: what a user sees of runs that go on, have ended, or never were any."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import Run

PROBE = """
import sys
from hitzoo.cli.app import app
try:
    app(["runs", *sys.argv[1:]], prog_name="hitzoo")
except SystemExit as leaving:
    assert leaving.code in (0, None), leaving.code
loaded = [name for name in ("torch", "jsonschema", "safetensors", "PIL", "tensorboard") if name in sys.modules]
assert not loaded, loaded
"""


def enter(folder: Path, *, steps: int, lines: list[dict[str, object]]) -> None:
    folder.mkdir(parents=True)
    about = {"name": "tiny", "spec": {"name": "tiny", "training": {"steps": steps}}, "sessions": []}
    (folder / "run.json").write_text(json.dumps(about))
    (folder / "metrics.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    best = {"checkpoint": "step-00001000", "metric": "fid", "value": 7.25, "lower_is_better": True}
    (folder / "best.json").write_text(json.dumps(best))


@pytest.fixture
def runs(tmp_path: Path) -> Path:
    losses = {"loss/generator": 0.6931, "loss/discriminator": 12345.6, "images_per_second": 31.41592}
    enter(
        tmp_path / "runs" / "group" / "a",
        steps=14000,
        lines=[{"step": 1000, "eval/fid": 7.25}, {"step": 1200, **losses}],
    )
    enter(tmp_path / "runs" / "b", steps=5, lines=[{"step": 3, "loss/generator": float("nan")}])
    (tmp_path / "runs" / "notes").mkdir()
    (tmp_path / "runs" / "broken").mkdir()
    (tmp_path / "runs" / "broken" / "run.json").write_text("{")
    return tmp_path / "runs"


def test_model_is_named_where_it_is_not_called_as_its_folder(run: Run, runs: Path) -> None:
    assert "model" not in run("runs").stdout.splitlines()[0]
    about = {"name": "portraits", "made_from": "tiny", "spec": {"name": "portraits", "training": {"steps": 5}}}
    (runs / "b" / "run.json").write_text(json.dumps(about))
    first, *lines = run("runs").stdout.splitlines()
    assert first.split()[:3] == ["run", "model", "spec"]
    assert [line.split()[:3] for line in lines if line.split()[0] == "b"] == [["b", "portraits", "tiny"]]
    (runs / "b").rename(runs / "Portraits")
    assert "model" not in run("runs").stdout.splitlines()[0]


def test_every_run_is_a_row(run: Run, runs: Path) -> None:
    lines = [line for line in run("runs").stdout.splitlines() if line.strip()]
    rows = {line.split()[0]: line for line in lines}
    assert [name for name in rows if name[0].isalnum()] == ["run", "b", "broken", "group/a", "notes", "runs/broken:"]
    for words in (
        "tiny",
        "1,200/14,000",
        "stopped",
        "31.42",
        "0.6931",
        "12,346",
        "fid 7.25",
        "fid 7.25 at 1,000",
    ):
        assert words in rows["group/a"], words
    assert "3/5" in rows["b"]
    assert "nan" in rows["b"]
    assert "damaged" in rows["broken"]
    assert lines[-1] == "runs/broken: run.json is not a run's"
    assert "not a run" in rows["notes"]


def test_columns_that_no_run_has_anything_for_are_left_out(run: Run, runs: Path) -> None:
    assert "evaluation" in run("runs").stdout
    shown = run("runs", "runs/b").stdout
    assert "loss G" in shown
    assert "evaluation" not in shown
    assert "loss D" not in shown


def test_json_holds_all_that_is_known(run: Run, runs: Path) -> None:
    b, broken, a, notes = json.loads(run("runs", "--json").stdout, parse_constant=pytest.fail)
    assert (a["folder"], a["state"], a["step"], a["steps"]) == ("runs/group/a", "stopped", 1200, 14000)
    assert a["losses"] == {"generator": 0.6931, "discriminator": 12345.6}
    assert (a["evaluation"], a["evaluation_step"]) == ({"fid": 7.25}, 1000)
    assert a["best"] == {"checkpoint": "step-00001000", "metric": "fid", "value": 7.25, "lower_is_better": True}
    assert b["losses"] == {"generator": None}
    assert (broken["state"], notes["state"]) == ("damaged", "not a run")


def test_a_run_can_be_named_itself(run: Run, runs: Path) -> None:
    (found,) = json.loads(run("runs", "runs/group/a", "--json").stdout)
    assert found["folder"] == "runs/group/a"
    assert "runs/group/a" in run("runs", "runs/group/a").stdout


def test_no_folder_and_no_runs_say_how_to_go_on(run: Run, tmp_path: Path) -> None:
    assert "no such folder: runs" in run("runs", code=2).stderr
    (tmp_path / "mine").mkdir()
    assert "hitzoo train SPEC --data PATH --out mine/NAME" in run("runs", "mine").stdout
    assert json.loads(run("runs", "mine", "--json").stdout) == []


def test_a_run_that_was_trained_is_finished(run: Run, spec: Path) -> None:
    run("train", spec, "--out", "runs/mine", "--log-every", 1)
    (found,) = json.loads(run("runs", "--json").stdout)
    assert (found["name"], found["step"], found["steps"], found["checkpoint"]) == ("tiny", 3, 3, 3)
    assert found["losses"].keys() == {"generator", "discriminator", "r1"}
    assert found["images_per_second"] > 0


@pytest.mark.processes
def test_nothing_heavy_is_loaded(runs: Path, tmp_path: Path) -> None:
    for words in ([], ["--json"]):
        done = subprocess.run(
            [sys.executable, "-c", PROBE, *words], cwd=tmp_path, capture_output=True, text=True, timeout=60, check=False
        )
        assert done.returncode == 0, done.stderr
