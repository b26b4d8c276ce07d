"""Whatever becomes of a run's files, `hitzoo runs` and `--resume` answer in words: hundreds of damages, by number."""

from __future__ import annotations

import json
import platform
import shutil
from contextlib import suppress
from pathlib import Path

import pytest

from hitzoo.cli.run_request import run_request
from hitzoo.cli.runs import list_runs
from hitzoo.errors import HitzooError, WeightsError
from hitzoo.families.compile import compile_spec
from hitzoo.families.load import parse_spec
from hitzoo.training.run.best import Best, read_best
from hitzoo.training.run.checkpoint import read_progress
from hitzoo.training.run.folder import RunFolder
from hitzoo.training.run.listing import summarize
from hitzoo.training.run.loop import train
from hitzoo.training.run.metrics_file import cut_after, last_seconds
from hitzoo.training.run.options import RunOptions, decide_start
from hitzoo.training.run.same_networks import refuse_other_networks, versions_note
from hitzoo.zoo.checkpoint_index import verify
from tests.training.conftest import TINY
from tests.training.damaged_runs import damaged_copy

EVALUATION = "evaluation={metrics: [sliced_wasserstein], samples: 9, real_samples: 8, every: 1}"
LISTED, RESUMED = 200, 10


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run with all files that a run has, at step 2 of 3."""
    out = tmp_path_factory.mktemp("whole") / "run"
    spec = parse_spec(TINY, "tiny", ["training.steps=2", EVALUATION])
    train(spec, RunOptions(out=out, device="cpu", log_every=1, checkpoint_every=1))
    return out


@pytest.fixture
def place(tmp_path: Path) -> Path:
    return tmp_path / "runs" / "run"


def read_like_a_resume(run: Path) -> None:
    """All that a resume reads before its first step, without the networks."""
    asked = run_request(str(run), None, resume=True, overrides=["training.steps=3"])
    folder = RunFolder(run)
    start = decide_start(folder, asked.spec, RunOptions(out=run, resume=True), lambda message: None)
    refuse_other_networks(folder, start.checkpoint, compile_spec(asked.spec))
    versions_note(folder)
    cut_after(folder.metrics, start.progress.step)
    last_seconds(folder.metrics)
    Best.load(run)


def test_damaged_runs_are_listed_and_read_without_a_traceback(whole: Path, place: Path, capsys) -> None:
    for number in range(LISTED):
        what = damaged_copy(whole, place, number)
        try:
            list_runs(place.parent, as_json=bool(number % 2))
            with suppress(HitzooError):
                read_like_a_resume(place)
        except Exception as error:
            raise AssertionError(f"damage {number}, {what}") from error
        finally:
            shutil.rmtree(place.parent)
    assert capsys.readouterr().out.count("run") >= LISTED


def test_damaged_runs_go_on_or_are_refused_in_words(whole: Path, place: Path) -> None:
    ends = []
    for number in range(1000, 1000 + RESUMED):
        what = damaged_copy(whole, place, number)
        try:
            asked = run_request(str(place), None, resume=True, overrides=["training.steps=3", "evaluation.every=0"])
            ends.append(train(asked.spec, RunOptions(out=place, device="cpu", resume=True)).step)
        except HitzooError:
            ends.append(0)
        except Exception as error:
            raise AssertionError(f"damage {number}, {what}") from error
        shutil.rmtree(place.parent)
    assert set(ends) <= {0, 3}
    assert ends.count(3) > ends.count(0), "most go on to their last step"


@pytest.mark.parametrize("pid", [2**31, 2**63, 10**30, -1, 0, True, "7", None])
def test_a_process_number_that_none_can_have_is_not_running(whole: Path, place: Path, pid: object) -> None:
    shutil.copytree(whole, place)
    about = json.loads((place / "run.json").read_text(encoding="utf-8"))
    about["sessions"][-1] |= {"pid": pid, "host": platform.node()}
    (place / "run.json").write_text(json.dumps(about), encoding="utf-8")
    assert summarize(place).state == "finished"


@pytest.mark.parametrize("number", ["1e999", "1" * 350, "9" * 5000, '{"a":' * 50_000, "NaN", "true"])
def test_numbers_that_are_too_large_are_passed_over(whole: Path, place: Path, number: str) -> None:
    shutil.copytree(whole, place)
    line = f'{{"step": {number}, "images_per_second": {number}, "loss/generator": {number}, "eval/x": {number}}}\n'
    with (place / "metrics.jsonl").open("a", encoding="utf-8") as file:
        file.write(line)
    best = f'{{"checkpoint": "step-00000001", "metric": "x", "value": {number}, "lower_is_better": true}}'
    (place / "best.json").write_text(best, encoding="utf-8")
    assert summarize(place).step == 2
    list_runs(place.parent)
    found = read_best(RunFolder(place))
    assert found is None or found.step == 1
    cut_after(place / "metrics.jsonl", 2)
    assert last_seconds(place / "metrics.jsonl") > 0


IMPOSSIBLE = [f'{{"step": {step}, "images": 8, "seed": {seed}}}' for step, seed in ((-1, 0), ("1e999", 0), (10**30, 0))]
OTHERS = ["[]", "7", "{}", '{"step": "2", "images": 8, "seed": 0}', '{"step": 2, "images": 8, "seed": -1}', "[" * 10**5]


@pytest.mark.parametrize("text", [*IMPOSSIBLE, *OTHERS, '{"step": true, "images": 8, "seed": 0}'])
def test_a_state_of_another_kind_is_a_damaged_checkpoint(whole: Path, place: Path, text: str) -> None:
    shutil.copytree(whole / "checkpoints" / "step-00000002", place)
    (place / "training/index.json").unlink()
    (place / "training/state.json").write_text(text, encoding="utf-8")
    with pytest.raises(WeightsError, match=r"state\.json cannot be read"):
        read_progress(place)


@pytest.mark.parametrize("size", ["1e999", '"x"', "[]", "null", "9" * 5000, "[" * 10**5])
def test_an_index_of_another_kind_is_told(whole: Path, place: Path, size: str) -> None:
    shutil.copytree(whole / "checkpoints" / "step-00000002", place)
    text = f'{{"files": {{"config.json": {{"bytes": {size}, "sha256": "0"}}}}}}'
    (place / "training/index.json").write_text(text, encoding="utf-8")
    assert verify(place) == ["training/index.json is not the index of a checkpoint"]
