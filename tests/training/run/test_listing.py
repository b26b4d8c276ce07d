"""Runs as they are told from their files alone, whatever state these are in."""

from __future__ import annotations

import json
import os
import platform
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from hitzoo.training.run.best import Verdict
from hitzoo.training.run.listing import RunSummary, list_runs, summarize
from hitzoo.training.run.metrics_file import (
    append_line,
    cut_after,
    flush_lines,
    last_records,
    last_seconds,
    read_records,
)

SPEC = {"name": "tiny", "training": {"batch_size": 4, "steps": 8}}
ELSEWHERE = "another-host"


def line(step: int, speed: float = 10.0, **more: object) -> str:
    return json.dumps({"step": step, "images_per_second": speed, "loss/generator": step / 2, "d_real": 1.0} | more)


@pytest.fixture
def make(tmp_path) -> Callable[..., Path]:
    """`make("a", logged=3, saved=[2], session={...})`: a run's folder with what the listing reads."""

    def write(name: str = "a", *, logged: int = 0, saved: tuple[int, ...] = (), **about: object) -> Path:
        folder = tmp_path / "runs" / name
        (folder / "checkpoints").mkdir(parents=True)
        for step in saved:
            (folder / "checkpoints" / f"step-{step:08d}").mkdir()
        for step in range(1, logged + 1):
            append_line(folder / "metrics.jsonl", line(step))
        run = {"name": "tiny", "seed": 0, "spec": SPEC, "sessions": []} | about
        (folder / "run.json").write_text(json.dumps(run), encoding="utf-8")
        return folder

    return write


def session(**changes: object) -> dict[str, object]:
    """This very process, as `run.json` would remember it."""
    command = Path(f"/proc/{os.getpid()}/cmdline")
    words = command.read_text().split("\0")[-2:-1] if command.exists() else []
    return {"host": platform.node(), "pid": os.getpid(), "command": ["hitzoo", *words]} | changes


def ended() -> int:
    """The number of a process that is no more."""
    done = subprocess.Popen(["true"])
    done.wait()
    return done.pid


def test_a_run_is_told_by_its_last_lines(make) -> None:
    folder = make(logged=3, saved=(1, 2))
    metrics = folder / "metrics.jsonl"
    append_line(metrics, json.dumps({"step": 3, "eval/fid": 9.0, "eval/recall": 0.25}))
    append_line(metrics, line(4, 30.0, **{"loss/r1": 0.5}))
    append_line(metrics, line(5, 20.0, **{"loss/r1": 0.25}))
    best = {"checkpoint": "step-00000002", "metric": "fid", "value": 8.5, "lower_is_better": True}
    (folder / "best.json").write_text(json.dumps(best), encoding="utf-8")
    assert summarize(folder) == RunSummary(
        folder=folder,
        state="stopped",
        name="tiny",
        step=5,
        steps=8,
        checkpoint=2,
        images_per_second=20.0,
        losses={"generator": 2.5, "r1": 0.25},
        evaluation={"fid": 9.0, "recall": 0.25},
        evaluation_step=3,
        best=Verdict("step-00000002", "fid", 8.5, lower_is_better=True),
    )


def test_an_evaluation_after_the_last_losses_hides_neither(make) -> None:
    folder = make(logged=4)
    append_line(folder / "metrics.jsonl", json.dumps({"step": 4, "eval/fid": 9.0}))
    found = summarize(folder)
    assert (found.step, found.losses, found.evaluation) == (4, {"generator": 2.0}, {"fid": 9.0})


@pytest.mark.parametrize(
    ("logged", "saved", "about", "state"),
    [
        (0, (), [], "not begun"),
        (3, (), [], "stopped"),
        (0, (2,), [], "stopped"),
        (8, (4,), [], "stopped"),
        (8, (4, 8), [], "finished"),
        (3, (), [session(pid=10**9)], "stopped"),
        (3, (), [session(pid="7")], "stopped"),
        (3, (), [session(pid=-1)], "stopped"),
        (3, (), [session(host=ELSEWHERE)], "running?"),
        (8, (8,), [session(host=ELSEWHERE)], "finished"),
        (0, (), [session(host=ELSEWHERE)], "not begun"),
        (3, (), [session(), session(pid=10**9)], "stopped"),
        (3, (), ["nonsense"], "stopped"),
        (3, (), "nonsense", "stopped"),
    ],
)
def test_the_state_follows_from_process_and_checkpoints(make, logged, saved, about, state) -> None:
    assert summarize(make(logged=logged, saved=saved, sessions=about)).state == state


def test_a_run_whose_process_is_there_is_running(make) -> None:
    assert summarize(make("a", logged=3, sessions=[session()])).state == "running"
    assert summarize(make("b", sessions=[session(pid=10**9), session()])).state == "running"
    assert summarize(make("c", logged=3, sessions=[session(pid=ended())])).state == "stopped"


@pytest.mark.skipif(not Path("/proc/self/cmdline").exists(), reason="the system does not tell")
def test_another_process_with_its_number_is_not_the_run(make) -> None:
    assert summarize(make(logged=3, sessions=[session(command=["hitzoo", "train", "x"])])).state == "stopped"


def test_a_run_on_another_host_that_is_silent_is_not_taken_for_running(make) -> None:
    folder = make(logged=3, sessions=[session(host=ELSEWHERE)])
    os.utime(folder / "metrics.jsonl", (0, 0))
    assert summarize(folder).state == "stopped"


