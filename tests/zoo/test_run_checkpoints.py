"""One checkpoint of a run by name."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from hitzoo.errors import WeightsError
from hitzoo.zoo.run_checkpoints import named_checkpoint


@pytest.fixture
def run_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """runs/x with the checkpoints 5, 1000 and 2000, of which 1000 was judged best."""
    monkeypatch.chdir(tmp_path)
    folder = tmp_path / "runs" / "x"
    for step in (5, 2000, 1000):
        (folder / "checkpoints" / f"step-{step:08d}").mkdir(parents=True)
    (folder / "best.json").write_text(json.dumps({"checkpoint": "step-00001000", "metric": "fid", "value": 3.0}))
    return folder


@pytest.mark.parametrize(
    ("which", "step"),
    [
        ("best", 1000),
        ("newest", 2000),
        ("latest", 2000),
        ("5", 5),
        ("1000", 1000),
        ("2,000", 2000),
        ("step-00000005", 5),
    ],
)
def test_best_newest_and_steps_are_names(run_folder: Path, which: str, step: int) -> None:
    place = Path("runs/x/checkpoints") / f"step-{step:08d}"
    assert named_checkpoint(f"runs/x@{which}") == place
    assert named_checkpoint(f"{run_folder}@{which}") == run_folder / "checkpoints" / place.name


@pytest.mark.parametrize("which", ["7", "1001", "", "99999999999999999999"])
def test_a_step_that_is_not_there_is_refused_with_those_that_are(run_folder: Path, which: str) -> None:
    with pytest.raises(
        WeightsError, match=f"runs/x has no checkpoint '{which}'; there are 5, 1000, 2000, newest, best"
    ):
        named_checkpoint(f"runs/x@{which}")


def test_a_tag_may_be_meant_for_the_hub(run_folder: Path) -> None:
    with pytest.raises(WeightsError, match=r"no checkpoint 'v1'.*a model of that name on the Hub is hf:runs/x@v1"):
        named_checkpoint("runs/x@v1")


def test_a_run_without_evaluations_has_no_best(run_folder: Path) -> None:
    (run_folder / "best.json").unlink()
    with pytest.raises(
        WeightsError, match=r"no best checkpoint.*evaluation\.every: N.*there are 5, 1000, 2000, newest$"
    ):
        named_checkpoint("runs/x@best")
    (run_folder / "best.json").write_text("{")
    with pytest.raises(WeightsError, match="no best checkpoint"):
        named_checkpoint("runs/x@best")


def test_many_steps_are_not_all_named(run_folder: Path) -> None:
    for step in range(10, 30):
        (run_folder / "checkpoints" / f"step-{step:08d}").mkdir()
    with pytest.raises(WeightsError, match="there are 5, 10, …, 26, 27, 28, 29, 1000, 2000, newest, best"):
        named_checkpoint("runs/x@7")


def test_a_run_without_checkpoints_is_told(tmp_path: Path) -> None:
    (tmp_path / "checkpoints").mkdir()
    with pytest.raises(WeightsError, match="a run without a checkpoint yet"):
        named_checkpoint(f"{tmp_path}@best")


def test_a_folder_of_the_whole_name_goes_first(run_folder: Path) -> None:
    (run_folder.parent / "x@best").mkdir()
    assert named_checkpoint("runs/x@best") is None


@pytest.mark.parametrize(
    "name", ["runs/x", "acme/tiny@v1", "hit-ti-shapes32", "@best", "nowhere@5", "a" * 3000 + "@best"]
)
def test_other_names_are_none(run_folder: Path, name: str) -> None:
    assert named_checkpoint(name) is None
