from __future__ import annotations

from pathlib import Path

import pytest

from hitzoo.zoo.run_layout import RunPaths, run_of, step_name, step_of


@pytest.mark.parametrize("step", [0, 1000, 99_999_999, 10**11])
def test_step_of_a_name_is_the_step_that_was_written(step: int) -> None:
    assert step_of(step_name(step)) == step


@pytest.mark.parametrize("name", ["step-", "step-x", "step-1.png", "damaged-step-00000001", "step-1234567890123"])
def test_step_of_another_name_is_none(name: str) -> None:
    assert step_of(name) is None


def test_saved_checkpoints_come_by_step_not_by_name(tmp_path: Path) -> None:
    run = RunPaths(tmp_path)
    assert run.saved() == []
    for name in ("step-100000000", "step-00000002", "damaged-step-00000001"):
        (run.checkpoints / name).mkdir(parents=True)
    assert [path.name for path in run.saved()] == ["step-00000002", "step-100000000"]


def test_run_of_a_checkpoint_is_the_folder_above(tmp_path: Path) -> None:
    run = RunPaths(tmp_path / "photos")
    assert run_of(run.checkpoint(7)) == run
    assert run_of(tmp_path / "photos") is None