def test_runs_are_found_on_every_level_and_the_rest_is_told_apart(make, tmp_path) -> None:
    runs = tmp_path / "runs"
    for name in ("b", "group/a", "group/deeper/c"):
        make(name, logged=1)
    for name in ("group/empty", "notes/more", "model", ".hidden"):
        (runs / name).mkdir(parents=True)
    (runs / "model" / "config.json").write_text("{}", encoding="utf-8")
    (runs / "file.txt").touch()
    (runs / "loop").symlink_to(runs)
    (runs / "link").symlink_to(runs / "b")
    found = [(str(run.folder.relative_to(runs)), run.state) for run in list_runs(runs)]
    assert found == [
        ("b", "stopped"),
        ("group/a", "stopped"),
        ("group/deeper/c", "stopped"),
        ("group/empty", "not a run"),
        ("link", "stopped"),
        ("loop", "not a run"),
        ("model", "a model"),
        ("notes", "not a run"),
    ]


def test_a_run_itself_can_be_listed_and_an_empty_folder_too(make, tmp_path) -> None:
    folder = make(logged=1)
    assert [run.folder for run in list_runs(folder)] == [folder]
    (tmp_path / "empty").mkdir()
    assert list_runs(tmp_path / "empty") == []


@pytest.mark.parametrize("text", ["", "[]", '{"name"', "\xff\xfe"])
def test_a_damaged_description_is_said_and_the_rest_still_told(make, text) -> None:
    folder = make(logged=2, saved=(2,))
    (folder / "run.json").write_text(text, encoding="latin-1")
    (folder / "spec.yaml").write_text("name: tiny\ntraining:\n  steps: 9\n", encoding="utf-8")
    found = summarize(folder)
    assert (found.state, found.note) == ("damaged", "run.json is not a run's")
    assert (found.name, found.step, found.steps, found.checkpoint) == ("tiny", 2, 9, 2)


@pytest.mark.parametrize("text", ["", "[]", "a: [", "\xff", "training: 3"])
def test_a_run_that_says_hardly_anything_is_listed_all_the_same(tmp_path, text) -> None:
    folder = tmp_path / "runs" / "a"
    (folder / "checkpoints" / "step-mine").mkdir(parents=True)
    (folder / "spec.yaml").write_text(text, encoding="latin-1")
    assert list_runs(tmp_path / "runs") == [RunSummary(folder=folder, state="damaged", note="run.json is missing")]


@pytest.mark.parametrize("about", [{"name": 3, "spec": []}, {"spec": {"training": {"steps": "many"}}}, {}])
def test_words_of_another_kind_are_passed_over(tmp_path, about) -> None:
    folder = tmp_path / "a"
    folder.mkdir()
    (folder / "run.json").write_text(json.dumps(about), encoding="utf-8")
    odd = {"step": "x", "images_per_second": None, "loss/generator": "low", "loss/r1": True, "eval/fid": [1]}
    append_line(folder / "metrics.jsonl", json.dumps(odd))
    found = summarize(folder)
    assert found == RunSummary(folder=folder, state="stopped", name=None)


def test_what_cannot_be_read_is_told(make, tmp_path, monkeypatch) -> None:
    make("group/a")
    listed = Path.iterdir

    def closed(path: Path):
        if path.name == "group":
            raise PermissionError(13, "Permission denied")
        return listed(path)

    monkeypatch.setattr(Path, "iterdir", closed)
    (found,) = list_runs(tmp_path / "runs")
    assert (found.folder.name, found.state) == ("group", "unreadable")


@pytest.mark.parametrize("end", ["", '{"step": 3, "loss', "\n\n"])
def test_the_last_lines_of_a_file_that_is_being_written(tmp_path, end) -> None:
    path = tmp_path / "metrics.jsonl"
    assert last_records(path, 2) == []
    path.touch()
    assert last_records(path, 2) == []
    for step in (1, 2):
        append_line(path, line(step))
    with path.open("a", encoding="utf-8") as file:
        file.write(end)
    assert [record["step"] for record in last_records(path, 2)] == [2, 1]
    assert [record["step"] for record in last_records(path, 1)] == [2]
    assert [record["step"] for record in last_records(path, 9)] == [2, 1]
    assert last_records(path, 1, b"eval/") == []


def test_lines_that_contain_something_are_found_anywhere(tmp_path) -> None:
    path = tmp_path / "metrics.jsonl"
    for step in range(50):
        append_line(path, line(step, **({"eval/fid": 1.0, "eval/kid": 2.0} if step in (0, 7) else {})))
    assert [record["step"] for record in last_records(path, 5, b'"eval/')] == [7, 0]


def test_time_is_taken_from_the_last_line_that_has_it(tmp_path) -> None:
    path = tmp_path / "metrics.jsonl"
    assert last_seconds(path) == 0.0
    assert list(read_records(path)) == []
    flush_lines(path)
    append_line(path, json.dumps({"step": 0, "seconds": 1.5}))
    append_line(path, json.dumps({"step": 1, "seconds": 3}))
    append_line(path, json.dumps({"step": 1, "eval/fid": 3.0}))
    append_line(path, "[1]")
    flush_lines(path)
    assert last_seconds(path) == 3.0
    assert len(list(read_records(path))) == 3


def test_a_resumed_run_drops_what_it_will_write_again_and_what_is_no_line(tmp_path) -> None:
    path = tmp_path / "metrics.jsonl"
    cut_after(path, 3)
    assert not path.exists()
    kept = [line(1), line(3), json.dumps({"step": 3, "eval/fid": 1.0})]
    dropped = [line(4), "[1]", '{"images": 3}', '{"step": "x"}', '{"step": 2, "los', "\x00\x00", "\xff"]
    path.write_text("\n".join([*dropped, *kept, *dropped]), encoding="latin-1")
    cut_after(path, 3)
    assert path.read_text(encoding="utf-8").splitlines() == kept
    before = path.stat().st_ino
    cut_after(path, 3)
    assert path.stat().st_ino == before, "a file that is as it should be is left alone"
