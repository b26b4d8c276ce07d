from __future__ import annotations

import pytest

from hitzoo.errors import RunError
from hitzoo.training.lock import RunLock, run_lock
from hitzoo.training.loop import train
from hitzoo.training.preparation import RunOptions

pytest.importorskip("fcntl")


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


def test_a_folder_that_is_not_there_is_held_later(tmp_path) -> None:
    lock = RunLock(tmp_path / "run")
    lock.take()
    (tmp_path / "run").mkdir()
    RunLock(tmp_path / "run").take()


def test_two_sessions_of_a_run_do_not_go_on_together(tiny_spec, tmp_path) -> None:
    out = tmp_path / "run"
    train(tiny_spec("training.steps=1"), RunOptions(out=out, device="cpu"))
    other = RunLock(out)
    other.take()
    with pytest.raises(RunError, match="is being trained by another process"):
        train(tiny_spec("training.steps=2"), RunOptions(out=out, device="cpu", resume=True))
    other.release()
    assert train(tiny_spec("training.steps=2"), RunOptions(out=out, device="cpu", resume=True)).step == 2
