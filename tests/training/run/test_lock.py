from __future__ import annotations

import os
from pathlib import Path

import pytest

from hitzoo.errors import DataError, OutputError, RunError
from hitzoo.families.load import load_spec
from hitzoo.training.run.lock import RunLock, run_lock
from hitzoo.training.run.loop import train
from hitzoo.training.run.options import RunOptions
from tests.processes.start import Starter
from tests.training.conftest import TINY

fcntl = pytest.importorskip("fcntl")


def test_a_folder_is_held_once(tmp_path) -> None:
    with run_lock(tmp_path) as lock:
        lock.take()
        lock.take()
        with pytest.raises(RunError, match="is being trained by another process"):
            RunLock(tmp_path).take()
    again = RunLock(tmp_path)
    again.take()
    again.release()
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_is_not_there_is_made_and_held(tmp_path) -> None:
    place = tmp_path / "runs" / "deeper" / "run"
    with run_lock(place) as lock:
        lock.take()
        assert place.is_dir()
        with pytest.raises(RunError, match="is being trained by another process"):
            RunLock(place).take()
        assert place.is_dir()
    assert list(tmp_path.iterdir()) == [], "it was made for nothing"


def test_folders_that_hold_something_stay(tmp_path) -> None:
    (tmp_path / "runs").mkdir()
    with run_lock(tmp_path / "runs" / "group" / "run") as lock:
        lock.take()
        (tmp_path / "runs" / "group" / "mine").touch()
    assert [str(path.relative_to(tmp_path)) for path in sorted(tmp_path.rglob("*"))] == [
        "runs",
        "runs/group",
        "runs/group/mine",
    ]


def test_a_lock_is_of_the_folder_that_has_the_name(tmp_path, monkeypatch) -> None:
    """Another session removes the folder it had made, after we have opened it."""
    place, opened = tmp_path / "run", os.open
    place.mkdir()
    removed = []

    def open_and_lose(path: Path, flags: int) -> int:
        descriptor = opened(path, flags)
        if not removed:
            removed.append(path)
            place.rmdir()
        return descriptor

    monkeypatch.setattr("hitzoo.training.run.lock.os.open", open_and_lose)
    lock = RunLock(place)
    lock.take()
    assert removed == [place]
    with pytest.raises(RunError):
        RunLock(place).take()
    lock.release()


def test_where_there_are_no_locks_the_run_goes_on(tmp_path, monkeypatch) -> None:
    def refuse(descriptor: int, how: int) -> None:
        raise OSError(95, "Operation not supported")

    monkeypatch.setattr("hitzoo.training.run.lock.fcntl.flock", refuse)
    with run_lock(tmp_path / "run") as lock:
        lock.take()
        assert (tmp_path / "run").is_dir()


def test_what_cannot_be_made_is_said(tmp_path) -> None:
    (tmp_path / "file").write_text("mine", encoding="utf-8")
    with pytest.raises(OutputError, match="cannot write"):
        RunLock(tmp_path / "file" / "run").take()


def test_two_sessions_of_a_run_do_not_go_on_together(tiny_spec, tmp_path) -> None:
    out = tmp_path / "run"
    train(tiny_spec("training.steps=1"), RunOptions(out=out, device="cpu"))
    other = RunLock(out)
    other.take()
    with pytest.raises(RunError, match="is being trained by another process"):
        train(tiny_spec("training.steps=2"), RunOptions(out=out, device="cpu", resume=True))
    other.release()
    assert train(tiny_spec("training.steps=2"), RunOptions(out=out, device="cpu", resume=True)).step == 2


def test_a_new_run_in_a_held_folder_writes_and_removes_nothing(tiny_spec, tmp_path) -> None:
    """As two starts within the seconds that torch needs: the other has made the folder, and perhaps its first files."""
    out = tmp_path / "run"
    other = RunLock(out)
    other.take()
    for content in ([], ["spec.yaml", "run.json", "samples/real.png"]):
        for name in content:
            (out / name).parent.mkdir(exist_ok=True)
            (out / name).write_text("the other's", encoding="utf-8")
        with pytest.raises(RunError, match="is being trained by another process"):
            train(tiny_spec(), RunOptions(out=out, device="cpu"))
        assert sorted(str(path.relative_to(out)) for path in out.rglob("*") if path.is_file()) == sorted(content)
    assert (out / "spec.yaml").read_text(encoding="utf-8") == "the other's"
    other.release()


def test_a_refused_folder_keeps_what_is_named_like_a_runs(tiny_spec, tmp_path) -> None:
    (tmp_path / "samples").mkdir()
    (tmp_path / "samples" / "mine.png").touch()
    with pytest.raises(OutputError, match="not an empty folder"):
        train(tiny_spec(), RunOptions(out=tmp_path, device="cpu"))
    with pytest.raises(OutputError, match="not an empty folder"):
        train(tiny_spec(), RunOptions(out=tmp_path, device="cpu", resume=True))
    assert (tmp_path / "samples" / "mine.png").is_file()


def test_a_new_run_that_fails_leaves_a_folder_of_the_users_empty(tiny_spec, pictures, tmp_path) -> None:
    folder, out = pictures(), tmp_path / "mine"
    out.mkdir()
    (folder / "3.png").write_bytes(b"no picture")
    with pytest.raises(DataError):
        train(tiny_spec(), RunOptions(out=out, device="cpu", data=str(folder)))
    assert list(out.iterdir()) == []


def test_of_new_runs_started_at_once_one_trains_under_its_own_spec(tmp_path, start_hitzoo: Starter) -> None:
    (tmp_path / "tiny.yaml").write_text(TINY, encoding="utf-8")
    rates = (0.01, 0.02, 0.03)
    command = ["train", "tiny.yaml", "--out", "run", "--device", "cpu", "--set", "training.steps=40"]
    started = [
        start_hitzoo(
            *[*command, "--set", f"training.optimizer.learning_rate={rate}"],
            cwd=tmp_path,
            env=os.environ | {"OMP_NUM_THREADS": "1"},
            real=True,  # while torch is loaded they catch up with each other
        )
        for rate in rates
    ]
    ends = [process.communicate(timeout=120) for process in started]
    codes = [process.returncode for process in started]
    assert sorted(codes) == [0, 2, 2], ends
    said = ends[codes.index(2)][1]
    assert "is being trained by another process" in said or "holds a run already" in said
    trained = load_spec(tmp_path / "run" / "spec.yaml")
    assert trained.training.optimizer.learning_rate == rates[codes.index(0)]
    assert (tmp_path / "run" / "checkpoints" / "step-00000040").is_dir()
